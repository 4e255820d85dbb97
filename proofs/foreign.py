"""Lemmas for sockets of which bind() looks at the family: no port is taken for an address of another one."""

from __future__ import annotations

from checker.language import at, implies, inside, lemma
from proofs.sockets import HELD
from spec.net.ipv4.protocols import tcp_prot
from spec.net.ipv4.tcp_ipv4 import tcp_v4_get_port
from spec.state import Sock, Thread
from spec.values import SIZEOF_SOCKADDR_IN, AddrLen
from spec.variants.bind_checks_family import original_inet_bind


@lemma(uses=("linked",))
def tcp_only(sk: Sock) -> bool:
    """sys_socket makes TCP sockets only."""
    return implies(sk.live, sk.prot == tcp_prot)


@lemma(uses=(*HELD, "tcp_only", "open_has_sk"))
def short(t: Thread, addr_len: AddrLen) -> bool:
    """What is not refused for its family is too short."""
    return implies(inside(t, original_inet_bind, addr_len=addr_len), addr_len < SIZEOF_SOCKADDR_IN)


@lemma(uses=(*HELD, "tcp_only", "short"))
def refused(t: Thread) -> bool:
    """So nobody comes to where a port is chosen."""
    return not inside(t, tcp_v4_get_port) and not at(t, original_inet_bind, "with lock_sock(sk):")


PROPERTY_USES: dict[str, tuple[str, ...]] = {"foreign_unbound": ("refused",)}
