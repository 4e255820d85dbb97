"""Lemmas for the steps of which ``no_dangling`` is asked: there a socket that cannot be made is seen before it is freed.

The lemmas about joined steps hold there too, but rest on others: ``USES`` is on which.
"""

from __future__ import annotations

from checker.language import NULL, implies, inside, lemma
from checker.language.dangling import NO_DANGLING
from proofs.sockets import HELD
from spec.net.socket import sys_socket
from spec.state import Sock, Socket, Thread
from spec.values import NOT_HASHED


@lemma(uses=("releasing", "given_up_bare"))
def open_live(sock: Socket) -> bool:
    """An open socket is not free."""
    return implies(sock.fd, sock.live)


@lemma(uses=("open_live", "released_alone", "releasing", "given_up_alone"))
def file_live(t: Thread, sock: Socket) -> bool:
    """Who has the file of a socket has a socket that is not free."""
    return implies(t.file == sock, sock.live)


@lemma(uses=("file_held", "releasing", "releaser_shut", "given_up_alone"))
def given_up_bare(t: Thread, sock: Socket) -> bool:
    """A socket that sys_socket gives up was never installed, nor released, and has no sock."""
    return implies(inside(t, sys_socket, sock=sock), sock.live and not sock.fd and sock.sk == NULL and sock.releaser == NULL)


@lemma(uses=("given_up_bare", "file_live"))
def given_up_alone(t: Thread, u: Thread, sock: Socket) -> bool:
    """Only the thread that gives it up knows it."""
    return implies(inside(t, sys_socket, sock=sock), u.file != sock and (u == t or not inside(u, sys_socket, sock=sock)))


@lemma(uses=("references", "sk_held", "linked"))
def free_unhashed(sk: Sock) -> bool:
    """What is free is in no hash table."""
    return sk.live or sk.hashed == NOT_HASHED


@lemma(uses=("references", "sk_held", "linked", "free_unhashed"))
def free_unchained(sk: Sock) -> bool:
    """Who moves the sockets of a chain up by one finds none that is free."""
    return sk.live or sk.chain_place == 0


USES: dict[str, tuple[str, ...]] = {
    "references": ("open_has_sk", "releaser_shut", "file_held", "given_up_alone"),
    "linked": ("releasing", "closing", "references"),
    "open_has_sk": ("releasing", "releaser_shut"),
    "releaser_shut": ("releasing", "file_held", "given_up_bare"),
    "released_alone": ("releaser_shut", "file_held", "releasing"),
    "file_held": ("open_has_sk", "releaser_shut", "released_alone", "releasing", "given_up_alone"),
    "releasing": ("file_held", "released_alone", "releaser_shut", "given_up_bare"),
    "closing": ("linked", "releasing", "references"),
    "sk_held": ("references", "file_held", "linked", "releasing", "closing", "given_up_bare"),
    "named_sk": (*HELD, "given_up_bare"),
    "raw_paths": (*HELD, "raw_only", "open_has_sk", "releaser_shut", "given_up_alone"),
}

FOLLOWED = (
    "references",
    "open_live",
    "linked",
    "file_held",
    "releasing",
    "closing",
    "sk_held",
    "given_up_bare",
    "given_up_alone",
)
"""Why the references that calls follow lead to live objects."""

CHAINED = (*FOLLOWED, "free_unchained")
"""The same where sockets have places in hash chains, which a step moves up all at once."""

PROPERTY_USES: dict[str, tuple[str, ...]] = {NO_DANGLING: FOLLOWED}
