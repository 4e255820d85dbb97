"""Lemmas for TCP sockets that nobody closes: what sys_socket makes, and whose a port is that get_port is asked for.

No property rests on these: they show that transitions of the listing cannot fire (sockproof coverage).
"""

from __future__ import annotations

from checker.language import NULL, at, implies, inside, lemma, pure
from proofs.sockets import OWNED
from spec.net.ipv4.protocols import inet_stream_ops, tcp_prot
from spec.net.ipv4.tcp import tcp_listen_start
from spec.net.ipv4.tcp_ipv4 import in_local_port_range, tcp_v4_get_port
from spec.state import BindBucket, Sock, Socket, Thread
from spec.values import SOCK_STREAM, Port


@lemma(uses=("linked",))
def made_tcp(sk: Sock) -> bool:
    """sys_socket makes TCP sockets only."""
    return implies(sk.live, sk.prot == tcp_prot)


@lemma(uses=("linked", "open_has_sk"))
def made_stream(sock: Socket) -> bool:
    """They have the operations of stream sockets."""
    return implies(sock.sk != NULL, sock.ops == inet_stream_ops and sock.type == SOCK_STREAM)


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


@pure
def chooses(t: Thread, sk: Sock) -> bool:
    """In get_port where it tries the ports of the local range."""
    return at(t, tcp_v4_get_port, "with spin_lock(tcp_portalloc_lock):", sk=sk) or at(t, tcp_v4_get_port, "while True:", sk=sk)


@lemma(uses=(*OWNED, "port_is_bucket"))
def takes_one(t: Thread, sk: Sock) -> bool:
    """get_port is asked for a socket without a port, but for listen, which may ask for the one there is."""
    return implies(
        inside(t, tcp_v4_get_port, sk=sk) and (chooses(t, sk) or not inside(t, tcp_listen_start)),
        sk.num == 0 and sk.prev == NULL,
    )


@lemma(uses=(*OWNED, "port_is_bucket"))
def takes_again(t: Thread, sk: Sock, snum: Port) -> bool:
    """That is the port it has."""
    return implies(
        inside(t, tcp_listen_start, sk=sk) and at(t, tcp_v4_get_port, "with spin_lock_bh(tcp_bhash_lock):", snum=snum),
        sk.num == snum and sk.prev != NULL,
    )


@lemma(uses=(*OWNED, "none_released"))
def owner_there(sk: Sock) -> bool:
    """What is not there has no port."""
    return implies(sk.prev != NULL, sk.live)


@lemma(uses=(*OWNED, "port_is_bucket", "takes_one", "takes_again", "owner_there", "none_released"))
def bucket_owner(tb: BindBucket) -> bool:
    """A bucket goes away with its last owner."""
    return implies(tb.live, any(sk.prev == tb for sk in Sock)) and implies(not tb.live, not any(sk.prev == tb for sk in Sock))
