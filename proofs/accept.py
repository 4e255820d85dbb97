"""What is proved of TCP sockets that listen and accept while packets arrive, and what each proof rests on."""

from __future__ import annotations

from proofs.accept_life import LIVE
from proofs.accept_names import CALL_LOCKED, CALL_SAME, LOCKED, LOCKS

PROPERTY_USES: dict[str, tuple[str, ...]] = {
    "hashed_sport": (CALL_LOCKED, "hash_ready", "not_hashed", "carrying"),
    "lock_returned": ("owners", "sound"),
    "sk_attached": ("fd_has_sk", "linked"),
    "one_socket": ("linked",),
    "error_left_handshake": ("error_closes", "sound"),
    "BUG_TRAP(tcp_v4_hash: sk.hashed == NOT_HASHED)": (*LOCKED, "not_hashed"),
    "BUG_TRAP(tcp_destroy_sock: sk.hashed == NOT_HASHED)": (CALL_LOCKED, "closing_unhashed", "closed_unhashed", "closed"),
    "BUG_TRAP(tcp_destroy_sock: sk.state == TCP_CLOSE)": (CALL_LOCKED, "closed"),
    "BUG_TRAP(tcp_destroy_sock: sk.num == 0 or sk.prev != NULL)": (*LOCKS, "has_bucket"),
    "BUG_TRAP(tcp_forget_peer: sk.num == 0 or sk.prev != NULL)": (CALL_LOCKED, "has_bucket"),
    "BUG_TRAP(tcp_take_port: sk.prev == tb)": (CALL_LOCKED, "has_bucket", "asked"),
    "BUG_TRAP(tcp_listen_stop: child.slock or not child.users)": (CALL_SAME, "sound", "locked_by_call", "carrying", "unaccepted"),
    "BUG_TRAP(tcp_accept: newsk.state != TCP_SYN_RECV)": ("carrying", "unaccepted", "syn_recv", "parent_locked"),
    "BUG_TRAP(inet_accept: sk2.state in (TCP_ESTABLISHED, TCP_CLOSE_WAIT, TCP_CLOSE))": (
        "carrying",
        "unaccepted",
        "dead_deaf",
        "syn_recv",
        "finished_by_close",
    ),
    "backlog_counts": (*LOCKED, "counted", "queue_tails"),
    "BUG_TRAP(tcp_listen_stop: sk.ack_backlog == 0)": (CALL_LOCKED, "none_left", "last_left"),
    "states_paired": ("linked", "socket_states", "never_accepted", "syn_recv", "finished_by_close"),
    "BUG_TRAP(tcp_close: sk.slock or not sk.users)": (*LOCKS, "owners", "sound", "locked_by_call", "closing", "unaccepted"),
    "exclusive": ("releasing", "releaser_shut", "file_open", "fresh", "alone", "ways", "same_socket"),
    "call through NULL (sys_listen: sock.ops.listen)": ("stream_only", "open_live"),
    "call through NULL (sys_accept: sock.ops.accept)": ("stream_only", "file_open", "same_socket"),
    "BUG_TRAP(tcp_destroy_sock: sk.dead)": (),
}


def uses_of(name: str) -> tuple[str, ...] | None:
    """What the proof of the property ``name`` rests on; None for those without a proof."""
    if name in PROPERTY_USES or not name.startswith("call through NULL"):
        return PROPERTY_USES.get(name)
    return LIVE
