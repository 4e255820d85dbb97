"""The engine does not get to its end."""

OVERRIDES = {"interrupt": None}
BREAKS = ""
