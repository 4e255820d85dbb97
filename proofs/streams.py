"""Lemmas for TCP sockets that nobody closes: what sys_socket makes.

No property rests on these: they show that transitions of the listing cannot fire (sockproof coverage).
"""

from __future__ import annotations

from checker.language import NULL, implies, lemma
from spec.net.ipv4.protocols import inet_stream_ops, tcp_prot
from spec.state import Sock, Socket
from spec.values import SOCK_STREAM


@lemma(uses=("linked",))
def made_tcp(sk: Sock) -> bool:
    """sys_socket makes TCP sockets only."""
    return implies(sk.live, sk.prot == tcp_prot)


@lemma(uses=("linked", "open_has_sk"))
def made_stream(sock: Socket) -> bool:
    """They have the operations of stream sockets."""
    return implies(sock.sk != NULL, sock.ops == inet_stream_ops and sock.type == SOCK_STREAM)
