"""net/ipv4/tcp_timer.c and tcp_minisocks.c: retransmissions that ran out, and the end of TIME_WAIT."""

from __future__ import annotations

from checker.language import abstracted, current, kernel, softirq, spin_lock, when
from spec.net.core.sock import sock_def_error_report
from spec.net.ipv4.tcp_input import rx_sock_put
from spec.net.ipv4.tcp_ipv4 import tcp_timewait_kill
from spec.net.ipv4.tcp_state import tcp_done
from spec.state import (
    ETIMEDOUT,
    NOT_HASHED,
    TCP_CLOSE,
    TCP_EHASH,
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


@softirq("net/ipv4/tcp_minisocks.c")
def tcp_twkill(tw: Sock) -> None:
    """The time of a TIME_WAIT bucket is over."""
    abstracted("the death row: which bucket is next may be any", "tcp_tw_death_row", "tw_death_lock", "tcp_tw_count")
    with spin_lock(tcp_ehash_lock):
        when(tw.live and tw.hashed == TCP_EHASH and tw.state == TCP_TIME_WAIT)
        current().rx_sk = tw
    tcp_timewait_kill(tw)
    rx_sock_put(tw)


@kernel("net/ipv4/tcp_timer.c")
def tcp_write_err(sk: Sock) -> None:
    soft = sk.err_soft
    sk.err = soft if soft else ETIMEDOUT
    sock_def_error_report(sk)
    tcp_done(sk)
