"""A mutant: tcp_listen_start asks get_port first and announces LISTEN afterwards.

It looks like the natural order, and would make the comment about the race window unnecessary.  But get_port's conflict
scan finds other listeners by their state: two sockets with SO_REUSEADDR both pass it in CLOSE, then both
announce and both enter the listening hash.
"""

from __future__ import annotations

from checker.language import NULL, abstracted, htons, kernel, might_sleep, spin_lock_bh
from checker.language import choice as kmalloc_fails
from spec.state import Sock, syn_wait_lock
from spec.values import EADDRINUSE, ENOMEM, TCP_LISTEN, Errno

BREAKS = "one_listener"


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
    if not sk.prot.get_port(sk, sk.num):
        sk.state = TCP_LISTEN
        sk.validated = True
        sk.sport = htons(sk.num)
        sk.prot.hash(sk)
        return 0
    with spin_lock_bh(syn_wait_lock):
        sk.listen_opt = False
    return EADDRINUSE


OVERRIDES = {"tcp_listen_start": tcp_listen_start}
