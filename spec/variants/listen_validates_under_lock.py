"""listen() announces LISTEN and validates the port in one step, under the lock of the bucket.

Nobody who looks at the owners of the port, and so holds that lock, sees a listener that get_port is going to refuse.
"""

from __future__ import annotations

from checker.language import NULL, abstracted, htons, kernel, might_sleep, original, spin_lock_bh
from checker.language import choice as kmalloc_fails
from spec.net.ipv4.tcp_ipv4 import tcp_take_port as plain_tcp_take_port
from spec.state import BindBucket, Sock, syn_wait_lock
from spec.values import EADDRINUSE, ENOMEM, TCP_CLOSE, TCP_LISTEN, Errno, Port

original_tcp_take_port = original(plain_tcp_take_port)


@kernel("net/ipv4/tcp_ipv4.c")
def tcp_take_port(sk: Sock, tb: BindBucket, snum: Port) -> bool:
    """A closed socket with a table of requests is on its way to LISTEN."""
    starts = sk.listen_opt and sk.state == TCP_CLOSE
    if starts:
        sk.state = TCP_LISTEN
    refused = original_tcp_take_port(sk, tb, snum)
    if refused and starts:
        sk.state = TCP_CLOSE
    return refused


@kernel("net/ipv4/tcp.c")
def tcp_listen_start(sk: Sock) -> Errno:
    sk.max_ack_backlog = 0
    sk.ack_backlog = 0
    sk.accept_queue = sk.accept_queue_tail = NULL
    abstracted("a lock made new, and the delayed ACK block: no modelled guard reads them", "syn_wait_lock", "tcp_delack_init")
    might_sleep()
    if kmalloc_fails():
        return ENOMEM
    with spin_lock_bh(syn_wait_lock):
        sk.listen_opt = True
    sk.validated = False
    if not sk.prot.get_port(sk, sk.num):
        sk.sport = htons(sk.num)
        sk.prot.hash(sk)
        return 0
    with spin_lock_bh(syn_wait_lock):
        sk.listen_opt = False
    sk.refused_by_window = False
    return EADDRINUSE


OVERRIDES = {"tcp_take_port": tcp_take_port, "tcp_listen_start": tcp_listen_start}
