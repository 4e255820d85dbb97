"""Patches of the toy engine."""
