"""A mutant: accept() looks for a connection first and joins the wait queue afterwards, so that it can miss its wake-up."""

from __future__ import annotations

from checker.language import NULL, current, kernel, released
from spec.kernel.sched import add_wait_queue_exclusive, remove_wait_queue, schedule_timeout
from spec.net.core.sock import sock_intr_errno
from spec.state import Sock, lock_sock
from spec.values import EAGAIN, EINVAL, SUCCESS, TASK_INTERRUPTIBLE, TASK_RUNNING, TCP_LISTEN, Errno, Timeo


@kernel("net/ipv4/tcp.c")
def wait_for_connect(sk: Sock, timeo: Timeo) -> Errno:
    with released(lock_sock(sk)):
        if sk.accept_queue == NULL:
            add_wait_queue_exclusive(sk.sleep)
            current().state = TASK_INTERRUPTIBLE
            timeo = schedule_timeout(timeo)
            current().state = TASK_RUNNING
            remove_wait_queue()
    if sk.accept_queue != NULL:
        return SUCCESS
    if sk.state != TCP_LISTEN:
        return EINVAL
    if current().sigpending:
        return sock_intr_errno(timeo)
    return EAGAIN


OVERRIDES = {"wait_for_connect": wait_for_connect}
