"""Small protocols in the specification language, and the one that mypyvy has no example of in its language (``.pyv``)."""
