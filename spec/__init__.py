"""The model: the AF_INET socket layer of Linux 2.4, written in the specification language.

What the checker asks of a specification package is here: ``MODEL_NAME``, ``modules()``, ``sizes()``, ``PROOFS`` and
``STATE_DIAGRAMS``.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

MODEL_NAME = "linux-2.4.17"

MODULES = (
    "spec.state",
    "spec.net.core.sock",
    "spec.net.ipv4.tcp_ipv4",
    "spec.net.ipv4.tcp",
    "spec.net.ipv4.protocols",
    "spec.net.ipv4.af_inet",
    "spec.net.socket",
    "spec.properties",
)

PROOFS = "proofs"
"""The package with the lemmas of the inductive proofs."""

STATE_DIAGRAMS = (("sock-states", "Sock", ("state", "socket.state")),)
"""Diagrams of reachable values: file name, record watched, paths from it."""

PRIVILEGED_PORT = 80
LOCAL_PORT_LOW = 1024
LOCAL_PORT_HIGH = 4999


def modules() -> list[ModuleType]:
    """The modules of the model, each after those it imports."""
    return [import_module(name) for name in MODULES]


def sizes(
    threads: int, sockets: int, ports: int, addresses: int
) -> tuple[tuple[tuple[str, int], ...], tuple[tuple[str, tuple[int, ...]], ...]]:
    """The object counts and representative words of a finite instance, as ``checker.instance.Instance`` takes them.

    The local port range is represented by its upper end (and more of its values from three ports on), and the
    privileged ports by one; the code compares ports only with each other, with 0, with PROT_SOCK and with the ends of the range.
    """
    between = range(LOCAL_PORT_LOW, LOCAL_PORT_LOW + max(0, ports - 2))
    representatives = (LOCAL_PORT_HIGH,) if ports == 1 else (PRIVILEGED_PORT, *between, LOCAL_PORT_HIGH)
    counts = (("Thread", threads), ("Socket", sockets), ("Sock", sockets), ("Addr", addresses))
    return counts, (("Port", representatives), ("Backlog", (1,)))
