"""net/ipv4/tcp_timer.c and tcp_minisocks.c: retransmissions that ran out, late acknowledgements, and the end of TIME_WAIT."""

from __future__ import annotations

from checker.language import NULL, abstracted, current, find, free, kernel, softirq, spin_lock, when
from spec.net.core.sock import sock_def_error_report
from spec.net.core.sock_hold import rx_sock_put
from spec.net.ipv4.tcp_ipv4 import tcp_timewait_kill
from spec.net.ipv4.tcp_output import tcp_retransmit_skb, tcp_send_ack, tcp_v4_send_synack
from spec.net.ipv4.tcp_state import tcp_done
from spec.state import OpenRequest, Sock, bh_lock_sock, syn_wait_lock, tcp_ehash_lock
from spec.values import (
    ETIMEDOUT,
    NOT_HASHED,
    TCP_CLOSE,
    TCP_CLOSE_WAIT,
    TCP_EHASH,
    TCP_LISTEN,
    TCP_SYN_RECV,
    TCP_SYN_SENT,
    TCP_TIME_WAIT,
)


@softirq("net/ipv4/tcp_timer.c")
def tcp_write_timer(sk: Sock, last: bool) -> None:
    """Time to send again, or the last time went unanswered; a socket that a thread has is left alone, the timer comes again.

    The timer goes off, then waits for the lock.  If the SYN was answered meanwhile, tp->pending or tp->timeout say that there is
    nothing left to do: ``answered`` here.
    """
    with spin_lock(tcp_ehash_lock):
        when(sk.live and sk.hashed != NOT_HASHED and sk.state not in (TCP_CLOSE, TCP_LISTEN, TCP_TIME_WAIT))
        current().rx_sk = sk
        for_syn = sk.state in (TCP_SYN_SENT, TCP_SYN_RECV)
    with bh_lock_sock(sk):
        answered = for_syn and sk.state not in (TCP_SYN_SENT, TCP_SYN_RECV)
        if not answered and sk.state not in (TCP_CLOSE, TCP_LISTEN):
            abstracted("how often: three minutes for a SYN, less for an orphan, a quarter of an hour for others", "retransmits")
            if last:
                tcp_write_err(sk)
            else:
                tcp_retransmit_skb(sk)
    rx_sock_put(sk)


@softirq("net/ipv4/tcp_timer.c")
def tcp_delack_timer(sk: Sock) -> None:
    """The acknowledgement of a FIN goes out, as nothing was sent that could have taken it along; a second one does no harm."""
    with spin_lock(tcp_ehash_lock):
        when(sk.live and sk.hashed == TCP_EHASH and sk.state == TCP_CLOSE_WAIT)
        current().rx_sk = sk
    with bh_lock_sock(sk):
        if sk.state == TCP_CLOSE_WAIT:
            tcp_send_ack(sk)
    rx_sock_put(sk)


@softirq("net/ipv4/tcp_timer.c")
def tcp_keepalive_timer(req: OpenRequest, last: bool) -> None:
    """tcp_synack_timer for one request: the SYN-ACK goes out again, and the request is no longer young; or it is dropped."""
    with spin_lock(syn_wait_lock):
        when(req.live and req.listener != NULL)
        sk = req.listener
        current().rx_sk = sk
    with bh_lock_sock(sk):
        waiting = find(r for r in OpenRequest if r == req and r.listener == sk)
        if waiting != NULL:
            if last:
                free(waiting)
            else:
                waiting.retransmitted = True
                tcp_v4_send_synack(sk, waiting)
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
