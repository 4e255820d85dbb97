"""Lemmas for UDP sockets whose connect, disconnect and getpeername hold the socket lock: the peer changes as a whole."""

from __future__ import annotations

from checker.language import at, implies, inside, lemma, pure
from checker.language.dangling import NO_DANGLING
from proofs.dangling import CHAINED
from proofs.sockets import OWNED
from spec.net.ipv4.af_inet import inet_getname
from spec.net.ipv4.udp import udp_connect
from spec.state import Sock, Thread
from spec.values import INADDR_ANY, Addr
from spec.variants.getname_locked import original_inet_getname
from spec.variants.udp_disconnect_locked import original_udp_disconnect

PEER = (("Sock", "dport"), ("Sock", "daddr"))
"""What getpeername reads in one statement and stores in the next."""


@lemma(uses=("loopback_address",))
def peer_chosen(t: Thread, daddr: Addr) -> bool:
    """The destination of a route is an address."""
    return implies(inside(t, udp_connect, daddr=daddr), daddr != INADDR_ANY)


@lemma(uses=(*OWNED, "peer_chosen"))
def peer_written(t: Thread, sk: Sock) -> bool:
    """The address of the peer is written before its port."""
    return implies(at(t, udp_connect, "sk.dport = htons(port)", sk=sk), sk.daddr != INADDR_ANY)


@lemma(uses=(*OWNED, "peer_chosen", "peer_written"))
def peer_whole(sk: Sock) -> bool:
    """A peer has an address, unless the owner of the lock is about to clear its port as well."""
    return sk.dport == 0 or sk.daddr != INADDR_ANY or (sk.users and at(sk.owner, original_udp_disconnect, "sk.dport = 0", sk=sk))


@lemma(uses=OWNED)
def named_sk(t: Thread, sk: Sock) -> bool:
    """Whose peer getpeername tells is the sock it has locked."""
    return implies(inside(t, original_inet_getname, sk=sk), inside(t, inet_getname, sk=sk))


@pure
def storing_address(t: Thread) -> bool:
    """The port of the peer is stored, its address not yet."""
    return at(t, original_inet_getname, "current().name_addr = sk.daddr")


@lemma(uses=(*OWNED, "named_sk", "peer_whole", "read_under_lock"))
def naming(t: Thread, sk: Sock) -> bool:
    """Behind the test of dport there is a peer, and its port is what getpeername stores."""
    return implies(
        inside(t, original_inet_getname) and inside(t, inet_getname, sk=sk), sk.dport != 0 and sk.daddr != INADDR_ANY
    ) and implies(storing_address(t) and inside(t, inet_getname, sk=sk), t.name_port == sk.dport)


@lemma(uses=(*OWNED, "named_sk", "naming", "read_under_lock"))
def stored(t: Thread) -> bool:
    """What is stored is whole but between its two halves."""
    return storing_address(t) or (t.name_port == 0) == (t.name_addr == INADDR_ANY)


PROPERTY_USES: dict[str, tuple[str, ...]] = {"named_whole": ("stored",), NO_DANGLING: (*CHAINED, "named_sk")}
