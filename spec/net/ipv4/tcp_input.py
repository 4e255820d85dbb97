"""net/ipv4/tcp_input.c, tcp_minisocks.c and the receiving half of tcp_ipv4.c: what a segment does to a socket.

Sequence numbers are not modelled: a segment of the right connection is in sequence and in window, a final ACK and a
SYN-ACK acknowledge what they answer, and an ACK says whether it covers the receiver's FIN.
"""

from __future__ import annotations

from checker.language import (
    NULL,
    abstracted,
    acquire,
    adopt,
    copy,
    current,
    find,
    free,
    htons,
    kernel,
    new,
    pure,
    softirq,
    spin_lock,
    when,
)
from checker.language import choice as ack_is_delayed
from checker.language import choice as kmalloc_fails
from checker.language import choice as owned_by_user
from checker.language import choice as syn_in_window
from spec.net.core.sock import sk_free, sock_def_error_report, sock_def_readable, sock_def_wakeup
from spec.net.ipv4.tcp_ipv4 import (
    tcp_inherit_port,
    tcp_timewait_kill,
    tcp_v4_hash,
    tcp_v4_lookup,
    tcp_v4_lookup_child,
    tcp_v4_lookup_listener,
)
from spec.net.ipv4.tcp_output import (
    tcp_send_ack,
    tcp_send_synack,
    tcp_v4_send_reset,
    tcp_v4_send_synack,
    tcp_v4_timewait_ack,
)
from spec.net.ipv4.tcp_state import tcp_done, tcp_set_state, tcp_time_wait
from spec.state import (
    ECONNREFUSED,
    ECONNRESET,
    EPIPE,
    IPPROTO_TCP,
    NOT_HASHED,
    SUCCESS,
    TCP_CLOSE,
    TCP_CLOSE_WAIT,
    TCP_CLOSING,
    TCP_EHASH,
    TCP_ESTABLISHED,
    TCP_FIN_WAIT1,
    TCP_FIN_WAIT2,
    TCP_LAST_ACK,
    TCP_LISTEN,
    TCP_SYN_RECV,
    TCP_SYN_SENT,
    TCP_TIME_WAIT,
    Addr,
    Errno,
    OpenRequest,
    Port,
    Protocol,
    Segment,
    Sock,
    acceptq_is_full,
    bh_lock_sock,
    refcnt_lock,
    referenced,
    sk_slock,
    syn_wait_lock,
    tcp_ehash_lock,
)


@softirq("net/core/dev.c")
def segment_arrives(
    syn: bool, ack: bool, fin: bool, rst: bool, data: bool, acks_fin: bool, saddr: Addr, source: Port, daddr: Addr, dest: Port
) -> None:
    """The free network: any segment at any moment, from whoever pleases to send it."""
    skb = new(Segment)
    skb.protocol = Protocol(IPPROTO_TCP)
    skb.syn = syn
    skb.ack = ack
    skb.fin = fin
    skb.rst = rst
    skb.data = data
    skb.acks_fin = acks_fin
    skb.saddr = saddr
    skb.source = htons(source)
    skb.daddr = daddr
    skb.dest = htons(dest)
    tcp_v4_rcv(skb)


@softirq("net/ipv4/tcp_ipv4.c")
def tcp_v4_err(sk: Sock, err: Errno) -> None:
    """An ICMP error about a segment ``sk`` sent: hard while nobody has the socket, else only noted."""
    with spin_lock(tcp_ehash_lock):
        when(sk.live and sk.hashed == TCP_EHASH and sk.state != TCP_TIME_WAIT and err != SUCCESS)
        current().rx_sk = sk
    if owned_by_user():
        with spin_lock(sk_slock):
            when(sk.users and not sk.slock)
            sk.err_soft = err
    else:
        with bh_lock_sock(sk):
            if sk.state in (TCP_SYN_SENT, TCP_SYN_RECV):
                sk.err = err
                if not sk.dead:
                    sock_def_error_report(sk)
                tcp_done(sk)
            elif sk.state != TCP_CLOSE:
                sk.err_soft = err
    rx_sock_put(sk)


@kernel("net/ipv4/tcp_ipv4.c")
def tcp_v4_rcv(skb: Segment) -> None:
    sk = tcp_v4_lookup(skb)
    if sk != NULL and sk.state == TCP_TIME_WAIT:
        sk = tcp_timewait_state_process(sk, skb)
        if sk == NULL:
            free(skb)
            return
    if sk == NULL:
        tcp_v4_send_reset(skb)
        free(skb)
        return
    tcp_v4_deliver(sk, skb)
    rx_sock_put(sk)


@kernel("net/ipv4/tcp_ipv4.c")
def tcp_v4_deliver(sk: Sock, skb: Segment) -> None:
    """The end of tcp_v4_rcv: into the socket, or into the backlog of one that a thread has."""
    if owned_by_user():
        with spin_lock(sk_slock):
            when(sk.users and not sk.slock)
            sk_add_backlog(sk, skb)
    else:
        with bh_lock_sock(sk):
            tcp_v4_do_rcv(sk, skb)
        free(skb)


@kernel("include/net/sock.h")
def rx_sock_put(sk: Sock) -> None:
    """sock_put by the softirq."""
    with spin_lock(refcnt_lock):
        current().rx_sk = NULL
        last = sk.gone and not referenced(sk)
    if last:
        sk_free(sk)


@kernel("include/net/sock.h")
def child_sock_put(sk: Sock) -> None:
    """sock_put by tcp_child_process."""
    with spin_lock(refcnt_lock):
        current().rx_child = NULL
        last = sk.gone and not referenced(sk)
    if last:
        sk_free(sk)


@kernel("include/net/sock.h")
def sk_add_backlog(sk: Sock, skb: Segment) -> None:
    if sk.backlog_tail == NULL:
        sk.backlog_head = skb
    else:
        sk.backlog_tail.next = skb
    sk.backlog_tail = skb
    skb.next = NULL


@kernel("net/ipv4/tcp_ipv4.c", shared=True, holds="lock_sock(sk)")
def tcp_v4_do_rcv(sk: Sock, skb: Segment) -> None:
    """Called with the socket locked: by the softirq itself, or by whoever releases it and finds the packet in the backlog."""
    nsk = sk
    if sk.state == TCP_LISTEN:
        nsk = tcp_v4_hnd_req(sk, skb)
        if nsk == NULL:
            return
    if nsk != sk:
        if tcp_child_process(sk, nsk, skb):
            tcp_v4_send_reset(skb)
    elif tcp_rcv_state_process(sk, skb):
        tcp_v4_send_reset(skb)


@kernel("net/ipv4/tcp_ipv4.c")
def tcp_v4_hnd_req(sk: Sock, skb: Segment) -> Sock:
    """The socket the segment is for: the listener itself, a child (locked), or none."""
    req = find(
        r
        for r in OpenRequest
        if r.listener == sk and r.rmt_port == skb.source and r.rmt_addr == skb.saddr and r.loc_addr == skb.daddr
    )
    if req != NULL:
        return tcp_check_req(sk, skb, req)
    nsk = tcp_v4_lookup_child(skb)
    if nsk != NULL:
        if nsk.state != TCP_TIME_WAIT:
            acquire(bh_lock_sock(nsk))
            return nsk
        child_sock_put(nsk)
        return NULL
    return sk


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
        abstracted("req->acked: only the SYN-ACK timer reads it", "acked")
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


@kernel("net/ipv4/tcp_minisocks.c")
def tcp_create_openreq_child(sk: Sock, req: OpenRequest) -> Sock:
    """A copy of the listener, then what a child has of its own; it is born locked."""
    if kmalloc_fails():
        return NULL
    newsk = new(Sock)
    copy(newsk, sk)
    newsk.state = TCP_SYN_RECV
    newsk.hashed = NOT_HASHED
    newsk.prev = NULL
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
    newsk.validated = False
    newsk.bound_to = 0
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


@kernel("net/ipv4/tcp_input.c", shared=True, holds="lock_sock(sk)")
def tcp_rcv_state_process(sk: Sock, skb: Segment) -> bool:
    """True if a reset is due."""
    if sk.state == TCP_CLOSE:
        return False
    if sk.state == TCP_LISTEN:
        if skb.ack:
            return True
        if skb.syn and not skb.rst:
            tcp_v4_conn_request(sk, skb)
        return False
    if sk.state == TCP_SYN_SENT:
        tcp_rcv_synsent_state_process(sk, skb)
        return False
    if skb.rst:
        tcp_reset(sk)
        return False
    if skb.syn and not skb.ack:
        if syn_in_window():
            tcp_reset(sk)
            return True
        return False
    if skb.syn and sk.state != TCP_SYN_RECV:
        tcp_send_ack(sk)
        return False
    if not skb.ack:
        return False
    return tcp_rcv_acked(sk, skb)


@kernel("net/ipv4/tcp_input.c")
def tcp_rcv_acked(sk: Sock, skb: Segment) -> bool:
    """The rest of tcp_rcv_state_process: the ACK, then data and FIN.  True if a reset is due."""
    if sk.state == TCP_SYN_RECV:
        sk.state = TCP_ESTABLISHED
        sock_def_wakeup(sk)
    elif sk.state == TCP_FIN_WAIT1 and skb.acks_fin:
        tcp_set_state(sk, TCP_FIN_WAIT2)
        sk.send_shutdown = True
        if not sk.dead:
            sock_def_wakeup(sk)
        elif skb.data:
            tcp_done(sk)
            return True
        elif not skb.fin:
            tcp_time_wait(sk, TCP_FIN_WAIT2)
            return False
    elif sk.state == TCP_CLOSING and skb.acks_fin:
        tcp_time_wait(sk, TCP_TIME_WAIT)
        return False
    elif sk.state == TCP_LAST_ACK and skb.acks_fin:
        tcp_done(sk)
        return False
    if skb.data:
        if sk.state in (TCP_FIN_WAIT1, TCP_FIN_WAIT2) and sk.rcv_shutdown:
            tcp_reset(sk)
            return True
        if sk.state in (TCP_ESTABLISHED, TCP_FIN_WAIT1, TCP_FIN_WAIT2):
            sk.unread = True
            if not sk.dead:
                sock_def_readable(sk)
    if skb.fin and sk.state in (TCP_ESTABLISHED, TCP_FIN_WAIT1, TCP_FIN_WAIT2):
        tcp_fin(sk)
    elif skb.data and sk.state != TCP_CLOSE:
        tcp_send_ack(sk)
    return False


@kernel("net/ipv4/tcp_input.c")
def tcp_fin(sk: Sock) -> None:
    """The peer sends no more.

    In CLOSE_WAIT the acknowledgement waits for the delayed ACK timer; delayed means that whatever is sent next comes before it.
    """
    sk.rcv_shutdown = True
    sk.done = True
    if sk.state == TCP_ESTABLISHED:
        tcp_set_state(sk, TCP_CLOSE_WAIT)
        if not ack_is_delayed():
            tcp_send_ack(sk)
    elif sk.state == TCP_FIN_WAIT1:
        tcp_send_ack(sk)
        tcp_set_state(sk, TCP_CLOSING)
    else:
        tcp_send_ack(sk)
        tcp_time_wait(sk, TCP_TIME_WAIT)
    if not sk.dead:
        sock_def_wakeup(sk)


@kernel("net/ipv4/tcp_input.c", shared=True, holds="lock_sock(sk)")
def tcp_reset(sk: Sock) -> None:
    if sk.state == TCP_SYN_SENT:
        sk.err = ECONNREFUSED
    elif sk.state == TCP_CLOSE_WAIT:
        sk.err = EPIPE
    elif sk.state == TCP_CLOSE:
        return
    else:
        sk.err = ECONNRESET
    if not sk.dead:
        sock_def_error_report(sk)
    tcp_done(sk)


@kernel("net/ipv4/tcp_input.c")
def tcp_rcv_synsent_state_process(sk: Sock, skb: Segment) -> None:
    if skb.ack:
        if skb.rst:
            tcp_reset(sk)
            return
        if not skb.syn:
            return
        sk.err_soft = SUCCESS
        tcp_set_state(sk, TCP_ESTABLISHED)
        if not sk.dead:
            sock_def_wakeup(sk)
        tcp_send_ack(sk)
        return
    if skb.rst:
        return
    if skb.syn:
        tcp_set_state(sk, TCP_SYN_RECV)
        tcp_send_synack(sk)


@pure
def young_request(req: OpenRequest, sk: Sock) -> bool:
    return req.listener == sk and not req.retransmitted


@kernel("net/ipv4/tcp_ipv4.c")
def tcp_v4_conn_request(sk: Sock, skb: Segment) -> None:
    """A SYN for a listener: dropped if it has too much waiting already, else a request and a SYN-ACK."""
    with spin_lock(syn_wait_lock):
        young = any(young_request(r1, sk) and any(r2 != r1 and young_request(r2, sk) for r2 in OpenRequest) for r1 in OpenRequest)
    if acceptq_is_full(sk) and young:
        return
    if sk.drops_syns or kmalloc_fails():
        return
    req = new(OpenRequest)
    req.loc_addr = skb.daddr
    req.rmt_addr = skb.saddr
    req.rmt_port = skb.source
    tcp_v4_send_synack(sk, req)
    req.listener = sk


@kernel("net/ipv4/tcp_minisocks.c")
def tcp_timewait_state_process(tw: Sock, skb: Segment) -> Sock:
    """The listener that takes over for a new SYN, or NULL if the segment is dealt with; the reference to ``tw`` is dropped."""
    if skb.rst:
        tcp_timewait_kill(tw)
        rx_sock_put(tw)
        return NULL
    if skb.syn and not skb.ack:
        if tw.substate == TCP_TIME_WAIT:
            current().rx_child = tw
            listener = tcp_v4_lookup_listener(skb)
            if listener != NULL:
                tcp_timewait_kill(tw)
                child_sock_put(tw)
                return listener
            current().rx_sk = tw
            current().rx_child = NULL
        tcp_v4_timewait_ack(tw)
    elif tw.substate == TCP_FIN_WAIT2 and skb.data:
        tcp_timewait_kill(tw)
        tcp_v4_send_reset(skb)
    elif skb.fin:
        tw.substate = TCP_TIME_WAIT
        tcp_v4_timewait_ack(tw)
    rx_sock_put(tw)
    return NULL
