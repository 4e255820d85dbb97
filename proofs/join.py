"""Lemmas for children without the memberships of their listener: each membership is in one list, once."""

from __future__ import annotations

from checker.language import NULL, implies, inside, lemma, pure
from spec.net.ipv4.tcp_minisocks import tcp_check_req, tcp_v4_syn_recv_sock
from spec.state import IpMcSocklist, Sock, Thread
from spec.values import NOT_HASHED
from spec.variants.child_without_memberships import original_tcp_create_openreq_child, tcp_create_openreq_child


@pure
def copied(t: Thread, sk: Sock) -> bool:
    """A child that may still be the copy of its listener."""
    return inside(t, original_tcp_create_openreq_child, newsk=sk) or inside(t, tcp_create_openreq_child, newsk=sk)


@pure
def made(t: Thread, sk: Sock) -> bool:
    """A child that is being made."""
    return copied(t, sk) or inside(t, tcp_v4_syn_recv_sock, newsk=sk) or inside(t, tcp_check_req, child=sk)


@lemma(uses=("linked", "none_released", "none_freed"))
def newborn(t: Thread, sk: Sock) -> bool:
    """It is in the hands of its maker, and no struct socket has it."""
    return implies(made(t, sk), sk.live and sk.carrier == t and sk.socket == NULL)


@lemma(uses=("newborn", "listening"))
def hidden(t: Thread, sk: Sock) -> bool:
    """A copy is in no table and no queue."""
    return implies(copied(t, sk), sk.hashed == NOT_HASHED and sk.queued_at == NULL)


MEMBERS = ("none_released", "joining", "there")
"""Nobody leaves a group, and who joins one is a sock that is there and no copy."""


@lemma(uses=MEMBERS)
def listed(sk: Sock) -> bool:
    """The first membership of a sock is not free."""
    return implies(sk.mc_list != NULL, sk.mc_list.live)


@lemma(uses=(*MEMBERS, "listed"))
def next_listed(m: IpMcSocklist) -> bool:
    """Nor is what comes behind one."""
    return implies(m.next != NULL, m.next.live)


@pure
def owner(sk: Sock) -> bool:
    """A sock that exists and is no copy."""
    return sk.live and not any(copied(t, sk) for t in Thread)


@lemma(uses=(*MEMBERS, "listed", "next_listed", "one_head", "newborn"))
def one_behind(m: IpMcSocklist, n: IpMcSocklist) -> bool:
    """Two memberships never lead to the same one."""
    return implies(m.next != NULL and m.next == n.next, m == n)


@lemma(uses=(*MEMBERS, "listed", "newborn"))
def one_list(a: Sock, b: Sock) -> bool:
    """Two socks never begin with the same one."""
    return implies(owner(a) and owner(b) and a.mc_list != NULL and a.mc_list == b.mc_list, a == b)


@lemma(uses=(*MEMBERS, "listed", "next_listed", "one_list", "newborn"))
def one_head(sk: Sock, m: IpMcSocklist) -> bool:
    """No membership leads to the first one of a sock."""
    return implies(owner(sk) and sk.mc_list != NULL, sk.mc_list != m.next)


PROPERTY_USES: dict[str, tuple[str, ...]] = {"one_owner": ("one_list", "one_head", "one_behind", "hidden", "newborn")}
