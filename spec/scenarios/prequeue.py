"""A thread that sleeps in recv() of a TCP socket processes the segments itself (net/ipv4/tcp.c: tp->ucopy, the prequeue).

Until it runs, whoever looks at the socket sees it as it was: a RST or FIN that has arrived changes nothing yet.  Only several
threads can see that, and only if one of them sleeps in recv().
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from checker.language import NULL, abstracted, current, free, kernel, spin_lock, when
from checker.language import choice as owned_by_user
from spec.kernel.sched import wake_up_interruptible
from spec.net.core.sock_hold import sk_add_backlog
from spec.net.ipv4.tcp_v4_rcv import tcp_v4_do_rcv
from spec.state import Segment, Sock, bh_lock_sock, sk_slock


@kernel("net/ipv4/tcp_ipv4.c")
def tcp_v4_deliver(sk: Sock, skb: Segment) -> None:
    """The end of tcp_v4_rcv: into the socket, to its reader, or into the backlog of one that a thread has."""
    if owned_by_user():
        with spin_lock(sk_slock):
            when(sk.users and not sk.slock)
            sk_add_backlog(sk, skb)
    else:
        with bh_lock_sock(sk):
            queued = tcp_prequeue(sk, skb)
            if not queued:
                tcp_v4_do_rcv(sk, skb)
        if not queued:
            free(skb)


@kernel("include/net/tcp.h")
def tcp_prequeue(sk: Sock, skb: Segment) -> bool:
    """Leave a segment to the thread that reads, if there is one; the first one wakes it."""
    if sk.reader == NULL:
        return False
    abstracted("the prequeue is never longer than the receive buffer, and its reader comes before the timer", "memory", "rcvbuf")
    first = sk.prequeue == NULL
    prequeue_add(sk, skb)
    if first:
        wake_up_interruptible(sk.sleep)
    return True


@kernel("include/net/tcp.h")
def prequeue_add(sk: Sock, skb: Segment) -> None:
    skb.next = NULL
    if sk.prequeue_tail == NULL:
        sk.prequeue = skb
    else:
        sk.prequeue_tail.next = skb
    sk.prequeue_tail = skb


@kernel("net/core/sock.c", shared=True, holds="lock_sock(sk)")
def __release_sock(sk: Sock) -> None:
    """Also of a socket whose reader has not run: data and FINs behind what waits for it are out of order until it does.

    C has a queue for such segments; to wait behind the others comes to the same.
    """
    with spin_lock(sk_slock):
        skb = sk.backlog_head
        sk.backlog_head = skb.next
        if sk.backlog_head == NULL:
            sk.backlog_tail = NULL
    if sk.prequeue != NULL and (skb.data or skb.fin):
        prequeue_add(sk, skb)
    else:
        tcp_v4_do_rcv(sk, skb)
        free(skb)


@kernel("include/net/tcp.h")
def tcp_prequeue_init(sk: Sock) -> None:
    """A child has no reader, even if a thread that slept in recv() when its listener was none has not run yet."""
    sk.prequeue = NULL
    sk.prequeue_tail = NULL
    sk.reader = NULL


@kernel("net/ipv4/tcp.c", holds="lock_sock(sk)")
def tcp_install_reader(sk: Sock) -> None:
    """The first that waits.  C lets it stay until its call ends, but nobody looks while it has the lock."""
    if sk.reader == NULL:
        sk.reader = current()


@kernel("net/ipv4/tcp.c", holds="lock_sock(sk)")
def tcp_prequeue_process(sk: Sock) -> None:
    """By the reader, before it looks for data; in C some of it once it has taken what is there, with the same result."""
    abstracted("softirqs are off meanwhile: what is sent is processed a little later", "local_bh_disable", "local_bh_enable")
    if sk.reader == current():
        while sk.prequeue != NULL:
            skb = sk.prequeue
            sk.prequeue = skb.next
            if sk.prequeue == NULL:
                sk.prequeue_tail = NULL
            tcp_v4_do_rcv(sk, skb)
            free(skb)
        sk.reader = NULL


OVERRIDES = (tcp_v4_deliver, __release_sock, tcp_prequeue_init, tcp_install_reader, tcp_prequeue_process)


def prequeue(*, used: bool) -> dict[str, Callable[..., Any]]:
    """What to replace in a model in which somebody may sleep in recv() of a TCP socket, or nobody does."""
    return {f.__name__: f for f in OVERRIDES} if used else {}
