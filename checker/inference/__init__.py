"""Inference: lemmas found by the machine: a grammar, filtered by reached states, kept by Houdini for any size."""
