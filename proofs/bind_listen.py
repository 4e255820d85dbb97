"""Lemmas of the bind/listen slice: who may touch a socket where, and what holds at which statement."""

from __future__ import annotations

from checker.language import NULL, at, htons, implies, inside, lemma, pure
from spec.net.core.sock import setsockopt_reuseaddr, sock_orphan
from spec.net.ipv4.af_inet import inet_bind, inet_listen, inet_release, inet_stream_disconnect
from spec.net.ipv4.tcp import tcp_destroy_sock, tcp_disconnect, tcp_listen_start, tcp_set_state
from spec.net.ipv4.tcp_ipv4 import tcp_put_port, tcp_v4_get_port, tcp_v4_hash
from spec.net.socket import (
    sock_release,
    sys_bind,
    sys_close,
    sys_connect_unspec,
    sys_listen,
    sys_setsockopt_reuseaddr,
)
from spec.state import NOT_HASHED, TCP_CLOSE, TCP_LISTEN, Port, Sock, Socket, Thread, overlap


@pure
def calling(t: Thread, sock: Socket) -> bool:
    return (
        inside(t, sys_bind, sock=sock)
        or inside(t, sys_listen, sock=sock)
        or inside(t, sys_connect_unspec, sock=sock)
        or inside(t, sys_setsockopt_reuseaddr, sock=sock)
        or inside(t, sys_close, sock=sock)
    )


@pure
def working(t: Thread, sock: Socket, sk: Sock) -> bool:
    return (
        inside(t, inet_bind, sock=sock, sk=sk)
        or inside(t, inet_listen, sock=sock, sk=sk)
        or inside(t, inet_stream_disconnect, sock=sock, sk=sk)
        or inside(t, setsockopt_reuseaddr, sock=sock, sk=sk)
    )


@lemma(uses=("releasing", "closing", "released_alone", "open_has_sk"))
def linked(sock: Socket) -> bool:
    """struct socket and struct sock point at each other until the socket is released."""
    return implies(sock.sk != NULL, sock.live and sock.sk.live and sock.sk.socket == sock and sock.sk.closer == NULL)


@lemma(uses=("linked", "releasing", "releaser_shut"))
def open_has_sk(sock: Socket) -> bool:
    """A socket that is not being released has a sock, and an open one is not being released."""
    return implies(sock.live and sock.releaser == NULL, sock.sk != NULL) and implies(sock.fd, sock.live)


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


OWNED = ("references", "sk_held", "lock_held", "closing", "linked", "file_held")


@lemma(uses=(*OWNED, "hashed_validated", "closed"))
def not_hashed(t: Thread, sk: Sock) -> bool:
    """Where num, prev, state or sport are about to change, the socket is in no hash table."""
    return implies(
        inside(t, tcp_v4_get_port, sk=sk)
        or inside(t, tcp_put_port, sk=sk)
        or at(t, tcp_set_state, "sk.state = state", sk=sk)
        or at(t, tcp_listen_start, "sk.state = TCP_LISTEN", sk=sk)
        or at(t, tcp_listen_start, "sk.state = TCP_CLOSE", sk=sk)
        or at(t, tcp_listen_start, "sk.sport = htons(sk.num)", sk=sk)
        or at(t, tcp_v4_hash, "with spin_lock_bh(tcp_lhash_lock):", sk=sk),
        sk.hashed == NOT_HASHED,
    )


@lemma(uses=(*OWNED, "not_hashed", "hashed_validated"))
def closed(t: Thread, sk: Sock) -> bool:
    """Inside bind, before the announcement of listen, and behind tcp_set_state the socket is closed."""
    return implies(
        bind_locked(t, sk)
        or at(t, tcp_listen_start, "sk.state = TCP_LISTEN", sk=sk)
        or at(t, tcp_disconnect, "sk.rcv_saddr = INADDR_ANY", sk=sk)
        or dying(t, sk),
        sk.state == TCP_CLOSE and sk.hashed == NOT_HASHED,
    )


@pure
def bind_locked(t: Thread, sk: Sock) -> bool:
    """In inet_bind behind the check for an active socket."""
    return (
        (inside(t, inet_bind, sk=sk) and inside(t, tcp_v4_get_port, sk=sk))
        or at(t, inet_bind, "sk.saddr = sk.rcv_saddr = INADDR_ANY", sk=sk)
        or bound(t, sk)
    )


@pure
def bound(t: Thread, sk: Sock) -> bool:
    """In inet_bind behind a successful get_port."""
    return (
        at(t, inet_bind, "sk.bindaddr_lock = True", sk=sk)
        or at(t, inet_bind, "sk.bindport_lock = True", sk=sk)
        or at(t, inet_bind, "sk.sport = htons(sk.num)", sk=sk)
    )


@pure
def dying(t: Thread, sk: Sock) -> bool:
    """In tcp_close behind tcp_set_state."""
    return (
        inside(t, sock_orphan, sk=sk)
        or inside(t, tcp_destroy_sock, sk=sk)
    )
