"""What the defects of the historic record break, each asked of a small client: the model violates it, and its fix repairs it."""

from __future__ import annotations

from checker.language import NULL, always, implies, inside
from spec.net.ipv4.af_inet import inet_getname, inet_release
from spec.state import Sock, Socket, Thread
from spec.values import INADDR_ANY, SS_CONNECTED, TCP_CLOSE, TCP_LISTEN


@always(
    stands_for="inet_release: what sock->sk points to is there to be closed",
    expected="violated",
    because="inet_create frees the sock when the init of its protocol fails, and leaves sock->sk as it is",
    clients=("create",),
)
def released_sk_live(t: Thread, sock: Socket) -> bool:
    return implies(inside(t, inet_release, sock=sock) and sock.sk != NULL, sock.sk.live)


@always(
    stands_for="inet_bind: an address of another family is none of ours",
    expected="violated",
    because="nothing looks at sin_family",
    clients=("foreign",),
)
def foreign_unbound(sk: Sock) -> bool:
    return sk.num == 0


@always(
    stands_for="inet_getname: sin_port and sin_addr are of one peer",
    expected="violated",
    because="it reads dport and daddr without the lock, while connect and disconnect write them one after the other",
    clients=("peername",),
)
def named_whole(t: Thread) -> bool:
    return inside(t, inet_getname) or (t.name_port == 0) == (t.name_addr == INADDR_ANY)


@always(
    stands_for="inet_stream_connect: a connect() that fails leaves the socket as it was",
    expected="violated",
    because="it chooses a port before it knows that there is a route, and keeps it",
    clients=("dial",),
)
def unbound_portless(sk: Sock) -> bool:
    return implies(sk.state == TCP_CLOSE and not sk.users and not sk.bindport_lock, sk.num == 0)


@always(
    stands_for="inet_stream_connect: SS_CONNECTED says that this attempt succeeded",
    expected="violated",
    because="who waits for a connection knows it by sk->state alone, and takes LISTEN for success",
    clients=("await",),
)
def listener_unconnected(sk: Sock) -> bool:
    return not (sk.state == TCP_LISTEN and sk.socket != NULL and sk.socket.state == SS_CONNECTED)
