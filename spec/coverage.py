"""Coverage of the model: the instances in which every transition is to fire, and the transitions that cannot.

``sockproof coverage`` shows both.  Transitions that the lemmas of ``proofs/`` already exclude need no entry here.
"""

from __future__ import annotations

SEARCHES = {
    "bind_listen": (
        # threads, sockets, ports, addresses, states
        (1, 1, 2, 4, 1_000_000),
        (1, 1, 2, 5, 1_000_000),
        (2, 1, 2, 1, 1_000_000),
        (1, 2, 1, 1, 1_000_000),
        (1, 2, 3, 2, 10_000_000),
        (1, 3, 3, 1, 3_000_000),
        (1, 3, 4, 1, 13_000_000),
    ),
    "raw": (
        (1, 1, 1, 4, 1_000_000),
        (2, 1, 1, 2, 1_000_000),
    ),
}
"""Per client.  bind_listen: every kind of address, every length; a second thread that closes while the first one fails; a local
port range of one port; sharing and fast reuse; and two searches that are cut short once calls found the two, or three, ports of
the range occupied.  raw: the same kinds; two threads with a broadcast address, whose bind the other one sees half done.
The other clients are not measured."""

ROUTED = (
    ("udp_connect", ("route != SUCCESS",), "instances have a route to every address"),
    ("udp_connect", ("Fib[inaddr_loopback].type == RTN_BROADCAST",), "127.0.0.1 is an address of this host"),
)
UNFIRED: dict[str, tuple[tuple[str, tuple[str, ...], str], ...]] = {"raw": ROUTED}
"""Per client: function, fragments of the guard, and why such transitions cannot fire."""
