"""Waypoints: what states look like beyond which much lies that a walk of ``spec/coverage.py`` would hardly come to."""

from __future__ import annotations

from checker.language import NULL, at, pure, waypoint
from spec.net.ipv4.tcp_ipv4 import established
from spec.net.ipv4.tcp_v4_rcv import tcp_v4_deliver
from spec.state import OpenRequest, Segment, Sock, Thread, acceptq_is_full
from spec.values import INADDR_ANY, TCP_CLOSE, TCP_LISTEN

ACCEPT = ("accept", "join")
CONNECT = ("connect",)


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
def one_waits_with_backlog(sk: Sock, req: OpenRequest) -> bool:
    """One waits, another is asked for, and a segment waits until somebody releases the listener."""
    return sk.accept_queue != NULL and asks(req, sk) and sk.backlog_head != NULL


@waypoint(clients=ACCEPT)
def full_with_backlog(sk: Sock, req: OpenRequest) -> bool:
    """No further one is made, and such a segment waits."""
    return full(sk) and asks(req, sk) and sk.backlog_head != NULL


@waypoint(clients=ACCEPT)
def asked_with_backlog(sk: Sock, r1: OpenRequest, r2: OpenRequest) -> bool:
    """Two more are asked for."""
    return full(sk) and r1 != r2 and asks(r1, sk) and asks(r2, sk) and sk.backlog_head != NULL


@pure
def overtaken_by(t: Thread, skb: Segment, child: Sock) -> bool:
    return at(t, tcp_v4_deliver, "if owned_by_user():", skb=skb) and t.rx_sk.state == TCP_LISTEN and meant_for(skb, child)


@waypoint(clients=ACCEPT)
def overtaken(t: Thread, skb: Segment, child: Sock) -> bool:
    """A segment has found the listener, and meanwhile the connection has come to be that it belongs to."""
    return overtaken_by(t, skb, child)


@waypoint(clients=ACCEPT)
def overtaken_twice(t: Thread, skb: Segment, child: Sock) -> bool:
    """And it has been accepted."""
    return overtaken_by(t, skb, child) and child.sleep != NULL


@waypoint(clients=ACCEPT)
def overtaken_for_good(t: Thread, skb: Segment, child: Sock) -> bool:
    """And closed."""
    return overtaken_by(t, skb, child) and child.dead


@waypoint(clients=ACCEPT)
def late(sk: Sock, child: Sock) -> bool:
    """Such a segment waits in the backlog of the listener."""
    return sk.backlog_head != NULL and sk.state == TCP_LISTEN and meant_for(sk.backlog_head, child)


@waypoint(clients=ACCEPT)
def too_late(sk: Sock, child: Sock) -> bool:
    """And the connection has been accepted and closed."""
    return sk.backlog_head != NULL and sk.state == TCP_LISTEN and meant_for(sk.backlog_head, child) and child.dead


@waypoint(clients=ACCEPT)
def passed_on(t: Thread) -> bool:
    """A segment that found the listener goes on to a connection."""
    return t.rx_child != NULL


@waypoint(clients=ACCEPT)
def passed_on_late(t: Thread) -> bool:
    """And that has been accepted and closed."""
    return t.rx_child != NULL and t.rx_child.dead


@waypoint(clients=CONNECT)
def came_late(t: Thread, skb: Segment, sk: Sock) -> bool:
    """A segment has found a socket that has given up its attempt meanwhile."""
    return at(t, tcp_v4_deliver, "if owned_by_user():", sk=sk, skb=skb) and sk.state == TCP_CLOSE


@waypoint(clients=CONNECT)
def waits_in_vain(sk: Sock) -> bool:
    """It waits in the backlog of that socket, which may begin another attempt."""
    return sk.state == TCP_CLOSE and sk.backlog_head != NULL


@waypoint(clients=CONNECT)
def named_alike(sk: Sock, other: Sock) -> bool:
    """Two sockets have one port, and will have one address when they connect: one is bound to a group, one to broadcasts."""
    return sk != other and sk.prev != NULL and sk.prev == other.prev and sk.saddr == other.saddr


@waypoint(clients=CONNECT)
def lost_its_port(sk: Sock) -> bool:
    """A socket has an address, and an attempt that failed has taken its port away."""
    return sk.saddr != INADDR_ANY and sk.num == 0
