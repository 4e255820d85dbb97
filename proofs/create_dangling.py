"""Lemmas of sockets that are made and closed, for the steps of which ``no_dangling`` is asked: more places are seen there."""

from __future__ import annotations

from checker.language import NULL, at, implies, inside, lemma, pure
from checker.language.compile import Compiled
from checker.symbolic.facts import Fact
from proofs.create_cleared import KEPT, entering, linked
from proofs.followed import followed_facts
from proofs.frame_facts import null_facts
from spec.net.socket import sys_socket
from spec.state import Socket, Thread
from spec.variants.failed_create_clears_sk import inet_create, original_inet_create


@lemma(uses=(*KEPT, "file_linked", "fresh", "alone", "releaser_shut"))
def released_linked(t: Thread, sock: Socket) -> bool:
    """What close releases still has its sock."""
    return implies(entering(t, sock), linked(sock))


@pure
def refusing(t: Thread, sock: Socket) -> bool:
    """On the way from the refusal of a protocol to where the socket forgets its sock."""
    return at(t, inet_create, "sock.sk = NULL", sock=sock) or (
        inside(t, sys_socket, sock=sock) and inside(t, original_inet_create, sk=sock.sk)
    )


@lemma(
    uses=(
        "fresh",
        "alone",
        "failing",
        "failures",
        "closing",
        "unlinking",
        "open_linked",
        "file_linked",
        "released_linked",
        "forgotten",
        "there",
    )
)
def whose_sk(sock: Socket) -> bool:
    """A socket has a sock of its own, or a thread just makes it and was refused one."""
    return sock.sk == NULL or linked(sock) or any(refusing(t, sock) for t in Thread)


NAMES = ("system_call.sock", "sock_release.sock", "sys_socket.sock")
"""The references to a struct socket, of which ``forgets`` says where there is none."""

USES: dict[str, tuple[str, ...]] = {
    name: (*KEPT, *more, "released_linked")
    for name, more in {
        "open_linked": ("fresh", "refused"),
        "file_linked": ("open_linked", "fresh"),
        "unlinking": ("fresh", "file_linked", "releaser_shut"),
        "closing": ("unlinking",),
        "failing": ("failures",),
    }.items()
}
"""What lemmas about joined steps rest on where close is seen before it unlinks the sock."""

FOLLOWED: dict[str, tuple[str, ...]] = {
    "Sock": ("failing", "closing"),
    "Socket": ("fresh", "file_held", "file_open", "releasing", "open_live"),
    "holder.sk": (
        "alone",
        "failing",
        "file_held",
        "forgets",
        "forgotten",
        "fresh",
        "open_linked",
        "released_linked",
        "whose_sk",
    ),
}
"""Why the references that calls follow lead to live objects: by what they lead to, or of one by its name."""


def made_facts(compiled: Compiled) -> list[Fact]:
    """The facts that are made from the transitions, and from the claim."""
    return [*null_facts(compiled.system, NAMES), *followed_facts(compiled, FOLLOWED)]
