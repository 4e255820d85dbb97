"""Lemmas for RAW sockets: hashed by inet_create, unhashed for good by the first disconnect or by close."""

from __future__ import annotations

from checker.language import at, implies, inside, lemma
from checker.language.dangling import NO_DANGLING
from proofs.dangling import FOLLOWED
from proofs.sockets import HELD
from spec.kernel.capability import capable_net_bind_service
from spec.net.ipv4.af_inet import inet_autobind, inet_bind
from spec.net.ipv4.protocols import raw_prot
from spec.net.ipv4.udp import udp_disconnect
from spec.state import Sock, Thread
from spec.values import NOT_HASHED


@lemma(uses=("linked",))
def raw_only(sk: Sock) -> bool:
    """sys_socket makes RAW sockets only, with the protocol as their num."""
    return implies(sk.live, sk.prot == raw_prot and sk.num != 0)


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
    NO_DANGLING: (*FOLLOWED, "raw_paths"),
}


# What follows no property of joined steps rests on: it shows that transitions of the listing cannot fire (sockproof coverage).


@lemma(uses=(*HELD, "raw_only", "open_has_sk", "releaser_shut"))
def raw_paths(t: Thread) -> bool:
    """raw_bind takes the place of the rest of inet_bind, and a socket with num needs no autobind."""
    return not (
        inside(t, capable_net_bind_service)
        or inside(t, inet_autobind)
        or at(t, inet_bind, "with lock_sock(sk):")
        or at(t, inet_bind, "sk.rcv_saddr = sk.saddr = addr")
        or at(t, inet_bind, "sk.saddr = INADDR_ANY")
    )
