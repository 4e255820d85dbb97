"""Lemmas of the bind/listen client: who may touch a socket where, and what holds at which statement."""

from __future__ import annotations

from checker.language import NULL, at, htons, implies, inside, lemma, pure
from checker.language.dangling import NO_DANGLING
from proofs.dangling import FOLLOWED
from proofs.sockets import OWNED
from spec.kernel.capability import capable_net_bind_service
from spec.net.core.sock import sk_free, sock_orphan, sock_put
from spec.net.ipv4.af_inet import inet_bind, inet_listen, inet_stream_connect
from spec.net.ipv4.protocols import inet_stream_ops, tcp_prot
from spec.net.ipv4.tcp import tcp_close, tcp_disconnect, tcp_forget_peer, tcp_listen_start
from spec.net.ipv4.tcp_ipv4 import in_local_port_range, tcp_put_port, tcp_v4_get_port, tcp_v4_hash
from spec.net.ipv4.tcp_state import tcp_destroy_sock, tcp_set_state
from spec.state import BindBucket, Sock, Socket, Thread, overlap
from spec.values import NOT_HASHED, SOCK_STREAM, SS_UNCONNECTED, TCP_CLOSE, TCP_LHASH, TCP_LISTEN, Port, TcpState


@lemma()
def listening_hash_only(sk: Sock) -> bool:
    """Without connections a socket is in no hash table but that of the listeners."""
    return sk.hashed == NOT_HASHED or sk.hashed == TCP_LHASH


@lemma()
def closed_or_listening(sk: Sock) -> bool:
    """Without connections there are no other states."""
    return sk.state == TCP_CLOSE or sk.state == TCP_LISTEN


@lemma()
def tcp_only(sk: Sock) -> bool:
    """sys_socket makes TCP sockets only: a sock that is there has the functions of TCP."""
    return implies(sk.live, sk.prot == tcp_prot)


@lemma(uses=OWNED)
def closing_unlocked(t: Thread, sk: Sock) -> bool:
    """Nobody has the lock of a socket that tcp_close has let go of."""
    return implies(adjudged(t, sk), not sk.users)


@lemma(uses=(*OWNED, "hashed_validated", "closed", "listening_hash_only"))
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


@lemma(uses=(*OWNED, "not_hashed", "hashed_validated", "listening_hash_only", "closed_or_listening"))
def closed(t: Thread, sk: Sock) -> bool:
    """Inside bind, before the announcement of listen, and behind tcp_set_state the socket is closed."""
    return implies(
        bind_locked(t, sk)
        or at(t, tcp_listen_start, "sk.state = TCP_LISTEN", sk=sk)
        or at(t, tcp_forget_peer, "sk.rcv_saddr = INADDR_ANY", sk=sk)
        or at(t, inet_stream_connect, "sock.state = SS_DISCONNECTING if err else SS_UNCONNECTED", sk=sk)
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
def adjudged(t: Thread, sk: Sock) -> bool:
    """In tcp_close between its two locks."""
    return at(t, tcp_close, "current().held_sk = sk", sk=sk) or at(t, tcp_close, "with bh_lock_sock(sk):", sk=sk)


@pure
def dying(t: Thread, sk: Sock) -> bool:
    """In tcp_close behind tcp_set_state."""
    return adjudged(t, sk) or inside(t, sock_orphan, sk=sk) or inside(t, tcp_destroy_sock, sk=sk)


@lemma(
    uses=(*OWNED, "not_hashed", "closed", "hashed_validated", "num_iff_bucket", "snum_given", "announcing", "local_port_range")
)
def hash_ready(t: Thread, sk: Sock) -> bool:
    """tcp_v4_hash finds a validated listener that owns its bucket and has its port in sport."""
    return implies(
        at(t, tcp_listen_start, "sk.sport = htons(sk.num)", sk=sk)
        or at(t, tcp_v4_hash, "with spin_lock_bh(tcp_lhash_lock):", sk=sk),
        sk.state == TCP_LISTEN and sk.validated and sk.prev != NULL and sk.hashed == NOT_HASHED,
    ) and implies(at(t, tcp_v4_hash, "with spin_lock_bh(tcp_lhash_lock):", sk=sk), sk.sport == htons(sk.num))


@lemma(uses=(*OWNED, "closed"))
def announcing(t: Thread, sk: Sock) -> bool:
    """In tcp_listen_start between the announcement and get_port the socket is LISTEN and not validated."""
    return implies(
        (inside(t, tcp_listen_start, sk=sk) and inside(t, tcp_v4_get_port, sk=sk))
        or at(t, tcp_listen_start, "sk.state = TCP_CLOSE", sk=sk),
        sk.state == TCP_LISTEN and not sk.validated,
    )


@lemma(uses=("local_port_range",))
def snum_given(t: Thread, snum: Port, rover: Port) -> bool:
    """tcp_v4_get_port takes a port other than 0: the one asked for, or one of the local range."""
    return implies(
        at(t, tcp_v4_get_port, "with spin_lock_bh(tcp_bhash_lock):", snum=snum)
        and not at(t, tcp_v4_get_port, "with spin_lock_bh(tcp_bhash_lock):", rover=rover),
        snum != 0,
    ) and implies(at(t, tcp_v4_get_port, "while True:", rover=rover), in_local_port_range(rover))


@lemma(uses=(*OWNED, "closed", "num_iff_bucket", "hashed_validated", "announcing", "bucket_owned", "snum_given", "wanted_port"))
def listeners_apart(a: Sock, b: Sock) -> bool:
    """Two validated listeners of one bucket never overlap: the later one saw the earlier one."""
    return implies(
        a != b
        and a.state == TCP_LISTEN
        and b.state == TCP_LISTEN
        and a.validated
        and b.validated
        and a.prev == b.prev
        and a.prev != NULL,
        not overlap(a, b),
    )


@lemma(uses=(*OWNED,))
def bucket_owned(sk: Sock) -> bool:
    """A bucket with an owner hangs in its chain; one that does not has no flag."""
    return implies(sk.prev != NULL, sk.prev.live)


@lemma(uses=(*OWNED, "num_iff_bucket", "snum_given", "local_port_range"))
def has_port(t: Thread, sk: Sock) -> bool:
    """Behind a successful get_port, bind has a port."""
    return implies(bound(t, sk), sk.num != 0)


@lemma(uses=(*OWNED,))
def port_may_go(t: Thread, sk: Sock) -> bool:
    """tcp_put_port runs for a port the user did not bind, or for a dead socket."""
    return implies(inside(t, tcp_put_port, sk=sk), not sk.bindport_lock or sk.dead)


@lemma(uses=(*OWNED,))
def dead_is_closing(sk: Sock) -> bool:
    """Only tcp_close orphans a socket."""
    return implies(sk.dead, sk.closer != NULL) and implies(sk.closer != NULL, sk.live)


@pure
def bind_or_listen(t: Thread, sk: Sock) -> bool:
    """Inside the locked part of inet_bind or inet_listen."""
    return bind_locked(t, sk) or (inside(t, inet_listen, sk=sk) and not at(t, inet_listen, "with lock_sock(sk):", sk=sk))


@lemma(uses=(*OWNED, "bound_while_locked", "unbound_by_disconnect", "dead_is_closing"))
def bound_when_free(sk: Sock) -> bool:
    """While nobody has the lock, a port got by bind is still there."""
    return implies(not sk.users and sk.closer == NULL and sk.bound_to != 0, sk.num == sk.bound_to)


@lemma(uses=(*OWNED, "bound_when_free", "num_iff_bucket", "wanted_port"))
def bound_while_locked(t: Thread, sk: Sock) -> bool:
    """The same inside bind and listen."""
    return implies(bind_or_listen(t, sk) and sk.bound_to != 0, sk.num == sk.bound_to)


@lemma(uses=OWNED)
def unbound_by_disconnect(t: Thread, sk: Sock) -> bool:
    """tcp_disconnect forgets what bind promised."""
    return implies(
        at(t, tcp_forget_peer, "sk.rcv_saddr = INADDR_ANY", sk=sk)
        or at(t, inet_stream_connect, "sock.state = SS_DISCONNECTING if err else SS_UNCONNECTED", sk=sk),
        sk.bound_to == 0,
    )


PROPERTY_USES: dict[str, tuple[str, ...]] = {
    "hashed_sport": ("not_hashed", "hash_ready", "hashed_validated", *OWNED),
    "hashed_validated": ("not_hashed", "hash_ready", "closed", *OWNED),
    "announced_not_hashed": ("hashed_validated", "listening_hash_only"),
    "one_listener": ("hashed_validated", "listeners_apart", "num_iff_bucket"),
    "num_iff_bucket": ("snum_given", *OWNED),
    "bindport_lock": ("has_port", "port_may_go", "num_iff_bucket", *OWNED),
    "double_bind": ("bound_while_locked", "num_iff_bucket", "wanted_port", *OWNED),
    "fastreuse_without_setsockopt": ("bucket_owned",),
    "fastreuse_outside_window": ("bucket_owned", "wanted_port", "num_iff_bucket", "closed", "announcing", *OWNED),
    "exclusive": ("releasing", "file_held", "sk_held", "closing", "linked", "references", "releaser_shut", "released_alone"),
    "BUG_TRAP(tcp_take_port: sk.prev == tb)": ("num_iff_bucket", "wanted_port", *OWNED),
    "BUG_TRAP(tcp_forget_peer: sk.num == 0 or sk.prev != NULL)": ("num_iff_bucket", "references", "open_has_sk", "file_held"),
    "BUG_TRAP(tcp_destroy_sock: sk.num == 0 or sk.prev != NULL)": ("num_iff_bucket", "references", "open_has_sk", "file_held"),
    "BUG_TRAP(tcp_destroy_sock: sk.state == TCP_CLOSE)": ("closed", "references"),
    "BUG_TRAP(tcp_destroy_sock: sk.hashed == NOT_HASHED)": ("closed", "references", "not_hashed"),
    "BUG_TRAP(tcp_destroy_sock: sk.dead)": ("closed", "references"),
    "BUG_TRAP(tcp_close: sk.slock or not sk.users)": ("closing_unlocked", *OWNED),
    "BUG_TRAP(tcp_v4_hash: sk.hashed == NOT_HASHED)": ("not_hashed", "references"),
    NO_DANGLING: FOLLOWED,
}


def uses_of(name: str) -> tuple[str, ...]:
    """What the proof of the property ``name`` rests on; by itself if nothing is said."""
    calls = (*OWNED, "open_has_sk", "releaser_shut", "tcp_only", "stream_only") if name.startswith("call through NULL") else ()
    return PROPERTY_USES.get(name, calls)


@lemma(uses=(*OWNED, "num_iff_bucket"))
def wanted_port(t: Thread, sk: Sock, snum: Port) -> bool:
    """get_port asks for a port only while the socket has none, or for the one it has."""
    return implies(
        at(t, tcp_v4_get_port, "with spin_lock_bh(tcp_bhash_lock):", sk=sk, snum=snum), sk.prev == NULL or sk.num == snum
    ) and implies(
        at(t, tcp_v4_get_port, "while True:", sk=sk) or at(t, tcp_v4_get_port, "with spin_lock(tcp_portalloc_lock):", sk=sk),
        sk.prev == NULL,
    )


# What follows no property rests on: it shows that transitions of the listing cannot fire (sockproof coverage).


@lemma(uses=("linked", "open_has_sk"))
def stream_only(sock: Socket) -> bool:
    """sys_socket makes stream sockets only, and without connect and accept they stay unconnected."""
    return implies(sock.sk != NULL, sock.ops == inet_stream_ops and sock.type == SOCK_STREAM and sock.state == SS_UNCONNECTED)


@lemma(uses=(*OWNED, "closed", "listening_hash_only", "closed_or_listening"))
def listener_hashed(sk: Sock) -> bool:
    """listen hashes or goes back to CLOSE before it releases the lock, and every way out of LISTEN takes it."""
    return implies(not sk.users and sk.state == TCP_LISTEN, sk.hashed == TCP_LHASH)


@lemma(uses=(*OWNED, "open_has_sk", "closed_or_listening"))
def left_listen(t: Thread, old_state: TcpState) -> bool:
    """tcp_disconnect changes the state of a listener only: other sockets are closed already."""
    return implies(inside(t, tcp_disconnect, old_state=old_state) and inside(t, tcp_set_state), old_state == TCP_LISTEN)


@lemma()
def port_asked(t: Thread, snum: Port) -> bool:
    """Only a port the caller gave needs the capability, and get_port chooses one only if none is given."""
    return implies(inside(t, inet_bind, snum=snum) and inside(t, capable_net_bind_service), snum != 0) and implies(
        inside(t, inet_bind, snum=snum)
        and (at(t, tcp_v4_get_port, "with spin_lock(tcp_portalloc_lock):") or at(t, tcp_v4_get_port, "while True:")),
        snum == 0,
    )


@lemma(uses=(*OWNED, "num_iff_bucket"))
def binds_once(t: Thread, sk: Sock) -> bool:
    """inet_bind refuses a socket that has a port, so get_port finds none."""
    return implies(inside(t, inet_bind, sk=sk) and inside(t, tcp_v4_get_port, sk=sk), sk.num == 0 and sk.prev == NULL)


@lemma(uses=(*OWNED, "num_iff_bucket", "bucket_owned"))
def listens_on_own(t: Thread, sk: Sock, snum: Port) -> bool:
    """listen asks get_port for the port the socket has, if it has one: that is the port of its bucket, which is live."""
    return implies(
        inside(t, tcp_listen_start, sk=sk) and at(t, tcp_v4_get_port, "with spin_lock_bh(tcp_bhash_lock):", sk=sk, snum=snum),
        snum != 0 and sk.num == snum and sk.prev != NULL,
    )


@pure
def released(t: Thread, sk: Sock) -> bool:
    """In tcp_close behind tcp_v4_destroy_sock."""
    return at(t, tcp_destroy_sock, "sk.gone = True", sk=sk) or inside(t, sock_put, sk=sk)


@lemma(uses=(*OWNED, "closed"))
def portless(t: Thread, sk: Sock) -> bool:
    """tcp_destroy_sock gives the port back."""
    return implies(released(t, sk), sk.prev == NULL)


@lemma(uses=(*OWNED, "portless"))
def owners_live(sk: Sock) -> bool:
    """What is freed has no port any more."""
    return implies(sk.prev != NULL, sk.live)


@lemma(uses=(*OWNED, "portless", "owners_live", "binds_once", "listens_on_own", "wanted_port", "bucket_owned", "num_iff_bucket"))
def has_owner(tb: BindBucket) -> bool:
    """A bucket without owners goes away: with the last one, who gives it back before it is freed."""
    return implies(tb.live, any(sk.prev == tb for sk in Sock))


@lemma(uses=(*OWNED, "closed"))
def gone(t: Thread, sk: Sock) -> bool:
    """The socket's own reference was dropped before that of tcp_close is."""
    return implies(inside(t, sock_put, sk=sk), sk.gone)


@lemma(uses=(*OWNED, "tcp_only"))
def held_by_closer(t: Thread, sk: Sock) -> bool:
    """Only tcp_close takes a reference, and drops it before anything is freed."""
    return implies(t.held_sk == sk, inside(t, tcp_close, sk=sk) and not inside(t, sk_free))
