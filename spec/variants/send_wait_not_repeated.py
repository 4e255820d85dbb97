"""A mutant: send() sleeps once while it is not connected, and does not look again what woke it."""

from __future__ import annotations

from checker.language import current, kernel, released
from spec.kernel.sched import add_wait_queue, remove_wait_queue, schedule_timeout
from spec.net.core.sock import sock_error, sock_intr_errno
from spec.state import Sock, lock_sock
from spec.values import (
    EAGAIN,
    EPIPE,
    SUCCESS,
    TASK_INTERRUPTIBLE,
    TASK_RUNNING,
    TCP_CLOSE_WAIT,
    TCP_ESTABLISHED,
    TCP_SYN_RECV,
    TCP_SYN_SENT,
    Errno,
    Timeo,
)

UPSTREAM = "cac23b7d7627 net: Return error from sk_stream_wait_connect() if sk_wait_event() fails"


@kernel("net/ipv4/tcp.c", holds="lock_sock(sk)")
def wait_for_tcp_connect(sk: Sock, timeo: Timeo) -> Errno:
    if sk.state not in (TCP_ESTABLISHED, TCP_CLOSE_WAIT):
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


OVERRIDES = {"wait_for_tcp_connect": wait_for_tcp_connect}
