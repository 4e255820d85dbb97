"""net/core/dev.c: packets that wait for their softirq, one queue per CPU."""

from __future__ import annotations

from checker.language import NULL, current, kernel, spin_lock
from spec.state import Segment, softnet_lock


@kernel("net/core/dev.c")
def netif_rx(skb: Segment) -> None:
    with spin_lock(softnet_lock):
        if current().rx_tail == NULL:
            current().rx_head = skb
        else:
            current().rx_tail.next = skb
        current().rx_tail = skb


@kernel("net/core/dev.c")
def dequeue() -> Segment:
    """The first packet of this CPU's queue."""
    with spin_lock(softnet_lock):
        skb = current().rx_head
        current().rx_head = skb.next
        if current().rx_head == NULL:
            current().rx_tail = NULL
    return skb
