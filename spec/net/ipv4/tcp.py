"""net/ipv4/tcp.c: listening, accepting, disconnecting, shutting down and closing a TCP socket."""

from __future__ import annotations

from checker.language import BUG_TRAP, NULL, abstracted, current, find, free, htons, kernel, might_sleep, released, spin_lock_bh
from checker.language import choice as kmalloc_fails
from spec.kernel.sched import add_wait_queue, add_wait_queue_exclusive, remove_wait_queue, schedule_timeout
from spec.net.core.sock import (
    sock_def_error_report,
    sock_error,
    sock_intr_errno,
    sock_orphan,
    sock_put,
    sock_rcvtimeo,
    sock_sndtimeo,
)
from spec.net.ipv4.tcp_output import tcp_push, tcp_send_active_reset, tcp_send_fin
from spec.net.ipv4.tcp_state import tcp_destroy_sock, tcp_set_state, tcp_time_wait
from spec.state import OpenRequest, Sock, bh_lock_sock, lock_sock, syn_wait_lock
from spec.values import (
    EADDRINUSE,
    EAGAIN,
    ECONNRESET,
    EINVAL,
    ENOMEM,
    ENOTCONN,
    EPIPE,
    INADDR_ANY,
    SHUT_RD,
    SUCCESS,
    TASK_INTERRUPTIBLE,
    TASK_RUNNING,
    TCP_CLOSE,
    TCP_CLOSE_WAIT,
    TCP_ESTABLISHED,
    TCP_FIN_WAIT1,
    TCP_FIN_WAIT2,
    TCP_LAST_ACK,
    TCP_LISTEN,
    TCP_SYN_RECV,
    TCP_SYN_SENT,
    Addr,
    AddrLen,
    Errno,
    Family,
    Port,
    ShutdownHow,
    TcpState,
    Timeo,
)


@kernel("net/ipv4/tcp.c")
def tcp_listen_start(sk: Sock) -> Errno:
    sk.max_ack_backlog = 0
    sk.ack_backlog = 0
    sk.accept_queue = sk.accept_queue_tail = NULL
    abstracted("a lock made new, and the delayed ACK block: no modelled guard reads them", "syn_wait_lock", "tcp_delack_init")
    abstracted("the table of requests: only whether it is there", "kmalloc", "memset", "max_qlen_log", "kfree")
    abstracted("the cached route is dropped", "sk_dst_reset")
    might_sleep()
    if kmalloc_fails():
        return ENOMEM
    with spin_lock_bh(syn_wait_lock):
        sk.listen_opt = True
    sk.state = TCP_LISTEN
    sk.validated = False
    if not sk.prot.get_port(sk, sk.num):
        sk.sport = htons(sk.num)
        sk.prot.hash(sk)
        return 0
    sk.state = TCP_CLOSE
    with spin_lock_bh(syn_wait_lock):
        sk.listen_opt = False
    sk.refused_by_window = False
    return EADDRINUSE


@kernel("net/ipv4/tcp.c")
def tcp_listen_stop(sk: Sock) -> None:
    """Requests go without a word, connections nobody accepted are reset.  With the request goes its link: C frees it last."""
    with spin_lock_bh(syn_wait_lock):
        sk.listen_opt = False
    child = sk.accept_queue
    sk.accept_queue = sk.accept_queue_tail = NULL
    req = find(r for r in OpenRequest if r.live and r.listener == sk)
    while req != NULL:
        free(req)
        req = find(r for r in OpenRequest if r.live and r.listener == sk)
    while child != NULL:
        following = child.dl_next
        child.queued_at = NULL
        child.carrier = current()
        child.dl_next = NULL
        current().held_sk = child
        BUG_TRAP(child.slock or not child.users)
        with bh_lock_sock(child):
            tcp_abort(child)
            sock_orphan(child)
            child.carrier = NULL
            tcp_destroy_sock(child)
        sock_put(child)
        sk.ack_backlog = sk.ack_backlog - 1
        child = following
    BUG_TRAP(sk.ack_backlog == 0)


@kernel("net/ipv4/tcp.c")
def tcp_disconnect(sk: Sock) -> Errno:
    old_state = sk.state
    if old_state != TCP_CLOSE:
        tcp_set_state(sk, TCP_CLOSE)
    if old_state == TCP_LISTEN:
        tcp_listen_stop(sk)
    tcp_forget_peer(sk, old_state)
    return SUCCESS


@kernel("net/ipv4/tcp.c")
def tcp_abort(sk: Sock) -> None:
    """tcp_disconnect of a socket that does not listen (of a child, inside tcp_disconnect of its listener)."""
    old_state = sk.state
    if old_state != TCP_CLOSE:
        tcp_set_state(sk, TCP_CLOSE)
    tcp_forget_peer(sk, old_state)


@kernel("net/ipv4/tcp.c")
def tcp_forget_peer(sk: Sock, old_state: TcpState) -> None:
    """The rest of tcp_disconnect."""
    if old_state in (TCP_ESTABLISHED, TCP_CLOSE_WAIT, TCP_FIN_WAIT1, TCP_FIN_WAIT2, TCP_SYN_RECV):
        tcp_send_active_reset(sk)
        sk.err = ECONNRESET
    elif old_state == TCP_SYN_SENT:
        sk.err = ECONNRESET
    abstracted(
        "timers, queues, sequence numbers and congestion state start anew", "write_seq", "rcv_nxt", "snd_cwnd", "dst_cache"
    )
    sk.unread = sk.unacked = False
    sk.dport = 0
    sk.bound_to = 0
    if not sk.bindaddr_lock:
        sk.rcv_saddr = INADDR_ANY
        sk.saddr = INADDR_ANY
    sk.rcv_shutdown = False
    sk.send_shutdown = False
    sk.done = False
    BUG_TRAP(sk.num == 0 or sk.prev != NULL)
    sock_def_error_report(sk)


@kernel("net/ipv4/tcp.c")
def tcp_accept(sk: Sock, noblock: bool) -> Sock:
    """NULL means the error in ``current().err``."""
    with lock_sock(sk):
        if sk.state != TCP_LISTEN:
            current().err = EINVAL
            return NULL
        if sk.accept_queue == NULL:
            timeo = sock_rcvtimeo(sk, noblock)
            if not timeo:
                current().err = EAGAIN
                return NULL
            error = wait_for_connect(sk, timeo)
            if error:
                current().err = error
                return NULL
        newsk = sk.accept_queue
        following = newsk.dl_next
        sk.accept_queue = following
        newsk.queued_at = NULL
        newsk.carrier = current()
        if sk.accept_queue == NULL:
            sk.accept_queue_tail = NULL
        newsk.dl_next = NULL
        sk.ack_backlog = sk.ack_backlog - 1
        BUG_TRAP(newsk.state != TCP_SYN_RECV)
        return newsk


@kernel("net/ipv4/tcp.c", holds="lock_sock(sk)")
def wait_for_connect(sk: Sock, timeo: Timeo) -> Errno:
    add_wait_queue_exclusive(sk.sleep)
    while True:
        current().state = TASK_INTERRUPTIBLE
        with released(lock_sock(sk)):
            if sk.accept_queue == NULL:
                timeo = schedule_timeout(timeo)
        err = SUCCESS
        if sk.accept_queue != NULL:
            break
        err = EINVAL
        if sk.state != TCP_LISTEN:
            break
        err = sock_intr_errno(timeo)
        if current().sigpending:
            break
        err = EAGAIN
        if not timeo:
            break
    current().state = TASK_RUNNING
    remove_wait_queue()
    return err


@kernel("net/ipv4/tcp.c")
def tcp_close_state(sk: Sock) -> bool:
    """Move on as close does; True if a FIN is due."""
    state = sk.state
    if state == TCP_ESTABLISHED or state == TCP_SYN_RECV:
        tcp_set_state(sk, TCP_FIN_WAIT1)
        return True
    if state == TCP_CLOSE_WAIT:
        tcp_set_state(sk, TCP_LAST_ACK)
        return True
    if state in (TCP_SYN_SENT, TCP_LISTEN, TCP_CLOSE):
        tcp_set_state(sk, TCP_CLOSE)
    return False


@kernel("net/ipv4/tcp.c")
def tcp_shutdown(sk: Sock, how: ShutdownHow) -> None:
    if how == SHUT_RD:
        return
    if sk.state in (TCP_ESTABLISHED, TCP_SYN_SENT, TCP_SYN_RECV, TCP_CLOSE_WAIT) and tcp_close_state(sk):
        tcp_send_fin(sk)


@kernel("net/ipv4/tcp.c")
def tcp_close(sk: Sock) -> None:
    with lock_sock(sk):
        sk.rcv_shutdown = True
        sk.send_shutdown = True
        if sk.state == TCP_LISTEN:
            tcp_set_state(sk, TCP_CLOSE)
            tcp_listen_stop(sk)
        else:
            unread = sk.unread
            sk.unread = False
            if unread:
                tcp_set_state(sk, TCP_CLOSE)
                tcp_send_active_reset(sk)
            elif sk.linger:
                abstracted("a linger time other than 0 lets close wait for the peer", "lingertime")
                tcp_abort(sk)
            elif tcp_close_state(sk):
                tcp_send_fin(sk)
    current().held_sk = sk
    BUG_TRAP(sk.slock or not sk.users)
    with bh_lock_sock(sk):
        sock_orphan(sk)
        if sk.state == TCP_FIN_WAIT2:
            tcp_time_wait(sk, TCP_FIN_WAIT2)
        elif sk.state == TCP_CLOSE:
            abstracted("too many orphans: their number is not modelled", "tcp_orphan_count")
            tcp_destroy_sock(sk)
    sock_put(sk)


@kernel("net/ipv4/tcp.c", holds="lock_sock(sk)")
def wait_for_tcp_connect(sk: Sock, timeo: Timeo) -> Errno:
    while sk.state not in (TCP_ESTABLISHED, TCP_CLOSE_WAIT):
        if sk.err:
            return sock_error(sk)
        if sk.state not in (TCP_SYN_SENT, TCP_SYN_RECV):
            return EPIPE
        if not timeo:
            return EAGAIN
        if current().sigpending:
            return sock_intr_errno(timeo)
        current().state = TASK_INTERRUPTIBLE
        add_wait_queue(sk.sleep)
        with released(lock_sock(sk)):
            timeo = schedule_timeout(timeo)
        current().state = TASK_RUNNING
        remove_wait_queue()
    return SUCCESS


@kernel("net/ipv4/tcp.c")
def tcp_recvmsg(sk: Sock, noblock: bool) -> Errno:
    """All data that is there, in one piece."""
    with lock_sock(sk):
        if sk.state == TCP_LISTEN:
            return ENOTCONN
        timeo = sock_rcvtimeo(sk, noblock)
        while True:
            if current().sigpending:
                return sock_intr_errno(timeo) if timeo else EAGAIN
            if sk.unread:
                sk.unread = False
                current().copied = True
                return 0
            if sk.done:
                return 0
            if sk.err:
                return sock_error(sk)
            if sk.rcv_shutdown:
                return 0
            if sk.state == TCP_CLOSE:
                return ENOTCONN
            if not timeo:
                return EAGAIN
            timeo = tcp_data_wait(sk, timeo)


@kernel("net/ipv4/tcp.c", holds="lock_sock(sk)")
def tcp_install_reader(sk: Sock) -> None:
    abstracted("who reads: only scenarios in which others can see that it has not run yet, spec/scenarios/prequeue.py", "ucopy")


@kernel("net/ipv4/tcp.c", holds="lock_sock(sk)")
def tcp_prequeue_process(sk: Sock) -> None:
    abstracted("nothing is left to a reader but in the same scenarios", "prequeue")


@kernel("net/ipv4/tcp.c", holds="lock_sock(sk)")
def tcp_data_wait(sk: Sock, timeo: Timeo) -> Timeo:
    tcp_install_reader(sk)
    add_wait_queue(sk.sleep)
    current().state = TASK_INTERRUPTIBLE
    with released(lock_sock(sk)):
        if not sk.unread:
            timeo = schedule_timeout(timeo)
    remove_wait_queue()
    current().state = TASK_RUNNING
    tcp_prequeue_process(sk)
    return timeo


@kernel("net/ipv4/tcp.c")
def tcp_sendmsg(
    sk: Sock, msg_name: bool, family: Family, addr: Addr, port: Port, addr_len: AddrLen, noblock: bool, short: bool
) -> Errno:
    """One byte of data; a destination is ignored."""
    with lock_sock(sk):
        err = wait_for_tcp_connect(sk, sock_sndtimeo(sk, noblock))
        if not err and (sk.err or sk.send_shutdown):
            err = EPIPE
        if err == EPIPE:
            pending = sock_error(sk)
            err = pending if pending else EPIPE
        if err:
            return err
        tcp_push(sk)
        return 0
