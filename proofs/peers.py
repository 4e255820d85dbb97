"""Lemmas for UDP sockets that nobody binds or closes: what sys_socket makes, and which ports are tried for it.

No property rests on these: they show that transitions of the listing cannot fire (sockproof coverage).
"""

from __future__ import annotations

from checker.language import NULL, implies, inside, lemma
from proofs.sockets import OWNED
from spec.net.ipv4.af_inet import inet_dgram_connect
from spec.net.ipv4.protocols import inet_dgram_ops, udp_prot
from spec.net.ipv4.udp import udp_search_port, udp_v4_get_port
from spec.state import Sock, Socket, Thread, net
from spec.values import NOT_HASHED, SIZEOF_SOCKADDR_IN, AddrLen, Port


@lemma(uses=("linked",))
def made_udp(sk: Sock) -> bool:
    """sys_socket makes UDP sockets only."""
    return implies(sk.live, sk.prot == udp_prot)


@lemma(uses=("linked", "open_has_sk"))
def made_dgram(sock: Socket) -> bool:
    """They have the operations of datagram sockets."""
    return implies(sock.sk != NULL, sock.ops == inet_dgram_ops)


@lemma()
def whole_address(t: Thread, addr_len: AddrLen) -> bool:
    """Every address is long enough."""
    return implies(inside(t, inet_dgram_connect, addr_len=addr_len), addr_len >= SIZEOF_SOCKADDR_IN)


@lemma(uses=("local_port_range",))
def port_tried(t: Thread, rover: Port) -> bool:
    """The search for a free port tries ports of the local range only, which never begins at 0."""
    return implies(inside(t, udp_search_port, rover=rover), rover != 0 and rover >= net.local_port_low)


@lemma(uses=(*OWNED, "port_tried", "none_released"))
def hashed_ported(sk: Sock) -> bool:
    """A port and a place in the hash table come and go together."""
    return (sk.num != 0) == (sk.hashed != NOT_HASHED)


@lemma(uses=(*OWNED, "hashed_ported"))
def asks_once(t: Thread, sk: Sock) -> bool:
    """get_port is asked only under the lock and for a socket without a port."""
    return implies(inside(t, udp_v4_get_port, sk=sk), sk.num == 0)
