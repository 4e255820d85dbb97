"""Lemmas for TCP sockets that packets reach and nobody closes: what would release or bury them is never run."""

from __future__ import annotations

from checker.language import NULL, called, implies, inside, lemma
from spec.net.core.sock import sk_free
from spec.net.ipv4.ip_sockglue import ip_setsockopt
from spec.net.ipv4.tcp import tcp_listen_start
from spec.net.ipv4.tcp_state import tcp_destroy_sock
from spec.net.socket import sock_release
from spec.state import Sock, Socket, Thread

SOCKS = (
    "tcp_v4_deliver.sk",
    "tcp_v4_do_rcv.sk",
    "tcp_v4_do_rcv.nsk",
    "tcp_rcv_state_process.sk",
    "tcp_done.sk",
    "__release_sock.sk",
    "inet_listen.sk",
    "ip_setsockopt.sk",
)
"""By which names functions know the sock that a call or a segment is for."""

THERE = ("ways", "same_socket", "kept_open", "linked", "none_released")
"""Why there is one."""


@lemma()
def open_live(sock: Socket) -> bool:
    """A socket with a descriptor exists."""
    return implies(sock.fd, sock.live)


@lemma(uses=("open_live", "same_socket", "none_released"))
def kept_open(t: Thread, sock: Socket) -> bool:
    """Nobody closes, so a socket that a call works on has its descriptor."""
    return implies(t.file == sock, sock.fd)


@lemma(uses=("kept_open", "ways", "same_socket"))
def none_released(t: Thread) -> bool:
    """So nobody releases one."""
    return not inside(t, sock_release) and called(t, sock_release, sock=NULL)


@lemma(uses=("none_released", "none_freed", "none_destroyed", "there"))
def none_buried(sk: Sock) -> bool:
    """No sock becomes an orphan."""
    return not sk.dead and not sk.gone


@lemma(uses=("none_buried", "none_released", "there"))
def none_destroyed(t: Thread) -> bool:
    """None is taken apart."""
    return not inside(t, tcp_destroy_sock)


@lemma(uses=("none_buried", "none_released", "none_destroyed"))
def none_freed(t: Thread) -> bool:
    """None is freed."""
    return not inside(t, sk_free)


@lemma(uses=("none_released", "none_freed", "open_live"))
def linked(sock: Socket) -> bool:
    """struct socket and struct sock point at each other; a socket that is open has a sock."""
    return implies(sock.fd, sock.sk != NULL) and implies(sock.sk != NULL, sock.sk.live and sock.sk.socket == sock)


@lemma(uses=("kept_open", "linked", "same_socket", "none_released", "none_freed"))
def listening(t: Thread, sk: Sock) -> bool:
    """What is made to listen belongs to a struct socket."""
    return implies(inside(t, tcp_listen_start, sk=sk), sk.live and sk.socket != NULL)


@lemma(uses=("kept_open", "linked", "same_socket", "none_released", "none_freed"))
def joining(t: Thread, sk: Sock) -> bool:
    """What joins a group belongs to a struct socket."""
    return implies(called(t, ip_setsockopt, sk=sk), sk.live and sk.socket != NULL)
