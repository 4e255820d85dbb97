"""Parts of the model that a scenario does not use, replaced by nothing: they would add points of interference and nothing else.

Without a call that sends or receives there is no datagram, and no receive queue that is not empty; without a call that
joins a group there is no membership.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from checker.language import abstracted, kernel
from spec.net.ipv4.tcp_v4_rcv import tcp_v4_rcv
from spec.state import Segment, Sock, Socket
from spec.values import SUCCESS, Addr, AddrLen, Errno, Family, Port

UNUSED = "no call of the scenario uses it"


@dataclass(frozen=True)
class Used:
    """What a scenario uses: datagrams, memberships, a local port range that is empty, threads that sleep in recv() of TCP."""

    datagrams: bool = True
    memberships: bool = True
    empty_range: bool = False
    readers: bool = False


EVERYTHING = Used()
"""All that the model has."""


@kernel("net/socket.c")
def sys_sendto(
    sock: Socket,
    msg_name: bool,
    family: Family,
    addr: Addr,
    port: Port,
    addr_len: AddrLen,
    bad_buffer: bool,
    noblock: bool,
    short: bool,
) -> Errno:
    return SUCCESS


@kernel("net/socket.c")
def sys_recvfrom(sock: Socket, bad_buffer: bool, noblock: bool) -> Errno:
    return SUCCESS


@kernel("net/ipv4/ip_input.c")
def ip_local_deliver_finish(skb: Segment) -> None:
    tcp_v4_rcv(skb)


@kernel("net/ipv4/af_inet.c")
def inet_sock_destruct(sk: Sock) -> None:
    abstracted(UNUSED)


@kernel("include/net/sock.h")
def sk_dst_set(sk: Sock, daddr: Addr, saddr: Addr) -> None:
    abstracted(UNUSED)


@kernel("include/net/sock.h")
def sk_dst_reset(sk: Sock) -> None:
    abstracted(UNUSED)


@kernel("net/ipv4/igmp.c")
def ip_mc_join_group(sk: Sock) -> Errno:
    return SUCCESS


@kernel("net/ipv4/igmp.c")
def ip_mc_drop_socket(sk: Sock) -> None:
    abstracted(UNUSED)


DATAGRAMS = (sys_sendto, sys_recvfrom, ip_local_deliver_finish, inet_sock_destruct, sk_dst_set, sk_dst_reset)
MEMBERSHIPS = (ip_mc_join_group, ip_mc_drop_socket)
DATAGRAM_EVENTS = ("datagram_arrives", "unreachable_arrives")


def unused(used: Used) -> dict[str, Callable[..., Any]]:
    """What to replace in a model in which datagrams, or memberships, are used or not."""
    left_out = (*(() if used.datagrams else DATAGRAMS), *(() if used.memberships else MEMBERSHIPS))
    functions: Collection[Callable[..., Any]] = left_out
    return {f.__name__: f for f in functions}
