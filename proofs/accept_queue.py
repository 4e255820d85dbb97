"""Lemmas of accept queues: who has a connection between its birth and its struct socket."""

from __future__ import annotations

from checker.language import NULL, at, called, implies, inside, lemma, pure
from proofs.accept_names import CALL_LOCKED, LOCKS, SAME
from spec.net.core.sock import sk_free
from spec.net.ipv4.af_inet import inet_release
from spec.net.ipv4.tcp import tcp_accept, tcp_listen_stop
from spec.net.ipv4.tcp_minisocks import tcp_acceptq_queue, tcp_check_req, tcp_create_openreq_child, tcp_v4_syn_recv_sock
from spec.state import Sock, Thread


@pure
def unclaimed(sk: Sock) -> bool:
    """A connection that no struct socket has, and nobody has given up."""
    return sk.live and not sk.dead and not sk.gone and sk.socket == NULL and sk.closer == NULL


@lemma(
    uses=(
        *LOCKS,
        "carrying",
        "linked",
        "unlinks",
        "same_socket",
        "closing",
        "buried",
        "users_live",
        "taken",
        "dying",
        "stopping",
        "listens",
        "dead_deaf",
    )
)
def unaccepted(sk: Sock) -> bool:
    """What a thread carries, or waits in an accept queue, is a connection nobody else has."""
    return implies(sk.carrier != NULL or sk.queued_at != NULL, unclaimed(sk) and (sk.carrier == NULL or sk.queued_at == NULL))


@pure
def newborn(t: Thread, sk: Sock) -> bool:
    """A child that is not in the queue of its listener yet."""
    return (
        inside(t, tcp_create_openreq_child, newsk=sk)
        or inside(t, tcp_v4_syn_recv_sock, newsk=sk)
        or inside(t, tcp_check_req, child=sk)
    )


@lemma(uses=(*LOCKS, "carrying", "unaccepted", "queue_tails"))
def born_last(t: Thread, sk: Sock) -> bool:
    """Nothing waits behind a new child."""
    return implies(newborn(t, sk), sk.dl_next == NULL)


@pure
def copied(sk: Sock) -> bool:
    """A child that is a copy of its listener yet."""
    return sk.users and sk.owner != NULL and at(sk.owner, tcp_create_openreq_child, "newsk.state = TCP_SYN_RECV", newsk=sk)


@lemma(
    uses=(
        *SAME,
        CALL_LOCKED,
        "unaccepted",
        "queue_nexts",
        "taken",
        "stopping",
        "emptied",
        "carrying",
        "freed_alone",
        "head_or_next",
    )
)
def queue_heads(a: Sock) -> bool:
    """The first of a queue waits there."""
    return implies(a.accept_queue != NULL and not copied(a), a.accept_queue.queued_at == a)


@lemma(
    uses=(
        *LOCKS,
        "unaccepted",
        "queue_tails",
        "unpreceded",
        "head_or_next",
        "taken",
        "carrying",
        "born_last",
        "freed_alone",
    )
)
def queue_nexts(a: Sock) -> bool:
    """What comes behind a waiting connection waits in the same queue."""
    return implies(a.queued_at != NULL and a.dl_next != NULL, a.dl_next.queued_at == a.queued_at)


@pure
def taking(t: Thread, sk: Sock, newsk: Sock) -> bool:
    """Where accept has taken a connection, and is about to see whether it was the last."""
    return at(t, tcp_accept, "if sk.accept_queue == NULL:", sk=sk, newsk=newsk)


@pure
def queuing(t: Thread, sk: Sock, child: Sock) -> bool:
    """Where a connection comes behind the last one, and is about to be the last."""
    return at(t, tcp_acceptq_queue, "sk.accept_queue_tail = child", sk=sk, child=child)


@lemma(uses=(*LOCKS, "unaccepted", "born_last", "taken", "emptied", "carrying", "freed_alone", "stopping"))
def queue_tails(a: Sock) -> bool:
    """The last of a queue waits there, and nothing behind it."""
    return implies(
        a.accept_queue_tail != NULL and not copied(a),
        (
            a.accept_queue_tail.queued_at == a
            or (a.accept_queue == NULL and a.users and a.owner != NULL and taking(a.owner, a, a.accept_queue_tail))
        )
        and (
            a.accept_queue_tail.dl_next == NULL
            or (a.users and a.owner != NULL and queuing(a.owner, a, a.accept_queue_tail.dl_next))
        ),
    )


@lemma(uses=(*LOCKS, "unaccepted", "queue_nexts", "queue_tails", "carrying", "born_last"))
def one_next(a: Sock, b: Sock) -> bool:
    """Two waiting connections never lead to the same one."""
    return implies(a.dl_next != NULL and a.dl_next == b.dl_next and a.queued_at != NULL and b.queued_at != NULL, a == b)


@lemma(uses=(*SAME, CALL_LOCKED, "unaccepted", "queue_nexts", "queue_heads", "one_next", "taken", "carrying", "born_last"))
def head_or_next(a: Sock, b: Sock) -> bool:
    """Nothing that waits leads to the first of a queue."""
    return implies(a.accept_queue != NULL and a.accept_queue == b.dl_next, b.queued_at == NULL)


@lemma(uses=(*LOCKS, "users_live", "unaccepted", "queue_heads", "queue_tails", "carrying", "freed_alone"))
def dequeuing(t: Thread, sk: Sock) -> bool:
    """What accept takes is the first of the queue, and it knows the next one."""
    return implies(
        at(t, tcp_accept, "newsk = sk.accept_queue", sk=sk) or at(t, tcp_accept, "sk.accept_queue = following", sk=sk),
        sk.accept_queue != NULL,
    ) and implies(
        at(t, tcp_accept, "sk.accept_queue = following", sk=sk),
        at(t, tcp_accept, "sk.accept_queue = following", newsk=sk.accept_queue, following=sk.accept_queue.dl_next),
    )


@lemma(uses=(CALL_LOCKED, "dequeuing", "queue_heads"))
def taken(t: Thread, sk: Sock, newsk: Sock) -> bool:
    """It waits in that queue."""
    return implies(
        at(t, tcp_accept, "sk.accept_queue = following", sk=sk, newsk=newsk),
        sk.accept_queue == newsk
        and newsk.queued_at == sk
        and at(t, tcp_accept, "sk.accept_queue = following", following=newsk.dl_next),
    ) and not at(t, tcp_accept, "sk.accept_queue = following", newsk=NULL)


@lemma(uses=("taken", "unaccepted", CALL_LOCKED))
def unshared(t: Thread, sk: Sock) -> bool:
    """And nobody else has it."""
    return implies(at(t, tcp_accept, "sk.accept_queue = following", newsk=sk), unclaimed(sk) and sk.carrier == NULL)


@pure
def to_be_reset(t: Thread, sk: Sock) -> bool:
    """The connections that close has yet to reset, as far as it knows them."""
    return inside(t, tcp_listen_stop, following=sk) or (
        called(t, tcp_listen_stop, child=sk)
        and (
            at(t, tcp_listen_stop, "sk.accept_queue = sk.accept_queue_tail = NULL")
            or at(t, tcp_listen_stop, "req = find((r for r in OpenRequest if r.live and r.listener == sk))")
            or at(t, tcp_listen_stop, "free(req)")
            or at(t, tcp_listen_stop, "following = child.dl_next")
        )
    )


@lemma(
    uses=(
        *SAME,
        CALL_LOCKED,
        "unaccepted",
        "queue_heads",
        "queue_nexts",
        "carrying",
        "closing",
        "freed_alone",
        "taken",
        "unpreceded",
    )
)
def stopping(t: Thread, sk: Sock, child: Sock) -> bool:
    """They wait in the queue of the socket that is closed."""
    return implies(to_be_reset(t, child) and called(t, inet_release, sk=sk), child.queued_at == sk)


@lemma(uses=(*LOCKS, "stopping", "head_or_next", "one_next", "carrying", "born_last", "unaccepted", "queue_nexts", "queue_tails"))
def unpreceded(t: Thread, sk: Sock, a: Sock) -> bool:
    """Nothing that waits leads to one of them."""
    return implies(to_be_reset(t, sk) and a.dl_next == sk, a.queued_at == NULL)


@lemma(uses=(*LOCKS, "users_live", "unaccepted", "sound"))
def emptied(t: Thread, sk: Sock) -> bool:
    """When close resets connections the queue is empty."""
    return implies(
        inside(t, tcp_listen_stop)
        and called(t, inet_release, sk=sk)
        and not at(t, tcp_listen_stop, "with spin_lock_bh(syn_wait_lock):"),
        sk.accept_queue_tail == NULL
        and (sk.accept_queue == NULL or at(t, tcp_listen_stop, "sk.accept_queue = sk.accept_queue_tail = NULL")),
    )


@lemma(uses=("freeing", "doomed", "unaccepted", "unlocked"))
def freed_alone(t: Thread, sk: Sock) -> bool:
    """What is freed waits in no queue, nobody carries it, and nobody has its lock."""
    return implies(at(t, sk_free, "free(sk)", sk=sk), sk.queued_at == NULL and sk.carrier == NULL and not sk.users)
