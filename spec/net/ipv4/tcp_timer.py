"""net/ipv4/tcp_timer.c: retransmissions that ran out."""

from __future__ import annotations

from checker.language import current, kernel, softirq, spin_lock, when
from spec.net.core.sock import sock_def_error_report
from spec.net.ipv4.tcp_input import rx_sock_put
from spec.net.ipv4.tcp_state import tcp_done
from spec.state import (
    ETIMEDOUT,
    NOT_HASHED,
    TCP_CLOSE,
    TCP_LISTEN,
    TCP_TIME_WAIT,
    Sock,
    bh_lock_sock,
    tcp_ehash_lock,
)


@softirq("net/ipv4/tcp_timer.c")
def tcp_write_timer(sk: Sock) -> None:
    """The last retransmission went unanswered; a socket that a thread has is left alone, the timer comes again."""
    with spin_lock(tcp_ehash_lock):
        when(sk.live and sk.hashed != NOT_HASHED and sk.state not in (TCP_CLOSE, TCP_LISTEN, TCP_TIME_WAIT))
        current().rx_sk = sk
    with bh_lock_sock(sk):
        if sk.state not in (TCP_CLOSE, TCP_LISTEN):
            tcp_write_err(sk)
    rx_sock_put(sk)


@kernel("net/ipv4/tcp_timer.c")
def tcp_write_err(sk: Sock) -> None:
    soft = sk.err_soft
    sk.err = soft if soft else ETIMEDOUT
    sock_def_error_report(sk)
    tcp_done(sk)
