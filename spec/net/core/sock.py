"""net/core/sock.c and include/net/sock.h: allocation, initialisation, wake-ups and socket options."""

from __future__ import annotations

from checker.language import NULL, abstracted, current, free, kernel, might_sleep, new, spin_lock, spin_lock_bh
from checker.language import choice as kmalloc_fails
from spec.kernel.capability import capable_net_raw
from spec.kernel.sched import wake_up_interruptible, wake_up_interruptible_all
from spec.state import Sock, Socket, callback_lock, dst_lock, err_xchg, lock_sock, refcnt_lock, referenced
from spec.values import (
    EINTR,
    EOPNOTSUPP,
    EPERM,
    ERESTARTSYS,
    INADDR_ANY,
    MAX_SCHEDULE_TIMEOUT,
    NO_DEVICE,
    SO_BROADCAST,
    SO_LINGER,
    SO_RCVTIMEO,
    SO_REUSEADDR,
    SO_SNDTIMEO,
    SUCCESS,
    TCP_CLOSE,
    TIMEO_ZERO,
    Addr,
    Backlog,
    Device,
    Errno,
    Option,
    Timeo,
)


@kernel("net/core/sock.c")
def sk_alloc() -> Sock:
    might_sleep()
    if kmalloc_fails():
        return NULL
    return new(Sock)


@kernel("net/core/sock.c")
def sk_free(sk: Sock) -> None:
    inet_sock_destruct(sk)
    free(sk)


@kernel("net/ipv4/af_inet.c")
def inet_sock_destruct(sk: Sock) -> None:
    """sk->destruct: what nobody received goes with the socket."""
    while sk.receive_queue != NULL:
        skb = sk.receive_queue
        sk.receive_queue = skb.next
        free(skb)


@kernel("net/core/sock.c")
def sock_init_data(sock: Socket, sk: Sock) -> None:
    abstracted("packet queues are empty in a new sock", "receive_queue", "write_queue", "error_queue")
    abstracted("timer, allocation mode: no modelled guard reads them", "timer", "allocation")
    abstracted("buffer sizes: no modelled guard reads them", "rcvbuf", "sndbuf", "rcvlowat")
    abstracted("zapped: only sending reads it", "zapped")
    sk.state = TCP_CLOSE
    sk.socket = sock
    sk.type = sock.type
    sk.sleep = sock
    sock.sk = sk
    abstracted("locks and callbacks are the same for every socket", "dst_lock", "callback_lock", "state_change", "data_ready")
    abstracted("callbacks are the same for every socket", "write_space", "error_report", "destruct")
    abstracted("credentials of the peer: AF_UNIX only", "peercred")
    sk.rcvtimeo = MAX_SCHEDULE_TIMEOUT
    sk.sndtimeo = MAX_SCHEDULE_TIMEOUT
    abstracted("the reference count: who holds a reference is in gone, held_sk and rx_sk", "refcnt")


@kernel("include/net/sock.h")
def sock_put(sk: Sock) -> None:
    """Drop the caller's reference; the last one frees."""
    with spin_lock(refcnt_lock):
        current().held_sk = NULL
        last = sk.gone and not referenced(sk)
    if last:
        sk.freer = current()
        sk_free(sk)


@kernel("include/net/sock.h")
def sock_orphan(sk: Sock) -> None:
    with spin_lock_bh(callback_lock):
        sk.dead = True
        sk.socket = NULL
        sk.sleep = NULL


@kernel("include/net/sock.h")
def sock_graft(sk: Sock, parent: Socket) -> None:
    with spin_lock_bh(callback_lock):
        sk.sleep = parent
        parent.sk = sk
        sk.socket = parent


@kernel("net/core/sock.c")
def sock_def_wakeup(sk: Sock) -> None:
    """sk->state_change"""
    with spin_lock(callback_lock):
        sleep = sk.sleep
    if sleep != NULL:
        wake_up_interruptible_all(sleep)


@kernel("net/core/sock.c")
def sock_def_readable(sk: Sock) -> None:
    """sk->data_ready"""
    with spin_lock(callback_lock):
        sleep = sk.sleep
    if sleep != NULL:
        wake_up_interruptible(sleep)


@kernel("net/core/sock.c")
def sock_def_error_report(sk: Sock) -> None:
    """sk->error_report"""
    with spin_lock(callback_lock):
        sleep = sk.sleep
    if sleep != NULL:
        wake_up_interruptible(sleep)


@kernel("include/net/sock.h")
def sock_rcvtimeo(sk: Sock, noblock: bool) -> Timeo:
    return TIMEO_ZERO if noblock else sk.rcvtimeo


@kernel("include/net/sock.h")
def sock_sndtimeo(sk: Sock, noblock: bool) -> Timeo:
    return TIMEO_ZERO if noblock else sk.sndtimeo


@kernel("include/net/sock.h")
def sock_intr_errno(timeo: Timeo) -> Errno:
    return ERESTARTSYS if timeo == MAX_SCHEDULE_TIMEOUT else EINTR


@kernel("include/net/sock.h")
def sock_error(sk: Sock) -> Errno:
    """Read the pending error and clear it, in one instruction."""
    with spin_lock(err_xchg):
        err = sk.err
        sk.err = SUCCESS
    return err


@kernel("net/core/sock.c")
def sock_no_accept(sock: Socket, newsock: Socket, noblock: bool) -> Errno:
    return EOPNOTSUPP


@kernel("net/core/sock.c")
def sock_no_listen(sock: Socket, backlog: Backlog) -> Errno:
    return EOPNOTSUPP


@kernel("net/core/sock.c")
def sock_setsockopt(sock: Socket, optname: Option, valbool: bool, timeo: Timeo, device: Device) -> Errno:
    sk = sock.sk
    with lock_sock(sk):
        if optname == SO_REUSEADDR:
            sk.reuse = valbool
            sk.reuse_withdrawn = (sk.reuse_withdrawn or sk.prev != NULL) and not valbool
        elif optname == SO_BROADCAST:
            sk.broadcast = valbool
        elif optname == SO_LINGER:
            sk.linger = valbool
        elif optname == SO_RCVTIMEO:
            sk.rcvtimeo = timeo
        elif optname == SO_SNDTIMEO:
            sk.sndtimeo = timeo
        else:
            if not capable_net_raw():
                return EPERM
            if device != NO_DEVICE:
                sk_dst_reset(sk)
            sk.bound_dev_if = device
        return 0


@kernel("net/core/sock.c")
def sock_getsockopt_error(sock: Socket) -> Errno:
    """SO_ERROR: the pending error, or else the soft one; without the socket lock."""
    sk = sock.sk
    err = sock_error(sk)
    if err:
        return err
    with spin_lock(err_xchg):
        soft = sk.err_soft
        sk.err_soft = SUCCESS
    return soft


@kernel("include/net/sock.h")
def sk_dst_set(sk: Sock, daddr: Addr, saddr: Addr) -> None:
    with spin_lock_bh(dst_lock):
        sk.dst_daddr = daddr
        sk.dst_saddr = saddr


@kernel("include/net/sock.h")
def sk_dst_reset(sk: Sock) -> None:
    with spin_lock_bh(dst_lock):
        sk.dst_daddr = INADDR_ANY
        sk.dst_saddr = INADDR_ANY
