"""net/ipv4/fib_frontend.c and route.c: what the routing tables say; they do not change while the model runs."""

from __future__ import annotations

from checker.language import kernel, pure
from spec.state import Fib, net
from spec.values import EINVAL, INADDR_ANY, RTN_BROADCAST, RTN_LOCAL, RTN_MULTICAST, RTN_UNICAST, SUCCESS, Addr, AddrType, Errno


@kernel("net/ipv4/fib_frontend.c")
def inet_addr_type(addr: Addr) -> AddrType:
    """0.0.0.0 counts as a broadcast address."""
    if addr == INADDR_ANY:
        return RTN_BROADCAST
    return Fib[addr].type


@pure
def rt_dst(daddr: Addr, saddr: Addr) -> Addr:
    """The destination of the route: INADDR_ANY means this host."""
    return daddr if daddr != INADDR_ANY else saddr if saddr != INADDR_ANY else net.inaddr_loopback


@pure
def rt_src(daddr: Addr, saddr: Addr) -> Addr:
    """The source address of the route."""
    return saddr if saddr != INADDR_ANY else Fib[rt_dst(daddr, saddr)].source


@kernel("net/ipv4/route.c")
def ip_route_output(daddr: Addr, saddr: Addr) -> Errno:
    """The source must be an address of this host; with one, multicast and limited broadcast need no route."""
    dst = rt_dst(daddr, saddr)
    if saddr != INADDR_ANY:
        if Fib[saddr].type != RTN_LOCAL:
            return EINVAL
        if Fib[dst].type == RTN_MULTICAST or Fib[dst].limited_broadcast:
            return SUCCESS
    if Fib[dst].type == RTN_UNICAST and not Fib[dst].route and Fib[rt_src(daddr, saddr)].loopback:
        return EINVAL
    return Fib[dst].route


@kernel("include/net/route.h")
def ip_route_connect(daddr: Addr, saddr: Addr) -> Errno:
    return ip_route_output(daddr, saddr)
