"""Lemmas of TCP sockets that connect: which states a socket may be in where, as long as one thread has its lock.

``states_paired`` rests on some of these; all show that transitions of the listing cannot fire (sockproof coverage).
"""

from __future__ import annotations

from checker.language import NULL, at, called, implies, inside, lemma, pure
from proofs.connect import unlinking
from spec.net.core.sock import sock_error
from spec.net.ipv4.af_inet import inet_release, inet_stream_connect
from spec.net.ipv4.tcp import tcp_close, tcp_close_state, tcp_disconnect, tcp_forget_peer
from spec.net.ipv4.tcp_input import tcp_rcv_acked, tcp_rcv_state_process, tcp_rcv_synsent_state_process, tcp_reset
from spec.net.ipv4.tcp_ipv4 import tcp_unhash
from spec.net.ipv4.tcp_state import tcp_done, tcp_set_state
from spec.net.ipv4.tcp_v4_connect import tcp_connect, tcp_v4_connect, tcp_v4_connect_routed
from spec.state import Fib, Sock, Socket, Thread
from spec.values import (
    INADDR_ANY,
    MAX_SCHEDULE_TIMEOUT,
    RTN_MULTICAST,
    SS_DISCONNECTING,
    SS_FREE,
    SS_UNCONNECTED,
    TCP_CLOSE,
    TCP_ESTABLISHED,
    TCP_FIN_WAIT1,
    TCP_SYN_RECV,
    TCP_SYN_SENT,
    Addr,
)

LOCKED = ("locked", "frames", "users_live", "freed_unlocked")
HELD = ("locked", "frames", "linked", "sk_held", "file_open", "open_has_sk")
CALLED = (*LOCKED, "linked", "sk_held", "closing", "unlinks", "file_open", "releasing", "open_has_sk", "buried")


@lemma(uses=CALLED)
def has_sleepers(sk: Sock) -> bool:
    """Only sock_orphan takes the wait queue from a socket."""
    return implies(sk.live and not sk.dead, sk.sleep != NULL)


@lemma(uses=("frames", "locked", "users_live", "has_sleepers"))
def waking(t: Thread, sk: Sock) -> bool:
    """Where a connection ends there is a wait queue to wake, if anybody has the socket."""
    return implies(inside(t, tcp_done, sk=sk), sk.dead or sk.sleep != NULL)


@pure
def early(t: Thread, sk: Sock) -> bool:
    """In close before the state changes."""
    return called(t, inet_release, sk=sk) and (
        unlinking(t, sk) or at(t, tcp_close, "with lock_sock(sk):") or inside(t, tcp_close_state)
    )


@lemma(uses=LOCKED)
def answered(t: Thread, sk: Sock) -> bool:
    """A SYN is answered in SYN_SENT, an ACK in SYN_RECV."""
    return implies(
        inside(t, tcp_rcv_synsent_state_process) and at(t, tcp_set_state, "sk.state = state", sk=sk), sk.state == TCP_SYN_SENT
    ) and implies(at(t, tcp_rcv_acked, "sk.state = TCP_ESTABLISHED", sk=sk), sk.state == TCP_SYN_RECV)


@lemma(uses=(*CALLED, "answered"))
def orphan_left(t: Thread, sk: Sock) -> bool:
    """close ends an attempt to connect before it orphans the socket."""
    return implies(
        sk.dead or (called(t, inet_release, sk=sk) and not early(t, sk)), sk.state != TCP_SYN_SENT and sk.state != TCP_SYN_RECV
    )


@lemma(uses=("frames", "linked", "closing", "unlinks"))
def fin_waits(sk: Sock) -> bool:
    """Only close sends a FIN."""
    return implies(sk.closer == NULL or early(sk.closer, sk), sk.state != TCP_FIN_WAIT1)


@lemma(uses=LOCKED)
def not_closed(t: Thread, sk: Sock) -> bool:
    """A segment for a closed socket is dropped, so that nothing resets one; disconnect lets it be."""
    return implies(
        inside(t, tcp_reset, sk=sk)
        or (inside(t, tcp_done, sk=sk) and (inside(t, tcp_unhash) or at(t, tcp_set_state, "sk.prot.unhash(sk)")))
        or (inside(t, tcp_disconnect, sk=sk) and (inside(t, tcp_unhash) or at(t, tcp_set_state, "sk.prot.unhash(sk)"))),
        sk.state != TCP_CLOSE,
    )


@lemma(uses=LOCKED)
def syns_crossed(t: Thread, sk: Sock) -> bool:
    """A SYN with an ACK is looked at further in SYN_RECV only."""
    return implies(at(t, tcp_rcv_state_process, "if not skb.ack:", sk=sk), sk.state == TCP_SYN_RECV)


@lemma(uses=(*LOCKED, "connecting"))
def under_way(t: Thread, sk: Sock) -> bool:
    """connect sends a SYN and says that it is connecting under one hold of the lock."""
    return implies(
        at(t, tcp_connect, "sk.err = SUCCESS", sk=sk) or at(t, inet_stream_connect, "sock.state = SS_CONNECTING", sk=sk),
        sk.state == TCP_SYN_SENT,
    )


@lemma(uses=("locked", "frames"))
def failed(t: Thread, sk: Sock) -> bool:
    """A socket goes back to where it was once its sock is closed."""
    return implies(
        at(t, inet_stream_connect, "sock.state = SS_UNCONNECTED", sk=sk)
        or at(t, inet_stream_connect, "sock.state = SS_DISCONNECTING if err else SS_UNCONNECTED", sk=sk)
        or inside(t, sock_error, sk=sk)
        or (inside(t, inet_stream_connect, sk=sk) and inside(t, tcp_forget_peer)),
        sk.state == TCP_CLOSE,
    )


@pure
def attempting(t: Thread, sk: Sock) -> bool:
    """Behind the change to SYN_SENT, before that of the socket."""
    return inside(t, tcp_connect, sk=sk) or at(t, inet_stream_connect, "sock.state = SS_CONNECTING", sk=sk)


@lemma(uses=("locked", "frames", "linked", "sk_held", "closing", "answered", "failed", "tcp_only"))
def unconnected(sock: Socket) -> bool:
    """A socket that is not connected is closed, unless its owner is just about to connect it."""
    return implies(sock.sk != NULL, sock.state != SS_FREE and sock.state != SS_DISCONNECTING) and implies(
        sock.sk != NULL and sock.state == SS_UNCONNECTED,
        sock.sk.state == TCP_CLOSE or (sock.sk.users and attempting(sock.sk.owner, sock.sk)),
    )


@lemma(uses=LOCKED)
def patient(sk: Sock) -> bool:
    """Nobody sets SO_SNDTIMEO."""
    return implies(sk.live, sk.sndtimeo == MAX_SCHEDULE_TIMEOUT)


@lemma()
def states_known(sk: Sock) -> bool:
    """Nobody listens, and no FIN arrives."""
    return sk.state in (TCP_CLOSE, TCP_SYN_SENT, TCP_SYN_RECV, TCP_ESTABLISHED, TCP_FIN_WAIT1)


@lemma(uses=CALLED)
def not_orphaned(t: Thread, sk: Sock) -> bool:
    """A socket that is in a call is no orphan."""
    return implies(inside(t, inet_stream_connect, sk=sk), not sk.dead)


@lemma()
def to_a_group(t: Thread, addr: Addr) -> bool:
    """connect looks at the socket again, having found a route without the table, only on the way to a multicast group."""
    return implies(
        at(t, tcp_v4_connect, "source = rt_src(addr, sk.saddr)", addr=addr),
        addr != INADDR_ANY and Fib[addr].type == RTN_MULTICAST,
    )


@lemma(uses=LOCKED)
def source_known(t: Thread, sk: Sock) -> bool:
    """Where connect looks for a source address of its own there is one."""
    return implies(at(t, tcp_v4_connect_routed, "if sk.saddr == INADDR_ANY:", sk=sk), sk.saddr != INADDR_ANY)


@lemma(uses=(*HELD, "unconnected"))
def seen_closed(t: Thread, sock: Socket, sk: Sock) -> bool:
    """connect finds a socket that is not connected closed."""
    return implies(
        at(t, inet_stream_connect, "if sock.state == SS_UNCONNECTED:", sock=sock, sk=sk) and sock.state == SS_UNCONNECTED,
        sk.state == TCP_CLOSE,
    )
