"""Routing tables that coverage asks for, beside the usual one of ``sizes``: what a table may say that one may not.

The model takes any table: nothing stops an administrator from taking an address away that a route still prefers as source.
"""

from __future__ import annotations

from dataclasses import dataclass

from spec.values import ENETUNREACH, RTN_BROADCAST, RTN_LOCAL, RTN_MULTICAST, RTN_UNICAST, SUCCESS, AddrType, Errno

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
NOWHERE = Route(RTN_UNICAST)
"""Its packets leave through a device without an address."""

ROUTES: dict[str, Cells] = {
    "a host": table(LOCALHOST, HERE, Route(RTN_UNICAST, source=2)),
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
    "no route": table(LOCALHOST, Route(RTN_UNICAST, ENETUNREACH, limited=True), Route(RTN_MULTICAST, ENETUNREACH), NOWHERE),
    "sent out from 127.0.0.1": table(LOCALHOST, HERE, Route(RTN_UNICAST, source=1), NOWHERE),
    "a group": table(LOCALHOST, Route(RTN_MULTICAST, source=1)),
    "no way": table(LOCALHOST, Route(RTN_UNICAST, ENETUNREACH)),
    "255.255.255.255": table(LOCALHOST, Route(RTN_BROADCAST, source=1, limited=True)),
    "no way home": table(LOCALHOST, Route(RTN_LOCAL, ENETUNREACH, source=2)),
    "a way out, none home": table(LOCALHOST, Route(RTN_LOCAL, ENETUNREACH, source=2), Route(RTN_UNICAST, source=2)),
    "home without a way": table(LOCALHOST, Route(RTN_LOCAL, source=2, limited=True)),
    "127.0.0.1 a group": table(Route(RTN_MULTICAST, source=2, loopback=True), HERE),
    "127.0.0.1 broadcast": table(Route(RTN_BROADCAST, source=1, loopback=True), HERE),
}
"""By name, what a table says."""


def port_range(low: int, high: int, udp_high: int = 0) -> Cells:
    """The cells that make it so, by the numbers of ports; a search for a UDP port may go on to ``udp_high``."""
    return ((("", "local_port_low", 0), low), (("", "local_port_high", 0), high), (("", "udp_port_high", 0), udp_high or high))


RANGES: dict[str, Cells] = {
    "a range of two ports": port_range(2, 3),
    "a range that UDP exceeds": port_range(2, 2, 3),
    "a range of three ports": port_range(2, 4),
}
"""By name, local port ranges for at least four ports, or five."""

SYSCTLS: dict[str, Cells] = {"any address may be bound": ((("", "ip_nonlocal_bind", 0), 1),)}
"""By name, what an administrator may have set besides."""
