"""Lemmas for UDP sockets whose connect and disconnect hold the socket lock: what the two write stays together."""

from __future__ import annotations

from checker.language import NULL, at, implies, inside, lemma, pure
from proofs.sockets import OWNED
from spec.net.core.sock import sock_put
from spec.net.ipv4.af_inet import inet_bind, inet_dgram_connect, inet_release, inet_sendmsg, inet_sock_release
from spec.net.ipv4.udp import udp_connect, udp_v4_get_port, udp_v4_unhash
from spec.state import Sock, Socket, Thread
from spec.values import INADDR_ANY, TCP_CLOSE, TCP_ESTABLISHED, Addr
from spec.variants.udp_disconnect_locked import original_udp_disconnect


@lemma(uses=("references", "file_held", "sk_held", "linked"))
def sk_filed(t: Thread, sk: Sock) -> bool:
    """Whoever works on a sock holds the file of its socket."""
    return implies(
        inside(t, inet_bind, sk=sk) or inside(t, inet_dgram_connect, sk=sk) or inside(t, inet_sendmsg, sk=sk),
        t.file == sk.socket,
    )


@lemma(uses=("closing", "linked", "releasing"))
def closing_socket(t: Thread, sock: Socket, sk: Sock) -> bool:
    """A sock that is being closed belongs to the socket that is being released, until it is orphaned."""
    return implies(inside(t, inet_release, sock=sock, sk=sk), sk.socket == NULL or sk.socket == sock)


@lemma(uses=("references", "closing", "linked"))
def orphaned(t: Thread, sk: Sock) -> bool:
    """Behind sock_orphan the sock has no socket."""
    return implies(
        at(t, inet_sock_release, "current().held_sk = sk", sk=sk)
        or at(t, inet_sock_release, "sk.gone = True", sk=sk)
        or inside(t, sock_put, sk=sk),
        sk.socket == NULL,
    )


@lemma(uses=("references", "closing", "linked", "releasing", "closing_socket", "orphaned", "udp_only", "dgram_ops"))
def closer_shut(sk: Sock) -> bool:
    """A sock that is being closed has no open socket: whoever closes it is in inet_release until it is orphaned."""
    return implies(
        sk.closer != NULL and sk.socket != NULL,
        sk.socket.live and not sk.socket.fd and inside(sk.closer, inet_release, sk=sk),
    )


@lemma(uses=(*OWNED, "udp_num_iff_hashed", "port_taken"))
def connecting_num(t: Thread, sk: Sock) -> bool:
    """connect() goes on with a port, which nobody takes away under the lock."""
    return implies(
        inside(t, udp_connect, sk=sk) or at(t, inet_dgram_connect, "sk.sport = htons(sk.num)", sk=sk),
        sk.num != 0,
    )


@lemma(uses=("loopback_address",))
def peer_chosen(t: Thread, daddr: Addr) -> bool:
    """The destination of a route is an address."""
    return implies(inside(t, udp_connect, daddr=daddr), daddr != INADDR_ANY)


@lemma(uses=(*OWNED, "peer_chosen", "loopback_address"))
def peer_written(t: Thread, sk: Sock) -> bool:
    """The peer is there before the state says so."""
    return implies(at(t, udp_connect, "sk.state = TCP_ESTABLISHED", sk=sk), sk.daddr != INADDR_ANY)


@pure
def binding_port(t: Thread, sk: Sock) -> bool:
    """In bind(), from the test of state until sport is written."""
    return (
        at(t, inet_bind, "if sk.state != TCP_CLOSE or sk.num != 0:", sk=sk)
        or at(t, inet_bind, "sk.rcv_saddr = sk.saddr = addr", sk=sk)
        or at(t, inet_bind, "sk.saddr = INADDR_ANY", sk=sk)
        or inside(t, udp_v4_get_port, sk=sk)
        and inside(t, inet_bind, sk=sk)
        or at(t, inet_bind, "sk.sport = htons(sk.num)", sk=sk)
    )


@lemma(uses=OWNED)
def unconnected(t: Thread, sk: Sock) -> bool:
    """bind() and disconnect write state first, or have looked at it, and keep the lock."""
    return implies(
        at(t, original_udp_disconnect, "sk.daddr = INADDR_ANY", sk=sk)
        or at(t, original_udp_disconnect, "sk.rcv_saddr = INADDR_ANY", sk=sk)
        or at(t, original_udp_disconnect, "sk.saddr = INADDR_ANY", sk=sk)
        or inside(t, udp_v4_unhash, sk=sk)
        and not inside(t, inet_release, sk=sk)
        or binding_port(t, sk)
        or at(t, inet_bind, "sk.daddr = INADDR_ANY", sk=sk),
        sk.state == TCP_CLOSE,
    )


@lemma(uses=(*OWNED, "connecting_num", "port_taken", "udp_num_iff_hashed", "unconnected"))
def connected_hashed(sk: Sock) -> bool:
    """Only close takes the port of a connected socket."""
    return implies(sk.state == TCP_ESTABLISHED and sk.num == 0, sk.closer != NULL)


@lemma(uses=(*OWNED, "peer_chosen", "peer_written", "loopback_address", "unconnected"))
def connected_peer(sk: Sock) -> bool:
    """The peer of a connected socket is written anew, never taken away."""
    return implies(sk.state == TCP_ESTABLISHED, sk.daddr != INADDR_ANY)


PROPERTY_USES: dict[str, tuple[str, ...]] = {
    "udp_sport_at_rest": ("sport_owed", "sk_filed"),
    "udp_connected_peer": ("connected_peer",),
    "udp_connected_hashed": ("connected_hashed", "udp_num_iff_hashed", "closer_shut"),
}
