"""net/ipv4/icmp.c: the errors for packets that nobody takes, on their way out."""

from __future__ import annotations

from checker.language import abstracted, kernel, new
from spec.net.core.dev import netif_rx
from spec.state import Fib, Segment, net
from spec.values import IPPROTO_ICMP, RTN_LOCAL, Protocol


@kernel("net/ipv4/icmp.c")
def icmp_send(skb: Segment) -> None:
    """ICMP_DEST_UNREACH for ``skb``, unless it is a broadcast; an answer to another machine leaves the model."""
    abstracted("rate limits: there is none on loopback", "icmpv4_xrlim_allow")
    if Fib[skb.daddr].type == RTN_LOCAL and net.loopback_up and Fib[skb.saddr].type == RTN_LOCAL:
        error = new(Segment)
        error.protocol = Protocol(IPPROTO_ICMP)
        error.about = skb.protocol
        error.saddr = skb.daddr
        error.source = skb.dest
        error.daddr = skb.saddr
        error.dest = skb.source
        netif_rx(error)
