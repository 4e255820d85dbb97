"""Lemmas for UDP and RAW sockets: how close ends them.

No property rests on these: they show that transitions of the listing cannot fire (sockproof coverage).
"""

from __future__ import annotations

from checker.language import NULL, implies, inside, lemma
from proofs.sockets import HELD
from spec.net.core.sock import sk_free, sock_put
from spec.net.ipv4.protocols import inet_dgram_ops
from spec.net.ipv4.raw import raw_sendmsg
from spec.net.ipv4.udp import udp_connect, udp_sendmsg
from spec.state import Fib, Sock, Socket, Thread
from spec.values import INADDR_ANY, RTN_BROADCAST, RTN_MULTICAST, SUCCESS, Addr


@lemma(uses=("linked", "open_has_sk"))
def dgram_ops(sock: Socket) -> bool:
    """A socket with a sock has operations, those of datagram sockets."""
    return implies(sock.sk != NULL, sock.ops == inet_dgram_ops)


@lemma(uses=HELD)
def dgram_gone(t: Thread, sk: Sock) -> bool:
    """inet_sock_release gives up the socket's own reference before it drops its last one."""
    return implies(inside(t, sock_put, sk=sk), sk.gone)


@lemma(uses=HELD)
def dgram_held(t: Thread, sk: Sock) -> bool:
    """Without packets only the thread that closes a sock keeps a reference of its own to it."""
    return implies(t.held_sk == sk, sk.live and sk.closer == t and not inside(t, sk_free))


@lemma(uses=("references",))
def dgram_peer(t: Thread, sk: Sock, peer: Addr) -> bool:
    """udp_connect stores a destination that has a route, or needs none, and that is no broadcast address; send reads it."""
    return implies(
        peer != INADDR_ANY
        and (
            sk.daddr == peer
            or inside(t, udp_connect, daddr=peer)
            or inside(t, udp_sendmsg, daddr=peer)
            or inside(t, raw_sendmsg, daddr=peer)
        ),
        Fib[peer].type != RTN_BROADCAST
        and (Fib[peer].route == SUCCESS or Fib[peer].type == RTN_MULTICAST or Fib[peer].limited_broadcast),
    )
