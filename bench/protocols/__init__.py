"""Small protocols in the specification language, and the same ones in the language of mypyvy (``.pyv``)."""
