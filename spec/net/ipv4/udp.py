"""net/ipv4/udp.c: ports, and connecting and disconnecting without any lock."""

from __future__ import annotations

from checker.language import BUG_TRAP, abstracted, htons, kernel, pure, spin_lock_bh
from spec.net.ipv4.route import ip_route_connect, rt_dst, rt_src
from spec.net.ipv4.tcp_ipv4 import same_device
from spec.state import (
    AF_INET,
    EACCES,
    EAFNOSUPPORT,
    EINVAL,
    ENOTCONN,
    INADDR_ANY,
    NO_DEVICE,
    NOT_HASHED,
    RTN_BROADCAST,
    SIZEOF_SOCKADDR_IN,
    SUCCESS,
    TCP_CLOSE,
    TCP_ESTABLISHED,
    UDP_HASH,
    Addr,
    AddrLen,
    Errno,
    Family,
    Fib,
    Port,
    Sock,
    net,
    overlap,
    udp_hash_lock,
)


@pure
def next_udp_port(port: Port) -> Port:
    """The next port to try; a local range of fewer than 128 ports is exceeded, as the 128 hash chains are walked."""
    return port + 1 if port >= net.local_port_low and port < net.udp_port_high else net.local_port_low


@pure
def udp_lport_inuse(port: Port) -> bool:
    return any(sk.hashed == UDP_HASH and sk.num == port for sk in Sock)


@kernel("net/ipv4/udp.c")
def udp_v4_get_port(sk: Sock, snum: Port) -> bool:
    """True is C's 1: the port cannot be had.  Success hashes the socket in the same locked step."""
    if snum == 0:
        return udp_search_port(sk)
    with spin_lock_bh(udp_hash_lock):
        if udp_bind_conflict(sk, snum):
            return True
        udp_take_port(sk, snum)
        return False


@kernel("net/ipv4/udp.c")
def udp_search_port(sk: Sock) -> bool:
    """udp_v4_get_port without a number."""
    abstracted("of the free ports C takes one of a short hash chain; here it is the next one, each tried in a step of its own")
    rover = next_udp_port(net.udp_port_rover)
    first = rover
    while True:
        net.udp_port_rover = rover
        with spin_lock_bh(udp_hash_lock):
            if not udp_lport_inuse(rover):
                udp_take_port(sk, rover)
                return False
        rover = next_udp_port(rover)
        if rover == first:
            return True


@pure
def udp_bind_conflict(sk: Sock, snum: Port) -> bool:
    return any(
        sk2.hashed == UDP_HASH
        and sk2.num == snum
        and sk2 != sk
        and same_device(sk2, sk)
        and overlap(sk, sk2)
        and (not sk2.reuse or not sk.reuse)
        for sk2 in Sock
    )


@kernel("net/ipv4/udp.c")
def udp_take_port(sk: Sock, snum: Port) -> None:
    sk.num = snum
    if sk.hashed == NOT_HASHED:
        sk.hashed = UDP_HASH


@kernel("net/ipv4/udp.c")
def udp_v4_hash(sk: Sock) -> None:
    """BUG(): get_port hashes UDP sockets, nobody calls this."""
    BUG_TRAP(sk.num == 0)


@kernel("net/ipv4/udp.c")
def udp_v4_unhash(sk: Sock) -> None:
    with spin_lock_bh(udp_hash_lock):
        if sk.hashed != NOT_HASHED:
            sk.hashed = NOT_HASHED
            sk.num = 0


@kernel("net/ipv4/udp.c")
def udp_connect(sk: Sock, family: Family, addr: Addr, port: Port, addr_len: AddrLen) -> Errno:
    if addr_len < SIZEOF_SOCKADDR_IN:
        return EINVAL
    if family != AF_INET:
        return EAFNOSUPPORT
    saddr = sk.saddr
    err = ip_route_connect(addr, saddr)
    if err:
        return err
    daddr = rt_dst(addr, saddr)
    source = rt_src(addr, saddr)
    if Fib[daddr].type == RTN_BROADCAST and not sk.broadcast:
        return EACCES
    if sk.saddr == INADDR_ANY:
        sk.saddr = source
    if sk.rcv_saddr == INADDR_ANY:
        sk.rcv_saddr = source
    sk.daddr = daddr
    sk.dport = htons(port)
    sk.state = TCP_ESTABLISHED
    return 0


@kernel("net/ipv4/udp.c")
def udp_disconnect(sk: Sock) -> Errno:
    sk.state = TCP_CLOSE
    sk.daddr = INADDR_ANY
    sk.dport = 0
    sk.bound_dev_if = NO_DEVICE
    if not sk.bindaddr_lock:
        sk.rcv_saddr = INADDR_ANY
        sk.saddr = INADDR_ANY
    if not sk.bindport_lock:
        sk.prot.unhash(sk)
        sk.sport = 0
    return SUCCESS


@kernel("net/ipv4/udp.c")
def udp_sendmsg(sk: Sock, noblock: bool) -> Errno:
    """Without a destination: the connected peer's."""
    if sk.state != TCP_ESTABLISHED:
        return ENOTCONN
    return 0
