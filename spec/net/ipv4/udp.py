"""net/ipv4/udp.c: ports, connecting and disconnecting without any lock, datagrams out and in."""

from __future__ import annotations

from checker.language import (
    BUG_TRAP,
    NULL,
    abstracted,
    current,
    find,
    free,
    htons,
    kernel,
    members,
    pure,
    spin_lock,
    spin_lock_bh,
    when,
)
from spec.net.core.datagram import skb_recv_datagram, sock_queue_rcv_skb
from spec.net.core.sock import sk_dst_reset, sk_dst_set, sock_def_error_report
from spec.net.core.sock_hold import rx_sock_put
from spec.net.ipv4.icmp import icmp_send
from spec.net.ipv4.ip_output import ip_build_xmit
from spec.net.ipv4.raw import deliver_copies
from spec.net.ipv4.route import ip_route_connect, ip_route_output, rt_dst, rt_src
from spec.net.ipv4.tcp_ipv4 import in_local_port_range, same_device
from spec.state import Fib, Segment, Sock, dst_lock, net, overlap, udp_hash_lock
from spec.values import (
    AF_INET,
    AF_UNSPEC,
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
    BePort,
    Errno,
    Family,
    Port,
    Score,
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
    rover = net.udp_port_rover
    if not in_local_port_range(rover):
        rover = net.local_port_low
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


@members
def udp_chain(x: Sock, snum: Port) -> bool:
    """The sockets of a chain that have this number; others do not matter to any walk."""
    return x.hashed == UDP_HASH and x.num == snum


@members
def udp_chain_behind(x: Sock, sk: Sock) -> bool:
    """Those that were hashed earlier, and stand behind it."""
    return x.hashed == UDP_HASH and x.num == sk.num and x.chain_place > sk.chain_place


@kernel("net/ipv4/udp.c")
def udp_take_port(sk: Sock, snum: Port) -> None:
    sk.num = snum
    if sk.hashed == NOT_HASHED:
        for x in udp_chain(snum):
            x.chain_place = x.chain_place + 1
        sk.hashed = UDP_HASH


@kernel("net/ipv4/udp.c")
def udp_v4_hash(sk: Sock) -> None:
    """BUG(): get_port hashes UDP sockets, nobody calls this."""
    BUG_TRAP(False)


@kernel("net/ipv4/udp.c")
def udp_v4_unhash(sk: Sock) -> None:
    with spin_lock_bh(udp_hash_lock):
        if sk.hashed != NOT_HASHED:
            for x in udp_chain_behind(sk):
                x.chain_place = x.chain_place - 1
            sk.chain_place = 0
            sk.hashed = NOT_HASHED
            sk.num = 0


@pure
def udp_match(sk: Sock, saddr: Addr, sport: BePort, daddr: Addr, dport: BePort) -> bool:
    """Nothing the socket has differs from the datagram; neither its state nor its sport is looked at."""
    return (
        sk.hashed == UDP_HASH
        and htons(sk.num) == dport
        and (sk.rcv_saddr == 0 or sk.rcv_saddr == daddr)
        and (sk.daddr == 0 or sk.daddr == saddr)
        and (sk.dport == 0 or sk.dport == sport)
        and (sk.bound_dev_if == NO_DEVICE or sk.bound_dev_if == net.loopback_dev)
    )


@pure
def one_more(score: Score, scores: bool) -> Score:
    return score + 1 if scores else score


@pure
def udp_score(sk: Sock) -> Score:
    """What a socket that matches has of its own counts."""
    return one_more(
        one_more(one_more(one_more(Score(0), sk.rcv_saddr != 0), sk.daddr != 0), sk.dport != 0), sk.bound_dev_if != NO_DEVICE
    )


@pure
def udp_before(a: Sock, b: Sock) -> bool:
    """Whether the walk prefers ``a``: the higher score, and of equal ones the first of the chain."""
    return udp_score(a) > udp_score(b) or (udp_score(a) == udp_score(b) and a.chain_place < b.chain_place)


@kernel("net/ipv4/udp.c")
def udp_v4_lookup(saddr: Addr, sport: BePort, daddr: Addr, dport: BePort) -> Sock:
    """The socket a datagram from ``saddr`` to ``daddr`` is for; the softirq gets a reference."""
    with spin_lock(udp_hash_lock):
        sk = find(
            x
            for x in Sock
            if udp_match(x, saddr, sport, daddr, dport)
            and not any(udp_match(y, saddr, sport, daddr, dport) and udp_before(y, x) for y in Sock)
        )
        current().rx_sk = sk
    return sk


@members
def udp_v4_mcast(x: Sock, skb: Segment) -> bool:
    return udp_match(x, skb.saddr, skb.source, skb.daddr, skb.dest)


@kernel("net/ipv4/udp.c")
def udp_v4_mcast_deliver(skb: Segment) -> None:
    """A copy for everybody; C gives the last one the original."""
    with spin_lock(udp_hash_lock):
        when(not any(x.rx_mark != NULL for x in Sock))
        for x in udp_v4_mcast(skb):
            x.rx_mark = current()
    deliver_copies(skb)
    free(skb)


@kernel("net/ipv4/udp.c")
def udp_rcv(skb: Segment) -> None:
    if skb.raw:
        abstracted("a header that a RAW socket made up is too short", "ulen", "udp_checksum_init", "pskb_trim")
        free(skb)
        return
    if Fib[skb.daddr].type == RTN_BROADCAST:
        udp_v4_mcast_deliver(skb)
        return
    sk = udp_v4_lookup(skb.saddr, skb.source, skb.daddr, skb.dest)
    if sk != NULL:
        sock_queue_rcv_skb(sk, skb)
        rx_sock_put(sk)
        return
    icmp_send(skb)
    free(skb)


@kernel("net/ipv4/udp.c")
def udp_err(skb: Segment, err: Errno) -> None:
    """A fatal error about a datagram, which ``skb`` has with its addresses the other way round."""
    sk = udp_v4_lookup(skb.saddr, skb.source, skb.daddr, skb.dest)
    if sk == NULL:
        return
    if sk.recverr or sk.state == TCP_ESTABLISHED:
        abstracted("the queue of errors: only recvmsg with MSG_ERRQUEUE reads it", "ip_icmp_error")
        sk.err = err
        sock_def_error_report(sk)
    rx_sock_put(sk)


@kernel("net/ipv4/udp.c")
def udp_connect(sk: Sock, family: Family, addr: Addr, port: Port, addr_len: AddrLen) -> Errno:
    if addr_len < SIZEOF_SOCKADDR_IN:
        return EINVAL
    if family != AF_INET:
        return EAFNOSUPPORT
    sk_dst_reset(sk)
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
    abstracted("the IP identifier", "id")
    sk_dst_set(sk, daddr, source)
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
    sk_dst_reset(sk)
    return SUCCESS


@kernel("net/ipv4/udp.c")
def udp_sendmsg(
    sk: Sock, msg_name: bool, family: Family, addr: Addr, port: Port, addr_len: AddrLen, noblock: bool, short: bool
) -> Errno:
    """Without a destination: the connected peer's, read without a lock, and the route that the socket keeps."""
    abstracted("size and flags of the message, and its control data", "len", "msg_flags", "msg_controllen")
    if msg_name:
        if addr_len < SIZEOF_SOCKADDR_IN:
            return EINVAL
        if family != AF_INET and family != AF_UNSPEC:
            return EINVAL
        daddr = addr
        dest = htons(port)
        if port == 0:
            return EINVAL
    else:
        if sk.state != TCP_ESTABLISHED:
            return ENOTCONN
        daddr = sk.daddr
        dest = sk.dport
    saddr = sk.saddr
    source = sk.sport
    abstracted("source routes, multicast sources, and routes by device or type of service", "opt", "mc_addr", "oif", "tos")
    kept = False
    if not msg_name:
        with spin_lock_bh(dst_lock):
            rt_daddr = sk.dst_daddr
            rt_saddr = sk.dst_saddr
        kept = rt_daddr != INADDR_ANY
    if not kept:
        err = ip_route_output(daddr, saddr)
        if err:
            return err
        rt_daddr = rt_dst(daddr, saddr)
        rt_saddr = rt_src(daddr, saddr)
        if Fib[rt_daddr].type == RTN_BROADCAST and not sk.broadcast:
            return EACCES
        if not msg_name:
            sk_dst_set(sk, rt_daddr, rt_saddr)
    return ip_build_xmit(sk, rt_saddr, source, rt_daddr, dest, False)


@kernel("net/ipv4/udp.c")
def udp_recvmsg(sk: Sock, noblock: bool) -> Errno:
    abstracted("the size of the datagram, its checksum, MSG_PEEK, MSG_ERRQUEUE", "copied", "ip_recv_error")
    skb = skb_recv_datagram(sk, noblock)
    if skb == NULL:
        return current().err
    current().copied = True
    current().name_addr = skb.saddr
    current().name_port = skb.source
    free(skb)
    return 0
