"""net/ipv4/af_inet.c: what the socket layer calls for an AF_INET socket."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.language import BUG_TRAP, NULL, abstracted, current, htons, kernel, released
from spec.kernel.capability import capable_net_bind_service, capable_net_raw
from spec.kernel.sched import add_wait_queue, remove_wait_queue, schedule_timeout
from spec.net.core.sock import (
    sk_alloc,
    sk_dst_reset,
    sk_free,
    sock_def_wakeup,
    sock_error,
    sock_graft,
    sock_init_data,
    sock_intr_errno,
    sock_orphan,
    sock_put,
    sock_sndtimeo,
)
from spec.net.ipv4.ip_sockglue import ip_mc_drop_socket
from spec.net.ipv4.route import inet_addr_type
from spec.net.ipv4.tcp import tcp_listen_start
from spec.state import Sock, Socket, lock_sock, net
from spec.values import (
    AF_UNSPEC,
    EACCES,
    EADDRINUSE,
    EADDRNOTAVAIL,
    EAGAIN,
    EALREADY,
    ECONNABORTED,
    EINPROGRESS,
    EINVAL,
    EISCONN,
    ENOBUFS,
    ENOTCONN,
    EPERM,
    EPROTONOSUPPORT,
    ESOCKTNOSUPPORT,
    INADDR_ANY,
    IPPROTO_TCP,
    IPPROTO_UDP,
    PROT_SOCK,
    RTN_BROADCAST,
    RTN_LOCAL,
    RTN_MULTICAST,
    SHUT_INVALID,
    SHUT_RD,
    SHUT_RDWR,
    SHUT_WR,
    SIZEOF_SOCKADDR_IN,
    SOCK_DGRAM,
    SOCK_RAW,
    SOCK_STREAM,
    SS_CONNECTED,
    SS_CONNECTING,
    SS_DISCONNECTING,
    SS_UNCONNECTED,
    SUCCESS,
    TASK_INTERRUPTIBLE,
    TASK_RUNNING,
    TCP_CLOSE,
    TCP_CLOSE_WAIT,
    TCP_ESTABLISHED,
    TCP_LISTEN,
    TCP_SYN_RECV,
    TCP_SYN_SENT,
    Addr,
    AddrLen,
    Backlog,
    Errno,
    Family,
    Port,
    Protocol,
    ShutdownHow,
    Timeo,
)

if TYPE_CHECKING:
    from spec.net.ipv4.protocols import inet_dgram_ops, inet_stream_ops, raw_prot, tcp_prot, udp_prot


@kernel("net/ipv4/af_inet.c")
def inet_create(sock: Socket, protocol: Protocol) -> Errno:
    sock.state = SS_UNCONNECTED
    sk = sk_alloc()
    if sk == NULL:
        return ENOBUFS
    prot = sk.prot
    if sock.type == SOCK_STREAM:
        if protocol != 0 and protocol != IPPROTO_TCP:
            sk_free(sk)
            return EPROTONOSUPPORT
        protocol = Protocol(IPPROTO_TCP)
        prot = tcp_prot
        sock.ops = inet_stream_ops
    elif sock.type == SOCK_DGRAM:
        if protocol != 0 and protocol != IPPROTO_UDP:
            sk_free(sk)
            return EPROTONOSUPPORT
        protocol = Protocol(IPPROTO_UDP)
        abstracted("checksums", "no_check")
        prot = udp_prot
        sock.ops = inet_dgram_ops
    elif sock.type == SOCK_RAW:
        if not capable_net_raw():
            sk_free(sk)
            return EPERM
        if protocol == 0:
            sk_free(sk)
            return EPROTONOSUPPORT
        prot = raw_prot
        sk.reuse = True
        sk.num = Port(protocol)
        sock.ops = inet_dgram_ops
        abstracted("IP_HDRINCL: only sending reads it", "hdrincl")
    else:
        sk_free(sk)
        return ESOCKTNOSUPPORT
    abstracted("path MTU discovery and the IP identifier: only sending reads them", "pmtudisc", "no_pmtu_disc", "id")
    sock_init_data(sock, sk)
    abstracted(
        "destructor, family and IP defaults: no modelled guard reads them", "destruct", "zapped", "family", "backlog_rcv", "ttl"
    )
    abstracted("multicast defaults: no modelled guard reads them", "mc_loop", "mc_ttl", "mc_index", "mc_list")
    sk.protocol = protocol
    sk.prot = prot
    if sk.num:
        sk.sport = htons(sk.num)
        sk.prot.hash(sk)
    if sk.prot.init:
        err = sk.prot.init(sk)
        if err:
            inet_sock_release(sk)
            return err
    return 0


@kernel("net/ipv4/af_inet.c")
def inet_sock_release(sk: Sock) -> None:
    if sk.prot.destroy:
        sk.prot.destroy(sk)
    sk.prot.unhash(sk)
    sock_orphan(sk)
    current().held_sk = sk  # The socket's own reference: from gone on this thread has it, and sock_put drops it.
    sk.gone = True
    sock_put(sk)


@kernel("net/ipv4/af_inet.c")
def inet_bind(sock: Socket, family: Family, addr: Addr, port: Port, addr_len: AddrLen) -> Errno:
    sk = sock.sk
    if sk.prot.bind:
        return sk.prot.bind(sk, addr, addr_len)
    if addr_len < SIZEOF_SOCKADDR_IN:
        return EINVAL
    chk_addr_ret = inet_addr_type(addr)
    if (
        not net.ip_nonlocal_bind
        and not sk.freebind
        and addr != INADDR_ANY
        and chk_addr_ret != RTN_LOCAL
        and chk_addr_ret != RTN_MULTICAST
        and chk_addr_ret != RTN_BROADCAST
    ):
        return EADDRNOTAVAIL
    snum = port
    if snum and snum < PROT_SOCK and not capable_net_bind_service():
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
        if snum:
            sk.bindport_lock = True
        sk.sport = htons(sk.num)
        sk.bound_to = sk.num
        sk.slipped_in = False
        sk.daddr = INADDR_ANY
        sk.dport = 0
        sk_dst_reset(sk)
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
def inet_accept(sock: Socket, newsock: Socket, noblock: bool) -> Errno:
    sk1 = sock.sk
    sk2 = sk1.prot.accept(sk1, noblock)
    if sk2 == NULL:
        return current().err
    with lock_sock(sk2):
        BUG_TRAP(sk2.state in (TCP_ESTABLISHED, TCP_CLOSE_WAIT, TCP_CLOSE))
        sock_graft(sk2, newsock)
        sk2.carrier = NULL
        newsock.state = SS_CONNECTED
    return 0


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
            if sk.num == 0:
                if sk.prot.get_port(sk, 0):
                    return EAGAIN
                sk.sport = htons(sk.num)
            err = sk.prot.connect(sk, family, addr, port, addr_len)
            if err:
                return err
            sock.state = SS_CONNECTING
            err = EINPROGRESS
        else:
            return EINVAL
        timeo = sock_sndtimeo(sk, noblock)
        if sk.state in (TCP_SYN_SENT, TCP_SYN_RECV):
            if not timeo or not inet_wait_for_connect(sk, timeo):
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


@kernel("net/ipv4/af_inet.c", holds="lock_sock(sk)")
def inet_wait_for_connect(sk: Sock, timeo: Timeo) -> Timeo:
    current().state = TASK_INTERRUPTIBLE
    add_wait_queue(sk.sleep)
    while sk.state in (TCP_SYN_SENT, TCP_SYN_RECV):
        with released(lock_sock(sk)):
            timeo = schedule_timeout(timeo)
        if current().sigpending or not timeo:
            break
        current().state = TASK_INTERRUPTIBLE
    current().state = TASK_RUNNING
    remove_wait_queue()
    return timeo


@kernel("net/ipv4/af_inet.c")
def inet_dgram_connect(sock: Socket, family: Family, addr: Addr, port: Port, addr_len: AddrLen, noblock: bool) -> Errno:
    sk = sock.sk
    if family == AF_UNSPEC:
        return sk.prot.disconnect(sk)
    if sk.num == 0:
        err = inet_autobind(sk)
        if err:
            return err
    return sk.prot.connect(sk, family, addr, port, addr_len)


@kernel("net/ipv4/af_inet.c")
def inet_autobind(sk: Sock) -> Errno:
    with lock_sock(sk):
        if sk.num == 0:
            if sk.prot.get_port(sk, 0):
                return EAGAIN
            sk.sport = htons(sk.num)
    return 0


@kernel("net/ipv4/af_inet.c")
def inet_sendmsg(
    sock: Socket, msg_name: bool, family: Family, addr: Addr, port: Port, addr_len: AddrLen, noblock: bool, short: bool
) -> Errno:
    """``msg_name`` says that the caller gives a destination."""
    sk = sock.sk
    if sk.num == 0:
        err = inet_autobind(sk)
        if err:
            return err
    return sk.prot.sendmsg(sk, msg_name, family, addr, port, addr_len, noblock, short)


@kernel("net/ipv4/af_inet.c")
def inet_recvmsg(sock: Socket, noblock: bool) -> Errno:
    sk = sock.sk
    current().copied = False
    return sk.prot.recvmsg(sk, noblock)


@kernel("net/ipv4/af_inet.c")
def inet_shutdown(sock: Socket, how: ShutdownHow) -> Errno:
    sk = sock.sk
    err = SUCCESS
    if how == SHUT_INVALID:
        return EINVAL
    with lock_sock(sk):
        if sock.state == SS_CONNECTING:
            sock.state = SS_DISCONNECTING if sk.state in (TCP_SYN_SENT, TCP_SYN_RECV, TCP_CLOSE) else SS_CONNECTED
        state = sk.state
        if state == TCP_SYN_SENT or (state == TCP_LISTEN and how != SHUT_WR):
            err = sk.prot.disconnect(sk)
            sock.state = SS_DISCONNECTING if err else SS_UNCONNECTED
        elif state != TCP_LISTEN:
            if state == TCP_CLOSE:
                err = ENOTCONN
            if how == SHUT_RD or how == SHUT_RDWR:
                sk.rcv_shutdown = True
            if how == SHUT_WR or how == SHUT_RDWR:
                sk.send_shutdown = True
            if sk.prot.shutdown:
                sk.prot.shutdown(sk, how)
        sock_def_wakeup(sk)
    return err


@kernel("net/ipv4/af_inet.c")
def inet_getname(sock: Socket, peer: bool, accepted: bool) -> Errno:
    """``peer`` and ``accepted``: C's 1, and the 2 that accept passes."""
    sk = sock.sk
    if peer:
        if not sk.dport:
            return ENOTCONN
        if sk.state in (TCP_CLOSE, TCP_SYN_SENT) and not accepted:
            return ENOTCONN
        current().name_port = sk.dport
        current().name_addr = sk.daddr
    else:
        addr = sk.rcv_saddr
        if addr == INADDR_ANY:
            addr = sk.saddr
        current().name_port = sk.sport
        current().name_addr = addr
    return 0


@kernel("net/ipv4/af_inet.c")
def inet_release(sock: Socket) -> None:
    sk = sock.sk
    if sk != NULL:
        ip_mc_drop_socket(sk)
        abstracted("the linger time", "timeout")
        sock.sk = NULL
        sk.closer = current()
        sk.prot.close(sk)
