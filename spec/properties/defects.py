"""What the defects of the historic record break, each asked of a small client: the model violates it, and its fix repairs it."""

from __future__ import annotations

from checker.language import NULL, always, implies, inside, pure
from spec.net.ipv4.af_inet import inet_getname, inet_release
from spec.state import IpMcSocklist, Sock, Socket, Thread
from spec.values import INADDR_ANY, NOT_HASHED, SS_CONNECTED, TCP_CLOSE, TCP_LISTEN


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


@pure
def found(sk: Sock) -> bool:
    """A sock that others can find: a child that is being made is still the copy it began as."""
    return sk.live and (sk.hashed != NOT_HASHED or sk.queued_at != NULL or (sk.socket != NULL and sk.socket.sk == sk))


@always(
    stands_for="ip_mc_drop_socket: the memberships that close() frees are those of this socket alone",
    expected="violated",
    because="tcp_create_openreq_child copies the sock, and leaves the child with the list of its listener",
    clients=("join",),
)
def one_owner(a: Sock, b: Sock, m: IpMcSocklist, n: IpMcSocklist) -> bool:
    """A membership is the first of one socket, or comes behind one other."""
    return (
        implies(found(a) and found(b) and a.mc_list != NULL and a.mc_list == b.mc_list, a == b)
        and implies(found(a) and n.live and a.mc_list != NULL, a.mc_list != n.next)
        and implies(m.live and n.live and m.next != NULL and m.next == n.next, m == n)
    )
