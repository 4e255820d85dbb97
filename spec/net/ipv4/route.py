"""net/ipv4/fib_frontend.c and route.c: what the routing tables say; they do not change while the model runs."""

from __future__ import annotations

from checker.language import kernel, pure
from spec.state import INADDR_ANY, RTN_BROADCAST, Addr, AddrType, Errno, Fib, net


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
    return Fib[rt_dst(daddr, saddr)].route


@kernel("include/net/route.h")
def ip_route_connect(daddr: Addr, saddr: Addr) -> Errno:
    return Fib[rt_dst(daddr, saddr)].route
