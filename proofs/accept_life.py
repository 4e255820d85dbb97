"""Lemmas of sockets that listen and accept: who keeps a sock alive, and until when it belongs to a struct socket."""

from __future__ import annotations

from checker.language import NULL, at, called, implies, inside, lemma, pure
from proofs.accept_names import ALONE, CALL_LOCKED, CALL_SAME, LOCKED, LOCKS, SAME
from proofs.accept_sockets import making
from spec.net.core.sock import sk_free, sock_graft, sock_orphan, sock_put
from spec.net.ipv4.af_inet import inet_accept, inet_listen, inet_release
from spec.net.ipv4.protocols import tcp_prot
from spec.net.ipv4.tcp import tcp_accept, tcp_close, tcp_listen_start, tcp_listen_stop
from spec.net.ipv4.tcp_state import tcp_destroy_sock, tcp_set_state
from spec.net.ipv4.tcp_v4_rcv import tcp_v4_hnd_req
from spec.net.socket import fd_install, sock_alloc, sock_release, sys_accept, sys_listen, system_call
from spec.state import Sock, Socket, Thread
from spec.values import NOT_HASHED, SUCCESS, TCP_LISTEN


@lemma(uses=(*SAME, "kept", "buried", "alive_in_close", "carrying", "unaccepted"))
def doomed(t: Thread, sk: Sock) -> bool:
    """What is about to be freed was given up, and nobody has a reference."""
    return implies(sk.freer != NULL, sk.gone and sk.live and t.rx_sk != sk and t.held_sk != sk and t.rx_child != sk)


@lemma(
    uses=(
        *SAME,
        "doomed",
        "owners",
        "sound",
        "owner_keeps",
        "accessible",
        "carrying",
        "unaccepted",
        "closing",
        "buried",
        "alive_in_close",
    )
)
def unlocked(sk: Sock) -> bool:
    """Nor has anybody its lock."""
    return implies(sk.freer != NULL, not sk.users)


@lemma(uses=(*SAME, "doomed"))
def freeing(t: Thread, sk: Sock) -> bool:
    """Only who dropped the last reference frees."""
    return implies(inside(t, sk_free, sk=sk), sk.freer == t)


@lemma(uses=(*SAME, "freeing", "doomed", "hashed_live", "carrying", "unaccepted", "closing"))
def kept(t: Thread, sk: Sock) -> bool:
    """What a thread or its softirq has a reference to exists."""
    return implies(t.rx_sk == sk or t.held_sk == sk or t.rx_child == sk, sk.live)


@lemma(uses=(*LOCKS, "owners", "sound", "accessible", "buried", "alive_in_close", "carrying", "unaccepted", "dying"))
def owner_keeps(sk: Sock) -> bool:
    """Who has the lock of a socket that was given up has a reference to it."""
    return implies(sk.users and sk.gone, sk.owner.held_sk == sk or sk.owner.rx_sk == sk or sk.owner.rx_child == sk)


@lemma(uses=(*SAME, "kept", "accessible", "closing", "carrying", "unaccepted"))
def users_live(sk: Sock) -> bool:
    """Whoever has the lock of a socket keeps it alive."""
    return implies(sk.users, sk.live)


@lemma(uses=(*LOCKED, "carrying", "users_live"))
def hashed_live(sk: Sock) -> bool:
    """What is in a hash table exists."""
    return implies(sk.hashed != NOT_HASHED, sk.live)


@lemma(uses=(*LOCKS, "dying", "carrying", "unaccepted"))
def buried(sk: Sock) -> bool:
    """Only an orphan that is in no table is given up, and an orphan belongs to no struct socket."""
    return implies(sk.gone, sk.dead and sk.hashed == NOT_HASHED) and implies(sk.dead, sk.socket == NULL)


@lemma(uses=(*LOCKS, "closing_unhashed", "closed_unhashed", "users_live", "freed_alone", "closed"))
def dying(t: Thread, sk: Sock) -> bool:
    """tcp_destroy_sock finds an orphan that is in no table."""
    return implies(inside(t, tcp_destroy_sock, sk=sk), sk.dead and sk.hashed == NOT_HASHED)


@lemma(uses=ALONE)
def listens(t: Thread, sk: Sock) -> bool:
    """A socket whose requests are looked at listens."""
    return implies(inside(t, tcp_v4_hnd_req, sk=sk), sk.state == TCP_LISTEN)


@pure
def stops_listening(t: Thread) -> bool:
    """In tcp_close, before the state of the socket itself changes."""
    return (
        at(t, inet_release, "sock.sk = NULL")
        or at(t, inet_release, "sk.prot.close(sk)")
        or at(t, tcp_close, "with lock_sock(sk):")
        or at(t, tcp_close, "sk.rcv_shutdown = True")
        or (inside(t, tcp_close) and inside(t, tcp_set_state) and not inside(t, tcp_listen_stop))
    )


@lemma(uses=(*SAME, CALL_LOCKED, "closing", "linked", "sk_held", "ways", "same_socket"))
def not_listening(t: Thread, sk: Sock) -> bool:
    """A socket that is closed listens no more."""
    return implies(called(t, inet_release, sk=sk) and not stops_listening(t), sk.state != TCP_LISTEN)


@lemma(
    uses=(*SAME, CALL_LOCKED, "not_listening", "carrying", "unaccepted", "stopping", "sk_held", "same_socket", "linked", "taken")
)
def dead_deaf(sk: Sock) -> bool:
    """An orphan does not listen, nor does a connection nobody has accepted."""
    return implies(sk.dead or sk.carrier != NULL or sk.queued_at != NULL, sk.state != TCP_LISTEN)


@pure
def unlinking(t: Thread, sk: Sock) -> bool:
    """In inet_release before the socket forgets its sock."""
    return at(t, inet_release, "sock.sk = NULL", sk=sk)


@lemma(uses=("releasing", "alone", "fresh", "ways", "same_socket", "carrying"))
def unlinks(t: Thread, sock: Socket, sk: Sock) -> bool:
    """What inet_release unlinks is the sock of its socket."""
    return implies(at(t, inet_release, "sock.sk = NULL", sock=sock, sk=sk), sock.sk == sk)


@lemma(uses=(*SAME, "linked", "unlinks", "ways", "same_socket", "freeing", "doomed", "buried", "alive_in_close", "sound"))
def closing(t: Thread, sk: Sock) -> bool:
    """Behind `sock->sk = NULL` the sock belongs to the closing thread alone."""
    return implies(called(t, inet_release, sk=sk) and not unlinking(t, sk), sk.closer == t and sk.live)


@pure
def burying(t: Thread) -> bool:
    """In tcp_close with a reference of its own."""
    return (
        at(t, tcp_close, "with bh_lock_sock(sk):")
        or at(t, tcp_close, "if sk.state == TCP_CLOSE:")
        or at(t, tcp_close, "tcp_destroy_sock(sk)")
        or (
            inside(t, tcp_close)
            and not inside(t, tcp_listen_stop)
            and (inside(t, sock_orphan) or inside(t, tcp_destroy_sock) or inside(t, sock_put))
        )
    )


@lemma(uses=(*SAME, "closing", "linked", "unlinks", "carrying", "unaccepted", "ways", "same_socket", "sound"))
def alive_in_close(t: Thread, sk: Sock) -> bool:
    """Before tcp_close takes a reference of its own nobody buries the socket."""
    return implies(called(t, inet_release, sk=sk) and not burying(t), not sk.dead)


@lemma(uses=("closing", "unlinks", "freeing", "doomed", "buried", "carrying", "unaccepted", "fresh", "same_socket"))
def linked(sock: Socket) -> bool:
    """struct socket and struct sock point at each other until the socket is released."""
    return implies(
        sock.sk != NULL,
        sock.live and sock.sk.live and not sock.sk.dead and sock.sk.socket == sock and sock.sk.closer == NULL,
    )


@lemma()
def at_rest(t: Thread) -> bool:
    """A call starts with nothing in hand."""
    return implies(
        not inside(t, system_call) or inside(t, sock_alloc) or at(t, inet_accept, "sk1 = sock.sk"),
        called(t, inet_listen, sk=NULL)
        and called(t, inet_accept, sk1=NULL)
        and called(t, inet_accept, sk2=NULL)
        and called(t, tcp_accept, newsk=NULL),
    )


@pure
def crashed(t: Thread) -> bool:
    """Where a call through NULL leads."""
    return (
        at(t, tcp_set_state, "sk.prot.unhash(sk)")
        or at(t, tcp_destroy_sock, "sk.prot.destroy(sk)")
        or at(t, inet_release, "sk.prot.close(sk)")
        or at(t, inet_accept, "sk2 = sk1.prot.accept(sk1, noblock)")
        or at(t, tcp_listen_start, "if not sk.prot.get_port(sk, sk.num):")
        or at(t, tcp_listen_start, "sk.prot.hash(sk)")
        or at(t, sys_listen, "return sock.ops.listen(sock, Backlog(SOMAXCONN) if backlog > SOMAXCONN else backlog)")
        or at(t, sys_accept, "err = sock.ops.accept(sock, newsock, noblock)")
    )


LIVE = (
    *LOCKS,
    "tcp_only",
    "users_live",
    "kept",
    "linked",
    "closing",
    "unlinks",
    "carrying",
    "unaccepted",
    "file_has_sk",
    "stream_only",
    "open_live",
    "file_open",
    "same_socket",
)


@lemma(uses=LIVE)
def sound(t: Thread) -> bool:
    """Nobody calls through NULL."""
    return not crashed(t)


@lemma(uses=("sk_held", "linked", "buried", "ways", "same_socket"))
def accessible(t: Thread, sk: Sock) -> bool:
    """A call locks a sock that is not given up."""
    return implies(
        at(t, inet_listen, "with lock_sock(sk):", sk=sk)
        or at(t, inet_accept, "sk2 = sk1.prot.accept(sk1, noblock)", sk1=sk)
        or at(t, tcp_accept, "with lock_sock(sk):", sk=sk),
        sk.live and not sk.dead and not sk.gone and sk.socket != NULL and sk.socket == t.file and sk.closer == NULL,
    )


@lemma(uses=("file_open", "releasing", "fresh", "ways", "same_socket", "at_rest"))
def sk_held(t: Thread, sock: Socket, sk: Sock) -> bool:
    """The sk a call works on stays the sock of its socket."""
    return implies(t.file == sock and (called(t, inet_listen, sk=sk) or called(t, inet_accept, sk1=sk)), sock.sk == sk)


@lemma(uses=("file_has_sk", "same_socket"))
def sk_there(t: Thread) -> bool:
    """listen and accept work on the sock of the socket they are called on."""
    return not at(t, inet_listen, "with lock_sock(sk):", sk=NULL) and not at(t, tcp_accept, "with lock_sock(sk):", sk=NULL)


@lemma(uses=("fd_has_sk", "file_open", "releasing", "fresh", "ways", "same_socket"))
def file_has_sk(t: Thread, sock: Socket) -> bool:
    """A call starts on an open socket, which has a sock."""
    return implies(t.file == sock, sock.sk != NULL)


@lemma(uses=("dequeuing", CALL_SAME))
def refused(t: Thread) -> bool:
    """tcp_accept returns a connection, or an error."""
    return implies(
        at(t, inet_accept, "return current().err")
        or not called(t, inet_accept, sk1=NULL)
        and called(t, tcp_accept, newsk=NULL)
        and not at(t, inet_accept, "sk2 = sk1.prot.accept(sk1, noblock)")
        and not at(t, tcp_accept, "with lock_sock(sk):")
        and not at(t, tcp_accept, "if sk.state != TCP_LISTEN:")
        and not at(t, tcp_accept, "newsk = sk.accept_queue"),
        t.err != SUCCESS,
    )


@lemma(uses=("refused", CALL_SAME, CALL_LOCKED, "linked", "fresh", "alone", "releasing", "ways", "same_socket", "at_rest"))
def grafted(t: Thread, sock: Socket) -> bool:
    """The socket that accept makes has a sock when it gets its descriptor."""
    return implies(
        making(t, sock)
        and not called(t, sock_release, sock=sock)
        and not called(t, inet_accept, sk2=NULL)
        and not at(t, inet_accept, "with lock_sock(sk2):")
        and not inside(t, sock_graft),
        sock.sk != NULL,
    ) and not (
        (at(t, fd_install, "current().installed = sock") or at(t, fd_install, "sock.fd = True"))
        and called(t, inet_accept, sk2=NULL)
    )


@lemma(uses=("grafted", "releasing", "fresh", "same_socket"))
def fd_has_sk(sock: Socket) -> bool:
    """A socket with a descriptor has a sock."""
    return implies(sock.fd, sock.sk != NULL)


@lemma(uses=(*LOCKS, "users_live"))
def tcp_only(sk: Sock) -> bool:
    """sys_socket makes TCP sockets only, and children are copies: a sock that is there has the functions of TCP."""
    return implies(sk.live, sk.prot == tcp_prot)
