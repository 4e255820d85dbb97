"""Lemmas for TCP sockets that connect while nobody binds or closes: who sleeps on them, and which routes are looked at twice.

No property rests on these: they show that transitions of the listing cannot fire (sockproof coverage).
"""

from __future__ import annotations

from checker.language import NULL, at, implies, lemma
from spec.net.ipv4.route import ip_route_output
from spec.state import Fib, Sock, Thread
from spec.values import SUCCESS, Addr


@lemma(uses=("none_released",))
def has_sleep(sk: Sock) -> bool:
    """Only close takes the wait queue from a socket."""
    return implies(sk.live, sk.sleep != NULL)


@lemma()
def refused_route(t: Thread, dst: Addr) -> bool:
    """What the table says is read again only if it refuses."""
    return implies(at(t, ip_route_output, "return Fib[dst].route", dst=dst), Fib[dst].route != SUCCESS)
