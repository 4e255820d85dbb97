"""Scenarios: litmus tests for the socket API, written as client programs and run on the model."""
