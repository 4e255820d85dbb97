"""Lemmas for sockets that keep no pointer to a sock that was freed: what is closed is there, and nobody else closes it."""

from __future__ import annotations

from checker.language import NULL, at, implies, inside, lemma, pure
from spec.net.ipv4.af_inet import inet_create, inet_release
from spec.net.ipv4.protocols import inet_stream_ops, tcp_prot
from spec.net.socket import fd_install, sock_release, sys_socket
from spec.state import Sock, Socket, Thread
from spec.values import SUCCESS
from spec.variants.failed_create_clears_sk import original_inet_create


@pure
def linked(sock: Socket) -> bool:
    """The socket has a sock that exists and that nobody else has."""
    return (
        sock.ops == inet_stream_ops
        and sock.sk != NULL
        and sock.sk.live
        and sock.sk.socket == sock
        and sock.sk.closer == NULL
        and sock.sk.prot == tcp_prot
    )


@lemma()
def refused(t: Thread) -> bool:
    """inet_create comes back only with an error from where it may wait, so there is nothing to install."""
    return not inside(t, inet_create, err=SUCCESS) and not inside(t, fd_install)


KEPT = ("there", "file_held", "file_open", "releasing", "closing", "failing", "forgotten", "unlinking")
"""What is closed or refused is not the sock of another socket."""


@lemma(uses=(*KEPT, "fresh", "refused"))
def open_linked(sock: Socket) -> bool:
    """A socket with a descriptor has its sock."""
    return implies(sock.fd, linked(sock))


@lemma(uses=(*KEPT, "open_linked", "fresh"))
def file_linked(t: Thread, sock: Socket) -> bool:
    """While a thread holds a reference to the file, the socket has its sock."""
    return implies(t.file == sock, linked(sock))


@lemma(uses=(*KEPT, "fresh", "file_linked", "releaser_shut"))
def unlinking(t: Thread, sock: Socket, sk: Sock) -> bool:
    """What inet_release unlinks is the sock of its socket."""
    return implies(at(t, inet_release, "sock.sk = NULL", sock=sock, sk=sk), linked(sock) and sock.sk == sk)


@lemma()
def unlinked(t: Thread) -> bool:
    """What inet_release unlinks is not NULL."""
    return not at(t, inet_release, "sock.sk = NULL", sk=NULL)


@pure
def entering(t: Thread, sock: Socket) -> bool:
    """About to release a socket that was open; where steps are joined nobody sees that."""
    return at(t, sock_release, "if sock.ops != NULL:", sock=sock) and not inside(t, sys_socket)


@lemma(uses=("there", "file_held", "file_open", "releasing", "releaser_shut", "fresh", "alone", "open_live", "file_linked"))
def forgotten(t: Thread, sock: Socket) -> bool:
    """A socket that is being released has no sock any more, but for the moment before inet_release unlinks it."""
    return implies(
        inside(t, sock_release, sock=sock) and not at(t, inet_release, "sock.sk = NULL", sock=sock) and not entering(t, sock),
        sock.sk == NULL,
    )


@lemma(uses=("there", "unlinking", "forgotten", "failing"))
def closing(t: Thread, sk: Sock) -> bool:
    """Behind `sock->sk = NULL` the sock belongs to the closing thread alone."""
    return implies(inside(t, inet_release, sk=sk) and not at(t, inet_release, "sock.sk = NULL"), sk.closer == t and sk.live)


@lemma(uses=("there", "unlinking", "forgotten", "closing", "failures"))
def failing(t: Thread, sk: Sock) -> bool:
    """A sock whose protocol refused it belongs to no socket, and nobody closes it."""
    return implies(inside(t, original_inet_create, sk=sk), sk.live and sk.socket == NULL and sk.closer == NULL)


@lemma(uses=("failing",))
def failures(t: Thread, u: Thread, sk: Sock) -> bool:
    """Two threads never make the same sock."""
    return implies(t != u and inside(t, original_inet_create, sk=sk), not inside(u, original_inet_create, sk=sk))


PROPERTY_USES: dict[str, tuple[str, ...]] = {
    "released_sk_live": ("there", "forgotten", "unlinking", "unlinked"),
    "call through NULL (inet_release: sk.prot.close)": ("there", "forgotten", "unlinking", "unlinked"),
}
