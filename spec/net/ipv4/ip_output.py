"""net/ipv4/ip_output.c, and what it needs of net/core/sock.c: one datagram of a UDP or RAW socket on its way out."""

from __future__ import annotations

from checker.language import abstracted, kernel, might_sleep, new
from checker.language import choice as kmalloc_fails
from spec.net.core.dev import netif_rx
from spec.net.core.sock import sock_error
from spec.state import Fib, Segment, Sock, net
from spec.values import ENOBUFS, EPIPE, IPPROTO_RAW, RTN_BROADCAST, RTN_LOCAL, SOCK_RAW, SUCCESS, Addr, BePort, Errno


@kernel("net/core/sock.c")
def sock_alloc_send_skb(sk: Sock) -> Errno:
    """A pending error is reported here, whatever it was about."""
    err = sock_error(sk)
    if err:
        return err
    if sk.send_shutdown:
        return EPIPE
    abstracted("the send buffer is never full", "wmem_alloc", "sndbuf")
    might_sleep()
    if kmalloc_fails():
        return ENOBUFS
    return SUCCESS


@kernel("net/ipv4/ip_output.c")
def ip_build_xmit(sk: Sock, saddr: Addr, source: BePort, daddr: Addr, dest: BePort, short: bool) -> Errno:
    """What goes to this machine comes back through the loopback device, broadcasts included; the rest leaves the model."""
    abstracted("MTU, fragments, IP options, type of service")
    err = sock_alloc_send_skb(sk)
    if err:
        return err
    abstracted("a RAW socket of IPPROTO_RAW writes the IP header itself: what it sends is taken for malformed", "hdrincl")
    if net.loopback_up and (Fib[daddr].type == RTN_LOCAL or Fib[daddr].type == RTN_BROADCAST) and sk.protocol != IPPROTO_RAW:
        skb = new(Segment)
        skb.protocol = sk.protocol
        skb.raw = sk.type == SOCK_RAW
        skb.short = short
        skb.saddr = saddr
        skb.source = source
        skb.daddr = daddr
        skb.dest = dest
        netif_rx(skb)
    return 0
