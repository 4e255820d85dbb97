"""Waypoints: what states look like beyond which much lies that a walk of ``spec/coverage.py`` would hardly come to."""

from __future__ import annotations

from checker.language import NULL, at, pure, waypoint
from spec.net.ipv4.tcp_ipv4 import established
from spec.net.ipv4.tcp_v4_rcv import tcp_v4_deliver
from spec.state import OpenRequest, Segment, Sock, Thread, acceptq_is_full
from spec.values import TCP_LISTEN

ACCEPT = ("accept", "join")


@pure
def meant_for(skb: Segment, child: Sock) -> bool:
    """Whether ``child`` is the connection that a segment for a listener belongs to."""
    return established(child, skb.saddr, skb.source, skb.daddr, skb.dest)


@pure
def full(sk: Sock) -> bool:
    return sk.state == TCP_LISTEN and acceptq_is_full(sk)


@pure
def asks(req: OpenRequest, sk: Sock) -> bool:
    return req.live and req.listener == sk


@waypoint(clients=ACCEPT)
def one_waits(sk: Sock, req: OpenRequest) -> bool:
    """A connection waits to be accepted, and another is asked for."""
    return sk.state == TCP_LISTEN and sk.accept_queue != NULL and asks(req, sk)


@waypoint(clients=ACCEPT)
def queue_full(sk: Sock) -> bool:
    """More connections wait than its backlog says: no further one is made."""
    return full(sk)


@waypoint(clients=ACCEPT)
def asked_when_full(sk: Sock, r1: OpenRequest, r2: OpenRequest) -> bool:
    """Two more are asked for."""
    return full(sk) and r1 != r2 and asks(r1, sk) and asks(r2, sk)


@waypoint(clients=ACCEPT)
def full_with_backlog(sk: Sock) -> bool:
    """A segment waits until somebody releases such a listener."""
    return full(sk) and sk.backlog_head != NULL


@waypoint(clients=ACCEPT)
def overtaken(t: Thread, skb: Segment, sk: Sock, child: Sock) -> bool:
    """A segment has found the listener, and meanwhile the connection has come to be that it belongs to."""
    return at(t, tcp_v4_deliver, "if owned_by_user():", sk=sk, skb=skb) and sk.state == TCP_LISTEN and meant_for(skb, child)


@waypoint(clients=ACCEPT)
def overtaken_twice(t: Thread, skb: Segment, sk: Sock, child: Sock) -> bool:
    """And it has been accepted and closed."""
    return (
        at(t, tcp_v4_deliver, "if owned_by_user():", sk=sk, skb=skb)
        and sk.state == TCP_LISTEN
        and meant_for(skb, child)
        and child.dead
    )


@waypoint(clients=ACCEPT)
def late(sk: Sock, child: Sock) -> bool:
    """Such a segment waits in the backlog of the listener."""
    return sk.backlog_head != NULL and sk.state == TCP_LISTEN and meant_for(sk.backlog_head, child)


@waypoint(clients=ACCEPT)
def too_late(sk: Sock, child: Sock) -> bool:
    """And the connection has been accepted and closed."""
    return sk.backlog_head != NULL and sk.state == TCP_LISTEN and meant_for(sk.backlog_head, child) and child.dead
