"""Compiler, movers, reduction and slicing on a tiny specification, judged by a reference search."""

from __future__ import annotations

from collections import deque
from functools import cache

import pytest

import spec
from checker.commands.model import compile_package
from checker.errors import UsageError
from checker.evaluate import Binding, Cell, State, initial_state, successors
from checker.instance import Instance
from checker.language import terms
from checker.language.compile import Compiled, compile_function, compile_model
from checker.language.movers import Mover, classify
from checker.slice import lift, slice_system
from checker.system import IDLE, Property, Transition, TransitionSystem
from checker.trace import falsifying, replay
from tests.language import toy

INSTANCE = Instance((("Thread", 2), ("Box", 1), ("Addr", 1)), (("Port", (80,)),))
Path = list[tuple[Transition, Binding]]


@cache
def compiled(reduce: bool = True) -> Compiled:
    return compile_model("toy", [toy], reduce=reduce)


def search(system: TransitionSystem, prop: Property) -> Path | None:
    """Breadth-first: a shortest path to a state where ``prop.bad`` holds."""

    def key(state: State) -> frozenset[tuple[Cell, int]]:
        return frozenset(state.items())

    first = initial_state(system, INSTANCE)
    seen = {key(first)}
    queue: deque[tuple[State, Path]] = deque([(first, [])])
    while queue:
        state, path = queue.popleft()
        if falsifying(prop, state, INSTANCE) is not None:
            return path
        for t, binding, after in successors(system, state, INSTANCE):
            if key(after) not in seen:
                seen.add(key(after))
                queue.append((after, [*path, (t, binding)]))
    return None


@pytest.mark.parametrize("name", ["taken_green", "own_next", "seen_green"])
def test_reduction_keeps_every_verdict(name: str) -> None:
    answers = []
    for reduce in (True, False):
        model = compiled(reduce)
        prop = model.property(name)
        part = slice_system(model.system, (prop.formula, prop.antecedent))
        answers.append(search(part.system, prop) is not None)
    assert answers[0] == answers[1] == (name != "own_next")


def test_reduction_merges_steps() -> None:
    assert len(compiled(True).system.locations) < len(compiled(False).system.locations)


def test_lift_gives_a_trace_of_the_whole_system() -> None:
    model = compiled()
    prop = model.property("taken_green")
    part = slice_system(model.system, (prop.formula, prop.antecedent))
    assert len(part.system.state_vars) < len(model.system.state_vars)
    path = search(part.system, prop)
    assert path is not None
    trace = replay(model.system, INSTANCE, lift(part, INSTANCE, path))
    assert trace.depth == len(path)
    assert falsifying(prop, trace.states[-1], INSTANCE) is not None


def test_slice_drops_ghosts_nobody_asks_for() -> None:
    model = compiled()
    prop = model.property("taken_green")
    kept = {v.key for v in slice_system(model.system, (prop.formula,)).system.state_vars}
    assert ("Box", "seen") not in kept
    assert {("Box", "taken"), ("Box", "color"), ("Thread", "pc")} <= kept


def test_movers() -> None:
    model = compiled()
    visible = {k for p in model.properties for k in terms.fields_of(p.formula)}
    classes = classify(model.model, list(model.graphs), visible, reduce=True)
    graph = next(g for g in model.graphs if g.root == "sys_paint")
    by_text = {n.text: classes[graph.root, n.index] for n in graph.nodes}
    assert by_text["lock_box(b)"] is Mover.RIGHT
    assert by_text["release lock_box(b)"] is Mover.LEFT
    assert by_text["b.color = color"] is Mover.NONE  # a property sees it
    plain = classify(model.model, list(model.graphs), visible, reduce=False)
    assert not {Mover.BOTH, Mover.RIGHT, Mover.LEFT} & set(plain.values())


def test_a_region_is_one_step() -> None:
    system = compiled(False).system
    writers = [t for t in system.transitions if any(u.key == ("Box", "seen") for u in t.updates)]
    assert writers
    assert all(any(u.key == ("Box", "taken") for u in t.updates) for t in writers)


def test_at_most_one_shared_access_per_unreduced_step() -> None:
    model = compiled(False)
    for t in model.system.transitions:
        shared = [u for u in t.updates if u.key[0] == "Box" and not model.system.vars_by_key[u.key].ghost]
        assert len(shared) <= 1, t.name


def test_one_function_alone() -> None:
    system = compile_function(compiled(), "paint")
    assert system.roots == ("paint",)
    assert {t.source for t in system.transitions if t.source == IDLE}
    returns = {terms.show(t.returns) for t in system.transitions if t.returns is not None}
    assert returns == {"EBUSY", "OK"}


def test_a_function_called_under_a_lock_begins_with_it() -> None:
    system = compile_function(compile_package(spec), "inet_wait_for_connect")
    (asleep,) = (loc for loc in system.locations if loc.text.startswith("timeo = schedule_timeout"))
    assert not asleep.held
    (behind,) = (loc for loc in system.locations if loc.text == "current().state = TASK_RUNNING")
    assert [str(obj) for obj in behind.held] == ["self.inet_wait_for_connect/inet_wait_for_connect.sk"]


def test_unknown_names_are_bad_input() -> None:
    with pytest.raises(UsageError, match="no kernel function"):
        compile_function(compiled(), "nope")
    with pytest.raises(UsageError, match="no property"):
        compiled().property("nope")
