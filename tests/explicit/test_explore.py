"""What explore() promises, on a hand-made system."""

from __future__ import annotations

from dataclasses import replace

import pytest

from checker.errors import EXIT_UNDETERMINED, InternalError, UsageError
from checker.explicit import Projection, StatesExceededError, explore, quotient_graph
from checker.explicit.explore import Search
from checker.explicit.layout import make_layout
from checker.explicit.witness import rebuild
from checker.instance import Instance
from checker.language import terms
from checker.language.sorts import BOOL
from checker.language.terms import Term
from checker.system import Property, Transition, Update
from tests.explicit import toy
from tests.explicit.reference import search

QUESTIONS = (toy.exclusive(), toy.painted("BLUE"), toy.never())


def test_all_questions_are_answered_in_one_run() -> None:
    result = explore(toy.system(), toy.instance(), QUESTIONS)
    assert result.complete
    assert result.symmetry
    assert result.words == 1
    assert result.found["exclusive"] is None
    assert result.found["never"] is None
    assert [s.transition.name for s in result.found["painted_BLUE"].steps] == ["paint/1", "paint/2"]  # type: ignore[union-attr]
    assert result.antecedents == {"exclusive": True, "painted_BLUE": True, "never": False}
    assert result.deadlocks == 0
    assert result.deadlock is None
    assert result.seconds > 0


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_symmetry_changes_counts_but_no_answer(threads: int) -> None:
    size = toy.instance(threads)
    every = explore(toy.system(checked=False), size, QUESTIONS, symmetry=False)
    merged = explore(toy.system(checked=False), size, QUESTIONS)
    cells = Search(toy.system(checked=False), size, QUESTIONS).layout.cells
    expected = search(toy.system(checked=False), size, cells, QUESTIONS, 100_000)
    assert expected is not None
    assert every.states == len(expected.distance)
    assert merged.states < every.states or threads == 1
    assert merged.depth == every.depth
    for p in QUESTIONS:
        depths = [t.depth if t else None for t in (every.found[p.name], merged.found[p.name])]
        assert depths == [expected.witnesses[p.name]] * 2


def test_a_race_is_found_with_its_shortest_trace() -> None:
    trace = explore(toy.system(checked=False), toy.instance(), QUESTIONS).found["exclusive"]
    assert trace is not None
    assert sorted(s.transition.name for s in trace.steps) == ["claim/1", "claim/1", "take/1", "take/1"]
    assert {s.process for s in trace.steps} == {1, 2}
    assert len(trace.states[-1]) == len(trace.states[0])


def test_deadlocks_are_counted_and_traced() -> None:
    assert explore(toy.system(), toy.instance(2, 1), (toy.exclusive(),)).deadlocks == 0
    whole = toy.system()
    nobody_releases = replace(whole, transitions=tuple(t for t in whole.transitions if t.name in ("take/1", "claim/1")))
    result = explore(nobody_releases, toy.instance(2, 1), (toy.exclusive(),))
    # One thread works for ever; the other never starts, or it chose the node before it was claimed.
    assert result.deadlocks == 2
    assert result.deadlock is not None
    assert [s.transition.name for s in result.deadlock.steps] == ["take/1", "claim/1"]


def test_a_limit_keeps_what_was_found() -> None:
    with pytest.raises(StatesExceededError) as caught:
        explore(toy.system(), toy.instance(3, 3), QUESTIONS, max_states=50)
    partial = caught.value.exploration
    assert caught.value.exit_status == EXIT_UNDETERMINED
    assert not partial.complete
    assert partial.states > 50
    assert partial.found["painted_BLUE"] is not None
    assert f"more than the limit of {50}" in str(caught.value)


def test_a_search_may_end_when_all_is_answered() -> None:
    race, unpainted = toy.exclusive(), toy.painted("BLUE")
    size = toy.instance(3)
    whole = explore(toy.system(checked=False), size, (race, unpainted))
    short = explore(toy.system(checked=False), size, (race, unpainted), until_answered=True)
    assert whole.complete and not short.complete
    assert short.states < whole.states and short.depth < whole.depth
    assert [t and (t.steps, t.states) for t in short.found.values()] == [t and (t.steps, t.states) for t in whole.found.values()]
    assert short.antecedents == whole.antecedents == {"exclusive": True, "painted_BLUE": True}
    unanswered = explore(toy.system(), size, (race, unpainted), until_answered=True)
    assert unanswered.complete and unanswered.states == explore(toy.system(), size, (race, unpainted)).states


def test_two_runs_are_the_same() -> None:
    watched = (watch_nodes(),)
    first = explore(toy.system(checked=False), toy.instance(3), QUESTIONS, watched)
    second = explore(toy.system(checked=False), toy.instance(3), QUESTIONS, watched)
    assert repr([t and (t.steps, t.states) for t in first.found.values()]) == repr(
        [t and (t.steps, t.states) for t in second.found.values()]
    )
    assert first.projections == second.projections
    assert first.fired == second.fired


def test_coverage_counts_firings_and_new_states() -> None:
    result = explore(toy.system(), toy.instance(), QUESTIONS)
    assert list(result.fired) == ["take/1", "claim/1", "release/1", "paint/1", "paint/2"]
    assert all(c.fired > 0 and c.fired >= c.new for c in result.fired.values())
    assert sum(c.new for c in result.fired.values()) == result.states - 1


def test_progress_is_reported_and_can_interrupt() -> None:
    seen: list[tuple[int, int, int]] = []
    result = explore(toy.system(), toy.instance(), QUESTIONS, progress=lambda *report: seen.append(report))
    assert seen[-1] == (result.states, result.depth, 0)
    assert [s for s, _, _ in seen] == sorted(s for s, _, _ in seen)

    def stop(states: int, depth: int, frontier: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        explore(toy.system(), toy.instance(), QUESTIONS, progress=stop)


def watch_nodes() -> Projection:
    node = terms.var("n", toy.NODE)
    return Projection("nodes", node, (toy.node_field("color", node), toy.node_field("color", toy.node_field("next", node))))


@pytest.mark.parametrize("symmetry", [True, False])
def test_projection(symmetry: bool) -> None:
    result = explore(toy.system(), toy.instance(), (), (watch_nodes(),), symmetry=symmetry).projections["nodes"]
    assert result.reached == ((0, 0), (1, 0), (2, 0))
    assert [(e.before[0], e.after[0]) for e in result.edges] == [(a, b) for a in range(3) for b in range(3) if a != b]
    assert {(e.transition, e.function) for e in result.edges} == {("paint/2", "paint")}
    graph = quotient_graph(result)
    assert sorted(graph.nodes) == list(result.reached)
    assert graph.nodes[2, 0]["label"] == ("BLUE", "RED")
    assert graph.edges[(0, 0), (2, 0), 0]["causes"] == ["paint"]


def test_projection_of_threads() -> None:
    t = terms.var("t", toy.THREAD)
    watch = Projection("work", t, (terms.field(("Thread", "pc"), toy.PC, t),))
    for symmetry in (True, False):
        result = explore(toy.system(), toy.instance(), (), (watch,), symmetry=symmetry).projections["work"]
        assert [(*e.before, *e.after) for e in result.edges] == [(0, 1), (0, 3), (1, 2), (2, 0), (3, 0)]


def test_a_value_the_instance_lacks_is_refused() -> None:
    system = toy.system()
    node = terms.var("node", toy.NODE)
    wide = terms.const(500, toy.PORT)
    bad = Transition("bad", "idle", "idle", (node,), terms.TRUE, (Update(("Node", "port"), node, wide),), ())
    system = replace(system, transitions=(*system.transitions, bad))
    port = terms.eq(toy.node_field("port", node), terms.const(80, toy.PORT))
    with pytest.raises(UsageError, match="bad writes 500 to Node.port"):
        make_layout(system, toy.instance(), (port,))


def test_a_state_of_absurd_size_is_refused() -> None:
    node = terms.var("node", toy.NODE)
    size = Instance((("Thread", 16), ("Node", 16)), (("Port", tuple(range(1, 60_000))),))
    formula = terms.exists(node, terms.lt(toy.node_field("port", node), terms.const(9, toy.PORT)))
    color = terms.exists(node, terms.eq(toy.node_field("color", node), terms.const(1, toy.COLOR)))
    with pytest.raises(UsageError, match="more than 8"):
        make_layout(toy.system(), size, (formula, color))


def test_the_same_name_twice_is_refused() -> None:
    with pytest.raises(UsageError, match="exclusive is given twice"):
        explore(toy.system(), toy.instance(), (toy.exclusive(), toy.exclusive()))


def test_threads_named_in_a_question_are_not_merged() -> None:
    t = terms.var("t", toy.THREAD)
    named = terms.exists(t, Term("eq", BOOL, (t, terms.const(1, toy.THREAD))))
    question = Property("named", "sometimes", (), named, terms.TRUE, "", "reachable", "", toy.PLACE)
    assert not Search(toy.system(), toy.instance(), (question,)).symmetry


def test_a_state_no_step_leads_to_is_an_internal_error() -> None:
    layout = make_layout(toy.system(), toy.instance(), (toy.exclusive().formula,))
    with pytest.raises(InternalError, match="step 1"):
        rebuild(layout, [(toy.system().transitions[0], (12345,))], symmetry=False)
