"""Linux 6.7: connect() fails with EPIPE if the attempt it waited for was dissolved meanwhile.

The kernel bumps a counter of the socket, which the sleeper compares with what it was; here the sleepers are marked
instead, which tells them the same.  Only connect() does so: shutdown() dissolves an attempt without it.
"""

from __future__ import annotations

from checker.language import NULL, current, htons, kernel, members, spin_lock
from spec.net.core.sock import sock_error, sock_intr_errno, sock_sndtimeo
from spec.net.ipv4.af_inet import inet_wait_for_connect
from spec.state import Sock, Socket, Thread, lock_sock, wait_queue_lock
from spec.values import (
    AF_UNSPEC,
    EAGAIN,
    EALREADY,
    ECONNABORTED,
    EINPROGRESS,
    EINVAL,
    EISCONN,
    EPIPE,
    SS_CONNECTED,
    SS_CONNECTING,
    SS_DISCONNECTING,
    SS_UNCONNECTED,
    TCP_CLOSE,
    TCP_SYN_RECV,
    TCP_SYN_SENT,
    Addr,
    AddrLen,
    Errno,
    Family,
    Port,
)

UPSTREAM = "419ce133ab92 tcp: allow again tcp_disconnect() when threads are waiting"


class Caller(Thread):
    """``disconnected``: the counter of the socket is not what it was when this thread went to sleep."""

    disconnected: bool


@members
def waiting_for(t: Caller, sock: Socket) -> bool:
    return sock != NULL and t.waits_on == sock


@kernel("net/ipv4/af_inet.c")
def count_disconnect(sk: Sock) -> None:
    """sk->sk_disconnects++"""
    with spin_lock(wait_queue_lock):
        for t in waiting_for(sk.sleep):
            t.disconnected = True


@kernel("net/ipv4/af_inet.c")
def inet_stream_connect(sock: Socket, family: Family, addr: Addr, port: Port, addr_len: AddrLen, noblock: bool) -> Errno:
    sk = sock.sk
    with lock_sock(sk):
        if family == AF_UNSPEC:
            count_disconnect(sk)
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
            current().disconnected = False
            if not timeo or not inet_wait_for_connect(sk, timeo):
                return err
            err = sock_intr_errno(timeo)
            if current().sigpending:
                return err
            if current().disconnected:
                return EPIPE
        if sk.state == TCP_CLOSE:
            pending = sock_error(sk)
            err = pending if pending else ECONNABORTED
            sock.state = SS_UNCONNECTED
            count_disconnect(sk)
            if sk.prot.disconnect(sk):
                sock.state = SS_DISCONNECTING
            return err
        sock.state = SS_CONNECTED
        return 0


OVERRIDES = {"inet_stream_connect": inet_stream_connect}
