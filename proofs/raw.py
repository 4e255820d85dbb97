"""Lemmas for RAW sockets: hashed by inet_create, unhashed for good by the first disconnect or by close."""

from __future__ import annotations

from checker.language import NULL, at, implies, lemma
from proofs.sockets import HELD
from spec.net.ipv4.protocols import inet_dgram_ops, raw_prot
from spec.net.ipv4.udp import udp_disconnect
from spec.state import NOT_HASHED, SOCK_RAW, Sock, Socket, Thread


@lemma(uses=("linked",))
def raw_only(sk: Sock) -> bool:
    """sys_socket makes RAW sockets only, with the protocol as their num."""
    return implies(sk.live, sk.prot == raw_prot and sk.num != 0)


@lemma(uses=("linked", "open_has_sk"))
def raw_ops(sock: Socket) -> bool:
    """Their calls are those of datagram sockets."""
    return implies(sock.sk != NULL, sock.ops == inet_dgram_ops and sock.type == SOCK_RAW)


@lemma(uses=(*HELD, "raw_only"))
def raw_disconnected(t: Thread, sk: Sock) -> bool:
    """udp_disconnect clears sport behind its unhash, and only inet_create hashes a RAW socket."""
    return implies(at(t, udp_disconnect, "sk.sport = 0", sk=sk), sk.hashed == NOT_HASHED)


PROPERTY_USES: dict[str, tuple[str, ...]] = {
    "hashed_sport": (*HELD, "raw_disconnected", "raw_only"),
    "raw_hashed_num": (*HELD, "raw_only"),
    "dgram_unconnected": ("open_has_sk",),
    "dgram_states": (),
    "exclusive": ("releasing", "file_held", "sk_held", "closing", "linked", "references", "releaser_shut", "released_alone"),
}
