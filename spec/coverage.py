"""Coverage of the model: the instances in which every transition is to fire, and the transitions that cannot.

``sockproof coverage`` shows both.  Transitions that the lemmas of ``proofs/`` already exclude need no entry here.
"""

from __future__ import annotations

SEARCHES = (
    # threads, sockets, ports, addresses, states
    (1, 2, 3, 2, 10_000_000),
    (1, 3, 3, 1, 3_000_000),
    (1, 3, 4, 1, 3_000_000),
)
"""One thread fires all that two do.  The second and the third search are for calls that find the local port range
occupied: they meet them early, and are cut short afterwards."""

UNFIRED: tuple[tuple[str, tuple[str, ...], str], ...] = ()
"""Function, fragments of the guard, and why such transitions cannot fire."""
