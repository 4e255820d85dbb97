"""Lemmas for sockets that nobody closes: what would release them is never run.

No property rests on these: they show that transitions of the listing cannot fire (sockproof coverage).
"""

from __future__ import annotations

from checker.language import NULL, implies, inside, lemma
from spec.net.socket import sock_release, system_call
from spec.state import Sock, Socket, Thread


@lemma(uses=("file_held", "releasing"))
def kept_open(t: Thread, sock: Socket) -> bool:
    """A socket that a call works on has its descriptor."""
    return implies(inside(t, system_call, sock=sock), sock.fd)


@lemma(uses=("kept_open", "releasing", "file_held"))
def none_released(t: Thread) -> bool:
    """So nobody releases it."""
    return not (inside(t, system_call) and inside(t, sock_release))


@lemma(uses=("none_released",))
def has_sleep(sk: Sock) -> bool:
    """Only close takes the wait queue from a socket."""
    return implies(sk.live, sk.sleep != NULL)
