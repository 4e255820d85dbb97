"""Which references matter where sockets accept, and what the facts about them rest on that are made from the transitions."""

from __future__ import annotations

from checker.language import terms
from checker.language.sorts import EnumSort
from checker.symbolic.facts import Fact
from checker.system import TransitionSystem
from proofs.locks import Names, lock_facts, marked_facts

NAMES = Names(
    alike=(
        ("rx_sk", "tcp_v4_rcv.sk"),
        ("tcp_v4_rcv.sk", "tcp_v4_do_rcv.sk"),
        ("rx_child", "tcp_v4_syn_recv_sock.newsk"),
        ("rx_child", "tcp_check_req.child"),
        ("rx_child", "tcp_v4_hnd_req.nsk"),
        ("rx_child", "tcp_v4_do_rcv.nsk"),
        ("tcp_v4_do_rcv.sk", "tcp_v4_do_rcv.nsk"),
        ("tcp_v4_do_rcv.nsk", "tcp_rcv_state_process.sk"),
        ("tcp_v4_do_rcv.nsk", "tcp_reset.sk"),
        ("tcp_v4_do_rcv.nsk", "tcp_done.sk"),
        ("__release_sock.sk", "inet_listen.sk"),
        ("__release_sock.sk", "inet_accept.sk1"),
        ("__release_sock.sk", "inet_accept.sk2"),
        ("__release_sock.sk", "inet_release.sk"),
        ("tcp_v4_do_rcv.sk", "inet_listen.sk"),
        ("tcp_v4_do_rcv.sk", "inet_accept.sk1"),
        ("tcp_v4_do_rcv.sk", "inet_accept.sk2"),
        ("tcp_v4_do_rcv.sk", "inet_release.sk"),
        ("held_sk", "inet_release.sk"),
        ("held_sk", "tcp_listen_stop.child"),
    ),
    apart=(
        ("tcp_v4_rcv.sk", "tcp_v4_do_rcv.nsk"),
        ("tcp_v4_do_rcv.sk", "tcp_v4_do_rcv.nsk"),
        ("tcp_v4_do_rcv.sk", "tcp_create_openreq_child.newsk"),
        ("tcp_v4_do_rcv.sk", "tcp_v4_syn_recv_sock.newsk"),
        ("tcp_v4_do_rcv.sk", "tcp_check_req.child"),
        ("inet_release.sk", "tcp_listen_stop.child"),
    ),
    empty=(("tcp_accept.newsk", "inet_accept.sk1"),),
    locked=(
        (
            "tcp_v4_do_rcv.sk",
            "__release_sock.sk",
            "tcp_v4_rcv.sk",
            "inet_listen.sk",
            "inet_accept.sk1",
            "inet_accept.sk2",
            "inet_release.sk",
        ),
        ("tcp_v4_do_rcv.nsk",),
        ("tcp_create_openreq_child.newsk",),
        ("tcp_v4_syn_recv_sock.newsk",),
        ("tcp_check_req.child",),
        ("tcp_listen_stop.child",),
    ),
    alive=("tcp_v4_do_rcv.sk", "__release_sock.sk", "inet_listen.sk", "inet_accept.sk1", "inet_accept.sk2"),
    through=("__release_sock", "tcp_rcv_state_process", "tcp_reset"),
    inside=("tcp_v4_rcv.sk", "__release_sock.$back"),
)
"""Which references to a struct sock matter."""

IN_HAND = Names(
    alike=(),
    apart=(
        ("tcp_accept.newsk", "tcp_create_openreq_child.newsk"),
        ("tcp_accept.newsk", "tcp_v4_syn_recv_sock.newsk"),
        ("tcp_accept.newsk", "tcp_check_req.child"),
    ),
    empty=(),
    locked=(
        ("tcp_create_openreq_child.newsk",),
        ("tcp_v4_syn_recv_sock.newsk",),
        ("tcp_check_req.child",),
        ("inet_accept.sk2", "tcp_accept.newsk"),
        ("tcp_listen_stop.child",),
    ),
    alive=(),
    through=("__release_sock",),
    inside=(),
)
"""By which references a thread knows a connection that nobody else has."""

PACKETS = Names(
    alike=(),
    apart=(),
    empty=(),
    locked=(("segment_arrives.skb",), ("__release_sock.skb",), ("tcp_v4_do_rcv.skb",)),
    alive=(),
    through=(),
    inside=(),
)
"""By which references a thread knows the segment it processes."""

ACCEPTED = Names(
    alike=(),
    apart=(),
    empty=(),
    locked=(("sys_accept.newsock",),),
    alive=(),
    through=("__release_sock",),
    inside=(),
)
"""By which reference accept knows the socket it makes."""

RX_SAME, CALL_SAME = SAME = ("same_sock in segment_arrives", "same_sock in system_call")
RX_LOCKED, CALL_LOCKED = LOCKED = ("locked in segment_arrives", "locked in system_call")
LOCKS = (*SAME, *LOCKED)
ALONE = (*LOCKS, "users_live", "freed_alone")
"""Who has a lock is the only one who does what is done under it."""

RX_HANDLED, CALL_HANDLED = HANDLED = ("in_hand in segment_arrives", "in_hand in system_call")

LOCK_USES = {
    "same_sock": (*LOCKED, CALL_SAME, "users_live", "at_rest"),
    "locked": (*LOCKS, "users_live", "freed_alone", "accessible", "carrying", "unaccepted", "alive_in_close", "sk_there"),
    "carrying": (*SAME, CALL_LOCKED, "unaccepted", "freed_alone", "taken", "stopping"),
    "owners": SAME,
    "in_hand": (*HANDLED, "backlog_heads", "waiting", "draining", "draining_some"),
    "connected": (CALL_SAME, CALL_LOCKED, "fresh", "alone", "releasing", "same_socket", "refused"),
    "closing_unhashed": (*LOCKS, "not_hashed"),
}
"""What the facts about locks and hash tables rest on that are made from the transitions."""


def reference_facts(system: TransitionSystem) -> list[Fact]:
    """Those about locks; ``in_hand``: which segment a thread processes; ``connected``: behind accept's write of the state."""
    state = ("Socket", "state")
    sort = system.vars_by_key[state].sort
    assert isinstance(sort, EnumSort)
    connected = terms.member(sort, "SS_CONNECTED")
    processed = "a segment is processed by who took it"
    made = "the state of a new socket is only written by who makes it"
    return [
        *lock_facts(system, NAMES, IN_HAND, LOCK_USES),
        *marked_facts("in_hand", processed, LOCK_USES, system, PACKETS, ("Segment", "carrier")),
        *marked_facts("connected", made, LOCK_USES, system, ACCEPTED, state, connected),
    ]
