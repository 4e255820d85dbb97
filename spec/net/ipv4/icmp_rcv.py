"""net/ipv4/icmp.c: the errors for packets that nobody takes, on their way in."""

from __future__ import annotations

from checker.language import abstracted, free, kernel
from spec.net.ipv4.raw import raw_errors
from spec.net.ipv4.udp import udp_err
from spec.state import Segment
from spec.values import ECONNREFUSED, ENOPROTOOPT, IPPROTO_UDP, Errno, Protocol


@kernel("net/ipv4/icmp.c")
def icmp_err_convert(about: Protocol) -> Errno:
    """Port unreachable is what UDP answers, protocol unreachable IP for protocols nobody speaks; both are fatal."""
    return ECONNREFUSED if about == IPPROTO_UDP else ENOPROTOOPT


@kernel("net/ipv4/icmp.c")
def icmp_rcv(skb: Segment) -> None:
    abstracted("what a RAW socket of IPPROTO_ICMP sends is no error, and asks for no answer")
    if skb.about != 0:
        icmp_unreach(skb)
    free(skb)


@kernel("net/ipv4/icmp.c")
def icmp_unreach(skb: Segment) -> None:
    raw_errors(skb, icmp_err_convert(skb.about))
    abstracted("ICMP errors about TCP: an event of their own, as TCP on loopback answers with a RST", "tcp_v4_err")
    if skb.about == IPPROTO_UDP:
        udp_err(skb, icmp_err_convert(skb.about))
