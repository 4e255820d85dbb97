"""net/core/sock.c: the packets that arrived while somebody had the socket."""

from __future__ import annotations

from checker.language import NULL, current, free, kernel, spin_lock
from spec.net.ipv4.tcp_v4_rcv import tcp_v4_do_rcv
from spec.state import Sock, sk_slock


@kernel("net/core/sock.c", shared=True, holds="lock_sock(sk)")
def __release_sock(sk: Sock) -> None:
    """Process the oldest packet of the backlog; release_sock repeats this until there is none, the owner still set."""
    with spin_lock(sk_slock):
        skb = sk.backlog_head
        sk.backlog_head = skb.next
        if sk.backlog_head == NULL:
            sk.backlog_tail = NULL
        skb.queued_at = NULL
        skb.carrier = current()
    tcp_v4_do_rcv(sk, skb)
    free(skb)
