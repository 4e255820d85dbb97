"""net/ipv4/raw.c: raw sockets, hashed by protocol from birth, bound without a lock; each gets a copy of what is for it."""

from __future__ import annotations

from checker.language import NULL, abstracted, current, free, kernel, members, spin_lock, spin_lock_bh, when
from spec.net.core.datagram import next_marked, skb_clone, skb_recv_datagram, sock_queue_rcv_skb
from spec.net.core.sock import sock_def_error_report
from spec.net.core.sock_hold import rx_sock_put
from spec.net.ipv4.ip_output import ip_build_xmit
from spec.net.ipv4.route import inet_addr_type, ip_route_output, rt_dst, rt_src
from spec.state import Fib, Segment, Sock, net, raw_v4_lock
from spec.values import (
    AF_INET,
    AF_UNSPEC,
    EACCES,
    EADDRNOTAVAIL,
    EINVAL,
    INADDR_ANY,
    IPPROTO_ICMP,
    NO_DEVICE,
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
    BePort,
    Errno,
    Family,
    Port,
    Protocol,
)


@kernel("net/ipv4/raw.c")
def raw_init(sk: Sock) -> Errno:
    if sk.num == IPPROTO_ICMP:
        abstracted("the ICMP filter passes everything at first", "filter")
    return 0


@members
def raw_v4_lookup(x: Sock, protocol: Protocol, raddr: Addr, laddr: Addr) -> bool:
    return (
        x.hashed == RAW_HASH
        and x.num == Port(protocol)
        and (x.daddr == 0 or x.daddr == raddr)
        and (x.rcv_saddr == 0 or x.rcv_saddr == laddr)
        and (x.bound_dev_if == NO_DEVICE or x.bound_dev_if == net.loopback_dev)
    )


@kernel("net/ipv4/raw.c")
def raw_v4_input(skb: Segment) -> bool:
    """A copy for every socket that wants one; True if there is any."""
    with spin_lock(raw_v4_lock):
        when(not any(x.rx_mark != NULL for x in Sock))
        found = any(True for x in raw_v4_lookup(skb.protocol, skb.saddr, skb.daddr))
        for x in raw_v4_lookup(skb.protocol, skb.saddr, skb.daddr):
            x.rx_mark = current()
    abstracted("the ICMP filter passes everything", "filter")
    abstracted("which sockets get a copy is settled under the lock; C also queues them there, all but the last")
    deliver_copies(skb)
    return found


@kernel("net/ipv4/raw.c")
def deliver_copies(skb: Segment) -> None:
    """To all sockets marked for this packet."""
    while True:
        sk = next_marked()
        if sk == NULL:
            break
        sock_queue_rcv_skb(sk, skb_clone(skb))
        rx_sock_put(sk)


@kernel("net/ipv4/icmp.c")
def raw_errors(skb: Segment, err: Errno) -> None:
    """The part of icmp_unreach for RAW sockets."""
    with spin_lock(raw_v4_lock):
        when(not any(x.rx_mark != NULL for x in Sock))
        for x in raw_v4_lookup(skb.about, skb.saddr, skb.daddr):
            x.rx_mark = current()
    while True:
        sk = next_marked()
        if sk == NULL:
            break
        raw_err(sk, err)
        rx_sock_put(sk)


@kernel("net/ipv4/raw.c")
def raw_err(sk: Sock, err: Errno) -> None:
    """A fatal error."""
    if not sk.recverr and sk.state != TCP_ESTABLISHED:
        return
    abstracted("the queue of errors: only recvmsg with MSG_ERRQUEUE reads it", "ip_icmp_error")
    sk.err = err
    sock_def_error_report(sk)


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
def raw_sendmsg(
    sk: Sock, msg_name: bool, family: Family, addr: Addr, port: Port, addr_len: AddrLen, noblock: bool, short: bool
) -> Errno:
    """Without a destination: the connected peer.  C looks at the length of the name, not at the pointer."""
    abstracted("size and flags of the message, and its control data", "len", "msg_flags", "msg_controllen")
    if msg_name and addr_len != 0:
        if addr_len < SIZEOF_SOCKADDR_IN:
            return EINVAL
        if family != AF_INET and family != AF_UNSPEC:
            return EINVAL
        daddr = addr
    else:
        if sk.state != TCP_ESTABLISHED:
            return EINVAL
        daddr = sk.daddr
    saddr = sk.saddr
    err = ip_route_output(daddr, saddr)
    if err:
        return err
    if Fib[rt_dst(daddr, saddr)].type == RTN_BROADCAST and not sk.broadcast:
        return EACCES
    return ip_build_xmit(sk, rt_src(daddr, saddr), BePort(0), rt_dst(daddr, saddr), BePort(0), short)


@kernel("net/ipv4/raw.c")
def raw_recvmsg(sk: Sock, noblock: bool) -> Errno:
    skb = skb_recv_datagram(sk, noblock)
    if skb == NULL:
        return current().err
    current().copied = True
    current().name_addr = skb.saddr
    abstracted("C sets no port: the caller sees what the stack of the kernel held; 0 here", "sin_port")
    current().name_port = 0
    free(skb)
    return 0
