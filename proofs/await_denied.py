"""Lemmas for a disconnect that is denied while somebody waits: without packets what a connect() waits for stays as it was."""

from __future__ import annotations

from checker.language import NULL, at, implies, inside, lemma, pure
from proofs.sockets import OWNED
from spec.kernel.sched import remove_wait_queue
from spec.net.ipv4.af_inet import inet_stream_connect, inet_wait_for_connect
from spec.net.ipv4.tcp import tcp_listen_start
from spec.net.ipv4.tcp_ipv4 import tcp_v4_get_port, tcp_v4_hash_connecting
from spec.net.ipv4.tcp_v4_connect import tcp_connect, tcp_v4_connect, tcp_v4_connect_routed
from spec.state import Sock, Socket, Thread
from spec.values import SS_CONNECTED, SS_CONNECTING, SS_UNCONNECTED, TCP_CLOSE, TCP_LISTEN, TCP_SYN_SENT
from spec.variants.disconnect_denied import original_tcp_disconnect


@lemma(uses=("linked", "references", "closing", "releasing"))
def sleeps_on_socket(sock: Socket) -> bool:
    """Who waits for a sock sleeps on its socket."""
    return implies(sock.sk != NULL, sock.sk.sleep == sock)


@lemma()
def never_exclusive(t: Thread) -> bool:
    """Nobody accepts."""
    return not t.exclusive


@pure
def waiting(t: Thread, sk: Sock) -> bool:
    """In connect(), asleep or about to be."""
    return inside(t, inet_wait_for_connect, sk=sk)


@lemma(uses=OWNED)
def states(t: Thread, sk: Sock) -> bool:
    """Until the state is SYN_SENT it is CLOSE in connect(), and listen() begins in CLOSE, with LISTEN."""
    return (
        implies(
            inside(t, tcp_v4_get_port, sk=sk)
            or at(t, inet_stream_connect, "sk.sport = htons(sk.num)", sk=sk)
            or (
                inside(t, tcp_v4_connect, sk=sk)
                and not inside(t, tcp_connect)
                and not at(t, tcp_v4_connect_routed, "sk.dport = 0")
            )
            or at(t, tcp_listen_start, "sk.state = TCP_CLOSE", sk=sk),
            sk.state == TCP_CLOSE or sk.state == TCP_LISTEN,
        )
        and implies(at(t, tcp_listen_start, "sk.state = TCP_LISTEN", sk=sk), sk.state == TCP_CLOSE)
        and implies(
            inside(t, tcp_v4_hash_connecting, sk=sk) or at(t, inet_stream_connect, "sock.state = SS_CONNECTING", sk=sk),
            sk.state == TCP_SYN_SENT,
        )
    )


@lemma(uses=(*OWNED, "queued", "waits", "sleeps_on_socket", "states"))
def undisturbed(t: Thread, u: Thread, sk: Sock) -> bool:
    """disconnect() goes on, and an attempt begins, only if nobody waits."""
    return implies(inside(u, original_tcp_disconnect, sk=sk) or inside(u, tcp_connect, sk=sk), not waiting(t, sk))


@lemma(uses=(*OWNED, "undisturbed", "attempted", "states"))
def waits(t: Thread, sk: Sock) -> bool:
    """The attempt that a connect() waits for goes on: without packets and without a signal it waits for ever."""
    return (
        implies(waiting(t, sk), sk.state == TCP_SYN_SENT)
        and not at(t, inet_wait_for_connect, "current().state = TASK_RUNNING")
        and not inside(t, remove_wait_queue)
    )


@lemma(uses=(*OWNED, "listens", "states", "values_to_store"))
def attempted(sock: Socket) -> bool:
    """A socket is connecting if its sock is in SYN_SENT, or was until it went to CLOSE."""
    return implies(sock.sk != NULL and sock.state == SS_CONNECTING, sock.sk.state == TCP_SYN_SENT or sock.sk.state == TCP_CLOSE)


@lemma(uses=OWNED)
def listens(t: Thread, sock: Socket, sk: Sock) -> bool:
    """listen() works on a socket that is not connecting."""
    return implies(inside(t, tcp_listen_start, sk=sk) and sock.sk == sk, sock.state == SS_UNCONNECTED)


@lemma(uses=(*OWNED, "waits", "attempted", "states", "never_connected"))
def never_there(t: Thread) -> bool:
    """Nobody ever comes to where connect() says that it succeeded."""
    return not at(t, inet_stream_connect, "sock.state = SS_CONNECTED")


@lemma(uses=("never_there", "values_to_store"))
def never_connected(sock: Socket) -> bool:
    """So no socket is connected."""
    return sock.state != SS_CONNECTED


PROPERTY_USES: dict[str, tuple[str, ...]] = {"listener_unconnected": ("never_connected",)}
