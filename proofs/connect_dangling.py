"""Lemmas of sockets that connect, for the steps of which ``no_dangling`` is asked: segments, and places no joined step shows.

The lemmas about joined steps and those about segments where sockets accept hold there too, but ``USES`` says what they rest on.
"""

from __future__ import annotations

from checker.language import NULL, at, implies, inside, lemma, terms
from checker.language.compile import Compiled
from checker.symbolic.facts import Fact
from checker.system import TransitionSystem
from proofs.followed import followed_facts
from proofs.locks import Locks, Names
from spec.net.ipv4.af_inet import inet_wait_for_connect
from spec.net.ipv4.tcp import tcp_close
from spec.net.ipv4.tcp_state import tcp_done
from spec.net.ipv4.tcp_v4_rcv import segment_arrives, tcp_v4_deliver
from spec.net.socket import sys_socket
from spec.state import Segment, Sock, Socket, Thread
from spec.values import TCP_CLOSE

TAKEN, GIVEN = ("segment_arrives.skb", "__release_sock.skb"), ("tcp_v4_do_rcv.skb", "tcp_rcv_state_process.skb")


def _segments(*locked: tuple[str, ...]) -> Names:
    """By which references a thread knows the segment it processes."""
    through = ("__release_sock", "tcp_rcv_state_process", "tcp_reset")
    return Names(alike=(), apart=(), empty=(), locked=locked, alive=(), through=through, inside=())


CARRIER = ("Segment", "carrier")
LOCKED = ("frames", "locked")
OWNED = (*LOCKED, "users_live", "freed_unlocked")
"""Who has a lock is the only one who does what is done under it."""

DRAINED = ("draining", "draining_some")
BACKLOG = ("backlog_heads", "backlog_nexts", "backlog_tails", "packet_head_or_next", "delivered_some")


def segment_facts(system: TransitionSystem) -> list[Fact]:
    """``in_hand`` and ``carried``: which segment a thread processes, and who processes one."""
    mine = Locks(system, _segments(*((name,) for name in (*TAKEN, *GIVEN))), CARRIER)
    known = Locks(system, _segments((*TAKEN, *GIVEN)), CARRIER)
    skb = terms.var("skb", next(r for r in system.records if r.name == "Segment"))
    processed = "a segment is processed by who took it"
    return [
        Fact("in_hand", (mine.t,), mine.marked(), ("waiting", "backlog_heads", *DRAINED), processed),
        Fact("carried", (skb,), known.marking(skb), (), processed),
    ]


@lemma(uses=("frames", "releasing", "given_up_alone"))
def given_up_bare(t: Thread, sock: Socket) -> bool:
    """A socket that sys_socket gives up was never installed, nor released, and has no sock."""
    return implies(inside(t, sys_socket, sock=sock), sock.live and not sock.fd and sock.sk == NULL and sock.releaser == NULL)


@lemma(uses=("file_open", "given_up_bare"))
def given_up_alone(t: Thread, u: Thread, sock: Socket) -> bool:
    """Only the thread that gives it up knows it."""
    return implies(inside(t, sys_socket, sock=sock), u.file != sock and (u == t or not inside(u, sys_socket, sock=sock)))


@lemma(uses=("open_has_sk",))
def open_live(sock: Socket) -> bool:
    """An open socket is not free."""
    return implies(sock.fd, sock.live)


@lemma(uses=("open_has_sk", "file_open", "given_up_alone"))
def file_has_sk(t: Thread, sock: Socket) -> bool:
    """Who has the file of a socket has one with a sock."""
    return implies(t.file == sock, sock.sk != NULL)


@lemma(uses=LOCKED)
def waits_there(t: Thread) -> bool:
    """Who waits for the end of a handshake does so with a sock."""
    return not inside(t, inet_wait_for_connect, sk=NULL)


@lemma(uses=LOCKED)
def done(t: Thread, sk: Sock) -> bool:
    """What tcp_done may give up is closed."""
    return implies(at(t, tcp_done, "sk.rcv_shutdown = True", sk=sk), sk.state == TCP_CLOSE)


@lemma(uses=("frames", "closing", "lonely"))
def orphaned(t: Thread, sk: Sock) -> bool:
    """What close may give up is an orphan."""
    return implies(at(t, tcp_close, "if sk.state == TCP_CLOSE:", sk=sk), sk.dead)


@lemma(uses=("frames",))
def delivered_some(t: Thread) -> bool:
    """A segment arrives for a socket."""
    return not at(t, tcp_v4_deliver, "if owned_by_user():", sk=NULL)


@lemma(uses=("waiting", "backlog_tails", "carried", "delivered_some"))
def arrived(skb: Segment) -> bool:
    """Nothing comes behind a segment that just arrived."""
    return implies(skb.carrier != NULL and inside(skb.carrier, segment_arrives), skb.next == NULL)


@lemma(uses=("in_hand", "waiting", *BACKLOG, "carried", "arrived", *OWNED))
def followed(a: Segment) -> bool:
    """What comes behind a segment waits in the same backlog, or in that from which the one was taken, still locked."""
    return implies(
        a.next != NULL,
        a.next.queued_at != NULL
        and (
            a.queued_at == a.next.queued_at
            or (a.carrier != NULL and a.next.queued_at.users and a.next.queued_at.owner == a.carrier)
        ),
    )


USES: dict[str, tuple[str, ...]] = {
    "locked": ("frames", "freed_unlocked", "users_live", "waits_there", "file_has_sk"),
    "owners": (*LOCKED, "users_live", "tcp_only", "closing"),
    "closing_unhashed": LOCKED,
    "releaser_shut": ("file_open", "frames"),
    "file_open": ("releaser_shut", "open_live", "releasing", "given_up_alone"),
    "open_has_sk": ("releasing",),
    "releasing": ("file_open", "frames", "given_up_bare"),
    "linked": ("closing", "freeing", "buried", "frames"),
    "sk_held": ("file_open", "releasing", "frames", "reset", "given_up_bare"),
    "closing": ("linked", "freeing", "lonely", "buried", "alive_in_close", "frames", "reset"),
    "alive_in_close": ("closing", "linked", "buried", "frames", "reset"),
    "buried": ("closing", "frames", "dying", "linked", "sk_held", "done", "orphaned", "closed_unhashed"),
    "dying": (*OWNED, "closed_unhashed", "done", "orphaned"),
    "kept": ("hashed_live", "closing", "lonely"),
    "freeing": ("frames", "kept", "closing", "lonely"),
    "lonely": ("frames", "freeing", "buried", "alive_in_close"),
    "hashed_live": ("users_live", "locked"),
    "freed_unlocked": ("owners", "frames", "lonely", "freeing", "buried", "sk_held", "linked", "alive_in_close"),
    "closed_unhashed": ("closing_unhashed", "connecting"),
    "waiting": ("in_hand", "backlog_heads", "draining_some"),
    "backlog_heads": ("in_hand", "waiting", "backlog_nexts", "packet_head_or_next", *DRAINED),
    "backlog_nexts": ("in_hand", "waiting", "backlog_tails", "packet_head_or_next", "draining_some", "delivered_some"),
    "backlog_tails": ("in_hand", "waiting", "backlog_heads", "draining_some", "delivered_some"),
    "one_packet_next": ("in_hand", "waiting", "backlog_nexts"),
    "packet_head_or_next": ("in_hand", "waiting", "backlog_heads", "backlog_nexts", "one_packet_next", "draining"),
    "draining": ("in_hand", *OWNED),
    "draining_some": LOCKED,
}
"""What the facts rest on that are no lemmas of this module."""

FOLLOWED: dict[str, tuple[str, ...]] = {
    "Sock": (*LOCKED, "users_live", "kept", "freeing", "linked", "sk_held", "closing", "hashed_live"),
    "Socket": ("releasing", "given_up_bare", "open_live"),
    "Segment": ("in_hand", "waiting", "backlog_heads", "backlog_tails", "followed"),
    "holder.system_call/system_call.sock": ("frames", "file_open"),
}
"""Why the references that calls and softirqs follow lead to live objects: by what they lead to, or of one by its name."""


def made_facts(compiled: Compiled) -> list[Fact]:
    """The facts that are made from the transitions, and from the claim."""
    return [*segment_facts(compiled.system), *followed_facts(compiled, FOLLOWED)]
