"""Lemmas of TCP sockets that connect while packets arrive: who keeps a socket alive, and when its port and its place change."""

from __future__ import annotations

from checker.language import NULL, at, called, htons, implies, inside, lemma, pure
from proofs.sockets import given_up
from spec.net.core.sock import sk_free
from spec.net.ipv4.af_inet import inet_bind, inet_release, inet_stream_connect
from spec.net.ipv4.protocols import inet_stream_ops, tcp_prot
from spec.net.ipv4.route import ip_route_output
from spec.net.ipv4.tcp_ipv4 import in_local_port_range, tcp_put_port, tcp_v4_get_port, tcp_v4_hash_connecting
from spec.net.ipv4.tcp_state import tcp_destroy_sock, tcp_set_state
from spec.net.ipv4.tcp_v4_connect import tcp_connect, tcp_v4_connect, tcp_v4_connect_routed, tcp_v4_receive_at
from spec.net.socket import sock_release
from spec.state import Sock, Socket, Thread
from spec.values import NOT_HASHED, TCP_CLOSE, TCP_SYN_SENT, Port


@lemma(
    uses=(
        "file_open",
        "releasing",
        "frames",
    )
)
def releaser_shut(sock: Socket) -> bool:
    """The last reference can only be dropped after close emptied the descriptor slot."""
    return implies(sock.releaser != NULL, sock.live and not sock.fd)


@lemma(uses=("releaser_shut", "frames", "open_has_sk", "releasing"))
def file_open(t: Thread, sock: Socket) -> bool:
    """While a thread holds a reference to the file nobody releases the socket."""
    return implies(t.file == sock, sock.live and sock.releaser == NULL)


@lemma(uses=("linked", "releaser_shut", "releasing", "frames"))
def open_has_sk(sock: Socket) -> bool:
    """A socket that is not being released has a sock, and an open one is not being released."""
    return implies(sock.live and sock.releaser == NULL, sock.sk != NULL or given_up(sock)) and implies(sock.fd, sock.live)


@lemma(uses=("file_open", "releaser_shut", "frames"))
def releasing(t: Thread, sock: Socket) -> bool:
    """From sock_release on the socket belongs to the thread that dropped the last reference."""
    return implies(called(t, sock_release, sock=sock), sock.releaser == t and sock.live and not sock.fd)


@lemma(
    uses=(
        "releasing",
        "closing",
        "unlinks",
        "open_has_sk",
        "freeing",
        "buried",
        "frames",
    )
)
def linked(sock: Socket) -> bool:
    """struct socket and struct sock point at each other until the socket is released."""
    return implies(sock.sk != NULL, sock.live and sock.sk.live and sock.sk.socket == sock and sock.sk.closer == NULL)


@lemma(
    uses=(
        "linked",
        "file_open",
        "releasing",
        "open_has_sk",
        "frames",
        "reset",
    )
)
def sk_held(t: Thread, sock: Socket, sk: Sock) -> bool:
    """The sk a call works on stays the sock of its socket."""
    return implies(
        t.file == sock and (called(t, inet_bind, sk=sk) or called(t, inet_stream_connect, sk=sk)),
        sock.sk == sk,
    )


@lemma(uses=("open_has_sk", "releaser_shut", "file_open", "locked", "frames"))
def sk_there(t: Thread) -> bool:
    """A call starts on an open socket, which has a sock."""
    return not inside(t, inet_bind, sk=NULL) and not inside(t, inet_stream_connect, sk=NULL)


@pure
def unlinking(t: Thread, sk: Sock) -> bool:
    """In inet_release before the socket forgets its sock."""
    return at(t, inet_release, "sock.sk = NULL", sk=sk)


@lemma(uses=("linked", "releasing", "frames"))
def unlinks(t: Thread, sock: Socket, sk: Sock) -> bool:
    """What inet_release unlinks is the sock of its socket."""
    return implies(at(t, inet_release, "sock.sk = NULL", sock=sock, sk=sk), sock.sk == sk)


@lemma(uses=("linked", "releasing", "unlinks", "freeing", "lonely", "buried", "alive_in_close", "frames", "reset"))
def closing(t: Thread, sk: Sock) -> bool:
    """Behind `sock->sk = NULL` the sock belongs to the closing thread alone."""
    return implies(called(t, inet_release, sk=sk) and not unlinking(t, sk), sk.closer == t and sk.live)


@lemma(
    uses=(
        "closing",
        "linked",
        "buried",
        "unlinks",
        "locked",
        "frames",
        "reset",
    )
)
def alive_in_close(t: Thread, sk: Sock) -> bool:
    """Before tcp_close takes a reference of its own nobody buries the socket."""
    return implies(called(t, inet_release, sk=sk) and t.held_sk != sk and not inside(t, sk_free), not sk.dead)


@lemma(
    uses=(
        "closing",
        "locked",
        "frames",
        "dying",
        "linked",
        "sk_held",
        "file_open",
    )
)
def buried(sk: Sock) -> bool:
    """Only tcp_close orphans a socket, and only an orphan that is in no table is given up."""
    return implies(sk.gone, sk.dead and sk.hashed == NOT_HASHED) and implies(sk.dead, sk.closer != NULL)


@lemma(
    uses=(
        "locked",
        "frames",
        "closing_unhashed",
        "closed_unhashed",
        "users_live",
        "freed_unlocked",
    )
)
def dying(t: Thread, sk: Sock) -> bool:
    """tcp_destroy_sock finds an orphan that is in no table."""
    return implies(
        at(t, tcp_destroy_sock, "sk.gone = True", sk=sk)
        or (inside(t, tcp_destroy_sock, sk=sk) and inside(t, tcp_put_port, sk=sk)),
        sk.dead and sk.hashed == NOT_HASHED,
    )


@lemma(
    uses=(
        "freeing",
        "hashed_live",
        "closing",
        "lonely",
        "frames",
    )
)
def kept(t: Thread, sk: Sock) -> bool:
    """What a thread or its softirq has a reference to exists."""
    return implies(t.rx_sk == sk or t.held_sk == sk, sk.live)


@lemma(uses=("frames", "kept", "buried", "closing", "lonely"))
def freeing(t: Thread, sk: Sock) -> bool:
    """sk_free gets a socket that was given up."""
    return implies(inside(t, sk_free, sk=sk), sk.gone and sk.live)


@lemma(
    uses=(
        "frames",
        "freeing",
        "buried",
        "closing",
        "alive_in_close",
    )
)
def lonely(t: Thread, u: Thread, sk: Sock) -> bool:
    """sk_free gets a socket nobody else has a reference to."""
    return implies(inside(t, sk_free, sk=sk), u.rx_sk != sk and u.held_sk != sk and not (t != u and inside(u, sk_free, sk=sk)))


@lemma(
    uses=(
        "freeing",
        "buried",
        "users_live",
        "locked",
        "frames",
    )
)
def hashed_live(sk: Sock) -> bool:
    """What is in a hash table exists."""
    return implies(sk.hashed != NOT_HASHED, sk.live)


@lemma(uses=("owners", "frames", "lonely", "freeing", "buried", "sk_held", "linked", "closing", "alive_in_close", "unlinks"))
def freed_unlocked(t: Thread, sk: Sock) -> bool:
    """sk_free gets a socket whose lock nobody has."""
    return implies(inside(t, sk_free, sk=sk), not sk.users)


@lemma(uses=("owners", "frames", "kept", "sk_held", "linked", "closing"))
def users_live(sk: Sock) -> bool:
    """Whoever has the lock of a socket keeps it alive."""
    return implies(sk.users, sk.live)


@pure
def settling(t: Thread, sk: Sock) -> bool:
    """Behind a successful get_port, before sport is written."""
    return at(t, inet_bind, "sk.sport = htons(sk.num)", sk=sk) or at(t, inet_stream_connect, "sk.sport = htons(sk.num)", sk=sk)


@pure
def departing(t: Thread, sk: Sock) -> bool:
    """In tcp_v4_connect before the state changes."""
    return (
        at(t, tcp_v4_connect, "source = rt_src(addr, sk.saddr)", sk=sk)
        or (inside(t, tcp_v4_connect, sk=sk) and inside(t, ip_route_output))
        or at(t, tcp_v4_connect_routed, "if sk.saddr == INADDR_ANY:", sk=sk)
        or at(t, tcp_v4_connect_routed, "tcp_v4_receive_at(sk, sk.saddr)", sk=sk)
        or at(t, tcp_v4_receive_at, "sk.rcv_saddr = addr", sk=sk)
        or at(t, tcp_v4_connect_routed, "sk.dport = htons(port)", sk=sk)
        or at(t, tcp_v4_connect_routed, "sk.daddr = daddr", sk=sk)
    )


@lemma(
    uses=(
        "locked",
        "frames",
        "closing_unhashed",
        "closed_unhashed",
    )
)
def not_hashed(t: Thread, sk: Sock) -> bool:
    """Where num is about to change, and until connect hashes it, the socket is in no hash table."""
    return implies(
        inside(t, tcp_v4_get_port, sk=sk)
        or inside(t, tcp_put_port, sk=sk)
        or at(t, inet_bind, "sk.rcv_saddr = sk.saddr = addr", sk=sk)
        or settling(t, sk)
        or departing(t, sk)
        or (inside(t, tcp_connect, sk=sk) and inside(t, tcp_set_state) and at(t, tcp_set_state, "sk.state = state", sk=sk))
        or inside(t, tcp_v4_hash_connecting, sk=sk),
        sk.hashed == NOT_HASHED,
    )


@lemma(uses=("locked", "frames", "freed_unlocked", "users_live"))
def connecting(t: Thread, sk: Sock) -> bool:
    """When connect hashes the socket, its state is SYN_SENT."""
    return implies(inside(t, tcp_v4_hash_connecting, sk=sk), sk.state == TCP_SYN_SENT)


@lemma(
    uses=(
        "locked",
        "frames",
        "snum_given",
    )
)
def sport_kept(sk: Sock) -> bool:
    """sport is what num says, but for the owner of the lock between get_port and its write of sport."""
    return sk.num == 0 or sk.sport == htons(sk.num) or (sk.users and settling(sk.owner, sk))


@lemma(uses=("closing_unhashed", "connecting", "locked"))
def closed_unhashed(sk: Sock) -> bool:
    """A closed socket is in no hash table."""
    return implies(sk.state == TCP_CLOSE, sk.hashed == NOT_HASHED)


@lemma(uses=("local_port_range", "frames"))
def snum_given(t: Thread, snum: Port, rover: Port) -> bool:
    """tcp_v4_get_port takes a port other than 0: the one asked for, or one of the local range."""
    return implies(
        at(t, tcp_v4_get_port, "with spin_lock_bh(tcp_bhash_lock):", snum=snum)
        and not at(t, tcp_v4_get_port, "with spin_lock_bh(tcp_bhash_lock):", rover=rover),
        snum != 0,
    ) and implies(at(t, tcp_v4_get_port, "while True:", rover=rover), in_local_port_range(rover))


@lemma()
def has_bucket(sk: Sock) -> bool:
    """A socket has a port if it is among the owners of a bucket."""
    return (sk.num == 0) == (sk.prev == NULL)


@lemma(uses=("locked", "frames", "has_bucket"))
def binds_once(t: Thread, sk: Sock) -> bool:
    """bind and connect ask for a port only if there is none."""
    return implies(
        inside(t, tcp_v4_get_port, sk=sk) or at(t, inet_bind, "sk.rcv_saddr = sk.saddr = addr", sk=sk), sk.prev == NULL
    )


@lemma(uses=("users_live", "freed_unlocked"))
def tcp_only(sk: Sock) -> bool:
    """sys_socket makes TCP sockets only: a sock that is there has the functions of TCP."""
    return implies(sk.live, sk.prot == tcp_prot)


@lemma(uses=("linked", "open_has_sk"))
def stream_only(sock: Socket) -> bool:
    """sys_socket makes stream sockets only."""
    return implies(sock.sk != NULL, sock.ops == inet_stream_ops)


HASHED = ("frames", "locked", "not_hashed", "closing_unhashed", "closed_unhashed")

PROPERTY_USES: dict[str, tuple[str, ...]] = {
    "hashed_sport": ("sport_kept", "not_hashed", "sport_ready", "locked"),
    "sk_attached": ("open_has_sk", "linked", "releaser_shut"),
    "lock_returned": ("owners",),
    "BUG_TRAP(tcp_v4_hash_connecting: sk.hashed == NOT_HASHED)": HASHED,
    "BUG_TRAP(tcp_v4_check_established: sk.hashed == NOT_HASHED)": HASHED,
    "BUG_TRAP(tcp_destroy_sock: sk.hashed == NOT_HASHED)": HASHED,
    "BUG_TRAP(tcp_destroy_sock: sk.state == TCP_CLOSE)": HASHED,
    "BUG_TRAP(tcp_destroy_sock: sk.dead)": HASHED,
    "BUG_TRAP(tcp_destroy_sock: sk.num == 0 or sk.prev != NULL)": ("has_bucket", "frames", "locked"),
    "BUG_TRAP(tcp_forget_peer: sk.num == 0 or sk.prev != NULL)": ("has_bucket", "frames", "locked"),
    "BUG_TRAP(tcp_take_port: sk.prev == tb)": ("binds_once", "frames", "locked"),
    "BUG_TRAP(tcp_v4_hash: sk.hashed == NOT_HASHED)": (),
    "exclusive": ("releasing", "frames", "releaser_shut", "file_open"),
}


def uses_of(name: str) -> tuple[str, ...] | None:
    """What the proof of the property ``name`` rests on; None for those without a proof."""
    if name.startswith("call through NULL"):
        return (
            "tcp_only",
            "stream_only",
            "users_live",
            "frames",
            "locked",
            "sk_held",
            "linked",
            "open_has_sk",
            "file_open",
            "releaser_shut",
            "releasing",
            "unlinks",
            "closing",
        )
    return PROPERTY_USES.get(name)
