"""Scenario files, their errors, and the commands that run them."""
