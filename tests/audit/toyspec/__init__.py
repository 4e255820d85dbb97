"""A specification of invented functions about gates; ``gates.txt`` beside it is the C text, as a listing with prose."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

MODEL_NAME = "gates"


def modules() -> list[ModuleType]:
    """The modules of the model."""
    return [import_module("tests.audit.toyspec.gates")]


def sizes(threads: int, sockets: int, ports: int, addresses: int) -> tuple[tuple[tuple[str, int], ...], tuple[()]]:
    """One record kind."""
    return (("Thread", threads), ("Gate", sockets)), ()
