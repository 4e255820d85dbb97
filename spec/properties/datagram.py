"""UDP and RAW sockets: hashed as long as they have a port, connected to somebody, able to hear."""

from __future__ import annotations

from checker.language import always, implies, sometimes
from spec.properties.sport import at_rest
from spec.state import Sock, Socket
from spec.values import INADDR_ANY, NOT_HASHED, SS_UNCONNECTED, TCP_CLOSE, TCP_ESTABLISHED


@always(
    stands_for="udp_v4_get_port and udp_v4_unhash write num and the hash chain together",
    because="both do it under udp_hash_lock, and nobody else writes either",
    clients=("udp", "udp_kept"),
)
def udp_num_iff_hashed(sk: Sock) -> bool:
    return (sk.num != 0) == (sk.hashed != NOT_HASHED)


@always(
    stands_for="udp_sendmsg: a connected socket has a peer to send to",
    expected="violated",
    because="connect writes address, port and state one after the other, and a disconnect in between clears the first two",
    clients=("udp",),
)
def udp_connected_peer(sk: Sock) -> bool:
    return implies(sk.state == TCP_ESTABLISHED and at_rest(sk), sk.daddr != INADDR_ANY)


@always(
    stands_for="connect() returned 0: the socket hears its peer",
    expected="violated",
    because="a disconnect after the test of num takes the port away, and connect goes on",
    clients=("udp",),
)
def udp_connected_hashed(sk: Sock) -> bool:
    return implies(sk.state == TCP_ESTABLISHED and at_rest(sk), sk.hashed != NOT_HASHED)


@always(
    stands_for="net/ipv4/af_inet.c: inet_dgram_ops never touch sock->state",
    because="only inet_stream_connect, inet_accept and inet_shutdown of a stream socket write it",
    clients=("udp", "udp_kept", "raw"),
)
def dgram_unconnected(sock: Socket) -> bool:
    return implies(sock.fd, sock.state == SS_UNCONNECTED)


@always(
    stands_for="datagram sockets know two states: connected to a peer or not",
    because="udp_connect and udp_disconnect write no other",
    clients=("udp", "udp_kept", "raw"),
)
def dgram_states(sk: Sock) -> bool:
    return sk.state == TCP_CLOSE or sk.state == TCP_ESTABLISHED


@always(
    stands_for="inet_create: the protocol of a RAW socket is its num, for good",
    because="raw_v4_unhash leaves num alone, and RAW sockets have no get_port",
    clients=("raw",),
)
def raw_hashed_num(sk: Sock) -> bool:
    return implies(sk.hashed != NOT_HASHED, sk.num != 0)


@sometimes(
    stands_for="a RAW socket that is connected and never hears anything again",
    because="udp_disconnect unhashes a socket without SOCK_BINDPORT_LOCK, which RAW never have; only inet_create hashes",
    clients=("raw",),
)
def raw_deaf(sk: Sock) -> bool:
    return at_rest(sk) and sk.state == TCP_ESTABLISHED and sk.hashed == NOT_HASHED
