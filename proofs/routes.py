"""Lemmas about routes: what a call has found out before it asks the table.

No property rests on these: they show that transitions of the listing cannot fire (sockproof coverage).
"""

from __future__ import annotations

from checker.language import implies, inside, lemma
from spec.net.ipv4.route import ip_route_output, rt_dst
from spec.state import Fib, Thread
from spec.values import INADDR_ANY, RTN_LOCAL, RTN_UNICAST, Addr


@lemma()
def route_asked(t: Thread, daddr: Addr, saddr: Addr, dst: Addr) -> bool:
    """ip_route_output waits for the table only with an address of another host, and none but its own as source."""
    return implies(
        inside(t, ip_route_output, daddr=daddr, saddr=saddr, dst=dst),
        dst == rt_dst(daddr, saddr) and Fib[dst].type == RTN_UNICAST and (saddr == INADDR_ANY or Fib[saddr].type == RTN_LOCAL),
    )
