"""A whole specification package in miniature: one dispatching call, a variant, a proof, and a transition nobody can fire."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

MODEL_NAME = "tiny"
PROOFS = "tests.tiny.proofs"
STATE_DIAGRAMS = (("tiny-states", "Box", ("color", "taken")),)


def modules() -> list[ModuleType]:
    return [import_module("tests.tiny.model")]


def sizes(
    threads: int, sockets: int, ports: int, addresses: int
) -> tuple[tuple[tuple[str, int], ...], tuple[tuple[str, tuple[int, ...]], ...]]:
    return (("Thread", threads), ("Box", sockets)), ()
