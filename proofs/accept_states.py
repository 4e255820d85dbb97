"""Lemmas of sockets that listen and accept: which states TCP and a struct socket are in."""

from __future__ import annotations

from checker.language import NULL, at, implies, inside, lemma, pure
from proofs.accept_names import ALONE, CALL_LOCKED, CALL_SAME, HANDLED, LOCKED, LOCKS
from proofs.accept_queue import newborn
from spec.net.ipv4.tcp import tcp_accept
from spec.net.ipv4.tcp_input import tcp_rcv_acked
from spec.net.ipv4.tcp_minisocks import tcp_acceptq_queue, tcp_check_req, tcp_child_process, tcp_v4_syn_recv_sock
from spec.net.socket import fd_install
from spec.state import Segment, Sock, Socket, Thread
from spec.values import SS_CONNECTED, SS_UNCONNECTED, TCP_CLOSE, TCP_ESTABLISHED, TCP_LISTEN, TCP_SYN_RECV


@pure
def making_child(t: Thread) -> bool:
    """Behind what tcp_check_req asks of a segment."""
    return inside(t, tcp_v4_syn_recv_sock) or at(t, tcp_check_req, "free(req)") or inside(t, tcp_acceptq_queue)


@pure
def completing(skb: Segment) -> bool:
    """The last segment of a handshake."""
    return skb.ack and not skb.syn and not skb.rst


@lemma(uses=(*HANDLED, "waiting"))
def refused_request(t: Thread, skb: Segment) -> bool:
    """What tcp_check_req gives up a request for stays a SYN."""
    return implies(at(t, tcp_check_req, "if skb.rst or skb.syn:", skb=skb), skb.syn)


@lemma(uses=(*HANDLED, "waiting", "refused_request"))
def completes(t: Thread, skb: Segment) -> bool:
    """What makes a child is an ACK, neither a SYN nor a RST."""
    return implies(inside(t, tcp_check_req, skb=skb) and making_child(t), completing(skb))


@lemma(uses=(*LOCKED, "users_live"))
def child_live(t: Thread, sk: Sock) -> bool:
    """The child exists when it processes the segment."""
    return implies(at(t, tcp_child_process, "state = child.state", child=sk), sk.live)


@lemma(uses=(*HANDLED, "waiting", "completes", "child_live", "syn_recv"))
def completed(t: Thread, sk: Sock, skb: Segment) -> bool:
    """The child processes it next."""
    return implies(
        at(t, tcp_child_process, "state = child.state", child=sk, skb=skb) and sk.state == TCP_SYN_RECV,
        completing(skb),
    )


@lemma(uses=HANDLED)
def segment_there(t: Thread) -> bool:
    """There is a segment for the child to process."""
    return not at(t, tcp_child_process, "state = child.state", skb=NULL)


@pure
def finishing(t: Thread, sk: Sock) -> bool:
    """Between the accept queue and the new state."""
    return at(t, tcp_child_process, "state = child.state", child=sk) or at(t, tcp_rcv_acked, "sk.state = TCP_ESTABLISHED", sk=sk)


@lemma(uses=(*LOCKS, "completed", "segment_there"))
def syn_recv(sk: Sock) -> bool:
    """Only who makes a connection sees it in SYN_RECV."""
    return implies(
        sk.state == TCP_SYN_RECV,
        sk.users and sk.owner != NULL and (newborn(sk.owner, sk) or finishing(sk.owner, sk)),
    )


@lemma(uses=(*ALONE, "stopping", "syn_recv", "taken_established"))
def parent_locked(t: Thread, sk: Sock) -> bool:
    """It waits in the queue of a listener whose lock is its maker's as well."""
    return implies(
        finishing(t, sk) and sk.state == TCP_SYN_RECV,
        sk.queued_at != NULL and sk.queued_at.users and sk.queued_at.owner == t,
    )


@lemma(uses=(CALL_LOCKED, "taken", "carrying", "unaccepted", "syn_recv", "parent_locked"))
def taken_established(t: Thread, sk: Sock, newsk: Sock) -> bool:
    """So whoever takes from that queue, who has the lock, finds it in another state."""
    return implies(at(t, tcp_accept, "sk.accept_queue = following", sk=sk, newsk=newsk), newsk.state != TCP_SYN_RECV)


@lemma(uses=("closing",))
def finished_by_close(sk: Sock) -> bool:
    """Only close, of the four calls, ends a connection with a FIN."""
    return implies(sk.state not in (TCP_CLOSE, TCP_LISTEN, TCP_SYN_RECV, TCP_ESTABLISHED), sk.closer != NULL)


@lemma()
def socket_states(sock: Socket) -> bool:
    """A socket was made by socket or by accept."""
    return implies(sock.live, sock.state == SS_UNCONNECTED or sock.state == SS_CONNECTED)


@lemma(uses=ALONE)
def acknowledged(t: Thread, sk: Sock) -> bool:
    """What the last segment of a handshake establishes is in SYN_RECV until then."""
    return implies(at(t, tcp_rcv_acked, "sk.state = TCP_ESTABLISHED", sk=sk), sk.state == TCP_SYN_RECV)


@lemma(uses=(CALL_SAME, CALL_LOCKED, "connected in system_call", "refused", "fresh", "alone", "releasing", "same_socket"))
def installed(t: Thread, sock: Socket) -> bool:
    """The socket that accept makes is connected when it gets its descriptor."""
    return implies(at(t, fd_install, "sock.fd = True", sock=sock), sock.state == SS_CONNECTED)


@lemma(uses=("acknowledged", "linked", "closing", "fresh", "same_socket", "installed"))
def never_accepted(sock: Socket) -> bool:
    """A socket made by socket is closed or listens."""
    return implies(
        sock.fd and sock.state == SS_UNCONNECTED and sock.sk != NULL,
        sock.sk.state == TCP_CLOSE or sock.sk.state == TCP_LISTEN,
    )
