"""Lemmas of TCP sockets that connect: what a lock is taken for, and what holds of a socket while nobody has it."""

from __future__ import annotations

from checker.language import NULL, at, implies, inside, lemma, pure
from spec.kernel.sched import remove_wait_queue
from spec.net.ipv4.af_inet import inet_stream_connect, inet_wait_for_connect
from spec.net.ipv4.tcp_input import tcp_reset
from spec.net.ipv4.tcp_ipv4 import tcp_v4_get_port
from spec.net.ipv4.tcp_state import tcp_done, tcp_set_state
from spec.net.ipv4.tcp_v4_connect import tcp_connect, tcp_v4_connect
from spec.net.ipv4.tcp_v4_rcv import segment_arrives
from spec.state import Sock, Socket, Thread
from spec.values import SS_CONNECTED, SUCCESS, TCP_SYN_RECV, TCP_SYN_SENT, TIMEO_ZERO


@lemma(uses=("owners", "frames", "locked", "reset"))
def spinning(sk: Sock) -> bool:
    """Softirqs, and close when it makes an orphan, lock without leaving room for a backlog."""
    return sk.slock == (sk.users and (inside(sk.owner, segment_arrives) or sk.owner.held_sk == sk))


@lemma(uses=("frames", "locked", "reset", "spinning"))
def backlog_kept(sk: Sock) -> bool:
    """A segment waits only while a system call has the socket for itself."""
    return implies(sk.backlog_head != NULL, sk.users and not sk.slock)


@pure
def starting(t: Thread, sk: Sock) -> bool:
    """In connect, from where it finds the socket unconnected until the state of TCP changes."""
    return inside(t, inet_stream_connect, sk=sk) and (
        inside(t, tcp_v4_get_port) or at(t, inet_stream_connect, "sk.sport = htons(sk.num)") or inside(t, tcp_v4_connect)
    )


@pure
def waited(t: Thread, sk: Sock) -> bool:
    """Behind the wait for the end of a handshake, unless a timeout ended it."""
    return (
        inside(t, inet_wait_for_connect, sk=sk)
        and not inside(t, inet_wait_for_connect, timeo=TIMEO_ZERO)
        and (at(t, inet_wait_for_connect, "current().state = TASK_RUNNING") or inside(t, remove_wait_queue))
    )


@lemma(uses=("locked", "frames"))
def handshake_over(t: Thread, sk: Sock) -> bool:
    """connect says that a socket is connected once the handshake is over."""
    return implies(
        waited(t, sk) or at(t, inet_stream_connect, "sock.state = SS_CONNECTED", sk=sk),
        sk.state != TCP_SYN_SENT and sk.state != TCP_SYN_RECV,
    )


@lemma(uses=("locked", "frames", "linked", "sk_held", "answered", "handshake_over"))
def past_handshake(sock: Socket) -> bool:
    """A connected socket is in no handshake, and nobody begins one."""
    return implies(
        sock.sk != NULL and sock.state == SS_CONNECTED,
        sock.sk.state != TCP_SYN_SENT
        and sock.sk.state != TCP_SYN_RECV
        and not (sock.sk.users and starting(sock.sk.owner, sock.sk)),
    )


@pure
def renewing(t: Thread, sk: Sock) -> bool:
    """On the way to TCP_CLOSE after an error, or to the forgetting of an old one."""
    return (
        inside(t, tcp_reset, sk=sk) or (inside(t, tcp_done, sk=sk) and inside(t, tcp_set_state)) or inside(t, tcp_connect, sk=sk)
    )


@lemma(uses=("locked", "frames", "users_live", "answered", "failed", "tcp_only"))
def error_closes(sk: Sock) -> bool:
    """Who ends a handshake with an error closes the socket, and who begins one forgets what was."""
    return implies(
        sk.err != SUCCESS and (sk.state == TCP_SYN_SENT or sk.state == TCP_SYN_RECV), sk.users and renewing(sk.owner, sk)
    )


PROPERTY_USES: dict[str, tuple[str, ...]] = {
    "backlog_owned": ("backlog_kept",),
    "BUG_TRAP(tcp_close: sk.slock or not sk.users)": ("owners", "frames", "spinning", "closing", "sk_held", "linked"),
    "states_paired": ("unconnected", "past_handshake", "linked", "fin_waits", "states_known"),
    "error_left_handshake": ("error_closes",),
}
