"""Lemmas of sockets that listen and accept: who has a struct socket, and who alone has a new one."""

from __future__ import annotations

from checker.language import NULL, at, called, implies, lemma, pure
from spec.net.ipv4.protocols import inet_stream_ops
from spec.net.socket import sock_release, sockfd_put, sys_accept
from spec.state import Socket, Thread


@lemma(uses=("file_open", "fresh", "same_socket"))
def releaser_shut(sock: Socket) -> bool:
    """The last reference can only be dropped after close emptied the descriptor slot."""
    return implies(sock.releaser != NULL, sock.live and not sock.fd)


@lemma(uses=("fresh", "same_socket"))
def open_live(sock: Socket) -> bool:
    """A socket with a descriptor exists."""
    return implies(sock.fd, sock.live)


@lemma(uses=("releaser_shut", "releasing", "fresh", "open_live", "ways", "same_socket"))
def file_open(t: Thread, sock: Socket) -> bool:
    """While a thread holds a reference to the file nobody releases the socket."""
    return implies(t.file == sock, sock.live and sock.releaser == NULL)


@pure
def making(t: Thread, sock: Socket) -> bool:
    """In sys_accept with a socket that is new."""
    return called(t, sys_accept, newsock=sock) and t.file != NULL and not at(t, sockfd_put, "with spin_lock(files_lock):")


@lemma(uses=("file_open", "fresh", "alone", "ways", "same_socket"))
def releasing(t: Thread, sock: Socket) -> bool:
    """From sock_release on the socket belongs to the thread that dropped the last reference, or that made it in accept."""
    return implies(
        called(t, sock_release, sock=sock),
        sock.live and not sock.fd and (making(t, sock) or (t.file == NULL and sock.releaser == t)),
    )


@lemma(uses=("file_open", "releasing", "alone", "ways", "same_socket"))
def fresh(t: Thread, u: Thread, sock: Socket) -> bool:
    """The socket that accept makes is in no descriptor table and in nobody's call before fd_install."""
    return implies(making(t, sock), sock.live and not sock.fd and sock.releaser == NULL and u.file != sock)


@lemma(uses=("fresh", "same_socket"))
def alone(t: Thread, u: Thread, sock: Socket) -> bool:
    """Two threads never make the same socket."""
    return implies(t != u and making(t, sock), not making(u, sock))


@lemma(uses=("file_open", "same_socket"))
def stream_only(sock: Socket) -> bool:
    """sys_socket makes stream sockets only, and accept makes them after a socket that is open."""
    return implies(sock.live, sock.ops == inet_stream_ops)
