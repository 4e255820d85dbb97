"""Routing tables that coverage asks for, beside the usual one of ``sizes``: what a table may say that one may not.

The model takes any table: nothing stops an administrator from taking an address away that a route still prefers as source.
"""

from __future__ import annotations

from dataclasses import dataclass

from spec.state import ENETUNREACH, RTN_BROADCAST, RTN_LOCAL, RTN_MULTICAST, RTN_UNICAST, SUCCESS, AddrType, Errno

Cells = tuple[tuple[tuple[str, str, int], int], ...]


@dataclass(frozen=True)
class Route:
    """What the table says of one address; ``source`` is the number of another one, or 0."""

    type: AddrType
    route: Errno = SUCCESS
    source: int = 0
    loopback: bool = False
    limited: bool = False


def table(*routes: Route, loopback: int = 1) -> Cells:
    """The cells that say so of the addresses 1, 2, ...; number ``loopback`` is 127.0.0.1."""
    cells: list[tuple[tuple[str, str, int], int]] = [(("", "inaddr_loopback", 0), loopback)]
    for i, r in enumerate(routes, 1):
        cells += [
            (("Fib", "type", i), list(AddrType).index(r.type)),
            (("Fib", "route", i), list(Errno).index(r.route)),
            (("Fib", "source", i), r.source),
            (("Fib", "loopback", i), int(r.loopback)),
            (("Fib", "limited_broadcast", i), int(r.limited)),
        ]
    return tuple(cells)


LOCALHOST = Route(RTN_LOCAL, source=1, loopback=True)
HERE = Route(RTN_LOCAL, source=2)

ROUTES: dict[str, Cells] = {
    "every kind of route": table(
        LOCALHOST,
        HERE,
        Route(RTN_UNICAST, source=2),
        Route(RTN_UNICAST, source=1),
        Route(RTN_UNICAST, source=3),
        Route(RTN_UNICAST, ENETUNREACH),
        Route(RTN_BROADCAST, source=2),
        Route(RTN_BROADCAST, source=2, limited=True),
        Route(RTN_UNICAST, source=2, limited=True),
        Route(RTN_MULTICAST, source=2),
        Route(RTN_MULTICAST, ENETUNREACH),
        Route(RTN_LOCAL, ENETUNREACH, source=2),
        Route(RTN_LOCAL, source=2, limited=True),
    ),
    "127.0.0.1 sent out from itself": table(Route(RTN_UNICAST, source=1, loopback=True), HERE),
    "127.0.0.1 sent out": table(Route(RTN_UNICAST, source=2, loopback=True), HERE),
    "127.0.0.1 unreachable": table(Route(RTN_UNICAST, ENETUNREACH, loopback=True), HERE),
    "127.0.0.1 local and unreachable": table(Route(RTN_LOCAL, ENETUNREACH, loopback=True), HERE),
    "127.0.0.1 broadcast": table(Route(RTN_BROADCAST, source=1, loopback=True), HERE),
}
"""By name, what a table says."""
