"""net/ipv4/tcp_timer.c: retransmissions that ran out."""

from __future__ import annotations

from checker.language import NULL, abstracted, current, kernel, softirq, spin_lock, when
from spec.net.core.sock import sock_def_error_report
from spec.net.ipv4.tcp_input import rx_sock_put
from spec.net.ipv4.tcp_output import tcp_send_syn, tcp_v4_send_synack
from spec.net.ipv4.tcp_state import tcp_done
from spec.state import (
    ETIMEDOUT,
    NOT_HASHED,
    TCP_CLOSE,
    TCP_LISTEN,
    TCP_SYN_SENT,
    TCP_TIME_WAIT,
    OpenRequest,
    Sock,
    bh_lock_sock,
    syn_wait_lock,
    tcp_ehash_lock,
)


@softirq("net/ipv4/tcp_timer.c")
def tcp_write_timer(sk: Sock, last: bool) -> None:
    """Time to send again, or the last time went unanswered; a socket that a thread has is left alone, the timer comes again."""
    with spin_lock(tcp_ehash_lock):
        when(sk.live and sk.hashed != NOT_HASHED and sk.state not in (TCP_CLOSE, TCP_LISTEN, TCP_TIME_WAIT))
        current().rx_sk = sk
    with bh_lock_sock(sk):
        if last and sk.state not in (TCP_CLOSE, TCP_LISTEN):
            tcp_write_err(sk)
        elif sk.state == TCP_SYN_SENT:
            abstracted("only a SYN is sent again: nothing else gets lost", "tcp_retransmit_skb")
            tcp_send_syn(sk)
    rx_sock_put(sk)


@softirq("net/ipv4/tcp_timer.c")
def tcp_keepalive_timer(req: OpenRequest) -> None:
    """tcp_synack_timer for one request: the SYN-ACK goes out again, and the request is no longer young."""
    with spin_lock(syn_wait_lock):
        when(req.live and req.listener != NULL)
        sk = req.listener
        current().rx_sk = sk
    with bh_lock_sock(sk):
        if req.live and req.listener == sk:
            req.retransmitted = True
            tcp_v4_send_synack(sk, req)
    rx_sock_put(sk)


@kernel("net/ipv4/tcp_timer.c")
def tcp_write_err(sk: Sock) -> None:
    soft = sk.err_soft
    sk.err = soft if soft else ETIMEDOUT
    sock_def_error_report(sk)
    tcp_done(sk)
