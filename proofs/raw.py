"""Lemmas for RAW sockets: hashed by inet_create, unhashed for good by the first disconnect or by close."""

from __future__ import annotations

from checker.language import at, implies, lemma
from proofs.sockets import OWNED
from spec.net.ipv4.protocols import raw_prot
from spec.net.ipv4.udp import udp_disconnect
from spec.state import NOT_HASHED, Sock, Thread


@lemma(uses=("linked",))
def raw_only(sk: Sock) -> bool:
    """sys_socket makes RAW sockets only."""
    return implies(sk.live, sk.prot == raw_prot)


@lemma(uses=(*OWNED, "raw_only"))
def disconnected(t: Thread, sk: Sock) -> bool:
    """udp_disconnect clears sport behind its unhash, and only inet_create hashes a RAW socket."""
    return implies(at(t, udp_disconnect, "sk.sport = 0", sk=sk), sk.hashed == NOT_HASHED)


PROPERTY_USES: dict[str, tuple[str, ...]] = {
    "hashed_sport": (*OWNED, "disconnected", "raw_only"),
    "raw_hashed_num": (*OWNED, "raw_only"),
    "dgram_unconnected": ("open_has_sk",),
    "dgram_states": (),
    "exclusive": ("releasing", "file_held", "sk_held", "closing", "linked", "references", "releaser_shut", "released_alone"),
}
