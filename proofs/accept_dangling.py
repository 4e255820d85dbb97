"""Lemmas of TCP sockets that accept, for the steps of which ``no_dangling`` is asked: copies, requests, and what is chained.

The lemmas about joined steps hold there too, but ``USES`` says what they rest on: it has a module of its own.
"""

from __future__ import annotations

from checker.language import NULL, at, called, implies, inside, lemma, pure, terms
from checker.language.compile import Compiled
from checker.symbolic.facts import Fact
from checker.system import TransitionSystem
from proofs.accept_dangling_uses import USES
from proofs.accept_names import CALL_LOCKED, CALL_SAME, LOCKED, LOCKS, RX_SAME
from proofs.accept_queue import queuing, taking
from proofs.accept_sockets import making
from proofs.connect_dangling import segment_facts
from proofs.followed import followed_facts
from proofs.frame_facts import null_facts
from proofs.structure import at_any
from spec.net.ipv4.af_inet import inet_accept, inet_release
from spec.net.ipv4.protocols import inet_stream_ops
from spec.net.ipv4.tcp import tcp_close, tcp_listen_stop
from spec.net.ipv4.tcp_minisocks import tcp_check_req, tcp_create_openreq_child, tcp_v4_syn_recv_sock
from spec.net.ipv4.tcp_state import tcp_done
from spec.net.ipv4.tcp_v4_rcv import segment_arrives, tcp_v4_deliver, tcp_v4_do_rcv
from spec.net.socket import sock_release, sys_socket
from spec.state import OpenRequest, Segment, Sock, Socket, Thread
from spec.values import NOT_HASHED, TCP_CLOSE


@lemma(uses=("given_up_alone", "same_socket"))
def given_up_bare(t: Thread, sock: Socket) -> bool:
    """A socket that sys_socket gives up was never installed, nor released, and has no sock."""
    return implies(inside(t, sys_socket, sock=sock), sock.live and not sock.fd and sock.sk == NULL and sock.releaser == NULL)


@lemma(uses=("file_open", "fresh", "given_up_bare", "releasing", "same_socket"))
def given_up_alone(t: Thread, u: Thread, sock: Socket) -> bool:
    """Only the thread that gives it up knows it."""
    return implies(
        inside(t, sys_socket, sock=sock),
        u.file != sock
        and not making(u, sock)
        and not called(u, sock_release, sock=sock)
        and (u == t or not inside(u, sys_socket, sock=sock)),
    )


@pure
def copying(t: Thread, child: Sock) -> bool:
    """Where a child is a copy of its listener yet."""
    return at(t, tcp_create_openreq_child, "newsk.state = TCP_SYN_RECV", newsk=child)


@pure
def copying_of(t: Thread, sk: Sock, child: Sock) -> bool:
    """Of this listener."""
    return at(t, tcp_create_openreq_child, "newsk.state = TCP_SYN_RECV", sk=sk, newsk=child)


@lemma(
    uses=(
        *LOCKS,
        "buried",
        "chained",
        "dead_deaf",
        "doomed",
        "dying",
        "freed_alone",
        "listens",
        "queue_tails",
        "stopping",
        "taken",
        "unaccepted",
        "users_live",
    )
)
def copy_bare(t: Thread, child: Sock) -> bool:
    """It is in no table and in no queue, and nobody has it in hand."""
    return implies(
        copying(t, child),
        child.live
        and child.hashed == NOT_HASHED
        and not child.dead
        and not child.gone
        and child.carrier == NULL
        and child.queued_at == NULL
        and child.freer == NULL
        and child.dl_next == NULL,
    )


@lemma(uses=(*LOCKS, "copy_bare", "freed_alone", "listens", "users_live"))
def copy_queue(t: Thread, sk: Sock, child: Sock) -> bool:
    """Its accept queue is that of the listener."""
    return implies(
        copying_of(t, sk, child), child.accept_queue == sk.accept_queue and child.accept_queue_tail == sk.accept_queue_tail
    )


@lemma(
    uses=(
        *LOCKS,
        "backlog_heads",
        "backlog_tails",
        "copies_unknown",
        "copy_bare",
        "delivered_some",
        "draining",
        "draining_some",
        "in_hand",
        "users_live",
        "waiting",
    )
)
def copy_backlog(t: Thread, sk: Sock, child: Sock) -> bool:
    """What its backlog refers to waits at the listener."""
    return implies(
        copying_of(t, sk, child),
        (child.backlog_head == NULL or child.backlog_head.queued_at == sk)
        and (child.backlog_tail == NULL or child.backlog_tail.queued_at == sk),
    )


@lemma(uses=(*LOCKED, CALL_SAME, "carrying", "closing", "copies_unlinked", "copy_bare", "kept", "same_socket"))
def copies_unknown(t: Thread, u: Thread, child: Sock) -> bool:
    """Nobody else has a reference to it."""
    return implies(
        copying(t, child),
        u.rx_sk != child and u.held_sk != child and u.rx_child != child and not called(u, inet_release, sk=child),
    )


@lemma(uses=(*LOCKED, "linked", "same_socket", "users_live"))
def copies_unlinked(t: Thread, child: Sock, sock: Socket) -> bool:
    """Nor has it a struct socket, though it says so."""
    return implies(copying(t, child), sock.sk != child)


@lemma(uses=(*LOCKS, "carrying", "freed_alone", "stopping", "taken", "unaccepted", "users_live"))
def queued_there(t: Thread, sk: Sock, child: Sock) -> bool:
    """A connection that was queued, and is about to be the last, waits there."""
    return implies(queuing(t, sk, child), child.queued_at == sk)


@lemma(
    uses=(*LOCKS, "queued_there", "born_last", "carrying", "copy_bare", "freed_alone", "queue_tails", "unaccepted", "users_live")
)
def queued_last(t: Thread, sk: Sock, child: Sock) -> bool:
    """Nothing waits behind it."""
    return implies(queuing(t, sk, child), child.dl_next == NULL)


@lemma(uses=("file_open", "given_up_alone", "same_socket"))
def stream_ops(sock: Socket) -> bool:
    """A socket that is not given up has the functions of a stream."""
    return implies(sock.live, sock.ops == inet_stream_ops or any(inside(t, sys_socket, sock=sock) for t in Thread))


@lemma(uses=("file_has_sk", "same_socket"))
def accepts_there(t: Thread) -> bool:
    """accept works on the sock of the socket it is called on."""
    return not at(t, inet_accept, "sk2 = sk1.prot.accept(sk1, noblock)", sk1=NULL)


@lemma(uses=(*LOCKS, "users_live"))
def done(t: Thread, sk: Sock) -> bool:
    """What tcp_done may give up is closed."""
    return implies(at(t, tcp_done, "sk.rcv_shutdown = True", sk=sk), sk.state == TCP_CLOSE)


@lemma(uses=(CALL_SAME, CALL_LOCKED, "closing", "freeing", "unlocked"))
def orphaned(t: Thread, sk: Sock) -> bool:
    """What close may give up is an orphan."""
    return implies(at(t, tcp_close, "if sk.state == TCP_CLOSE:", sk=sk), sk.dead)


@pure
def unchaining(t: Thread, sk: Sock, a: Sock) -> bool:
    """Where accept or close has taken a connection from the queue, and is about to make it forget the next one."""
    return taking(t, sk, a) or at(t, tcp_listen_stop, "child.dl_next = NULL", sk=sk, child=a)


@lemma(
    uses=(
        *LOCKS,
        "carrying",
        "copy_bare",
        "dead_deaf",
        "freed_alone",
        "head_or_next",
        "listens",
        "queue_nexts",
        "queue_tails",
        "stopping",
        "taken",
        "unaccepted",
        "unpreceded",
    )
)
def chained(a: Sock) -> bool:
    """What comes behind a connection waits in the same queue, or in that from which the one is being taken."""
    return implies(
        a.dl_next != NULL,
        a.dl_next.queued_at != NULL
        and (a.dl_next.queued_at == a.queued_at or (a.carrier != NULL and unchaining(a.carrier, a.dl_next.queued_at, a))),
    )


@lemma()
def asked_live(req: OpenRequest) -> bool:
    """A request of a listener exists."""
    return implies(req.listener != NULL, req.live)


@lemma(uses=(*LOCKS, "asked_live"))
def requested(t: Thread, sk: Sock, req: OpenRequest) -> bool:
    """Who has found a request of the listener it has locked keeps it until it frees it."""
    return implies(
        at(t, tcp_check_req, "if skb.syn and (not skb.ack) and (not skb.rst):", sk=sk, req=req)
        or inside(t, tcp_v4_syn_recv_sock, sk=sk, req=req)
        or at(t, tcp_check_req, "free(req)", sk=sk, req=req)
        or at(t, tcp_listen_stop, "free(req)", sk=sk, req=req),
        req.live and req.listener == sk,
    )


@lemma(uses=(RX_SAME,))
def delivered_some(t: Thread) -> bool:
    """A segment arrives for a socket."""
    return not at(t, tcp_v4_deliver, "if owned_by_user():", sk=NULL)


@lemma(uses=(RX_SAME, "backlog_tails", "carried", "copies_unknown", "delivered_some", "waiting"))
def arrived(skb: Segment) -> bool:
    """Nothing comes behind a segment that just arrived."""
    return implies(skb.carrier != NULL and inside(skb.carrier, segment_arrives), skb.next == NULL)


@lemma(
    uses=(
        *LOCKS,
        "arrived",
        "backlog_heads",
        "backlog_nexts",
        "backlog_tails",
        "carried",
        "copies_unknown",
        "delivered_some",
        "forgets",
        "freed_alone",
        "in_hand",
        "owners",
        "packet_head_or_next",
        "same_socket",
        "tcp_only",
        "users_live",
        "waiting",
    )
)
def followed(a: Segment) -> bool:
    """What comes behind a segment waits in the same backlog, or in that from which the one was taken, still locked."""
    return implies(
        a.next != NULL,
        a.next.queued_at != NULL
        and (
            a.queued_at == a.next.queued_at
            or (
                a.carrier != NULL
                and a.next.queued_at.users
                and a.next.queued_at.owner == a.carrier
                and called(a.carrier, tcp_v4_do_rcv, sk=a.next.queued_at)
            )
        ),
    )


QUEUED = ("stopping", "taken", "dequeuing", "chained", "carrying", "unaccepted", "users_live", "kept", "doomed", "freeing")
"""Why a connection that is taken from a queue, or follows one that is, is there."""

FROM_QUEUES = (
    "tcp_accept.newsk",
    "tcp_accept.following",
    "inet_accept.sk2",
    "tcp_listen_stop.child",
    "tcp_listen_stop.following",
)

FOLLOWED: dict[str, tuple[str, ...]] = {
    "Sock": (*LOCKS, "users_live", "kept", "doomed", "freeing", "sk_held", "linked", "closing", "hashed_live", "same_socket"),
    "Socket": ("same_socket", "file_open", "fresh", "releasing", "given_up_bare", "open_live"),
    "Segment": ("in_hand", "waiting"),
    "OpenRequest": (*LOCKED, "requested", "asked_live"),
    "holder.accept_queue": (*LOCKS, "queue_heads", "unaccepted", "copy_queue"),
    "holder.accept_queue_tail": (*LOCKS, "queue_tails", "carrying", "unaccepted", "copy_queue"),
    "holder.dl_next": ("chained", "unaccepted"),
    "holder.backlog_head": (*LOCKS, "backlog_heads", "waiting", "copy_backlog"),
    "holder.backlog_tail": (*LOCKS, "backlog_tails", "waiting", "copy_backlog"),
    "holder.next": ("followed", "waiting"),
    **{f"holder.system_call/{name}": (*LOCKS, *QUEUED) for name in FROM_QUEUES},
}
"""Why the references that calls and softirqs follow lead to live objects: by what they lead to, or of one by its name."""


def made_facts(compiled: Compiled) -> list[Fact]:
    """The facts that are made from the transitions, and from the claim.

    Besides those that connect has, ``forgets``: where the reference by which a softirq or a call processes a segment is NULL.
    """
    system = compiled.system
    return [
        *segment_facts(system),
        *null_facts(system, ("tcp_v4_do_rcv.sk",)),
        going(system),
        *followed_facts(compiled, FOLLOWED),
    ]


def going(system: TransitionSystem) -> Fact:
    """``going``: nobody is where nothing goes on, which is where a call through NULL leads."""
    t = terms.var("t", system.thread)
    leads_on = {x.source for x in system.transitions}
    stuck = at_any(system, t, [place.name for place in system.locations if place.name not in leads_on])
    uses = (
        *LOCKS,
        "accepts_there",
        "carrying",
        "closing",
        "file_has_sk",
        "file_open",
        "given_up_alone",
        "linked",
        "same_socket",
        "sk_held",
        "stream_ops",
        "tcp_only",
        "users_live",
    )
    return Fact("going", (t,), terms.negate(stuck), uses, "nobody calls through NULL")


__all__ = ["FOLLOWED", "USES", "made_facts"]
