"""kernel/sched.c and kernel/fork.c: wait queues, sleeping and waking."""

from __future__ import annotations

from checker.language import NULL, current, kernel, spin_lock, when
from checker.language import choice as timer_expires
from spec.state import Socket, ahead_of, exclusive_waiters, runqueue_lock, sleepers, wait_queue_lock, woken
from spec.values import TASK_ASLEEP, TASK_INTERRUPTIBLE, TASK_RUNNING, TIMEO_FINITE, TIMEO_ZERO, Timeo


@kernel("kernel/sched.c")
def schedule_timeout(timeo: Timeo) -> Timeo:
    """Sleep until woken, or until a finite timeout ends, which may be at any moment."""
    with spin_lock(runqueue_lock):
        if current().state == TASK_INTERRUPTIBLE and not current().sigpending:
            current().state = TASK_ASLEEP
        else:
            current().state = TASK_RUNNING
    if timeo == TIMEO_FINITE and timer_expires():
        current().state = TASK_RUNNING
        return TIMEO_ZERO
    when(current().state != TASK_ASLEEP)
    return timeo


@kernel("kernel/fork.c")
def add_wait_queue(sock: Socket) -> None:
    """At the head: before all exclusive waiters."""
    current().waits_on = sock


@kernel("kernel/fork.c")
def add_wait_queue_exclusive(sock: Socket) -> None:
    """At the tail."""
    with spin_lock(wait_queue_lock):
        for t in exclusive_waiters(sock):
            t.place = t.place + 1
        current().waits_on = sock
        current().exclusive = True


@kernel("kernel/fork.c")
def remove_wait_queue() -> None:
    with spin_lock(wait_queue_lock):
        for t in ahead_of(current()):
            t.place = t.place - 1
        current().waits_on = NULL
        current().exclusive = False
        current().place = 0


@kernel("kernel/sched.c")
def wake_up_interruptible(sock: Socket) -> None:
    with spin_lock(wait_queue_lock):
        for t in woken(sock):
            t.state = TASK_RUNNING


@kernel("kernel/sched.c")
def wake_up_interruptible_all(sock: Socket) -> None:
    with spin_lock(wait_queue_lock):
        for t in sleepers(sock):
            t.state = TASK_RUNNING
