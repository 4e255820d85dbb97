"""include/net/tcp.h and net/ipv4/tcp.c: changes of state, and the end of a sock."""

from __future__ import annotations

from checker.language import BUG_TRAP, NULL, kernel, new, spin_lock_bh
from spec.net.core.sock import sock_def_wakeup
from spec.net.ipv4.tcp_ipv4 import tcp_put_port
from spec.state import Sock, tcp_bhash_lock
from spec.values import NOT_HASHED, TCP_CLOSE, TCP_EHASH, TCP_TIME_WAIT, TcpState


@kernel("include/net/tcp.h")
def tcp_set_state(sk: Sock, state: TcpState) -> None:
    if state == TCP_CLOSE:
        sk.prot.unhash(sk)
        if sk.prev != NULL and not sk.bindport_lock:
            tcp_put_port(sk)
    sk.state = state


@kernel("include/net/tcp.h", shared=True, holds="lock_sock(sk)")
def tcp_done(sk: Sock) -> None:
    tcp_set_state(sk, TCP_CLOSE)
    sk.rcv_shutdown = True
    sk.send_shutdown = True
    if not sk.dead:
        sock_def_wakeup(sk)
    else:
        tcp_destroy_sock(sk)


@kernel("net/ipv4/tcp.c")
def tcp_destroy_sock(sk: Sock) -> None:
    BUG_TRAP(sk.state == TCP_CLOSE)
    BUG_TRAP(sk.dead)
    BUG_TRAP(sk.hashed == NOT_HASHED)
    BUG_TRAP(sk.num == 0 or sk.prev != NULL)
    sk.prot.destroy(sk)
    sk.gone = True


@kernel("net/ipv4/tcp_ipv4.c")
def tcp_v4_destroy_sock(sk: Sock) -> None:
    if sk.prev != NULL:
        tcp_put_port(sk)


@kernel("net/ipv4/tcp_minisocks.c")
def tcp_time_wait(sk: Sock, state: TcpState) -> None:
    """The connection lives on as a TIME_WAIT bucket; both tables change hands in one step (tcp_tw_hashdance)."""
    with spin_lock_bh(tcp_bhash_lock):
        tw = new(Sock)
        tw.daddr = sk.daddr
        tw.rcv_saddr = sk.rcv_saddr
        tw.bound_dev_if = sk.bound_dev_if
        tw.num = sk.num
        tw.state = TCP_TIME_WAIT
        tw.substate = state
        tw.sport = sk.sport
        tw.dport = sk.dport
        tw.reuse = sk.reuse
        BUG_TRAP(sk.prev != NULL)
        tw.prev = sk.prev
        sk.hashed = NOT_HASHED
        tw.hashed = TCP_EHASH
    tcp_done(sk)
