"""The port a socket sends from is the port it is hashed under: where that holds, and exactly where it does not."""

from __future__ import annotations

from checker.language import NULL, always, htons, implies, inside, pure
from spec.net.ipv4.af_inet import inet_autobind, inet_bind
from spec.state import Sock, Thread
from spec.values import NOT_HASHED, UDP_HASH


@always(
    stands_for="lookup compares the packet with num, replies carry sport (tcp_v4_rcv, tcp_v4_conn_request)",
    because="whoever hashes a socket has written sport before, and num changes only while the socket is not hashed",
    clients=("bind_listen", "raw", "connect", "accept"),
)
def hashed_sport(sk: Sock) -> bool:
    return implies(sk.hashed != NOT_HASHED, sk.sport == htons(sk.num))


@pure
def binding(sk: Sock) -> bool:
    """Whoever has the lock of ``sk`` is in inet_bind or inet_autobind with it."""
    return sk.users and (inside(sk.owner, inet_bind, sk=sk) or inside(sk.owner, inet_autobind, sk=sk))


@pure
def at_rest(sk: Sock) -> bool:
    """No thread is in a call on the socket."""
    return sk.socket != NULL and sk.socket.fd and not any(t.file == sk.socket for t in Thread)


@always(
    stands_for="udp_v4_get_port, then sk->sport = htons(sk->num): hashed first, sport afterwards",
    expected="violated",
    because="get_port hashes a UDP socket, its callers write sport when it returns",
    clients=("udp", "udp_kept"),
)
def udp_hashed_sport(sk: Sock) -> bool:
    return implies(sk.hashed == UDP_HASH, sk.sport == htons(sk.num))


@always(
    stands_for="the window of udp_hashed_sport, if nobody disconnects",
    because="get_port runs under lock_sock in inet_bind and inet_autobind, which write sport before they let go",
    clients=("udp_kept",),
)
def udp_sport_window(sk: Sock) -> bool:
    return implies(sk.hashed == UDP_HASH and sk.sport != htons(sk.num), binding(sk))


@always(
    stands_for="the window of udp_hashed_sport; what a disconnect that came too late leaves is sport 0",
    because="udp_disconnect takes no lock: between its unhash and its sport = 0 another thread may bind the socket anew",
    clients=("udp",),
)
def udp_sport_window_or_erased(sk: Sock) -> bool:
    return implies(sk.hashed == UDP_HASH and sk.sport != htons(sk.num), sk.sport == 0 or binding(sk))


@always(
    stands_for="udp_disconnect: sk->sport = 0 without the socket lock",
    expected="violated",
    because="it may write sport after another thread's autobind: the socket stays hashed under a port that it does not send from",
    clients=("udp",),
)
def udp_sport_at_rest(sk: Sock) -> bool:
    return implies(sk.hashed == UDP_HASH and at_rest(sk), sk.sport == htons(sk.num))
