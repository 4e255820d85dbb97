"""net/core/dev.c and net/ipv4/ip_input.c: a packet that arrives goes to RAW sockets and to its protocol."""

from __future__ import annotations

from checker.language import abstracted, free, htons, kernel, new, softirq
from spec.net.core.dev import dequeue
from spec.net.ipv4.icmp import icmp_send
from spec.net.ipv4.icmp_rcv import icmp_rcv
from spec.net.ipv4.raw import raw_v4_input
from spec.net.ipv4.tcp_v4_rcv import tcp_v4_rcv
from spec.net.ipv4.udp import udp_rcv
from spec.state import Segment
from spec.values import IPPROTO_ICMP, IPPROTO_TCP, IPPROTO_UDP, Addr, Port, Protocol


@softirq("net/core/dev.c")
def net_rx_action() -> None:
    """The receive softirq: one packet of this CPU's queue."""
    skb = dequeue()
    ip_local_deliver_finish(skb)


@kernel("net/ipv4/ip_input.c")
def ip_local_deliver_finish(skb: Segment) -> None:
    if skb.short:
        free(skb)
        return
    raw = raw_v4_input(skb)
    abstracted("IGMP, IPIP and other protocols the kernel may speak: here nobody does", "inet_protos")
    if skb.protocol == IPPROTO_TCP:
        if skb.raw:
            free(skb)
        else:
            tcp_v4_rcv(skb)
    elif skb.protocol == IPPROTO_UDP:
        udp_rcv(skb)
    elif skb.protocol == IPPROTO_ICMP:
        icmp_rcv(skb)
    else:
        if not raw:
            icmp_send(skb)
        free(skb)


@softirq("net/core/dev.c")
def datagram_arrives(protocol: Protocol, saddr: Addr, source: Port, daddr: Addr, dest: Port) -> None:
    """The free network: any UDP datagram or any packet for RAW sockets, from whoever pleases to send it."""
    skb = new(Segment)
    skb.protocol = protocol
    skb.raw = protocol != IPPROTO_UDP
    skb.saddr = saddr
    skb.source = htons(source)
    skb.daddr = daddr
    skb.dest = htons(dest)
    raw_v4_input(skb)
    if protocol == IPPROTO_UDP:
        udp_rcv(skb)
    else:
        free(skb)


@softirq("net/core/dev.c")
def unreachable_arrives(about: Protocol, saddr: Addr, source: Port, daddr: Addr, dest: Port) -> None:
    """The free network: an ICMP error about any packet from ``daddr`` to ``saddr``."""
    skb = new(Segment)
    skb.protocol = Protocol(IPPROTO_ICMP)
    skb.about = about
    skb.saddr = saddr
    skb.source = htons(source)
    skb.daddr = daddr
    skb.dest = htons(dest)
    raw_v4_input(skb)
    icmp_rcv(skb)
