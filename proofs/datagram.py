"""Lemmas for UDP and RAW sockets: how close ends them.

No property rests on these: they show that transitions of the listing cannot fire (sockproof coverage).
"""

from __future__ import annotations

from checker.language import NULL, implies, inside, lemma
from proofs.sockets import HELD
from spec.net.core.sock import sock_put
from spec.net.ipv4.protocols import inet_dgram_ops
from spec.state import Sock, Socket, Thread


@lemma(uses=("linked", "open_has_sk"))
def dgram_ops(sock: Socket) -> bool:
    """A socket with a sock has operations, those of datagram sockets."""
    return implies(sock.sk != NULL, sock.ops == inet_dgram_ops)


@lemma(uses=HELD)
def dgram_gone(t: Thread, sk: Sock) -> bool:
    """inet_sock_release gives up the socket's own reference before it drops its last one."""
    return implies(inside(t, sock_put, sk=sk), sk.gone)
