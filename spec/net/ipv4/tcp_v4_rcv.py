"""The receiving half of net/ipv4/tcp_ipv4.c: which socket a segment or an ICMP error is for, and who processes it when."""

from __future__ import annotations

from checker.language import NULL, acquire, current, find, free, htons, kernel, new, softirq, spin_lock, when
from checker.language import choice as owned_by_user
from spec.net.core.sock import sock_def_error_report
from spec.net.core.sock_hold import child_sock_put, rx_sock_put, sk_add_backlog
from spec.net.ipv4.tcp_input import tcp_rcv_state_process
from spec.net.ipv4.tcp_ipv4 import tcp_v4_lookup, tcp_v4_lookup_child
from spec.net.ipv4.tcp_minisocks import tcp_check_req, tcp_child_process, tcp_timewait_state_process
from spec.net.ipv4.tcp_output import tcp_v4_send_reset
from spec.net.ipv4.tcp_state import tcp_done
from spec.state import OpenRequest, Segment, Sock, bh_lock_sock, sk_slock, tcp_ehash_lock
from spec.values import (
    IPPROTO_TCP,
    SUCCESS,
    TCP_CLOSE,
    TCP_EHASH,
    TCP_LISTEN,
    TCP_SYN_RECV,
    TCP_SYN_SENT,
    TCP_TIME_WAIT,
    Addr,
    Errno,
    Port,
    Protocol,
)


@softirq("net/core/dev.c")
def segment_arrives(
    syn: bool, ack: bool, fin: bool, rst: bool, data: bool, acks_fin: bool, saddr: Addr, source: Port, daddr: Addr, dest: Port
) -> None:
    """The free network: any segment at any moment, from whoever pleases to send it."""
    skb = new(Segment)
    skb.protocol = Protocol(IPPROTO_TCP)
    skb.syn = syn
    skb.ack = ack
    skb.fin = fin
    skb.rst = rst
    skb.data = data
    skb.acks_fin = acks_fin
    skb.saddr = saddr
    skb.source = htons(source)
    skb.daddr = daddr
    skb.dest = htons(dest)
    skb.carrier = current()
    tcp_v4_rcv(skb)


@softirq("net/ipv4/tcp_ipv4.c")
def tcp_v4_err(sk: Sock, err: Errno) -> None:
    """An ICMP error about a segment ``sk`` sent: hard for an attempt nobody has, or with IP_RECVERR, else only noted."""
    with spin_lock(tcp_ehash_lock):
        when(sk.live and sk.hashed == TCP_EHASH and sk.state != TCP_TIME_WAIT and err != SUCCESS)
        current().rx_sk = sk
    if owned_by_user():
        with spin_lock(sk_slock):
            when(sk.users and not sk.slock)
            if sk.state != TCP_CLOSE:
                sk.err_soft = err
    else:
        with bh_lock_sock(sk):
            if sk.state in (TCP_SYN_SENT, TCP_SYN_RECV):
                sk.err = err
                sock_def_error_report(sk)
                tcp_done(sk)
            elif sk.state != TCP_CLOSE:
                if sk.recverr:
                    sk.err = err
                    sock_def_error_report(sk)
                else:
                    sk.err_soft = err
    rx_sock_put(sk)


@kernel("net/ipv4/tcp_ipv4.c")
def tcp_v4_rcv(skb: Segment) -> None:
    sk = tcp_v4_lookup(skb)
    if sk != NULL and sk.state == TCP_TIME_WAIT:
        sk = tcp_timewait_state_process(sk, skb)
        if sk == NULL:
            free(skb)
            return
    if sk == NULL:
        tcp_v4_send_reset(skb)
        free(skb)
        return
    tcp_v4_deliver(sk, skb)
    rx_sock_put(sk)


@kernel("net/ipv4/tcp_ipv4.c")
def tcp_v4_deliver(sk: Sock, skb: Segment) -> None:
    """The end of tcp_v4_rcv: into the socket, or into the backlog of one that a thread has."""
    if owned_by_user():
        with spin_lock(sk_slock):
            when(sk.users and not sk.slock)
            sk_add_backlog(sk, skb)
    else:
        with bh_lock_sock(sk):
            tcp_v4_do_rcv(sk, skb)
        free(skb)


@kernel("net/ipv4/tcp_ipv4.c", shared=True, holds="lock_sock(sk)")
def tcp_v4_do_rcv(sk: Sock, skb: Segment) -> None:
    """Called with the socket locked: by the softirq itself, or by whoever releases it and finds the packet in the backlog."""
    nsk = sk
    if sk.state == TCP_LISTEN:
        nsk = tcp_v4_hnd_req(sk, skb)
        if nsk == NULL:
            return
    if nsk != sk:
        if tcp_child_process(sk, nsk, skb):
            tcp_v4_send_reset(skb)
    elif tcp_rcv_state_process(sk, skb):
        tcp_v4_send_reset(skb)


@kernel("net/ipv4/tcp_ipv4.c")
def tcp_v4_hnd_req(sk: Sock, skb: Segment) -> Sock:
    """The socket the segment is for: the listener itself, a child (locked), or none."""
    req = find(
        r
        for r in OpenRequest
        if r.listener == sk and r.rmt_port == skb.source and r.rmt_addr == skb.saddr and r.loc_addr == skb.daddr
    )
    if req != NULL:
        return tcp_check_req(sk, skb, req)
    nsk = tcp_v4_lookup_child(skb)
    if nsk != NULL:
        if nsk.state != TCP_TIME_WAIT:
            acquire(bh_lock_sock(nsk))
            return nsk
        child_sock_put(nsk)
        return NULL
    return sk
