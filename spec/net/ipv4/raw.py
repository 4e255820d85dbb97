"""net/ipv4/raw.c: raw sockets, hashed by protocol from birth, bound without a lock."""

from __future__ import annotations

from checker.language import abstracted, kernel, spin_lock_bh
from spec.net.ipv4.route import inet_addr_type
from spec.state import (
    EADDRNOTAVAIL,
    EINVAL,
    INADDR_ANY,
    IPPROTO_ICMP,
    NOT_HASHED,
    RAW_HASH,
    RTN_BROADCAST,
    RTN_LOCAL,
    RTN_MULTICAST,
    SIZEOF_SOCKADDR_IN,
    TCP_CLOSE,
    TCP_ESTABLISHED,
    Addr,
    AddrLen,
    Errno,
    Sock,
    raw_v4_lock,
)


@kernel("net/ipv4/raw.c")
def raw_init(sk: Sock) -> Errno:
    if sk.num == IPPROTO_ICMP:
        abstracted("the ICMP filter passes everything at first", "filter")
    return 0


@kernel("net/ipv4/raw.c")
def raw_v4_hash(sk: Sock) -> None:
    with spin_lock_bh(raw_v4_lock):
        sk.hashed = RAW_HASH


@kernel("net/ipv4/raw.c")
def raw_v4_unhash(sk: Sock) -> None:
    with spin_lock_bh(raw_v4_lock):
        if sk.hashed != NOT_HASHED:
            sk.hashed = NOT_HASHED


@kernel("net/ipv4/raw.c")
def raw_bind(sk: Sock, addr: Addr, addr_len: AddrLen) -> Errno:
    if sk.state != TCP_CLOSE or addr_len < SIZEOF_SOCKADDR_IN:
        return EINVAL
    chk_addr_ret = inet_addr_type(addr)
    if addr != INADDR_ANY and chk_addr_ret != RTN_LOCAL and chk_addr_ret != RTN_MULTICAST and chk_addr_ret != RTN_BROADCAST:
        return EADDRNOTAVAIL
    sk.rcv_saddr = sk.saddr = addr
    if chk_addr_ret == RTN_MULTICAST or chk_addr_ret == RTN_BROADCAST:
        sk.saddr = INADDR_ANY
    abstracted("the cached route is dropped", "sk_dst_reset")
    return 0


@kernel("net/ipv4/raw.c")
def raw_sendmsg(sk: Sock, noblock: bool) -> Errno:
    """Without a destination: the connected peer."""
    return 0 if sk.state == TCP_ESTABLISHED else EINVAL
