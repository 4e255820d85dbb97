"""Patches of the gates."""
