"""Witnesses: from the packed states of a shortest path to a trace of the whole system.

In goes the path as the native search stored it, permuted or not; out comes a Trace replayed by the reference interpreter.
"""

from __future__ import annotations

from collections.abc import Iterator

from checker.errors import InternalError
from checker.evaluate import Binding, State, bindings, enabled, fire, initial_state
from checker.explicit.layout import Layout, Words
from checker.system import Transition
from checker.trace import Trace, replay


def rebuild(layout: Layout, path: list[Words], *, symmetry: bool) -> Trace:
    """The trace that runs through the states ``path``, the initial one first.

    With ``symmetry`` the states of ``path`` are representatives: any permutation of threads that leads to each of
    them is as good, and the first one in the order of the interpreter is taken.  Raises InternalError if there is none.
    """
    system, instance = layout.system, layout.instance

    def key(state: State) -> Words:
        words = layout.pack(state)
        return layout.canonical(words) if symmetry else words

    state: State = initial_state(system, instance)
    moves: list[tuple[Transition, Binding]] = []
    for number, wanted in enumerate(path[1:], 1):
        for t, binding in _enabled(layout, state):
            after = fire(system, t, state, instance, binding)
            if key(after) == wanted:
                moves.append((t, binding))
                state = after
                break
        else:
            raise InternalError("trace-rebuild", f"the interpreter finds no step {number} to the state the native search stored")
    return replay(system, instance, moves)


def _enabled(layout: Layout, state: State) -> Iterator[tuple[Transition, Binding]]:
    """Every enabled transition, skipping those that start where no thread is."""
    system, instance = layout.system, layout.instance
    occupied = {system.pc_sort.members[state[(*system.pc_key, i)]] for i in instance.objects(system.thread)}
    for t in system.transitions:
        if t.source in occupied:
            for binding in bindings(system, t, instance):
                if enabled(system, t, state, instance, binding):
                    yield t, binding
