"""net/ipv4/tcp_output.c: sending segments, and what connect does once the addresses are known."""

from __future__ import annotations

from checker.language import abstracted, kernel, new
from spec.net.core.dev import netif_rx
from spec.state import Fib, OpenRequest, Segment, Sock, net
from spec.values import (
    IPPROTO_TCP,
    RTN_LOCAL,
    TCP_CLOSE,
    TCP_CLOSING,
    TCP_FIN_WAIT1,
    TCP_LAST_ACK,
    TCP_SYN_SENT,
    Addr,
    BePort,
    Protocol,
)


@kernel("net/ipv4/tcp_output.c", shared=True)
def tcp_transmit_skb(
    saddr: Addr,
    source: BePort,
    daddr: Addr,
    dest: BePort,
    syn: bool,
    ack: bool,
    fin: bool,
    rst: bool,
    data: bool,
    acks_fin: bool,
    unsequenced: bool,
) -> None:
    """A segment to one of this machine's addresses comes back through the loopback device; any other one leaves the model."""
    if net.loopback_up and Fib[daddr].type == RTN_LOCAL:
        skb = new(Segment)
        skb.protocol = Protocol(IPPROTO_TCP)
        skb.syn = syn
        skb.ack = ack
        skb.fin = fin
        skb.rst = rst
        skb.data = data
        skb.acks_fin = acks_fin
        skb.unsequenced = unsequenced
        skb.saddr = saddr
        skb.source = source
        skb.daddr = daddr
        skb.dest = dest
        netif_rx(skb)


@kernel("net/ipv4/tcp_output.c")
def tcp_send_syn(sk: Sock) -> None:
    tcp_transmit_skb(sk.saddr, sk.sport, sk.daddr, sk.dport, True, False, False, False, False, False, False)


@kernel("net/ipv4/tcp_output.c")
def tcp_send_synack(sk: Sock) -> None:
    """The answer to a crossed SYN."""
    tcp_transmit_skb(sk.saddr, sk.sport, sk.daddr, sk.dport, True, True, False, False, False, False, False)


@kernel("net/ipv4/tcp_output.c")
def tcp_send_ack(sk: Sock) -> None:
    tcp_transmit_skb(sk.saddr, sk.sport, sk.daddr, sk.dport, False, True, False, False, False, sk.done, False)


@kernel("net/ipv4/tcp_output.c")
def tcp_send_fin(sk: Sock) -> None:
    tcp_transmit_skb(sk.saddr, sk.sport, sk.daddr, sk.dport, False, True, True, False, False, sk.done, False)


@kernel("net/ipv4/tcp_output.c")
def tcp_push(sk: Sock) -> None:
    """In CLOSE the bytes stay in the write queue (tcp_write_xmit): a send() that lost its error to SO_ERROR gets that far."""
    if sk.state != TCP_CLOSE:
        sk.unacked = True
        tcp_transmit_skb(sk.saddr, sk.sport, sk.daddr, sk.dport, False, True, False, False, True, sk.done, False)


@kernel("net/ipv4/tcp_output.c")
def tcp_retransmit_skb(sk: Sock) -> None:
    """What nobody acknowledged: the SYN, or the data and the FIN behind it, in one segment (tcp_retrans_try_collapse)."""
    fin = sk.state in (TCP_FIN_WAIT1, TCP_CLOSING, TCP_LAST_ACK)
    if sk.state == TCP_SYN_SENT:
        tcp_send_syn(sk)
    elif fin or sk.unacked:
        tcp_transmit_skb(sk.saddr, sk.sport, sk.daddr, sk.dport, False, True, fin, False, sk.unacked, sk.done, False)
    else:
        abstracted("the answer to a crossed SYN: it is not lost on loopback, and other hosts are free to have had it", "SYN_RECV")


@kernel("net/ipv4/tcp_output.c")
def tcp_send_active_reset(sk: Sock) -> None:
    tcp_transmit_skb(sk.saddr, sk.sport, sk.daddr, sk.dport, False, True, False, True, False, sk.done, False)


@kernel("net/ipv4/tcp_ipv4.c")
def tcp_v4_send_synack(sk: Sock, req: OpenRequest) -> None:
    tcp_transmit_skb(req.loc_addr, sk.sport, req.rmt_addr, req.rmt_port, True, True, False, False, False, False, False)


@kernel("net/ipv4/tcp_ipv4.c")
def tcp_v4_send_reset(skb: Segment) -> None:
    """Never in response to a reset.  It goes on where an ACK says; what has none, a SYN, is acknowledged instead."""
    if not skb.rst:
        tcp_transmit_skb(skb.daddr, skb.dest, skb.saddr, skb.source, False, not skb.ack, False, True, False, False, not skb.ack)


@kernel("net/ipv4/tcp_ipv4.c")
def tcp_v4_timewait_ack(tw: Sock) -> None:
    tcp_transmit_skb(tw.rcv_saddr, tw.sport, tw.daddr, tw.dport, False, True, False, False, False, True, False)
