"""Lemmas for TCP sockets that are bound, and that nobody closes: which ports are tried, and whose they are.

No property rests on these: they show that transitions of the listing cannot fire (sockproof coverage).
"""

from __future__ import annotations

from checker.language import NULL, at, implies, inside, lemma
from proofs.sockets import OWNED
from spec.net.ipv4.tcp_ipv4 import in_local_port_range, tcp_v4_get_port
from spec.state import BindBucket, Sock, Thread
from spec.values import Port


@lemma(uses=("local_port_range",))
def port_tried(t: Thread, snum: Port, rover: Port) -> bool:
    """get_port takes a port other than 0: the one asked for, or one of the local range."""
    return implies(
        at(t, tcp_v4_get_port, "with spin_lock_bh(tcp_bhash_lock):", snum=snum)
        and not at(t, tcp_v4_get_port, "with spin_lock_bh(tcp_bhash_lock):", rover=rover),
        snum != 0,
    ) and implies(at(t, tcp_v4_get_port, "while True:", rover=rover), in_local_port_range(rover))


@lemma(uses=(*OWNED, "port_tried"))
def port_is_bucket(sk: Sock) -> bool:
    """A socket has a port if it is among the owners of the bucket of that port."""
    return sk.prev == BindBucket[sk.num]


@lemma(uses=(*OWNED, "port_is_bucket"))
def takes_one(t: Thread, sk: Sock) -> bool:
    """get_port is asked for a socket without a port."""
    return implies(inside(t, tcp_v4_get_port, sk=sk), sk.num == 0 and sk.prev == NULL)


@lemma(uses=(*OWNED, "none_released"))
def owner_there(sk: Sock) -> bool:
    """What is not there has no port."""
    return implies(sk.prev != NULL, sk.live)


@lemma(uses=(*OWNED, "takes_one", "owner_there", "none_released"))
def bucket_owner(tb: BindBucket) -> bool:
    """A bucket goes away with its last owner."""
    return implies(tb.live, any(sk.prev == tb for sk in Sock))
