"""net/ipv4/tcp_input.c, and the request a SYN makes (tcp_ipv4.c): what a segment does to the state of a socket.

Sequence numbers are not modelled: a segment of the right connection is in sequence and in window, a final ACK and a
SYN-ACK acknowledge what they answer, an ACK of a connection acknowledges all data, and says whether it covers the receiver's FIN.
Only a RST that answers a SYN begins with 0: tcp_sequence refuses it, a socket in SYN_SENT, which asks for no sequence, does not.
"""

from __future__ import annotations

from checker.language import abstracted, kernel, new, pure, spin_lock
from checker.language import choice as ack_is_delayed
from checker.language import choice as kmalloc_fails
from checker.language import choice as syn_in_window
from spec.net.core.sock import sock_def_error_report, sock_def_readable, sock_def_wakeup
from spec.net.ipv4.tcp_output import tcp_send_ack, tcp_send_synack, tcp_v4_send_synack
from spec.net.ipv4.tcp_state import tcp_done, tcp_set_state, tcp_time_wait
from spec.state import OpenRequest, Segment, Sock, acceptq_is_full, syn_wait_lock
from spec.values import (
    ACK_DISCARD,
    ACK_RESET,
    ACK_TEXT,
    ECONNREFUSED,
    ECONNRESET,
    EPIPE,
    SUCCESS,
    TCP_CLOSE,
    TCP_CLOSE_WAIT,
    TCP_CLOSING,
    TCP_ESTABLISHED,
    TCP_FIN_WAIT1,
    TCP_FIN_WAIT2,
    TCP_LAST_ACK,
    TCP_LISTEN,
    TCP_SYN_RECV,
    TCP_SYN_SENT,
    TCP_TIME_WAIT,
    AfterAck,
)


@kernel("net/ipv4/tcp_input.c", shared=True, holds="lock_sock(sk)")
def tcp_rcv_state_process(sk: Sock, skb: Segment) -> bool:
    """True if a reset is due."""
    if sk.state == TCP_CLOSE:
        return False
    if sk.state == TCP_LISTEN:
        if skb.ack:
            return True
        if skb.syn:
            tcp_v4_conn_request(sk, skb)
        return False
    if sk.state == TCP_SYN_SENT:
        return tcp_rcv_synsent_state_process(sk, skb)
    if skb.rst:
        if not skb.unsequenced:
            tcp_reset(sk)
        return False
    if skb.syn and not skb.ack:
        if syn_in_window():
            tcp_reset(sk)
            return True
        if sk.state != TCP_SYN_RECV:
            tcp_send_ack(sk)
        return False
    if skb.syn and sk.state != TCP_SYN_RECV:
        tcp_send_ack(sk)
        return False
    if not skb.ack:
        return sk.state == TCP_ESTABLISHED and tcp_data_queue(sk, skb)
    sk.unacked = False
    after = tcp_rcv_acked(sk, skb)
    if after == ACK_TEXT:
        return tcp_data_queue(sk, skb)
    return after == ACK_RESET


@kernel("net/ipv4/tcp_input.c")
def tcp_rcv_acked(sk: Sock, skb: Segment) -> AfterAck:
    """Step 5 of tcp_rcv_state_process: the ACK."""
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
            return ACK_RESET
        elif not skb.fin:
            tcp_time_wait(sk, TCP_FIN_WAIT2)
            return ACK_DISCARD
    elif sk.state == TCP_CLOSING and skb.acks_fin:
        tcp_time_wait(sk, TCP_TIME_WAIT)
        return ACK_DISCARD
    elif sk.state == TCP_LAST_ACK and skb.acks_fin:
        tcp_done(sk)
        return ACK_DISCARD
    return ACK_TEXT


@kernel("net/ipv4/tcp_input.c")
def tcp_data_queue(sk: Sock, skb: Segment) -> bool:
    """Step 7 of tcp_rcv_state_process: data and FIN.  True if a reset is due."""
    if skb.data:
        if sk.state in (TCP_FIN_WAIT1, TCP_FIN_WAIT2) and sk.rcv_shutdown:
            tcp_reset(sk)
            return True
        if sk.state in (TCP_ESTABLISHED, TCP_FIN_WAIT1, TCP_FIN_WAIT2):
            sk.unread = True
            if not sk.dead:
                sock_def_readable(sk)
            if not skb.fin:
                tcp_send_ack(sk)
    if skb.fin and sk.state in (TCP_ESTABLISHED, TCP_FIN_WAIT1, TCP_FIN_WAIT2):
        tcp_fin(sk)
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
def tcp_rcv_synsent_state_process(sk: Sock, skb: Segment) -> bool:
    """True if a reset is due: an ACK alone is of an old connection, and does not acknowledge the SYN."""
    if skb.ack:
        if skb.rst:
            tcp_reset(sk)
            return False
        if not skb.syn:
            abstracted("data or a FIN: its ACK is good if SYNs crossed, else it would be answered with a RST", "ack_seq")
            return not skb.data and not skb.fin
        sk.err_soft = SUCCESS
        tcp_set_state(sk, TCP_ESTABLISHED)
        if not sk.dead:
            sock_def_wakeup(sk)
        tcp_send_ack(sk)
        return False
    if skb.rst:
        return False
    if skb.syn:
        tcp_set_state(sk, TCP_SYN_RECV)
        tcp_send_synack(sk)
    return False


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
