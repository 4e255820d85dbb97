"""net/ipv4/tcp_ipv4.c: the bind hash (who owns which port) and the listening hash.

What runs under the lock of a hash chain is one atomic step, as every reader and writer of that chain takes the lock.
"""

from __future__ import annotations

from checker.language import BUG_TRAP, NULL, abstracted, choose, kernel, pure, spin_lock, spin_lock_bh
from checker.language import choice as kmalloc_fails
from spec.state import (
    NOT_HASHED,
    TCP_CLOSE,
    TCP_LHASH,
    TCP_LISTEN,
    BindBucket,
    Errno,
    Port,
    Sock,
    announced,
    bind_owners,
    overlap,
    tcp_bhash_lock,
    tcp_lhash_lock,
    tcp_portalloc_lock,
)

LOCAL_PORT_LOW = 1024
LOCAL_PORT_HIGH = 4999


@pure
def in_local_port_range(port: Port) -> bool:
    return port >= LOCAL_PORT_LOW and port <= LOCAL_PORT_HIGH


@kernel("net/ipv4/tcp_ipv4.c")
def tcp_v4_init_sock(sk: Sock) -> Errno:
    abstracted("packet queues: nothing of this slice sends or receives", "out_of_order_queue", "tcp_prequeue_init")
    abstracted("timers: no state of this slice has one running", "tcp_init_xmit_timers", "rto", "mdev")
    abstracted("congestion control and segment sizes: no listed guard reads them", "snd_cwnd", "snd_ssthresh", "snd_cwnd_clamp")
    abstracted("congestion control and segment sizes: no listed guard reads them", "mss_cache", "reordering")
    abstracted("buffer sizes: no listed guard reads them", "sndbuf", "rcvbuf", "use_write_queue", "write_space")
    abstracted("the functions under TCP, and statistics", "af_specific", "atomic_inc")
    sk.state = TCP_CLOSE
    return 0


@kernel("net/ipv4/tcp_ipv4.c")
def tcp_bind_hash(sk: Sock, tb: BindBucket, snum: Port) -> None:
    sk.num = snum
    sk.prev = tb


@kernel("net/ipv4/tcp_ipv4.c")
def tcp_bind_conflict(sk: Sock, tb: BindBucket) -> bool:
    return any(
        sk2 != sk and (not sk.reuse or not sk2.reuse or sk2.state == TCP_LISTEN) and overlap(sk, sk2) for sk2 in bind_owners(tb)
    )


@kernel("net/ipv4/tcp_ipv4.c")
def tcp_v4_get_port(sk: Sock, snum: Port) -> bool:
    """True is C's 1: the port cannot be had."""
    if snum == 0:
        with spin_lock(tcp_portalloc_lock):
            abstracted("tcp_port_rover: the search may start at any port of the range")
            start = choose(Port, in_local_port_range)
            rover = start
            while True:
                with spin_lock_bh(tcp_bhash_lock):
                    if not BindBucket[rover].live:
                        return tcp_take_port(sk, BindBucket[rover], rover)
                rover = LOCAL_PORT_LOW if rover == LOCAL_PORT_HIGH else rover + 1
                if rover == start:
                    return True
    with spin_lock_bh(tcp_bhash_lock):
        return tcp_take_port(sk, BindBucket[snum], snum)


@kernel("net/ipv4/tcp_ipv4.c")
def tcp_take_port(sk: Sock, tb: BindBucket, snum: Port) -> bool:
    """The rest of tcp_v4_get_port, under the lock of the chain of ``snum``."""
    fast = tb.live and tb.fastreuse and sk.reuse and sk.state != TCP_LISTEN
    if not fast:
        if tb.live and tcp_bind_conflict(sk, tb):
            sk.refused_by_window = sk.state == TCP_LISTEN and not any(
                sk2 != sk and (not sk.reuse or not sk2.reuse or (sk2.state == TCP_LISTEN and sk2.validated)) and overlap(sk, sk2)
                for sk2 in bind_owners(tb)
            )
            return True
        if not tb.live:
            if kmalloc_fails():
                return True
            tb.live = True
            tb.fastreuse = sk.reuse and sk.state != TCP_LISTEN
        elif tb.fastreuse and (not sk.reuse or sk.state == TCP_LISTEN):
            tb.fastreuse = False
    sk.slipped_in = fast and any(sk2 != sk and announced(sk2) and overlap(sk, sk2) for sk2 in bind_owners(tb))
    if sk.prev == NULL:
        tcp_bind_hash(sk, tb, snum)
    BUG_TRAP(sk.prev == tb)
    sk.validated = sk.state == TCP_LISTEN
    return False


@kernel("net/ipv4/tcp_ipv4.c")
def tcp_put_port(sk: Sock) -> None:
    with spin_lock_bh(tcp_bhash_lock):
        tb = sk.prev
        sk.prev = NULL
        sk.num = 0
        if not any(True for sk2 in bind_owners(tb)):
            tb.live = False
            tb.fastreuse = False


@kernel("net/ipv4/tcp_ipv4.c")
def tcp_v4_hash(sk: Sock) -> None:
    if sk.state != TCP_CLOSE:
        with spin_lock_bh(tcp_lhash_lock):
            BUG_TRAP(sk.hashed == NOT_HASHED)
            sk.hashed = TCP_LHASH


@kernel("net/ipv4/tcp_ipv4.c")
def tcp_unhash(sk: Sock) -> None:
    with spin_lock_bh(tcp_lhash_lock):
        if sk.hashed != NOT_HASHED:
            sk.hashed = NOT_HASHED
