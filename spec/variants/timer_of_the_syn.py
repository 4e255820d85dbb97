"""A closer reading: a timer that went off for a SYN does nothing once the SYN is answered.

tcp_write_timer goes off, then waits for the lock of the sock.  By then the SYN may be acknowledged: tcp_ack has set tp->pending
to 0, or what was sent since has set tp->timeout to a later time.  C tests both under the lock and leaves the connection alone;
the model asks only for the state, and lets the attempt time out though it has succeeded.
"""

from __future__ import annotations

from checker.language import abstracted, current, softirq, spin_lock, when
from spec.net.ipv4.tcp_input import rx_sock_put
from spec.net.ipv4.tcp_output import tcp_send_syn
from spec.net.ipv4.tcp_timer import tcp_write_err
from spec.state import (
    NOT_HASHED,
    TCP_CLOSE,
    TCP_LISTEN,
    TCP_SYN_RECV,
    TCP_SYN_SENT,
    TCP_TIME_WAIT,
    Sock,
    bh_lock_sock,
    tcp_ehash_lock,
)

CLOSER = "the tests of tp->pending and tp->timeout in tcp_write_timer"


@softirq("net/ipv4/tcp_timer.c")
def tcp_write_timer(sk: Sock, last: bool) -> None:
    with spin_lock(tcp_ehash_lock):
        when(sk.live and sk.hashed != NOT_HASHED and sk.state not in (TCP_CLOSE, TCP_LISTEN, TCP_TIME_WAIT))
        current().rx_sk = sk
        for_syn = sk.state in (TCP_SYN_SENT, TCP_SYN_RECV)
    with bh_lock_sock(sk):
        answered = for_syn and sk.state not in (TCP_SYN_SENT, TCP_SYN_RECV)
        if last and not answered and sk.state not in (TCP_CLOSE, TCP_LISTEN):
            tcp_write_err(sk)
        elif sk.state == TCP_SYN_SENT:
            abstracted("only a SYN is sent again: nothing else gets lost", "tcp_retransmit_skb")
            tcp_send_syn(sk)
    rx_sock_put(sk)


OVERRIDES = {"tcp_write_timer": tcp_write_timer}
