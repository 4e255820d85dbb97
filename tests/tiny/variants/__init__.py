"""Patches of the tiny specification."""
