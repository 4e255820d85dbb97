"""Runs that never end, and what is lost where runs end, on threads that wait."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checker.errors import UsageError
from checker.language.graph import Action, Graph, Node
from checker.language.model import Model
from checker.races.stuck import endless, require_fair, stuck
from checker.scenario.explore import Search
from checker.scenario.load import load_cases
from checker.scenario.program import Stuck
from checker.scenario.run import run_case
from checker.scenario.states import Edge, Move, State
from spec.scenarios.engine import changed_engine, scenario_engine
from tests.races import late_sleeper, waits
from tests.races.toy import program, search

LIVENESS = Path(__file__).parents[1] / "scenarios" / "liveness.yaml"


def found(*threads: str, machine: str = "smp") -> Stuck:
    asked = search(replace(program(*threads), post=(), machine=machine), module=waits)
    asked.run()
    return stuck(asked)


def test_a_lost_wake_up_is_one_whose_sleeper_would_return() -> None:
    (told,) = found("wait_carelessly", "fill").lost
    assert told.startswith("A sleeps for ever in wait_carelessly")
    assert found("wait", "fill").lost == ()


def test_a_sleeper_that_would_sleep_again_is_not_lost() -> None:
    """Nobody fills the box: the one thread waits rightly, the other one would go away if it was woken."""
    assert found("wait").lost == ()
    assert len(found("wait_carelessly").lost) == 1


def test_a_cycle_is_unfair_if_somebody_who_always_could_go_on_does_not() -> None:
    """Only a run in which fill is never begun spins for ever; without fill every run does."""
    assert found("spin", "fill").endless is None
    alone = found("spin").endless
    assert alone is not None and {step.who for step in alone.cycle} == {"A"}


def test_on_one_processor_nobody_else_can_go_on_while_a_thread_spins() -> None:
    spinning = found("spin", "fill", machine="up").endless
    assert spinning is not None and {step.who for step in spinning.cycle} == {"A"}


def test_a_livelock_is_a_fair_cycle_of_both() -> None:
    polite = found("spin_politely", "spin_politely_too").endless
    assert polite is not None
    assert {step.who for step in polite.cycle} == {"A", "B"}


def test_a_lock_that_is_kept_is_held_in_the_end() -> None:
    assert found("keep").lost == ("users of Box 1 is held",)
    assert found("both", "both").lost == ()


def test_who_waits_for_a_lock_that_is_kept() -> None:
    told = found("keep", "keep").lost
    assert told[0] == "users of Box 1 is held"
    assert {t.split(" in ")[0] for t in told[1:]} == {"A waits for users for ever", "B waits for users for ever"}


def test_two_orders_of_two_locks_deadlock() -> None:
    told = found("both", "both_the_other_way").lost
    assert [t.split(" in ")[0] for t in told] == [
        "first of Box 1 is held",
        "second of Box 1 is held",
        "A waits for second for ever",
        "B waits for first for ever",
    ]


def test_what_no_reference_leads_to_is_leaked() -> None:
    assert found("push; push; pop", "push").lost == ()
    assert found("push; push; drop").lost == ("Item 1 is leaked", "Item 2 is leaked")
    assert "Item 1 is leaked" in found("push_unlocked", "push_unlocked").lost


@given(st.lists(st.sampled_from(["wait", "fill", "both", "spin"]), min_size=1, max_size=3), st.sampled_from(["smp", "up"]))
@settings(max_examples=25, deadline=None, derandomize=True)
def test_programs_that_spin(threads: list[str], machine: str) -> None:
    """Only spin goes round, on two processors only if nobody fills the box; and nothing is ever lost."""
    told = found(*threads, machine=machine)
    assert told.lost == ()
    assert (told.endless is not None) == ("spin" in threads and (machine == "up" or "fill" not in threads))


Arrows = set[tuple[int, int, int]]
"""From a state to a state by a process."""


def is_fair(arrows: Arrows, states: set[int], taken: Arrows) -> bool:
    """Whether a run that for ever visits ``states`` and takes just these arrows is fair, by the definition."""
    movers = {who for _, _, who in taken}
    return all(who in movers or any((s, who) not in {(a, w) for a, _, w in arrows} for s in states) for who in range(3))


def has_fair_run(arrows: Arrows) -> bool:
    """By trying every set of states that a run could visit for ever."""
    for chosen in range(1, 1 << 4):
        states = {n for n in range(4) if chosen >> n & 1}
        taken = {(a, b, w) for a, b, w in arrows if a in states and b in states}
        graph = nx.DiGraph([(a, b) for a, b, _ in taken])
        if taken and set(graph) == states and nx.is_strongly_connected(graph) and is_fair(arrows, states, taken):
            return True
    return False


@given(st.sets(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 2)), max_size=9))
@settings(max_examples=300, deadline=None, derandomize=True)
def test_components_decide_about_all_fair_runs(arrows: Arrows) -> None:
    """The answer is that of the definition, and the round that is shown goes round and is fair."""
    edges = [[Edge(b, Move(w, about=f"{a} {b} {w}")) for a, b, w in sorted(arrows) if a == n] for n in range(4)]
    states = [State((), ())] * 4
    graph = SimpleNamespace(states=states, edges=edges, schedule=lambda n: (), step=lambda move, phase: move.about)
    told = endless(cast(Search, graph))
    assert (told is not None) == has_fair_run(arrows)
    if told is not None:
        steps = [tuple(map(int, str(step).split())) for step in told.cycle]
        assert all(one[1] == following[0] for one, following in pairwise([*steps, steps[0]]))
        assert is_fair(arrows, {a for a, _, _ in steps}, {(a, b, w) for a, b, w in steps})


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("machine: up\nevents: [timeout]\nthreads: {A: [accept l d], B: [close l]}", "any sleep may end at any moment"),
        ("steps: [state l]", "time passes"),
    ],
)
def test_no_fairness_no_question(tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / "one.yaml"
    setup = "setup: [socket l stream 0]\n" if "threads" in text else ""
    text = text.replace("state l", "socket l stream 0")
    call = "A" if "threads" in text else "main"
    path.write_text(f"id: x\n{setup}{text}\neventually: {call} == 0\n")
    with pytest.raises(UsageError, match=why) as problem:
        load_cases(path)
    assert problem.value.code == "no-fairness"
    assert problem.value.place is not None and problem.value.place.line == len(path.read_text().splitlines())


def test_serial_orders_are_refused() -> None:
    with pytest.raises(UsageError, match="whole calls"):
        require_fair(replace(program("wait", "fill"), machine="serial"))


def test_the_answers_of_a_scenario(tmp_path: Path) -> None:
    """An outcome without the expression, and a fair cycle, are each enough for a no."""
    path = tmp_path / "one.yaml"
    path.write_text(
        "id: x\nsetup: [socket l stream 0]\nthreads: {A: [state l], B: [state l]}\n"
        "eventually: [A == CLOSE, A == LISTEN]\nlost: some\n"
    )
    (case,) = load_cases(path)
    _, answers = run_case(case, scenario_engine())
    assert [(a.question.kind, a.verdict, a.as_expected, a.hits) for a in answers] == [
        ("eventually", "always", True, ()),
        ("eventually", "not always", False, (1,)),
        ("lost", "none", False, ()),
    ]


def test_accept_that_sleeps_late_misses_its_wake_up() -> None:
    """The scenario that the model answers as expected has a lost wake-up once accept looks before it joins the wait queue."""
    case = load_cases(LIVENESS)[0]
    assert case.scenario.id == "blocked-accept-returns"
    _, answers = run_case(case, scenario_engine(late_sleeper.OVERRIDES))
    eventually, lost = answers
    assert eventually.verdict == "not always"
    assert eventually.hits
    assert lost.verdict == "some"
    assert lost.details[0].startswith("A sleeps for ever in schedule_timeout")


def test_packets_that_nobody_frees_are_leaked() -> None:
    """The same scenario again, with every free of a packet left out."""

    def without_free(model: Model, graphs: tuple[Graph, ...]) -> list[Graph]:
        def kept(node: Node) -> Node:
            packet = node.action is Action.FREE and node.obj is not None and node.obj.sort.name == "Segment"
            return replace(node, action=Action.NOTE) if packet else node

        return [replace(graph, nodes=[kept(node) for node in graph.nodes]) for graph in graphs]

    case = load_cases(LIVENESS)[1]
    assert case.scenario.id == "woken-connect-ends"
    told = changed_engine(without_free).stuck(case.scenario).lost
    assert told
    assert all(re.fullmatch(r"Segment \d+ is leaked", text) for text in told)
