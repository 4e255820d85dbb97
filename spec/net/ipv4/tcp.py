"""net/ipv4/tcp.c: listening, disconnecting and closing a TCP socket."""

from __future__ import annotations

from checker.language import BUG_TRAP, NULL, abstracted, free, htons, kernel, spin_lock_bh
from checker.language import choice as kmalloc_fails
from spec.net.core.sock import sock_orphan
from spec.net.ipv4.tcp_ipv4 import tcp_put_port
from spec.state import (
    EADDRINUSE,
    ENOMEM,
    INADDR_ANY,
    NOT_HASHED,
    SUCCESS,
    TCP_CLOSE,
    TCP_LISTEN,
    Errno,
    Sock,
    TcpState,
    lock_sock,
    syn_wait_lock,
)


@kernel("include/net/tcp.h")
def tcp_set_state(sk: Sock, state: TcpState) -> None:
    if state == TCP_CLOSE:
        sk.prot.unhash(sk)
        if sk.prev != NULL and not sk.bindport_lock:
            tcp_put_port(sk)
    sk.state = state


@kernel("net/ipv4/tcp.c")
def tcp_listen_start(sk: Sock) -> Errno:
    sk.max_ack_backlog = 0
    sk.ack_backlog = 0
    abstracted("the accept queue: nothing of this slice fills it", "accept_queue", "accept_queue_tail")
    abstracted("delayed ACK state: no listed guard reads it", "tcp_delack_init")
    abstracted("a new lock is free", "syn_wait_lock")
    abstracted("the SYN table: only whether it is there", "kmalloc", "memset", "max_qlen_log", "kfree")
    if kmalloc_fails():
        return ENOMEM
    with spin_lock_bh(syn_wait_lock):
        sk.listen_opt = True
    sk.state = TCP_LISTEN
    sk.validated = False
    if not sk.prot.get_port(sk, sk.num):
        sk.sport = htons(sk.num)
        sk.prot.hash(sk)
        return 0
    sk.state = TCP_CLOSE
    with spin_lock_bh(syn_wait_lock):
        sk.listen_opt = False
    sk.refused_by_window = False
    return EADDRINUSE


@kernel("net/ipv4/tcp.c")
def tcp_listen_stop(sk: Sock) -> None:
    with spin_lock_bh(syn_wait_lock):
        sk.listen_opt = False
    abstracted("SYN queue and accept queue are empty without a network")


@kernel("net/ipv4/tcp.c")
def tcp_disconnect(sk: Sock) -> Errno:
    old_state = sk.state
    if old_state != TCP_CLOSE:
        tcp_set_state(sk, TCP_CLOSE)
    if old_state == TCP_LISTEN:
        tcp_listen_stop(sk)
    sk.dport = 0
    sk.bound_to = 0
    if not sk.bindaddr_lock:
        sk.rcv_saddr = INADDR_ANY
        sk.saddr = INADDR_ANY
    BUG_TRAP(sk.num == 0 or sk.prev != NULL)
    return SUCCESS


@kernel("net/ipv4/tcp.c")
def tcp_close_state(sk: Sock) -> None:
    """In CLOSE and LISTEN the next state is CLOSE and no FIN is due."""
    tcp_set_state(sk, TCP_CLOSE)


@kernel("net/ipv4/tcp.c")
def tcp_close(sk: Sock) -> None:
    with lock_sock(sk):
        if sk.state == TCP_LISTEN:
            tcp_set_state(sk, TCP_CLOSE)
            tcp_listen_stop(sk)
        else:
            tcp_close_state(sk)
    BUG_TRAP(not sk.users)
    sock_orphan(sk)
    tcp_destroy_sock(sk)


@kernel("net/ipv4/tcp.c")
def tcp_destroy_sock(sk: Sock) -> None:
    BUG_TRAP(sk.state == TCP_CLOSE)
    BUG_TRAP(sk.dead)
    BUG_TRAP(sk.hashed == NOT_HASHED)
    BUG_TRAP(sk.num == 0 or sk.prev != NULL)
    if sk.prev != NULL:
        tcp_put_port(sk)
    free(sk)
