"""Lemmas of accept queues: ack_backlog says how long they are.  The client asks for a backlog of 1, so at most two wait."""

from __future__ import annotations

from checker.language import NULL, at, implies, inside, lemma, pure
from proofs.accept_names import ALONE, CALL_SAME, LOCKED
from spec.net.ipv4.af_inet import inet_listen
from spec.net.ipv4.tcp import tcp_accept, tcp_close, tcp_close_state, tcp_listen_start, tcp_listen_stop
from spec.net.ipv4.tcp_minisocks import tcp_acceptq_queue, tcp_check_req, tcp_v4_syn_recv_sock
from spec.net.ipv4.tcp_state import tcp_set_state
from spec.state import Sock, Thread
from spec.values import TCP_LISTEN, Backlog


@lemma()
def backlog_asked(t: Thread, backlog: Backlog) -> bool:
    """The client asks for a backlog of 1."""
    return implies(inside(t, inet_listen, backlog=backlog), backlog == 1)


@lemma(uses=(*LOCKED, "backlog_asked"))
def backlog_given(sk: Sock) -> bool:
    """A listener has it, or none yet."""
    return sk.max_ack_backlog == 0 or sk.max_ack_backlog == 1


@lemma(uses=(*LOCKED, "backlog_given"))
def room_for_child(t: Thread, sk: Sock) -> bool:
    """A child is only made if at most one waits before it."""
    return implies(
        inside(t, tcp_v4_syn_recv_sock, sk=sk)
        or at(t, tcp_check_req, "free(req)", sk=sk)
        or at(t, tcp_acceptq_queue, "sk.ack_backlog = sk.ack_backlog + 1", sk=sk),
        sk.ack_backlog == 0 or sk.ack_backlog == 1,
    )


@lemma(uses=(*LOCKED, "users_live"))
def starts_empty(t: Thread, sk: Sock) -> bool:
    """listen empties the queue first."""
    return implies(
        at(t, tcp_listen_start, "sk.accept_queue = sk.accept_queue_tail = NULL", sk=sk)
        or at(t, tcp_listen_start, "sk.state = TCP_LISTEN", sk=sk),
        sk.ack_backlog == 0 and sk.accept_queue_tail == NULL,
    ) and implies(
        at(t, tcp_listen_start, "sk.state = TCP_LISTEN", sk=sk),
        sk.accept_queue == NULL,
    )


@pure
def counts(sk: Sock) -> bool:
    """ack_backlog is the length of the queue."""
    return (
        (sk.ack_backlog == 0 and sk.accept_queue == NULL and sk.accept_queue_tail == NULL)
        or (sk.ack_backlog == 1 and sk.accept_queue != NULL and sk.accept_queue == sk.accept_queue_tail)
        or (
            sk.ack_backlog == 2
            and sk.accept_queue != NULL
            and sk.accept_queue_tail != NULL
            and sk.accept_queue.dl_next == sk.accept_queue_tail
        )
    )


@pure
def counts_first(sk: Sock) -> bool:
    """It counts one, and none waits."""
    return sk.ack_backlog == 1 and sk.accept_queue == NULL and sk.accept_queue_tail == NULL


@pure
def counts_second(sk: Sock) -> bool:
    """It counts two, and one waits."""
    return sk.ack_backlog == 2 and sk.accept_queue != NULL and sk.accept_queue == sk.accept_queue_tail


@pure
def queuing_first(t: Thread, sk: Sock) -> bool:
    return at(t, tcp_acceptq_queue, "sk.accept_queue = child", sk=sk)


@pure
def queuing_behind(t: Thread, sk: Sock) -> bool:
    return at(t, tcp_acceptq_queue, "sk.accept_queue_tail.dl_next = child", sk=sk)


@pure
def dequeued(t: Thread, sk: Sock) -> bool:
    """Between what accept takes from the queue and from the counter."""
    return at(t, tcp_accept, "newsk.dl_next = NULL", sk=sk) or at(t, tcp_accept, "sk.ack_backlog = sk.ack_backlog - 1", sk=sk)


@lemma(uses=ALONE)
def accepts_from_listener(t: Thread, sk: Sock) -> bool:
    """accept takes from a queue while its socket listens."""
    return implies(
        at(t, tcp_accept, "newsk = sk.accept_queue", sk=sk) or at(t, tcp_accept, "sk.accept_queue = following", sk=sk),
        sk.state == TCP_LISTEN,
    )


@lemma(uses=(*LOCKED, "users_live", "freed_alone", "listens", "counted"))
def counts_before_first(t: Thread, sk: Sock) -> bool:
    """What is queued first is counted before."""
    return implies(queuing_first(t, sk), counts_first(sk))


@lemma(uses=(*LOCKED, "users_live", "freed_alone", "room_for_child", "listens", "counted"))
def counts_before_second(t: Thread, sk: Sock) -> bool:
    """So is what is queued behind it."""
    return implies(queuing_behind(t, sk), counts_second(sk))


@lemma(uses=(*LOCKED, "users_live", "freed_alone", "taken", "accepts_from_listener", "queue_tails", "counted"))
def counts_behind_taking(t: Thread, sk: Sock) -> bool:
    """What accept takes is counted until it has taken it."""
    return implies(dequeued(t, sk), counts_first(sk) or counts_second(sk))


@lemma(
    uses=(
        "counts_before_first",
        "counts_before_second",
        "counts_behind_taking",
        "starts_empty",
        "closed",
        "not_listening",
        "carrying",
        "unaccepted",
        "queue_heads",
        "queue_tails",
        "freed_alone",
        *LOCKED,
    )
)
def counted(sk: Sock) -> bool:
    """But for these moments the counter is right."""
    return implies(
        sk.state == TCP_LISTEN,
        counts(sk) or any(queuing_first(t, sk) or queuing_behind(t, sk) or dequeued(t, sk) for t in Thread),
    )


@lemma(uses=ALONE)
def closes_listener(t: Thread, sk: Sock) -> bool:
    """Until close changes its state a listener listens."""
    return implies(
        inside(t, tcp_close)
        and inside(t, tcp_set_state, sk=sk)
        and not inside(t, tcp_close_state)
        and not inside(t, tcp_listen_stop),
        sk.state == TCP_LISTEN,
    )


@pure
def to_stop(t: Thread, sk: Sock, child: Sock) -> bool:
    """Behind tcp_set_state, with a connection that close resets next."""
    return (
        at(t, tcp_listen_stop, "sk.accept_queue = sk.accept_queue_tail = NULL", sk=sk, child=child)
        or at(t, tcp_listen_stop, "req = find((r for r in OpenRequest if r.live and r.listener == sk))", sk=sk, child=child)
        or at(t, tcp_listen_stop, "free(req)", sk=sk, child=child)
        or at(t, tcp_listen_stop, "following = child.dl_next", sk=sk, child=child)
    )


@lemma(uses=(*LOCKED, "users_live", "counted", "closes_listener"))
def none_left(t: Thread, sk: Sock) -> bool:
    """Of a queue that is empty when close comes to it the counter is 0."""
    return implies(to_stop(t, sk, NULL), sk.ack_backlog == 0)


@lemma(
    uses=(*LOCKED, "users_live", "freed_alone", "carrying", "unaccepted", "stopping", "counted", "closes_listener", "one_behind")
)
def one_left(t: Thread, sk: Sock, child: Sock) -> bool:
    """Of one with a single connection it is 1."""
    return implies(to_stop(t, sk, child) and child.dl_next == NULL, sk.ack_backlog == 1)


@lemma(
    uses=(
        *LOCKED,
        "users_live",
        "freed_alone",
        "stopping",
        "queue_nexts",
        "queue_tails",
        "counted",
        "closes_listener",
        "one_behind",
    )
)
def two_left(t: Thread, sk: Sock, child: Sock, behind: Sock) -> bool:
    """Else it is 2, and there are two."""
    return implies(to_stop(t, sk, child) and child.dl_next == behind, sk.ack_backlog == 2 and behind.dl_next == NULL)


@lemma(uses=(CALL_SAME, *LOCKED, "users_live", "freed_alone", "stopping", "queue_tails", "two_left"))
def one_behind(t: Thread, sk: Sock, child: Sock) -> bool:
    """While the first of two is reset the other is the last."""
    return implies(inside(t, tcp_listen_stop, sk=sk, following=child), sk.ack_backlog == 2 and child.dl_next == NULL)


@lemma(uses=(CALL_SAME, *LOCKED, "users_live", "freed_alone", "one_left"))
def last_left(t: Thread, sk: Sock) -> bool:
    """While the last is reset it is 1."""
    return implies(inside(t, tcp_listen_stop, sk=sk, following=NULL), sk.ack_backlog == 1)
