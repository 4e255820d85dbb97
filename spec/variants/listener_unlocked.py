"""A mutant: a softirq works on a listening socket without its lock, and whether or not a thread has it."""

from __future__ import annotations

from checker.language import free, kernel, original, unlocked
from spec.net.ipv4.tcp_input import tcp_rcv_state_process, tcp_reset
from spec.net.ipv4.tcp_state import tcp_done
from spec.net.ipv4.tcp_v4_rcv import tcp_v4_deliver as plain_tcp_v4_deliver
from spec.net.ipv4.tcp_v4_rcv import tcp_v4_do_rcv
from spec.state import Segment, Sock
from spec.values import TCP_LISTEN

original_tcp_v4_deliver = original(plain_tcp_v4_deliver)


@kernel("net/ipv4/tcp_ipv4.c")
def tcp_v4_deliver(sk: Sock, skb: Segment) -> None:
    if sk.state == TCP_LISTEN:
        tcp_v4_do_rcv(sk, skb)
        free(skb)
    else:
        original_tcp_v4_deliver(sk, skb)


OVERRIDES = {
    "tcp_v4_deliver": tcp_v4_deliver,
    "tcp_v4_do_rcv": unlocked(tcp_v4_do_rcv),
    "tcp_rcv_state_process": unlocked(tcp_rcv_state_process),
    "tcp_reset": unlocked(tcp_reset),
    "tcp_done": unlocked(tcp_done),
}
