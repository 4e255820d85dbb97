"""Linux 2.4.18 and later: connect chooses the local port after it knows both addresses, when it hashes the socket.

A connect that fails early leaves an unbound socket unbound; several connections to different peers may share a port; an exhausted
local range gives EADDRNOTAVAIL instead of EAGAIN.  What fastreuse = -1 says in C, connect_only says here.
"""

from __future__ import annotations

from checker.language import BUG_TRAP, NULL, current, find, htons, kernel, might_sleep, spin_lock, spin_lock_bh
from checker.language import choice as kmalloc_fails
from spec.net.core.sock import sock_error, sock_intr_errno, sock_put, sock_sndtimeo
from spec.net.ipv4.af_inet import inet_wait_for_connect
from spec.net.ipv4.tcp_ipv4 import next_local_port, same_connection, tcp_timewait_kill, tcp_v4_hash_connecting
from spec.net.ipv4.tcp_output import tcp_send_syn
from spec.net.ipv4.tcp_state import tcp_set_state
from spec.net.ipv4.tcp_v4_connect import tcp_v4_receive_at
from spec.state import BindBucket, Sock, Socket, lock_sock, net, tcp_bhash_lock, tcp_portalloc_lock
from spec.values import (
    AF_UNSPEC,
    EADDRNOTAVAIL,
    EALREADY,
    ECONNABORTED,
    EINPROGRESS,
    EINVAL,
    EISCONN,
    ENOBUFS,
    INADDR_ANY,
    NOT_HASHED,
    SS_CONNECTED,
    SS_CONNECTING,
    SS_DISCONNECTING,
    SS_UNCONNECTED,
    SUCCESS,
    TCP_CLOSE,
    TCP_EHASH,
    TCP_SYN_RECV,
    TCP_SYN_SENT,
    TCP_TIME_WAIT,
    Addr,
    AddrLen,
    Errno,
    Family,
    Port,
)


@kernel("net/ipv4/af_inet.c")
def inet_stream_connect(sock: Socket, family: Family, addr: Addr, port: Port, addr_len: AddrLen, noblock: bool) -> Errno:
    sk = sock.sk
    with lock_sock(sk):
        if family == AF_UNSPEC:
            err = sk.prot.disconnect(sk)
            sock.state = SS_DISCONNECTING if err else SS_UNCONNECTED
            return err
        if sock.state == SS_CONNECTED:
            return EISCONN
        elif sock.state == SS_CONNECTING:
            err = EALREADY
        elif sock.state == SS_UNCONNECTED:
            if sk.state != TCP_CLOSE:
                return EISCONN
            err = sk.prot.connect(sk, family, addr, port, addr_len)
            if err:
                return err
            sock.state = SS_CONNECTING
            err = EINPROGRESS
        else:
            return EINVAL
        timeo = sock_sndtimeo(sk, noblock)
        if sk.state in (TCP_SYN_SENT, TCP_SYN_RECV):
            if not timeo:
                return err
            timeo = inet_wait_for_connect(sk, timeo)
            if not timeo:
                return err
            err = sock_intr_errno(timeo)
            if current().sigpending:
                return err
        if sk.state == TCP_CLOSE:
            pending = sock_error(sk)
            err = pending if pending else ECONNABORTED
            sock.state = SS_UNCONNECTED
            if sk.prot.disconnect(sk):
                sock.state = SS_DISCONNECTING
            return err
        sock.state = SS_CONNECTED
        return 0


@kernel("net/ipv4/tcp_ipv4.c")
def tcp_v4_connect_routed(sk: Sock, source: Addr, daddr: Addr, port: Port) -> Errno:
    if sk.saddr == INADDR_ANY:
        sk.saddr = source
    tcp_v4_receive_at(sk, sk.saddr)
    sk.dport = htons(port)
    sk.daddr = daddr
    tcp_set_state(sk, TCP_SYN_SENT)
    err = tcp_v4_hash_connect(sk)
    if not err:
        err = tcp_connect(sk)
    if err:
        tcp_set_state(sk, TCP_CLOSE)
        sk.dport = 0
        return err
    return 0


@kernel("net/ipv4/tcp_output.c")
def tcp_connect(sk: Sock) -> Errno:
    sk.err = SUCCESS
    sk.done = False
    might_sleep()
    if kmalloc_fails():
        return ENOBUFS
    tcp_send_syn(sk)
    return 0


@kernel("net/ipv4/tcp_ipv4.c")
def tcp_v4_hash_connect(sk: Sock) -> Errno:
    """Each port of the range is tried in one step: free, or used by connections only and not to this peer."""
    if sk.num:
        return tcp_v4_hash_connecting(sk)
    with spin_lock(tcp_portalloc_lock):
        rover = next_local_port(net.tcp_port_rover)
        first = rover
        while True:
            net.tcp_port_rover = rover
            with spin_lock_bh(tcp_bhash_lock):
                taken = BindBucket[rover].live and not BindBucket[rover].connect_only
                sk.num = rover
                tw = find(sk2 for sk2 in Sock if sk2 != sk and same_connection(sk2, sk) and sk2.state == TCP_TIME_WAIT)
                twice = tw == NULL and any(sk2 != sk and same_connection(sk2, sk) for sk2 in Sock)
                if taken or twice:
                    sk.num = 0
                else:
                    if not BindBucket[rover].live:
                        BindBucket[rover].live = True
                        BindBucket[rover].connect_only = True
                    sk.prev = BindBucket[rover]
                    sk.sport = htons(rover)
                    BUG_TRAP(sk.hashed == NOT_HASHED)
                    sk.hashed = TCP_EHASH
                    if tw != NULL:
                        current().held_sk = tw
            if not taken and not twice:
                break
            rover = next_local_port(rover)
            if rover == first:
                return EADDRNOTAVAIL
    if tw != NULL:
        tcp_timewait_kill(tw)
        sock_put(tw)
    return 0


OVERRIDES = {
    "inet_stream_connect": inet_stream_connect,
    "tcp_v4_connect_routed": tcp_v4_connect_routed,
    "tcp_connect": tcp_connect,
}
