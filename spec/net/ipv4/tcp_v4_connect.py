"""net/ipv4/tcp_ipv4.c and tcp_output.c: the active open, as 2.4.17 has it (the port is chosen by the caller)."""

from __future__ import annotations

from checker.language import abstracted, htons, kernel, might_sleep
from checker.language import choice as kmalloc_fails
from spec.net.ipv4.route import ip_route_connect, rt_dst, rt_src
from spec.net.ipv4.tcp_ipv4 import tcp_v4_hash_connecting
from spec.net.ipv4.tcp_output import tcp_send_syn
from spec.net.ipv4.tcp_state import tcp_set_state
from spec.state import Fib, Sock
from spec.values import (
    AF_INET,
    EAFNOSUPPORT,
    EINVAL,
    ENETUNREACH,
    ENOBUFS,
    INADDR_ANY,
    RTN_BROADCAST,
    RTN_MULTICAST,
    SIZEOF_SOCKADDR_IN,
    SUCCESS,
    TCP_CLOSE,
    TCP_SYN_SENT,
    Addr,
    AddrLen,
    Errno,
    Family,
    Port,
)


@kernel("net/ipv4/tcp_ipv4.c")
def tcp_v4_connect(sk: Sock, family: Family, addr: Addr, port: Port, addr_len: AddrLen) -> Errno:
    if addr_len < SIZEOF_SOCKADDR_IN:
        return EINVAL
    if family != AF_INET:
        return EAFNOSUPPORT
    err = ip_route_connect(addr, sk.saddr)
    if err:
        return err
    source = rt_src(addr, sk.saddr)
    daddr = rt_dst(addr, sk.saddr)
    if Fib[daddr].type == RTN_MULTICAST or Fib[daddr].type == RTN_BROADCAST:
        return ENETUNREACH
    abstracted("the route is cached in the socket: it never changes", "dst_cache", "route_caps")
    return tcp_v4_connect_routed(sk, source, daddr, port)


@kernel("net/ipv4/tcp_ipv4.c")
def tcp_v4_connect_routed(sk: Sock, source: Addr, daddr: Addr, port: Port) -> Errno:
    """The rest of tcp_v4_connect, the route is known."""
    might_sleep()
    if kmalloc_fails():
        sk.dport = 0
        return ENOBUFS
    if sk.saddr == INADDR_ANY:
        sk.saddr = source
    tcp_v4_receive_at(sk, sk.saddr)
    sk.dport = htons(port)
    sk.daddr = daddr
    abstracted("initial sequence number, header lengths, MSS", "write_seq", "ext_header_len", "id", "mss_clamp")
    err = tcp_connect(sk)
    if err:
        sk.dport = 0
        return err
    return 0


@kernel("net/ipv4/tcp_ipv4.c")
def tcp_v4_receive_at(sk: Sock, addr: Addr) -> None:
    """The address that lookups and bind conflicts go by."""
    sk.rcv_saddr = addr


@kernel("net/ipv4/tcp_output.c")
def tcp_connect(sk: Sock) -> Errno:
    abstracted("window and MSS of the new connection", "rcv_wnd", "advmss", "window_clamp")
    tcp_set_state(sk, TCP_SYN_SENT)
    err = tcp_v4_hash_connecting(sk)
    if err:
        tcp_set_state(sk, TCP_CLOSE)
        return err
    sk.err = SUCCESS
    sk.done = False
    might_sleep()  # In skb_clone; without memory the retransmission timer sends the SYN.
    tcp_send_syn(sk)
    return 0
