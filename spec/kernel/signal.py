"""kernel/signal.c: a signal for a thread."""

from __future__ import annotations

from checker.language import kernel, softirq, spin_lock
from spec.state import Thread, runqueue_lock
from spec.values import TASK_ASLEEP, TASK_RUNNING


@softirq("kernel/signal.c")
def send_sig(t: Thread) -> None:
    """Wakes whoever sleeps interruptibly; it stays pending, for what the call returns to user mode with is not modelled."""
    signal_wake_up(t)


@kernel("kernel/signal.c")
def signal_wake_up(t: Thread) -> None:
    with spin_lock(runqueue_lock):
        t.sigpending = True
        if t.state == TASK_ASLEEP:
            t.state = TASK_RUNNING
