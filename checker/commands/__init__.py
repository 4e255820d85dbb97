"""One module per command of ``sockproof``; each takes plain values and returns an exit status or what it found."""
