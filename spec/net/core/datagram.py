"""net/core/datagram.c and include/net/sock.h: the receive queue of UDP and RAW sockets.

Nobody takes the lock of the socket for it: the queue has one of its own.
"""

from __future__ import annotations

from checker.language import NULL, abstracted, copy, current, find, kernel, new, spin_lock, spin_lock_bh
from spec.kernel.sched import add_wait_queue_exclusive, remove_wait_queue, schedule_timeout
from spec.net.core.sock import sock_def_readable, sock_error, sock_intr_errno, sock_rcvtimeo
from spec.state import Segment, Sock, receive_queue_lock, refcnt_lock
from spec.values import (
    EAGAIN,
    PACKET_AWAITED,
    PACKET_NEVER,
    PACKET_READY,
    SUCCESS,
    TASK_INTERRUPTIBLE,
    TASK_RUNNING,
    PacketWait,
    Timeo,
)


@kernel("net/core/skbuff.c")
def skb_clone(skb: Segment) -> Segment:
    clone = new(Segment)
    copy(clone, skb)
    return clone


@kernel("include/net/sock.h")
def sock_queue_rcv_skb(sk: Sock, skb: Segment) -> None:
    abstracted("the queue is never full", "rmem_alloc", "rcvbuf", "truesize")
    abstracted("socket filters", "filter")
    skb.next = NULL
    with spin_lock_bh(receive_queue_lock):
        if sk.receive_queue_tail == NULL:
            sk.receive_queue = skb
        else:
            sk.receive_queue_tail.next = skb
        sk.receive_queue_tail = skb
    if not sk.dead:
        sock_def_readable(sk)


@kernel("net/core/skbuff.c")
def skb_dequeue(sk: Sock) -> Segment:
    with spin_lock_bh(receive_queue_lock):
        skb = sk.receive_queue
        if skb != NULL:
            sk.receive_queue = skb.next
            if sk.receive_queue == NULL:
                sk.receive_queue_tail = NULL
    return skb


@kernel("net/ipv4/raw.c")
def next_marked() -> Sock:
    """The next of the sockets that this softirq has marked to get its packet, with a reference; NULL behind the last one."""
    with spin_lock(refcnt_lock):
        sk = find(x for x in Sock if x.rx_mark == current())
        current().rx_sk = sk
        if sk != NULL:
            sk.rx_mark = NULL
    return sk


@kernel("net/core/datagram.c")
def skb_recv_datagram(sk: Sock, noblock: bool) -> Segment:
    """NULL means the error in ``current().err``, which is 0 after shutdown."""
    error = sock_error(sk)
    if error:
        current().err = error
        return NULL
    timeo = sock_rcvtimeo(sk, noblock)
    while True:
        skb = skb_dequeue(sk)
        if skb != NULL:
            return skb
        if not timeo:
            current().err = EAGAIN
            return NULL
        found = wait_for_packet(sk, timeo)
        if found == PACKET_AWAITED:
            timeo = schedule_timeout(timeo)
        current().state = TASK_RUNNING
        remove_wait_queue()
        if found == PACKET_NEVER:
            return NULL


@kernel("net/core/datagram.c")
def wait_for_packet(sk: Sock, timeo: Timeo) -> PacketWait:
    """Up to schedule_timeout(), which the caller does; so does it leave the wait queue."""
    current().state = TASK_INTERRUPTIBLE
    add_wait_queue_exclusive(sk.sleep)
    error = sock_error(sk)
    if error:
        current().err = error
        return PACKET_NEVER
    if sk.receive_queue != NULL:
        return PACKET_READY
    if sk.rcv_shutdown:
        current().err = SUCCESS
        return PACKET_NEVER
    abstracted("connection oriented sockets: TCP does not come here", "connection_based")
    if current().sigpending:
        current().err = sock_intr_errno(timeo)
        return PACKET_NEVER
    return PACKET_AWAITED
