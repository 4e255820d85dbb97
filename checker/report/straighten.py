"""Straightening: the same steps in an order that is easier to follow.

In goes a Trace; out comes a Trace whose threads take the same transitions, that ends in the same state, and that
switches threads in the middle of a system call as rarely as possible.  It is replayed like any other trace.
"""

from __future__ import annotations

import heapq

from checker.evaluate import Cell, State, enabled, evaluate, fire, initial_state
from checker.system import IDLE
from checker.trace import Trace, TraceStep, replay

IN_CALL = 10
BETWEEN_CALLS = 1
INSIDE_ANOTHER = 2
MAX_ORDERS = 8_000

Key = tuple[tuple[int, ...], int, tuple[int, ...]]


def straighten(trace: Trace) -> Trace:
    """The order of the steps of ``trace`` with the fewest interruptions; results and final state stay the same.

    A search over all orders that keep each thread's own; after ``MAX_ORDERS`` prefixes the trace is returned as it is.
    """
    queues = _per_process(trace)
    processes = sorted(queues)
    start: dict[Cell, int] = initial_state(trace.system, trace.instance)
    goal = dict(trace.states[-1])
    done = tuple(len(queues[p]) for p in processes)
    ticket = 0
    heap: list[tuple[int, int, tuple[int, ...], int, State, tuple[TraceStep, ...]]] = [
        (0, ticket, tuple(0 for _ in processes), 0, start, ())
    ]
    seen: set[Key] = set()
    while heap and len(seen) < MAX_ORDERS:
        cost, _, positions, last, state, path = heapq.heappop(heap)
        key = (positions, last, tuple(state.values()))
        if key in seen:
            continue
        seen.add(key)
        if positions == done:
            if state == goal:
                return replay(trace.system, trace.instance, [(s.transition, dict(s.binding)) for s in path])
            continue
        for slot, process in enumerate(processes):
            if positions[slot] == len(queues[process]):
                continue
            step = queues[process][positions[slot]]
            after = _take(trace, step, state)
            if after is None:
                continue
            ticket += 1
            moved = tuple(n + (i == slot) for i, n in enumerate(positions))
            price = cost + _switch(trace, state, last, process) + _overlap(trace, state, step)
            heapq.heappush(heap, (price, ticket, moved, process, after, (*path, step)))
    return trace


def _per_process(trace: Trace) -> dict[int, list[TraceStep]]:
    queues: dict[int, list[TraceStep]] = {}
    for step in trace.steps:
        queues.setdefault(step.process, []).append(step)
    return queues


def _take(trace: Trace, step: TraceStep, state: State) -> dict[Cell, int] | None:
    """The state after ``step`` if it is possible here and returns what it returned."""
    binding = dict(step.binding)
    t = step.transition
    if not enabled(trace.system, t, state, trace.instance, binding):
        return None
    if t.returns is not None and evaluate(t.returns, state, trace.instance, binding) != step.returns:
        return None
    return fire(trace.system, t, state, trace.instance, binding)


def _overlap(trace: Trace, state: State, step: TraceStep) -> int:
    """What it costs the reader that a call begins while another process is in one."""
    if step.transition.source != IDLE:
        return 0
    idle = trace.system.pc_sort.members.index(IDLE)
    others = (i for i in trace.instance.objects(trace.system.thread) if i != step.process)
    return INSIDE_ANOTHER * any(state[(*trace.system.pc_key, i)] != idle for i in others)


def _switch(trace: Trace, state: State, last: int, process: int) -> int:
    """What it costs the reader to go on with ``process`` after ``last``."""
    if last in (0, process):
        return 0
    location = trace.system.pc_sort.members[state[(*trace.system.pc_key, last)]]
    return BETWEEN_CALLS if location == IDLE else IN_CALL
