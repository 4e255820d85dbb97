"""Lemmas of sockets that connect, for the steps of which ``no_dangling`` is asked: segments, and places no joined step shows.

The lemmas about joined steps and those about segments where sockets accept hold there too, but rest on others: ``USES`` is on which.
"""

from __future__ import annotations

from checker.language import NULL, at, implies, inside, lemma, terms
from checker.language.dangling import NO_DANGLING
from checker.symbolic.inductive import Fact
from checker.system import TransitionSystem
from proofs.accept_names import HANDLED
from proofs.locks import Locks, Names, marked_facts
from spec.net.ipv4.tcp import tcp_close
from spec.net.ipv4.tcp_state import tcp_done
from spec.net.ipv4.tcp_v4_rcv import segment_arrives
from spec.net.socket import sys_socket
from spec.state import Segment, Sock, Socket, Thread
from spec.values import TCP_CLOSE

REFERENCES = ("segment_arrives.skb", "__release_sock.skb", "tcp_v4_do_rcv.skb", "tcp_rcv_state_process.skb")

SEGMENTS = Names(
    alike=tuple((taken, given) for taken in REFERENCES[:2] for given in REFERENCES[2:]),
    apart=(),
    empty=(),
    locked=(REFERENCES,),
    alive=(),
    through=("__release_sock", "tcp_rcv_state_process", "tcp_reset"),
    inside=(),
)
"""By which references a thread knows the segment it processes."""

CARRIER = ("Segment", "carrier")
SEGMENT = (*HANDLED, "same_segment", "draining", "draining_some")
LOCKED = ("frames", "locked")
GIVEN_UP = ("given_up_bare", "given_up_alone")


def segment_facts(system: TransitionSystem) -> list[Fact]:
    """``same_segment``, ``in_hand`` and ``carried``: which segment a thread processes, and who processes one."""
    known = Locks(system, SEGMENTS, CARRIER)
    skb = terms.var("skb", next(r for r in system.records if r.name == "Segment"))
    processed = "a segment is processed by who took it"
    handled = (*SEGMENT, *LOCKED, "waiting", "backlog_heads")
    return [
        Fact("same_segment", (known.t,), known.same(), reason="a call starts with the arguments it is given"),
        *marked_facts("in_hand", processed, {"in_hand": handled}, system, SEGMENTS, CARRIER),
        Fact("carried", (skb,), known.marking(skb), (*handled, "users_live", "tcp_only"), processed),
    ]


@lemma(uses=("file_open", "releasing", "releaser_shut", "given_up_alone"))
def given_up_bare(t: Thread, sock: Socket) -> bool:
    """A socket that sys_socket gives up was never installed, nor released, and has no sock."""
    return implies(inside(t, sys_socket, sock=sock), sock.live and not sock.fd and sock.sk == NULL and sock.releaser == NULL)


@lemma(uses=("file_open", "given_up_bare"))
def given_up_alone(t: Thread, u: Thread, sock: Socket) -> bool:
    """Only the thread that gives it up knows it."""
    return implies(inside(t, sys_socket, sock=sock), u.file != sock and (u == t or not inside(u, sys_socket, sock=sock)))


@lemma(uses=LOCKED)
def done(t: Thread, sk: Sock) -> bool:
    """What tcp_done may give up is closed."""
    return implies(at(t, tcp_done, "sk.rcv_shutdown = True", sk=sk), sk.state == TCP_CLOSE)


@lemma(uses=(*LOCKED, "closing", "lonely"))
def orphaned(t: Thread, sk: Sock) -> bool:
    """What close may give up is an orphan."""
    return implies(at(t, tcp_close, "if sk.state == TCP_CLOSE:", sk=sk), sk.dead)


@lemma(uses=(*SEGMENT, "waiting", "backlog_tails", "carried", "frames"))
def arrived(skb: Segment) -> bool:
    """Nothing comes behind a segment that just arrived."""
    return implies(skb.carrier != NULL and inside(skb.carrier, segment_arrives), skb.next == NULL)


PACKETS = ("waiting", "backlog_heads", "backlog_nexts", "backlog_tails", "one_packet_next", "packet_head_or_next")


@lemma(uses=(*SEGMENT, *LOCKED, *PACKETS, "carried", "arrived", "users_live", "freed_unlocked"))
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
    "file_open": ("releaser_shut", "frames", "open_has_sk", "releasing", *GIVEN_UP),
    "open_has_sk": ("linked", "releaser_shut", "releasing", "frames", *GIVEN_UP),
    "releasing": ("file_open", "releaser_shut", "frames", *GIVEN_UP),
    "sk_held": ("linked", "file_open", "releasing", "frames", "reset", "given_up_bare"),
    "buried": ("closing", *LOCKED, "dying", "linked", "sk_held", "file_open", "done", "orphaned", "closed_unhashed"),
    "dying": (
        *LOCKED,
        "closing_unhashed",
        "closed_unhashed",
        "users_live",
        "freed_unlocked",
        "done",
        "orphaned",
    ),
    "waiting": (*SEGMENT, "backlog_heads", "frames"),
    "backlog_heads": (*SEGMENT, *LOCKED, "waiting", "backlog_nexts", "packet_head_or_next"),
    "backlog_nexts": (*SEGMENT, *LOCKED, "waiting", "backlog_tails", "packet_head_or_next"),
    "backlog_tails": (*SEGMENT, *LOCKED, "waiting", "backlog_heads"),
    "one_packet_next": (*SEGMENT, "waiting", "backlog_nexts"),
    "packet_head_or_next": (*SEGMENT, *LOCKED, "waiting", "backlog_heads", "backlog_nexts", "one_packet_next"),
    "draining": (*LOCKED, *HANDLED, "users_live", "freed_unlocked"),
    "draining_some": LOCKED,
}

FOLLOWED = (
    *LOCKED,
    *SEGMENT,
    "linked",
    "kept",
    "closing",
    "freeing",
    "users_live",
    "file_open",
    "releasing",
    "hashed_live",
    "sk_held",
    "sk_there",
    "open_has_sk",
    "waiting",
    "backlog_heads",
    "backlog_tails",
    "given_up_bare",
    "followed",
)
"""Why the references that calls and softirqs follow lead to live objects."""

PROPERTY_USES: dict[str, tuple[str, ...]] = {NO_DANGLING: FOLLOWED}
