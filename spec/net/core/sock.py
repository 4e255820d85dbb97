"""net/core/sock.c: allocation, initialisation and socket options."""

from __future__ import annotations

from checker.language import NULL, abstracted, kernel, new, spin_lock_bh
from checker.language import choice as kmalloc_fails
from spec.state import TCP_CLOSE, Sock, Socket, callback_lock, lock_sock


@kernel("net/core/sock.c")
def sk_alloc() -> Sock:
    if kmalloc_fails():
        return NULL
    return new(Sock)


@kernel("net/core/sock.c")
def sock_init_data(sock: Socket, sk: Sock) -> None:
    abstracted("packet queues: nothing of this slice sends or receives", "receive_queue", "write_queue", "error_queue")
    abstracted("timers and timeouts: no call of this slice waits", "timer", "rcvtimeo", "sndtimeo")
    abstracted("buffer sizes and memory: no listed guard reads them", "allocation", "rcvbuf", "sndbuf", "rcvlowat")
    abstracted("callbacks", "sleep", "state_change", "data_ready", "write_space", "error_report", "destruct")
    abstracted("the reference count and zapped: no listed guard reads them", "refcnt", "zapped")
    abstracted("a new lock is free", "dst_lock", "callback_lock")
    abstracted("credentials of the peer: AF_UNIX only", "peercred")
    sk.state = TCP_CLOSE
    sk.socket = sock
    sk.type = sock.type
    sock.sk = sk


@kernel("include/net/sock.h")
def sock_orphan(sk: Sock) -> None:
    with spin_lock_bh(callback_lock):
        sk.dead = True
        sk.socket = NULL


@kernel("net/core/sock.c")
def setsockopt_reuseaddr(sock: Socket, valbool: bool) -> None:
    sk = sock.sk
    with lock_sock(sk):
        sk.reuse = valbool
        sk.reuse_withdrawn = (sk.reuse_withdrawn or sk.prev != NULL) and not valbool
