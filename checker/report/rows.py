"""The rows of a chart: single steps, and whole system calls that nobody could disturb.

In goes a Timeline; out come its rows in order of time.
"""

from __future__ import annotations

from dataclasses import dataclass

from checker.report.calls import Call
from checker.report.pretty import Pretty
from checker.report.timeline import Changed, Moment, Timeline, net_changes, show_changes
from checker.system import IDLE


@dataclass(frozen=True)
class WholeCall:
    """A system call that ran from start to end while every other process was idle, and what it changed in all."""

    call: Call
    who: str
    changes: tuple[Changed, ...]

    @property
    def process(self) -> int:
        return self.call.process


Row = WholeCall | Moment


def condense(view: Timeline) -> list[Row]:
    """One row per step, but one for each system call that ran alone; the call of the last step stays open."""
    rows: list[Row] = []
    number = 1
    while number <= len(view.moments):
        moment = view.moments[number - 1]
        call = moment.call
        if moment.starts and _alone(view, call):
            assert call.last is not None
            rows.append(WholeCall(call, moment.who, _net(view, call.first, call.last)))
            number = call.last + 1
        else:
            rows.append(moment)
            number += 1
    return rows


def _alone(view: Timeline, call: Call) -> bool:
    """Whether ``call`` is over before the last step and no other process was in a call meanwhile."""
    if call.last is None or call.last == len(view.moments):
        return False
    if any(m.process != call.process for m in view.moments[call.first - 1 : call.last]):
        return False
    trace = view.trace
    before = trace.states[call.first - 1]
    idle = trace.system.pc_sort.members.index(IDLE)
    others = (i for i in trace.instance.objects(trace.system.thread) if i != call.process)
    return all(before[(*trace.system.pc_key, i)] == idle for i in others)


def _net(view: Timeline, first: int, last: int) -> tuple[Changed, ...]:
    return tuple(show_changes(view.trace, Pretty(view.trace.system), net_changes(view.trace, first, last)))
