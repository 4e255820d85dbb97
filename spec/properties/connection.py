"""TCP connections: which states go together, who owns what, and what holds whenever nobody has the socket."""

from __future__ import annotations

from checker.language import NULL, always, implies, inside, pure, sometimes
from spec.net.ipv4.tcp_v4_rcv import segment_arrives
from spec.net.socket import system_call
from spec.state import Sock, Socket
from spec.values import (
    SS_CONNECTED,
    SS_CONNECTING,
    SS_DISCONNECTING,
    SS_UNCONNECTED,
    SUCCESS,
    TCP_CLOSE,
    TCP_CLOSE_WAIT,
    TCP_CLOSING,
    TCP_ESTABLISHED,
    TCP_FIN_WAIT1,
    TCP_FIN_WAIT2,
    TCP_LAST_ACK,
    TCP_LISTEN,
    TCP_SYN_RECV,
    TCP_SYN_SENT,
)

TCP = ("connect", "accept")


@always(
    stands_for="tcp_reset, tcp_write_err: an error ends the handshake",
    because="whoever sets sk->err while the handshake runs closes the socket before it lets go of it",
    clients=TCP,
)
def error_left_handshake(sk: Sock) -> bool:
    return implies(sk.err != SUCCESS and not sk.users, sk.state != TCP_SYN_SENT and sk.state != TCP_SYN_RECV)


@pure
def paired(sock: Socket, sk: Sock) -> bool:
    """Which states of the socket and of TCP go together while nobody has the socket."""
    return (
        (sock.state == SS_UNCONNECTED and sk.state in (TCP_CLOSE, TCP_LISTEN))
        or (sock.state == SS_CONNECTING and sk.state in (TCP_SYN_SENT, TCP_SYN_RECV, TCP_ESTABLISHED, TCP_CLOSE_WAIT, TCP_CLOSE))
        or (
            sock.state == SS_CONNECTED
            and sk.state
            in (TCP_ESTABLISHED, TCP_CLOSE_WAIT, TCP_FIN_WAIT1, TCP_FIN_WAIT2, TCP_CLOSING, TCP_LAST_ACK, TCP_CLOSE, TCP_LISTEN)
        )
        or (
            sock.state == SS_DISCONNECTING
            and sk.state
            in (
                TCP_CLOSE,
                TCP_SYN_RECV,
                TCP_ESTABLISHED,
                TCP_CLOSE_WAIT,
                TCP_FIN_WAIT1,
                TCP_FIN_WAIT2,
                TCP_CLOSING,
                TCP_LAST_ACK,
            )
        )
    )


@always(
    stands_for="sock->state and sk->state, the pairs that can be seen between calls",
    because="connect, disconnect and accept change both under the socket lock, packets move sk->state only forward or to CLOSE",
    clients=TCP,
)
def states_paired(sock: Socket) -> bool:
    return implies(sock.fd and sock.sk != NULL and not sock.sk.users, paired(sock, sock.sk))


@always(
    stands_for="inet_release, sock_graft: sock->sk never dangles",
    because="sock->sk is cleared before the last reference can go",
    clients=TCP,
)
def sk_attached(sock: Socket) -> bool:
    return implies(sock.fd, sock.sk != NULL and sock.sk.live and sock.sk.socket == sock)


@always(
    stands_for="release_sock: packets wait in the backlog only while somebody has the socket",
    because="release_sock gives the socket free when the backlog is empty, in one step",
    clients=("connect",),
)
def backlog_owned(sk: Sock) -> bool:
    return implies(sk.backlog_head != NULL, sk.users)


@always(
    stands_for="lock_sock and release_sock come in pairs: nobody returns with a socket locked",
    because="every way out of every function releases what it took",
    clients=TCP,
)
def lock_returned(sk: Sock) -> bool:
    return implies(sk.users, inside(sk.owner, system_call) or inside(sk.owner, segment_arrives))


@always(
    stands_for="one struct sock per struct socket",
    because="sock_graft takes a child off the accept queue before anybody else can",
    clients=("accept",),
)
def one_socket(a: Socket, b: Socket) -> bool:
    return implies(a != b and a.sk != NULL, a.sk != b.sk)


@always(
    stands_for="sk->ack_backlog counts the connections that wait for accept",
    because="both change under the lock of the listener",
    clients=("accept",),
)
def backlog_counts(sk: Sock) -> bool:
    return implies(
        sk.state == TCP_LISTEN and not sk.users,
        (sk.ack_backlog == 0) == (sk.accept_queue == NULL)
        and (sk.ack_backlog == 1) == (sk.accept_queue != NULL and sk.accept_queue.dl_next == NULL),
    )


@sometimes(
    stands_for="a connection is established",
    because="the SYN-ACK arrives",
    clients=("connect",),
)
def connected(sk: Sock) -> bool:
    return sk.state == TCP_ESTABLISHED and sk.socket.state == SS_CONNECTED


@sometimes(
    stands_for="accept hands out a connection",
    because="SYN, ACK, accept",
    clients=("accept",),
)
def accepted(sock: Socket) -> bool:
    return sock.fd and sock.state == SS_CONNECTED and sock.sk.state == TCP_ESTABLISHED
