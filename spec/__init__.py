"""The model: the AF_INET socket layer of Linux 2.4, written in the specification language.

What the checker asks of a specification package is here: ``MODEL_NAME``, ``modules()``, ``sizes()``, ``PROOFS`` and
``STATE_DIAGRAMS``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

from spec import clients
from spec.state import AddrType

if TYPE_CHECKING:
    from checker.scenario.program import Engine

Sizes = tuple[tuple[str, int], ...]
Words = tuple[tuple[str, tuple[int, ...]], ...]
Tables = tuple[tuple[tuple[str, str, int], int], ...]

CLIENTS = clients.CLIENTS

MODEL_NAME = "linux-2.4.17"

MODULES = (
    "spec.state",
    "spec.kernel.sched",
    "spec.kernel.signal",
    "spec.net.core.sock",
    "spec.net.core.dev",
    "spec.net.ipv4.route",
    "spec.net.ipv4.tcp_ipv4",
    "spec.net.ipv4.tcp_output",
    "spec.net.ipv4.tcp_state",
    "spec.net.ipv4.tcp_input",
    "spec.net.core.backlog",
    "spec.net.ipv4.tcp_timer",
    "spec.net.ipv4.tcp_v4_connect",
    "spec.net.ipv4.tcp",
    "spec.net.ipv4.udp",
    "spec.net.ipv4.raw",
    "spec.net.ipv4.af_inet",
    "spec.net.ipv4.protocols",
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


def sizes(threads: int, sockets: int, ports: int, addresses: int) -> tuple[Sizes, Words, Tables]:
    """Object counts, representative words and tables of a finite instance, as ``checker.instance.Instance`` takes them.

    The local port range is represented by its upper end (and more of its values from three ports on), and the
    privileged ports by one; the code compares ports only with each other, with 0, with PROT_SOCK and with the ends of the range.
    The first address is local, the second one a broadcast address, the third one another host's.  From four addresses on
    there is a multicast address, and lengths and backlogs may be too large; from five on any address may be bound.
    """
    between = range(LOCAL_PORT_LOW, LOCAL_PORT_LOW + max(0, ports - 2))
    local = (*between, LOCAL_PORT_HIGH)
    representatives = local if ports == 1 else (PRIVILEGED_PORT, *local)
    counts = (
        ("Thread", threads),
        ("Socket", sockets),
        ("Sock", sockets),
        ("Segment", 1),
        ("OpenRequest", 1),
        ("Addr", addresses),
        ("Device", 1),
    )
    words = (
        ("Port", representatives),
        ("Protocol", (6, 17)),
        ("Backlog", (1, 128, 129) if addresses > 3 else (1, 128)),
        ("AddrLen", (16, 128, 129) if addresses > 3 else (16, 128)),
        ("QueuePlace", tuple(range(1, threads + 1))),
    )
    kinds = ("RTN_LOCAL", "RTN_BROADCAST", "RTN_UNICAST", "RTN_MULTICAST")
    members = [kind.name for kind in AddrType]
    fib = tuple((("Fib", "type", i), members.index(kinds[min(i, 4) - 1])) for i in range(1, addresses + 1))
    low, high = (1 + representatives.index(port) for port in (local[0], local[-1]))
    ends = ((("", "local_port_low", 0), low), (("", "local_port_high", 0), high), (("", "udp_port_high", 0), high))
    nonlocal_bind = ((("", "ip_nonlocal_bind", 0), 1),) if addresses > 4 else ()
    return counts, words, (*fib, *ends, *nonlocal_bind)


def scenario_engine(overrides: Mapping[str, Callable[..., Any]] | None = None) -> Engine:
    """What runs scenarios on this model, patched by ``overrides``."""
    from spec.scenarios.engine import scenario_engine

    return scenario_engine(overrides)
