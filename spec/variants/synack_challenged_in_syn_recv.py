"""A mutant: in SYN_RECV a SYN-ACK is dropped, as after RFC 5961 when no more challenge ACKs may be sent."""

from __future__ import annotations

from checker.language import kernel, original
from spec.net.ipv4.tcp_input import tcp_rcv_acked as plain_tcp_rcv_acked
from spec.state import Segment, Sock
from spec.values import TCP_SYN_RECV

UPSTREAM = "23e89e8ee7be tcp: Don't drop SYN+ACK for simultaneous connect()."

original_tcp_rcv_acked = original(plain_tcp_rcv_acked)


@kernel("net/ipv4/tcp_input.c")
def tcp_rcv_acked(sk: Sock, skb: Segment) -> bool:
    if sk.state == TCP_SYN_RECV and skb.syn:
        return False
    return original_tcp_rcv_acked(sk, skb)


OVERRIDES = {"tcp_rcv_acked": tcp_rcv_acked}
