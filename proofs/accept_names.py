"""Which references to a struct sock matter where sockets accept, and what the facts about them rest on."""

from __future__ import annotations

from proofs.locks import Names

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

RX_SAME, CALL_SAME = SAME = ("same_sock in segment_arrives", "same_sock in system_call")
RX_LOCKED, CALL_LOCKED = LOCKED = ("locked in segment_arrives", "locked in system_call")
LOCKS = (*SAME, *LOCKED)

LOCK_USES = {
    "same_sock": (*LOCKED, CALL_SAME, "users_live", "at_rest"),
    "locked": (*LOCKS, "users_live", "unlocked", "freeing", "accessible", "carrying", "unaccepted", "alive_in_close", "sk_there"),
    "carrying": (*SAME, CALL_LOCKED, "unaccepted", "freeing", "doomed", "taken", "stopping"),
    "owners": SAME,
    "closing_unhashed": (*LOCKS, "not_hashed"),
}
"""What the facts about locks and hash tables rest on that are made from the transitions."""
