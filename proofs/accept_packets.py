"""Lemmas of segments where sockets accept: who has one in hand, and in whose backlog it waits."""

from __future__ import annotations

from checker.language import NULL, at, implies, lemma
from proofs.accept_names import CALL_LOCKED, HANDLED, RX_HANDLED, RX_SAME
from proofs.accept_queue import copied
from spec.net.core.backlog import __release_sock
from spec.state import Segment, Sock, Thread


@lemma(uses=(RX_HANDLED, "backlog_heads", "draining_some"))
def waiting(skb: Segment) -> bool:
    """What a thread has in hand, or waits in a backlog, exists, and not both is true of it."""
    return implies(skb.carrier != NULL or skb.queued_at != NULL, skb.live and (skb.carrier == NULL or skb.queued_at == NULL))


@lemma(uses=(*HANDLED, "waiting", "backlog_nexts", "packet_head_or_next", "draining", "draining_some"))
def backlog_heads(sk: Sock) -> bool:
    """The first of a backlog waits there."""
    return implies(sk.backlog_head != NULL and not copied(sk), sk.backlog_head.queued_at == sk)


@lemma(uses=(RX_SAME, *HANDLED, "waiting", "backlog_tails", "packet_head_or_next", "draining_some"))
def backlog_nexts(a: Segment) -> bool:
    """What comes behind a waiting segment waits in the same backlog."""
    return implies(a.queued_at != NULL and a.next != NULL, a.next.queued_at == a.queued_at)


@lemma(uses=(RX_SAME, *HANDLED, "waiting", "backlog_heads", "draining_some"))
def backlog_tails(sk: Sock) -> bool:
    """The last of a backlog waits there, and nothing behind it."""
    return implies(sk.backlog_tail != NULL and not copied(sk), sk.backlog_tail.queued_at == sk and sk.backlog_tail.next == NULL)


@lemma(uses=(RX_HANDLED, "waiting", "backlog_nexts"))
def one_packet_next(a: Segment, b: Segment) -> bool:
    """Two waiting segments never lead to the same one."""
    return implies(a.next != NULL and a.next == b.next and a.queued_at != NULL and b.queued_at != NULL, a == b)


@lemma(uses=(RX_HANDLED, "waiting", "backlog_heads", "backlog_nexts", "one_packet_next", "draining"))
def packet_head_or_next(sk: Sock, a: Segment) -> bool:
    """No waiting segment leads to the first of a backlog."""
    return implies(sk.backlog_head != NULL and sk.backlog_head == a.next, a.queued_at == NULL)


@lemma(uses=(CALL_LOCKED, RX_HANDLED, "users_live", "freed_alone"))
def draining(t: Thread, sk: Sock) -> bool:
    """Who takes from a backlog has the lock, and there is something in it."""
    return implies(at(t, __release_sock, "with spin_lock(sk_slock):", sk=sk), sk.backlog_head != NULL)


@lemma(uses=(CALL_LOCKED,))
def draining_some(t: Thread) -> bool:
    """It is the backlog of a socket."""
    return not at(t, __release_sock, "with spin_lock(sk_slock):", sk=NULL)
