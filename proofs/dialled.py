"""Lemmas for TCP sockets that connect while nobody binds or closes: what sys_socket makes, and which routes are asked for twice.

No property rests on these: they show that transitions of the listing cannot fire (sockproof coverage).
"""

from __future__ import annotations

from checker.language import NULL, at, implies, lemma
from spec.net.ipv4.protocols import inet_stream_ops, tcp_prot
from spec.net.ipv4.route import ip_route_output
from spec.state import Fib, Sock, Socket, Thread
from spec.values import SOCK_STREAM, SUCCESS, Addr


@lemma(uses=("linked",))
def made_tcp(sk: Sock) -> bool:
    """sys_socket makes TCP sockets only."""
    return implies(sk.live, sk.prot == tcp_prot)


@lemma(uses=("linked", "open_has_sk"))
def made_stream(sock: Socket) -> bool:
    """They have the operations of stream sockets."""
    return implies(sock.sk != NULL, sock.ops == inet_stream_ops and sock.type == SOCK_STREAM)


@lemma(uses=("none_released",))
def has_sleep(sk: Sock) -> bool:
    """Only close takes the wait queue from a socket."""
    return implies(sk.live, sk.sleep != NULL)


@lemma()
def refused_route(t: Thread, dst: Addr) -> bool:
    """What the table says is read again only if it refuses."""
    return implies(at(t, ip_route_output, "return Fib[dst].route", dst=dst), Fib[dst].route != SUCCESS)
