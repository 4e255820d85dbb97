"""Lemmas for every client: who holds the file of a socket, who releases it, and whose sock a call works on."""

from __future__ import annotations

from checker.language import NULL, implies, inside, lemma, pure
from spec.net.core.sock import sock_setsockopt
from spec.net.ipv4.af_inet import (
    inet_bind,
    inet_dgram_connect,
    inet_getname,
    inet_listen,
    inet_release,
    inet_sendmsg,
    inet_stream_connect,
)
from spec.net.socket import sock_release, sys_socket, system_call
from spec.state import Sock, Socket, Thread


@pure
def calling(t: Thread, sock: Socket) -> bool:
    return inside(t, system_call, sock=sock)


@pure
def working(t: Thread, sock: Socket, sk: Sock) -> bool:
    return (
        inside(t, inet_bind, sock=sock, sk=sk)
        or inside(t, inet_listen, sock=sock, sk=sk)
        or inside(t, inet_stream_connect, sock=sock, sk=sk)
        or inside(t, inet_dgram_connect, sock=sock, sk=sk)
        or inside(t, inet_sendmsg, sock=sock, sk=sk)
        or inside(t, inet_getname, sock=sock, sk=sk)
        or inside(t, sock_setsockopt, sock=sock, sk=sk)
    )


@pure
def given_up(sock: Socket) -> bool:
    """Whether sys_socket could not make its sock; where steps are joined nobody sees that."""
    return any(inside(t, sys_socket, sock=sock) for t in Thread)


@lemma(uses=("releasing", "closing", "released_alone", "open_has_sk"))
def linked(sock: Socket) -> bool:
    """struct socket and struct sock point at each other until the socket is released."""
    return implies(sock.sk != NULL, sock.live and sock.sk.live and sock.sk.socket == sock and sock.sk.closer == NULL)


@lemma(uses=("linked", "releasing", "releaser_shut"))
def open_has_sk(sock: Socket) -> bool:
    """A socket that is not being released has a sock, and an open one is not being released."""
    return implies(sock.live and sock.releaser == NULL, sock.sk != NULL or given_up(sock)) and implies(sock.fd, sock.live)


@lemma(uses=("releasing", "file_held"))
def releaser_shut(sock: Socket) -> bool:
    """The last reference can only be dropped after close emptied the descriptor slot."""
    return implies(sock.releaser != NULL, sock.live and not sock.fd)


@lemma(uses=("releaser_shut", "file_held", "releasing"))
def released_alone(t: Thread, sock: Socket) -> bool:
    """While a socket is released no thread holds a reference to its file."""
    return implies(sock.releaser != NULL, t.file != sock)


@lemma(uses=("open_has_sk", "releaser_shut", "released_alone", "releasing"))
def file_held(t: Thread, sock: Socket) -> bool:
    """A thread inside a call holds the file until sockfd_put."""
    return implies(
        calling(t, sock) and not inside(t, sock_release, sock=sock),
        t.file == sock and sock.live and sock.releaser == NULL,
    )


@lemma(uses=("file_held", "released_alone", "releaser_shut"))
def releasing(t: Thread, sock: Socket) -> bool:
    """Inside sock_release the thread is the one that dropped the last reference."""
    return implies(inside(t, sock_release, sock=sock), sock.releaser == t and sock.live and not sock.fd)


@lemma(uses=("linked", "releasing"))
def closing(t: Thread, sk: Sock) -> bool:
    """Behind `sock->sk = NULL` the sock belongs to the closing thread alone."""
    return implies(inside(t, inet_release, sk=sk), sk.closer == t and sk.live)


@lemma(uses=("references", "file_held", "linked", "open_has_sk", "releasing", "closing"))
def sk_held(t: Thread, sock: Socket, sk: Sock) -> bool:
    """The sk a call works on stays the sock of its socket."""
    return implies(working(t, sock, sk), sock.sk == sk)


HELD = ("references", "sk_held", "closing", "linked", "file_held")
OWNED = (*HELD, "lock_held")
