"""A lemma of what connects: when the routing table is looked at twice.

No property rests on it: it shows that transitions of the listing cannot fire (sockproof coverage).
"""

from __future__ import annotations

from checker.language import at, implies, lemma
from spec.net.ipv4.route import ip_route_output
from spec.state import Fib, Thread
from spec.values import SUCCESS, Addr


@lemma()
def no_route(t: Thread, dst: Addr) -> bool:
    """What the table says is read again only if it refuses."""
    return implies(at(t, ip_route_output, "return Fib[dst].route", dst=dst), Fib[dst].route != SUCCESS)
