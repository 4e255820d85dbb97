"""Each operator changes what it says, everywhere the statement was inlined, and nothing else."""

from __future__ import annotations

from functools import cache

import pytest

from checker.language import terms
from checker.language.compile import lower_model
from checker.language.graph import Action, Graph, Node
from checker.mutation.operators import Mutant, mutants, sample
from tests import tiny
from tests.mutation import kitchen, office


@cache
def made(name: str) -> tuple[list[Graph], dict[str, Mutant]]:
    """The graphs of a toy and its mutants by name."""
    modules = tiny.modules() if name == "tiny" else [{"office": office, "kitchen": kitchen}[name]]
    model, graphs = lower_model(name, modules)
    return graphs, {m.name: m for m in mutants(model, graphs)}


def changed(toy: str, name: str) -> list[Graph]:
    graphs, found = made(toy)
    return found[name].apply(graphs)


def order(graph: Graph, start: int = 0) -> list[str]:
    """What is done along the first way through a graph."""
    texts, node, seen = [], graph.nodes[start], set[int]()
    while node.successors and node.index not in seen:
        seen.add(node.index)
        texts += [node.text] if node.text else []
        node = graph.nodes[node.successors[0]]
    return texts


def node(graphs: list[Graph], text: str, action: Action) -> Node:
    (found,) = {n.index: n for g in graphs for n in g.nodes if n.text == text and n.action is action}.values()
    return found


def test_the_names_are_stable() -> None:
    assert list(made("tiny")[1])[:9] == [
        "enter+2 if-true",
        "enter+2 if-false",
        "enter+2 if-not",
        "do_paint+2 no-lock",
        "do_paint+2 early-release",
        "do_paint+3 if-true",
        "do_paint+3 if-false",
        "do_paint+3 if-not",
        "do_paint+5 no-assign",
    ]


def test_nothing_but_the_named_nodes_changes() -> None:
    for toy in ("tiny", "office"):
        graphs, found = made(toy)
        for mutant in found.values():
            for before, after in zip(graphs, mutant.apply(graphs), strict=True):
                different = {n.index for n, m in zip(before.nodes, after.nodes, strict=True) if n != m}
                assert different <= set(mutant.nodes.get(before.root, {}))
            assert mutant.nodes


def test_every_operator_is_exercised_here() -> None:
    operators = {m.operator for toy in ("tiny", "office") for m in made(toy)[1].values()}
    assert operators == {
        "if-true", "if-false", "if-not", "no-part", "no-wait", "no-assign", "swap", "nobody", "everybody", "no-lock",
        "early-release", "no-error",
    }  # fmt: skip


@pytest.mark.parametrize(("operator", "value"), [("if-true", terms.TRUE), ("if-false", terms.FALSE)])
def test_a_test_is_taken_one_way(operator: str, value: terms.Term) -> None:
    assert node(changed("tiny", f"enter+2 {operator}"), "call == DO_PAINT", Action.BRANCH).value == value


def test_a_test_is_negated() -> None:
    plain = node(made("tiny")[0], "call == DO_PAINT", Action.BRANCH).value
    assert plain is not None
    assert node(changed("tiny", "enter+2 if-not"), "call == DO_PAINT", Action.BRANCH).value == terms.negate(plain)


def test_an_assignment_is_left_out() -> None:
    graphs = changed("tiny", "do_paint+5 no-assign")
    assert not any(n.text == "box.color = color" for g in graphs for n in g.nodes)


def test_only_a_local_that_has_a_value_keeps_it() -> None:
    names = [n for n in made("office")[1] if n.startswith("fail") and n.endswith("no-assign")]
    assert names == ["fail+3 no-assign"], "the first assignment gives the variable its value"


def test_two_steps_are_swapped() -> None:
    wake = "for c in sleeping(): c.asleep = False"
    assert order(made("office")[0][0]) == ["office.open = True", "office.letters = True", "spin_lock(queue_lock)", wake]
    (deliver, _) = changed("office", "deliver+3 swap")
    assert order(deliver) == ["office.open = True", "spin_lock(queue_lock)", wake, "office.letters = True"]


def test_steps_whose_order_nobody_sees_are_not_swapped() -> None:
    assert not any(n.startswith("collect") for n in made("office")[1] if "swap" in n), "both are in one atomic region"


def test_a_wake_up_reaches_nobody_or_everybody() -> None:
    wake = "for c in sleeping(): c.asleep = False"
    assert order(changed("office", "deliver+5 nobody")[0])[-1] == "spin_lock(queue_lock)"
    assert node(changed("office", "deliver+5 everybody"), wake, Action.WRITE).where == terms.TRUE
    where = node(changed("office", "deliver+5 no-part 2"), wake, Action.WRITE).where
    assert where is not None and "late" not in str(where) and "asleep" in str(where)


def test_a_part_of_a_condition_is_left_out() -> None:
    text = "full = office.letters or office.parcels"
    assert str(node(changed("office", "collect+3 no-part"), text, Action.ASSIGN).value) == "parcels"
    assert str(node(changed("office", "collect+3 no-part 2"), text, Action.ASSIGN).value) == "letters"


def test_nothing_is_waited_for() -> None:
    assert any(n.action is Action.WAIT for n in made("office")[0][1].nodes)
    assert not any(n.action is Action.WAIT for n in changed("office", "collect+8 no-wait")[1].nodes)


def test_an_error_becomes_success() -> None:
    value = node(changed("office", "fail+3 no-error"), "code = EEMPTY", Action.ASSIGN).value
    assert value is not None and value.data == 0 and value.sort.name == "Result"


def test_a_lock_is_not_taken_and_nobody_is_said_to_hold_it() -> None:
    (graph,) = changed("tiny", "do_paint+2 no-lock")
    inside = [n for n in graph.nodes if n.function == "do_paint"]
    assert not any(n.action in (Action.ACQUIRE, Action.RELEASE) or n.context.held for n in inside)
    assert any(n.context.held for n in graph.nodes if n.function == "do_take"), "the other lock is as it was"


def locking(graph: Graph, function: str) -> list[Action]:
    """The lock operations of a function, in the order of its nodes."""
    return [n.action for n in graph.nodes if n.function == function and n.action in (Action.ACQUIRE, Action.RELEASE)]


def test_a_shared_subroutine_does_not_lead_to_the_locks_of_others() -> None:
    (plain,), (graph,) = made("kitchen")[0], changed("kitchen", "serve+2 no-lock")
    assert locking(graph, "serve") == []
    assert locking(graph, "boil") == locking(plain, "boil")
    assert not any(n.context.held for n in graph.nodes if n.function == "serve")


def test_with_a_lock_go_its_pauses() -> None:
    (graph,) = changed("kitchen", "boil+2 no-lock")
    assert locking(graph, "boil") == []
    assert sorted(a.value for a in locking(graph, "serve")) == ["acquire", "release"]


def test_a_lock_is_not_taken_again_after_a_pause() -> None:
    """It is still released in the end: that is not to know."""
    (plain,), (graph,) = made("kitchen")[0], changed("kitchen", "boil+4 no-lock")
    assert locking(plain, "boil").count(Action.ACQUIRE) == 2
    assert locking(graph, "boil").count(Action.ACQUIRE) == 1
    assert locking(graph, "boil").count(Action.RELEASE) == locking(plain, "boil").count(Action.RELEASE) == 2


def test_a_region_is_no_region_any_more() -> None:
    assert any(n.context.region for n in made("office")[0][1].nodes)
    assert not any(n.context.region for n in changed("office", "collect+2 no-lock")[1].nodes)


def test_a_lock_is_released_before_the_last_access() -> None:
    (graph,) = changed("tiny", "do_paint+2 early-release")
    write = node([graph], "box.color = color", Action.WRITE)
    (before,) = [n for n in graph.nodes if write.index in n.successors]
    assert before.action is Action.RELEASE
    assert not write.context.held


def test_a_sample_is_stable_and_grows() -> None:
    every = list(made("tiny")[1].values())
    few, more = sample(every, 5, 7), sample(every, 10, 7)
    assert len(few) == 5 and few == sample(every, 5, 7)
    assert {m.name for m in few} < {m.name for m in more}
    assert few != sample(every, 5, 8)
    assert sample(every, 1000, 0) == every
