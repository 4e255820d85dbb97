"""net/ipv4/tcp_minisocks.c, with tcp_v4_syn_recv_sock: requests that become children, and TIME_WAIT buckets."""

from __future__ import annotations

from checker.language import NULL, abstracted, adopt, copy, current, free, kernel, new
from checker.language import choice as kmalloc_fails
from checker.language import choice as syn_in_window
from spec.net.core.sock import sock_def_readable
from spec.net.core.sock_hold import child_sock_put, rx_sock_put
from spec.net.ipv4.tcp_input import tcp_rcv_state_process
from spec.net.ipv4.tcp_ipv4 import tcp_inherit_port, tcp_timewait_kill, tcp_v4_hash, tcp_v4_lookup_listener
from spec.net.ipv4.tcp_output import tcp_v4_send_reset, tcp_v4_send_synack, tcp_v4_timewait_ack
from spec.state import OpenRequest, Segment, Sock, acceptq_is_full, bh_lock_sock
from spec.values import NOT_HASHED, SUCCESS, TCP_FIN_WAIT2, TCP_SYN_RECV, TCP_TIME_WAIT


@kernel("net/ipv4/tcp_minisocks.c")
def tcp_check_req(sk: Sock, skb: Segment, req: OpenRequest) -> Sock:
    if skb.syn and not skb.ack and not skb.rst:
        tcp_v4_send_synack(sk, req)
        return NULL
    if skb.rst or skb.syn:
        if not skb.rst:
            tcp_v4_send_reset(skb)
        free(req)
        return NULL
    if not skb.ack:
        return NULL
    child = tcp_v4_syn_recv_sock(sk, req)
    if child == NULL:
        abstracted("req->acked: the SYN-ACK is sent no more often for it unless the SYN table is half full", "acked")
        return NULL
    free(req)
    tcp_acceptq_queue(sk, child)
    return child


@kernel("include/net/tcp.h")
def tcp_acceptq_queue(sk: Sock, child: Sock) -> None:
    sk.ack_backlog = sk.ack_backlog + 1
    if sk.accept_queue_tail == NULL:
        sk.accept_queue = child
    else:
        sk.accept_queue_tail.dl_next = child
    child.carrier = NULL
    child.queued_at = sk
    sk.accept_queue_tail = child


@kernel("net/ipv4/tcp_ipv4.c")
def tcp_v4_syn_recv_sock(sk: Sock, req: OpenRequest) -> Sock:
    if acceptq_is_full(sk):
        return NULL
    newsk = tcp_create_openreq_child(sk, req)
    if newsk == NULL:
        return NULL
    newsk.daddr = req.rmt_addr
    newsk.saddr = req.loc_addr
    newsk.rcv_saddr = req.loc_addr
    tcp_v4_hash(newsk)
    tcp_inherit_port(sk, newsk)
    return newsk


@kernel("include/net/tcp.h")
def tcp_prequeue_init(sk: Sock) -> None:
    abstracted("no listener has a reader but in scenarios, spec/scenarios/prequeue.py", "prequeue", "ucopy")


@kernel("net/ipv4/tcp_minisocks.c")
def tcp_create_openreq_child(sk: Sock, req: OpenRequest) -> Sock:
    """A copy of the listener, then what a child has of its own; it is born locked."""
    if kmalloc_fails():
        return NULL
    newsk = new(Sock)
    copy(newsk, sk, hashed=NOT_HASHED, prev=NULL)
    newsk.state = TCP_SYN_RECV
    newsk.dport = req.rmt_port
    newsk.users = True
    newsk.slock = True
    newsk.backlog_head = NULL
    newsk.backlog_tail = NULL
    newsk.unread = False
    newsk.done = False
    newsk.bindport_lock = False
    newsk.err = SUCCESS
    newsk.listen_opt = False
    newsk.accept_queue = NULL
    newsk.accept_queue_tail = NULL
    newsk.dl_next = NULL
    newsk.socket = NULL
    newsk.sleep = NULL
    tcp_prequeue_init(newsk)
    newsk.validated = False
    newsk.bound_to = 0
    newsk.closer = newsk.freer = NULL
    newsk.queued_at = NULL
    newsk.owner = newsk.carrier = current()
    current().rx_child = newsk
    return newsk


@kernel("net/ipv4/tcp_minisocks.c")
def tcp_child_process(parent: Sock, child: Sock, skb: Segment) -> bool:
    state = child.state
    with adopt(bh_lock_sock(child)):
        ret = tcp_rcv_state_process(child, skb)
        if state == TCP_SYN_RECV and child.state != state:
            sock_def_readable(parent)
    child_sock_put(child)
    return ret


@kernel("net/ipv4/tcp_minisocks.c")
def tcp_timewait_state_process(tw: Sock, skb: Segment) -> Sock:
    """The listener that takes over for a new SYN, or NULL if the segment is dealt with; the reference to ``tw`` is dropped."""
    if skb.rst:
        tcp_timewait_kill(tw)
        rx_sock_put(tw)
        return NULL
    if tw.substate == TCP_FIN_WAIT2 and (skb.data or (skb.syn and syn_in_window())):
        tcp_timewait_kill(tw)
        tcp_v4_send_reset(skb)
        rx_sock_put(tw)
        return NULL
    if skb.syn and not skb.ack and tw.substate == TCP_TIME_WAIT:
        current().rx_child = tw
        listener = tcp_v4_lookup_listener(skb)
        if listener != NULL:
            tcp_timewait_kill(tw)
            child_sock_put(tw)
            return listener
        current().rx_sk = tw
        current().rx_child = NULL
    if skb.fin:
        tw.substate = TCP_TIME_WAIT
    if skb.syn or skb.fin or skb.data:
        tcp_v4_timewait_ack(tw)
    rx_sock_put(tw)
    return NULL
