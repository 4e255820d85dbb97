"""net/ipv4/af_inet.c: what the socket layer calls for an AF_INET socket."""

from __future__ import annotations

from checker.language import NULL, abstracted, choice, choose, current, exclusive, free, htons, kernel
from spec.net.core.sock import sk_alloc, sock_init_data
from spec.net.ipv4.protocols import tcp_prot
from spec.net.ipv4.tcp import tcp_listen_start
from spec.state import (
    EACCES,
    EADDRINUSE,
    EADDRNOTAVAIL,
    EINVAL,
    ENOBUFS,
    EPROTONOSUPPORT,
    INADDR_ANY,
    IPPROTO_TCP,
    PROT_SOCK,
    RTN_BROADCAST,
    RTN_LOCAL,
    RTN_MULTICAST,
    SOCK_STREAM,
    SS_UNCONNECTED,
    TCP_CLOSE,
    TCP_LISTEN,
    Addr,
    AddrType,
    Backlog,
    Errno,
    Port,
    Protocol,
    Socket,
    lock_sock,
)


@kernel("net/ipv4/af_inet.c")
def inet_create(sock: Socket, protocol: Protocol) -> Errno:
    sock.state = SS_UNCONNECTED
    sk = sk_alloc()
    if sk == NULL:
        return ENOBUFS
    abstracted("the switch over sock->type: this slice has SOCK_STREAM only")
    if protocol != 0 and protocol != IPPROTO_TCP:
        free(sk)
        return EPROTONOSUPPORT
    sock_init_data(sock, sk)
    sk.prot = tcp_prot
    abstracted("sk->num != 0 with htons and hash: only RAW sets num before this point")
    if sk.prot.init:
        return sk.prot.init(sk)
    return 0


@kernel("net/ipv4/fib_frontend.c")
def inet_addr_type(addr: Addr) -> AddrType:
    return choose(AddrType)


@kernel("kernel/capability.c")
def capable() -> bool:
    return choice()


@kernel("net/ipv4/af_inet.c")
def nonlocal_bind_allowed() -> bool:
    return choice()


@kernel("net/ipv4/af_inet.c")
def inet_bind(sock: Socket, addr: Addr, snum: Port) -> Errno:
    sk = sock.sk
    if sk.prot.bind:
        return sk.prot.bind(sk, addr)
    chk_addr_ret = inet_addr_type(addr)
    if (
        addr != INADDR_ANY
        and chk_addr_ret != RTN_LOCAL
        and chk_addr_ret != RTN_MULTICAST
        and chk_addr_ret != RTN_BROADCAST
        and not nonlocal_bind_allowed()
    ):
        return EADDRNOTAVAIL
    if snum != 0 and snum < PROT_SOCK and not capable():
        return EACCES
    with lock_sock(sk):
        if sk.state != TCP_CLOSE or sk.num != 0:
            return EINVAL
        sk.rcv_saddr = sk.saddr = addr
        if chk_addr_ret == RTN_MULTICAST or chk_addr_ret == RTN_BROADCAST:
            sk.saddr = INADDR_ANY
        if sk.prot.get_port(sk, snum):
            sk.saddr = sk.rcv_saddr = INADDR_ANY
            return EADDRINUSE
        if sk.rcv_saddr != INADDR_ANY:
            sk.bindaddr_lock = True
        if snum != 0:
            sk.bindport_lock = True
        sk.sport = htons(sk.num)
        sk.bound_to = sk.num
        sk.slipped_in = False
        sk.daddr = INADDR_ANY
        sk.dport = 0
        return 0


@kernel("net/ipv4/af_inet.c")
def inet_listen(sock: Socket, backlog: Backlog) -> Errno:
    sk = sock.sk
    with lock_sock(sk):
        if sock.state != SS_UNCONNECTED or sock.type != SOCK_STREAM:
            return EINVAL
        old_state = sk.state
        if old_state not in (TCP_CLOSE, TCP_LISTEN):
            return EINVAL
        if old_state != TCP_LISTEN:
            err = tcp_listen_start(sk)
            if err:
                return err
        sk.max_ack_backlog = backlog
        return 0


@kernel("net/ipv4/af_inet.c")
def inet_stream_disconnect(sock: Socket) -> Errno:
    """inet_stream_connect with AF_UNSPEC: the only branch of it in this slice."""
    sk = sock.sk
    with lock_sock(sk):
        err = sk.prot.disconnect(sk)
        sock.state = SS_UNCONNECTED
        return err


@kernel("net/ipv4/af_inet.c")
def inet_release(sock: Socket) -> None:
    sk = sock.sk
    if sk != NULL:
        with exclusive(sk):
            sock.sk = NULL
            sk.closer = current()
            sk.prot.close(sk)
