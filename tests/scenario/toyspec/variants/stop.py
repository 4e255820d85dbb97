"""The engine does not get to its end."""

OVERRIDES = {"stop": None}
BREAKS = ""
