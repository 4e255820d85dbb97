"""The system calls of a trace, with their arguments and results.

In goes a Trace; out come its calls, and which one each step belongs to.  A call through a root that dispatches, such as
``system_call(call=SYS_LISTEN, sock=...)``, is named for what it does: ``sys_listen(sock=...)``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from checker.evaluate import State
from checker.report.dispatch import Dispatch, dispatches
from checker.report.pretty import Pretty
from checker.system import IDLE, Transition, TransitionSystem
from checker.trace import Trace


@dataclass(frozen=True)
class Call:
    """A system call from step ``first`` to step ``last`` (None: still running at the end); ``name`` is the function it runs."""

    process: int
    name: str
    arguments: tuple[tuple[str, str], ...]
    first: int
    last: int | None
    result: str | None

    @property
    def text(self) -> str:
        """``sys_listen(sock=Socket[1])``."""
        return f"{self.name}({', '.join(f'{name}={value}' for name, value in self.arguments)})"

    @property
    def returned(self) -> str:
        """``returns EINVAL``, or ``returns`` for a call without result."""
        return f"returns {self.result}" if self.result is not None else "returns"


def calls_of(trace: Trace, pretty: Pretty) -> tuple[Call, ...]:
    """The system calls of ``trace``, in order of their start."""
    begun: dict[int, list[int]] = {}
    chosen = dispatches(trace.system)
    found: list[Call] = []
    for number, step in enumerate(trace.steps, 1):
        begun.setdefault(step.process, []).append(number)
        if _location(trace, trace.states[number], step.process) == IDLE:
            found.append(_call(trace, pretty, begun.pop(step.process), chosen, finished=True))
    found += [_call(trace, pretty, numbers, chosen, finished=False) for numbers in begun.values()]
    return tuple(sorted(found, key=lambda c: c.first))


def _call(trace: Trace, pretty: Pretty, numbers: list[int], chosen: Mapping[str, Dispatch], *, finished: bool) -> Call:
    steps = [trace.steps[n - 1] for n in numbers]
    arguments = [
        (name, pretty.value(t.sort, dict(step.binding)[t], trace.instance))
        for step in steps
        for name, t in step.transition.arguments
    ]
    last, result = steps[-1], None
    if finished and last.returns is not None and last.transition.returns is not None:
        result = pretty.value(last.transition.returns.sort, last.returns, trace.instance)
    first = steps[0].transition
    root = first.steps[0].stack[0] if first.steps and first.steps[0].stack else _root(trace.system, first)
    dispatch = chosen.get(root)
    name = dispatch.names.get(dict(arguments).get(dispatch.argument, ""), root) if dispatch else root
    if dispatch and name != root:
        arguments = [(a, value) for a, value in arguments if a != dispatch.argument]
    return Call(last.process, name, tuple(arguments), numbers[0], numbers[-1] if finished else None, result)


def _root(system: TransitionSystem, t: Transition) -> str:
    """The system call of a transition without statements."""
    inner = t.target if t.source == IDLE else t.source
    return system.locations_by_name[inner].root or t.name.split("/")[0]


def call_of_step(trace: Trace, calls: tuple[Call, ...]) -> dict[int, Call]:
    """The system call each step belongs to."""
    owner: dict[int, Call] = {}
    for number, step in enumerate(trace.steps, 1):
        owner[number] = next(
            c for c in calls if c.process == step.process and c.first <= number and (c.last is None or number <= c.last)
        )
    return owner


def _location(trace: Trace, state: State, process: int) -> str:
    return trace.system.pc_sort.members[state[(*trace.system.pc_key, process)]]
