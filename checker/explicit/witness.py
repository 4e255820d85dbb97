"""Witnesses: from the packed states of a shortest path to a trace of the whole system.

In goes the path as the native search stored it, permuted or not; out comes a Trace replayed by the reference interpreter.
"""

from __future__ import annotations

from checker.errors import InternalError
from checker.evaluate import Binding, State, bindings, evaluate, fire, initial_state
from checker.explicit.layout import Layout, Words
from checker.system import Transition
from checker.trace import Trace, replay


def rebuild(layout: Layout, path: list[tuple[Transition, Words]], *, symmetry: bool) -> Trace:
    """The trace that fires the transitions of ``path`` and meets the packed state beside each.

    These states are representatives under exchange of twins and, with ``symmetry``, permutation of threads: any order that leads
    to each of them is as good, and the first one of the interpreter is taken.  Raises InternalError if there is none.
    """
    state: State = initial_state(layout.system, layout.instance)
    moves: list[tuple[Transition, Binding]] = []
    for number, (t, wanted) in enumerate(path, 1):
        found = _move(layout, state, t, wanted, symmetry=symmetry)
        if found is None:
            raise InternalError("trace-rebuild", f"the interpreter finds no step {number} to the state the native search stored")
        binding, state = found
        moves.append((t, binding))
    return replay(layout.system, layout.instance, moves)


def _move(layout: Layout, state: State, t: Transition, wanted: Words, *, symmetry: bool) -> tuple[Binding, State] | None:
    """How ``t`` leads from ``state`` to ``wanted``, and the whole state after it."""
    system, instance = layout.system, layout.instance
    source = system.pc_sort.members.index(t.source)
    for binding in bindings(system, t, instance):
        if state[(*system.pc_key, binding[system.self_var])] == source and evaluate(t.guard, state, instance, binding):
            after = fire(system, t, state, instance, binding)
            if layout.canonical(layout.pack(after), threads=symmetry) == wanted:
                return binding, after
    return None
