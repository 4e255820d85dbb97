"""Lemmas of TCP sockets that are only made and closed: who has a socket, and who alone has one that is being made."""

from __future__ import annotations

from checker.language import NULL, implies, inside, lemma, pure
from spec.net.socket import sock_alloc, sock_release, sys_socket, system_call
from spec.state import Socket, Thread


@lemma(uses=("releasing", "file_open", "file_held", "fresh"))
def releaser_shut(sock: Socket) -> bool:
    """The last reference can only be dropped after close emptied the descriptor slot."""
    return implies(sock.releaser != NULL, sock.live and not sock.fd)


@lemma(uses=("releasing", "fresh"))
def open_live(sock: Socket) -> bool:
    """A socket with a descriptor exists."""
    return implies(sock.fd, sock.live)


@lemma(uses=("releaser_shut", "releasing", "fresh", "open_live"))
def file_open(t: Thread, sock: Socket) -> bool:
    """While a thread holds a reference to the file nobody releases the socket."""
    return implies(t.file == sock, sock.live and sock.releaser == NULL)


@lemma(uses=("file_open",))
def file_held(t: Thread, sock: Socket) -> bool:
    """A thread inside a call holds the file until it gives it up with the last reference."""
    return implies(inside(t, system_call, sock=sock), t.file == sock)


@pure
def making(t: Thread, sock: Socket) -> bool:
    """In sys_socket with a socket that is new."""
    return (
        inside(t, sock_alloc, sock=sock)
        or inside(t, sys_socket, sock=sock)
        or (inside(t, sys_socket) and inside(t, sock_release, sock=sock))
    )


@lemma(uses=("file_open", "file_held", "releaser_shut", "fresh"))
def releasing(t: Thread, sock: Socket) -> bool:
    """From sock_release on the socket belongs to the thread that dropped the last reference, or that made it."""
    return implies(
        inside(t, sock_release, sock=sock) and not inside(t, sys_socket), sock.live and not sock.fd and sock.releaser == t
    )


@lemma(uses=("file_open", "file_held", "releasing", "releaser_shut", "open_live", "alone"))
def fresh(t: Thread, u: Thread, sock: Socket) -> bool:
    """The socket that sys_socket makes is in no descriptor table and in nobody's call before fd_install."""
    return implies(making(t, sock), sock.live and not sock.fd and sock.releaser == NULL and u.file != sock)


@lemma(uses=("fresh",))
def alone(t: Thread, u: Thread, sock: Socket) -> bool:
    """Two threads never make the same socket."""
    return implies(t != u and making(t, sock), not making(u, sock))


@lemma()
def there(t: Thread) -> bool:
    """A call begins with a socket, new or open."""
    return not (inside(t, sys_socket, sock=NULL) or inside(t, sock_release, sock=NULL) or inside(t, system_call, sock=NULL))


PROPERTY_USES: dict[str, tuple[str, ...]] = {
    "exclusive": ("releasing", "releaser_shut", "file_open", "file_held", "fresh", "alone", "there"),
}
