"""A mutant: tcp_listen_start enters the socket into the listening hash before get_port has accepted it.

A packet could then find a listener that does not own its port.  It breaks what the comment promises: "this socket
enters to hash table only after validation is complete".
"""

from __future__ import annotations

from checker.language import NULL, abstracted, htons, kernel, might_sleep, spin_lock_bh
from checker.language import choice as kmalloc_fails
from spec.state import Sock, syn_wait_lock
from spec.values import EADDRINUSE, ENOMEM, TCP_CLOSE, TCP_LISTEN, Errno

BREAKS = "hashed_validated"


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
    sk.state = TCP_LISTEN
    sk.validated = False
    sk.sport = htons(sk.num)
    sk.prot.hash(sk)
    if not sk.prot.get_port(sk, sk.num):
        sk.sport = htons(sk.num)
        return 0
    sk.prot.unhash(sk)
    sk.state = TCP_CLOSE
    with spin_lock_bh(syn_wait_lock):
        sk.listen_opt = False
    sk.refused_by_window = False
    return EADDRINUSE


OVERRIDES = {"tcp_listen_start": tcp_listen_start}
