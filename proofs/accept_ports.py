"""Lemmas of sockets that listen and accept: ports, hash tables, and what a lock is taken for."""

from __future__ import annotations

from checker.language import NULL, at, called, htons, implies, inside, lemma, pure
from proofs.accept_life import crashed
from proofs.accept_names import ALONE, LOCKED, LOCKS
from proofs.accept_queue import newborn
from proofs.accept_sockets import making
from spec.net.core.sock import sock_graft, sock_orphan
from spec.net.ipv4.tcp import tcp_forget_peer, tcp_listen_start, tcp_listen_stop
from spec.net.ipv4.tcp_input import tcp_reset
from spec.net.ipv4.tcp_ipv4 import tcp_inherit_port, tcp_put_port, tcp_v4_get_port, tcp_v4_hash
from spec.net.ipv4.tcp_minisocks import tcp_create_openreq_child, tcp_v4_syn_recv_sock
from spec.net.ipv4.tcp_state import tcp_destroy_sock, tcp_done, tcp_set_state
from spec.net.ipv4.tcp_v4_rcv import tcp_v4_hnd_req
from spec.net.socket import sock_release
from spec.state import BindBucket, Sock, Thread
from spec.values import NOT_HASHED, SUCCESS, TCP_CLOSE, TCP_LISTEN, TCP_SYN_RECV, TCP_SYN_SENT, Port


@lemma(uses=(*LOCKS, "dying", "closed_unhashed", "users_live", "freed_alone"))
def not_hashed(t: Thread, sk: Sock) -> bool:
    """Where num is about to change, and until a socket is hashed, it is in no hash table."""
    return implies(
        inside(t, tcp_put_port, sk=sk)
        or at(t, tcp_set_state, "if sk.prev != NULL and (not sk.bindport_lock):", sk=sk)
        or inside(t, tcp_listen_start, sk=sk)
        or inside(t, tcp_create_openreq_child, newsk=sk)
        or (inside(t, tcp_v4_syn_recv_sock, newsk=sk) and not inside(t, tcp_inherit_port)),
        sk.hashed == NOT_HASHED,
    )


@lemma(uses=(*LOCKED, "closing_unhashed", "hashing_open"))
def closed_unhashed(sk: Sock) -> bool:
    """A closed socket is in no hash table."""
    return implies(sk.state == TCP_CLOSE, sk.hashed == NOT_HASHED)


@lemma(uses=ALONE)
def hashing_open(t: Thread, sk: Sock) -> bool:
    """What is hashed is not closed."""
    return implies(
        at(t, tcp_v4_hash, "with spin_lock_bh(tcp_lhash_lock):", sk=sk)
        or at(t, tcp_v4_hash, "with spin_lock_bh(tcp_ehash_lock):", sk=sk),
        sk.state != TCP_CLOSE,
    )


@lemma(uses=ALONE)
def closed(t: Thread, sk: Sock) -> bool:
    """A connection that close resets is closed when it becomes an orphan, and a socket is when it begins to listen."""
    return implies(
        inside(t, tcp_forget_peer, sk=sk)
        or inside(t, tcp_destroy_sock, sk=sk)
        or (inside(t, tcp_listen_stop) and inside(t, sock_orphan, sk=sk))
        or at(t, tcp_listen_start, "sk.ack_backlog = 0", sk=sk)
        or at(t, tcp_listen_start, "sk.accept_queue = sk.accept_queue_tail = NULL", sk=sk),
        sk.state == TCP_CLOSE,
    )


@pure
def settling(t: Thread, sk: Sock) -> bool:
    """Behind a successful get_port, before sport is written."""
    return at(t, tcp_listen_start, "sk.sport = htons(sk.num)", sk=sk)


@lemma(uses=LOCKS)
def sport_kept(sk: Sock) -> bool:
    """sport is what num says, but for the owner of the lock between get_port and its write of sport."""
    return sk.num == 0 or sk.sport == htons(sk.num) or (sk.users and settling(sk.owner, sk))


@lemma(uses=(*LOCKED, "listens", "listener_ready", "sound"))
def parent_ready(t: Thread, sk: Sock) -> bool:
    """A listener whose requests are looked at has written its sport."""
    return implies(inside(t, tcp_v4_hnd_req, sk=sk), sk.sport == htons(sk.num))


@lemma(uses=(*ALONE, "parent_ready"))
def hash_ready(t: Thread, sk: Sock) -> bool:
    """When a socket is hashed, sport is what num says."""
    return implies(inside(t, tcp_v4_hash, sk=sk) or newborn(t, sk), sk.sport == htons(sk.num))


@lemma(uses=(*LOCKS, "hash_ready", "dying", "dead_deaf", "closed"))
def listener_ready(sk: Sock) -> bool:
    """Nobody sees a listener before its sport is written, or when its port is given back."""
    return implies(
        sk.state == TCP_LISTEN,
        sk.sport == htons(sk.num)
        or (
            sk.users
            and (inside(sk.owner, tcp_listen_start, sk=sk) or inside(sk.owner, tcp_set_state, sk=sk) or crashed(sk.owner))
        ),
    )


@pure
def without_port(t: Thread, sk: Sock) -> bool:
    """A child that has the number of its listener, and is not yet among the owners of the port."""
    return inside(t, tcp_create_openreq_child, newsk=sk) or inside(t, tcp_v4_syn_recv_sock, newsk=sk)


@lemma(uses=(*LOCKS, "inherits"))
def has_bucket(sk: Sock) -> bool:
    """Who has a port is among its owners, but for a child that is yet to join them."""
    return sk.prev == BindBucket[sk.num] or (sk.users and without_port(sk.owner, sk))


@lemma(uses=ALONE)
def inherits(t: Thread, sk: Sock, child: Sock) -> bool:
    """A child has the port of its listener."""
    return implies(
        inside(t, tcp_create_openreq_child, sk=sk, newsk=child) or inside(t, tcp_v4_syn_recv_sock, sk=sk, newsk=child),
        child.num == sk.num,
    )


@lemma(uses=ALONE)
def asked(t: Thread, sk: Sock, snum: Port, rover: Port) -> bool:
    """listen asks for the port it has, or for any if it has none."""
    return implies(
        at(t, tcp_v4_get_port, "with spin_lock_bh(tcp_bhash_lock):", sk=sk, snum=snum)
        and not at(t, tcp_v4_get_port, "with spin_lock_bh(tcp_bhash_lock):", rover=rover),
        snum == sk.num,
    ) and implies(
        at(t, tcp_v4_get_port, "with spin_lock(tcp_portalloc_lock):", sk=sk) or at(t, tcp_v4_get_port, "while True:", sk=sk),
        sk.num == 0,
    )


@pure
def lock_by_call(t: Thread, sk: Sock) -> bool:
    """Why a system call may lock a socket for itself: it closes it, carries it, has its file, or makes it."""
    return (
        sk.closer == t
        or (sk.carrier == t and inside(t, sock_graft, sk=sk))
        or (sk.socket != NULL and sk.closer == NULL and t.file == sk.socket)
        or (sk.socket != NULL and sk.closer == NULL and making(t, sk.socket) and not called(t, sock_release, sock=sk.socket))
    )


@lemma(
    uses=(
        *LOCKS,
        "owners",
        "accessible",
        "linked",
        "unlinks",
        "fresh",
        "alone",
        "releasing",
        "file_open",
        "ways",
        "same_socket",
        "carrying",
        "unaccepted",
        "closing",
        "unshared",
        "stopping",
    )
)
def locked_by_call(sk: Sock) -> bool:
    """Nobody has for itself a socket that others could release."""
    return implies(sk.users and not sk.slock, sk.owner != NULL and (lock_by_call(sk.owner, sk) or crashed(sk.owner)))


@lemma(uses=(*LOCKS, "closed"))
def error_closes(sk: Sock) -> bool:
    """Who ends the handshake with an error closes the socket."""
    return implies(
        sk.err != SUCCESS and (sk.state == TCP_SYN_RECV or sk.state == TCP_SYN_SENT),
        sk.users and (inside(sk.owner, tcp_reset, sk=sk) or inside(sk.owner, tcp_done, sk=sk) or crashed(sk.owner)),
    )
