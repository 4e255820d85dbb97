"""Lemmas for connect() that chooses its port last, while the network is silent: a closed socket that nobody bound has no port."""

from __future__ import annotations

from checker.language import NULL, at, implies, inside, lemma
from proofs.sockets import OWNED
from spec.net.ipv4.tcp_ipv4 import tcp_v4_hash_connecting
from spec.net.ipv4.tcp_state import tcp_set_state
from spec.net.ipv4.tcp_v4_connect import tcp_v4_receive_at
from spec.state import Sock, Thread
from spec.values import TCP_CLOSE, TCP_SYN_SENT, Port
from spec.variants.connect_chooses_port_last import tcp_v4_connect_routed, tcp_v4_hash_connect


@lemma()
def never_bound(sk: Sock) -> bool:
    """Nobody binds."""
    return not sk.bindport_lock


@lemma(uses=("local_port_range",))
def rover_given(t: Thread, rover: Port) -> bool:
    """The ports that are tried are of the local range, which never begins at 0."""
    return implies(inside(t, tcp_v4_hash_connect, rover=rover), rover != 0)


@lemma(uses=(*OWNED, "leaving"))
def choosing(t: Thread, sk: Sock) -> bool:
    """connect() chooses a port for a socket without one."""
    return implies(
        at(t, tcp_v4_hash_connect, "with spin_lock(tcp_portalloc_lock):", sk=sk)
        or at(t, tcp_v4_hash_connect, "while True:", sk=sk),
        sk.num == 0,
    )


@lemma(uses=("local_port_range", "rover_given", "choosing"))
def has_bucket(sk: Sock) -> bool:
    """A socket has a port if it is among the owners of a bucket."""
    return (sk.num == 0) == (sk.prev == NULL)


@lemma(uses=OWNED)
def hashing(t: Thread, sk: Sock) -> bool:
    """connect() takes a port when the state is SYN_SENT."""
    return implies(inside(t, tcp_v4_hash_connect, sk=sk) or inside(t, tcp_v4_hash_connecting, sk=sk), sk.state == TCP_SYN_SENT)


@lemma(uses=(*OWNED, "closed_portless"))
def departing(t: Thread, sk: Sock) -> bool:
    """connect() leaves from CLOSE."""
    return implies(
        at(t, tcp_v4_connect_routed, "tcp_v4_receive_at(sk, sk.saddr)", sk=sk)
        or inside(t, tcp_v4_receive_at, sk=sk)
        or at(t, tcp_v4_connect_routed, "sk.dport = htons(port)", sk=sk)
        or at(t, tcp_v4_connect_routed, "sk.daddr = daddr", sk=sk),
        sk.state == TCP_CLOSE,
    )


@lemma(uses=(*OWNED, "never_bound", "has_bucket", "closed_portless", "departing"))
def leaving(t: Thread, sk: Sock) -> bool:
    """Before the state becomes CLOSE the port is given up, and before it becomes SYN_SENT there is none."""
    return implies(at(t, tcp_set_state, "sk.state = state", sk=sk), sk.num == 0)


@lemma(uses=(*OWNED, "has_bucket", "hashing", "leaving"))
def closed_portless(sk: Sock) -> bool:
    """A closed socket has no port."""
    return implies(sk.state == TCP_CLOSE, sk.num == 0)


PROPERTY_USES: dict[str, tuple[str, ...]] = {"unbound_portless": ("closed_portless",)}
