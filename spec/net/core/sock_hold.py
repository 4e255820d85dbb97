"""include/net/sock.h: the references that softirqs hold to sockets, and the backlog they leave segments in."""

from __future__ import annotations

from checker.language import NULL, current, kernel, spin_lock
from spec.net.core.sock import sk_free
from spec.state import Segment, Sock, refcnt_lock, referenced


@kernel("include/net/sock.h")
def rx_sock_put(sk: Sock) -> None:
    """sock_put by the softirq."""
    with spin_lock(refcnt_lock):
        current().rx_sk = NULL
        last = sk.gone and not referenced(sk)
    if last:
        sk.freer = current()
        sk_free(sk)


@kernel("include/net/sock.h")
def child_sock_put(sk: Sock) -> None:
    """sock_put by tcp_child_process."""
    with spin_lock(refcnt_lock):
        current().rx_child = NULL
        last = sk.gone and not referenced(sk)
    if last:
        sk.freer = current()
        sk_free(sk)


@kernel("include/net/sock.h")
def sk_add_backlog(sk: Sock, skb: Segment) -> None:
    if sk.backlog_tail == NULL:
        sk.backlog_head = skb
    else:
        sk.backlog_tail.next = skb
    sk.backlog_tail = skb
    skb.next = NULL
    skb.carrier = NULL
    skb.queued_at = sk
