"""Two objects that nothing tells apart: found, exchanged, and stored once."""

from __future__ import annotations

from itertools import permutations

from checker.evaluate import Cell, initial_state
from checker.explicit import Projection, explore
from checker.explicit.layout import Layout, make_layout
from checker.explicit.twins import twin_records
from checker.instance import Instance
from checker.language import terms
from checker.language.sorts import BOOL
from checker.language.terms import Term
from tests.explicit import toy

QUESTIONS = (toy.exclusive(), toy.painted("BLUE"))
FORMULAS = tuple(p.formula for p in QUESTIONS)
CELLS: tuple[tuple[Cell, int], ...] = (
    (("Thread", "pc", 2), toy.PC.members.index("take:work")),
    (("Thread", "take.node", 2), 1),
    (("Node", "owner", 1), 2),
    (("Node", "color", 1), 2),
    (("Node", "color", 2), 1),
    (("Thread", "pc", 1), toy.PC.members.index("paint:brush")),
    (("Thread", "paint.color", 1), 2),
)


def layout(size: Instance | None = None) -> Layout:
    return make_layout(
        toy.system(), size or toy.instance(), FORMULAS, twin_records(toy.system(), size or toy.instance(), FORMULAS)
    )


def exchanged(state: dict[Cell, int]) -> dict[Cell, int]:
    """``state`` with the names of the two nodes exchanged."""
    keys = {v.key: v for v in toy.system().state_vars}

    def name(record: str, index: int) -> int:
        return 3 - index if record == "Node" and index else index

    return {(r, f, name(r, i)): name(keys[r, f].sort.name, v) for (r, f, i), v in state.items()}


def test_twins_are_two_objects_that_nothing_names() -> None:
    assert twin_records(toy.system(), toy.instance(2, 2), FORMULAS) == [toy.NODE]
    assert twin_records(toy.system(), toy.instance(2, 1), FORMULAS) == []
    assert twin_records(toy.system(), toy.instance(2, 3), FORMULAS) == []
    first = Term("eq", BOOL, (toy.node_field("next", terms.var("n", toy.NODE)), terms.const(1, toy.NODE)))
    assert twin_records(toy.system(), toy.instance(2, 2), (first,)) == []
    painted = Instance((("Thread", 2), ("Node", 2)), (("Port", (80,)),), ((("Node", "color", 1), 1),))
    assert twin_records(toy.system(), painted, FORMULAS) == []


def test_exchanging_twins_exchanges_all_they_own_and_all_that_refers_to_them() -> None:
    whole = layout()
    (twins,) = whole.twins
    state = {**initial_state(toy.system(), toy.instance()), **dict(CELLS)}
    words = whole.pack(state)
    pcs = [state["Thread", "pc", t] for t in (1, 2)]
    other = twins.exchange(words, twins.masks(words, whole.slots, pcs))
    assert other == whole.pack(exchanged(state)) != words
    assert twins.in_order(words) != twins.in_order(other)
    assert whole.canonical(words) == whole.canonical(other)
    assert whole.canonical(words, threads=False) == whole.canonical(other, threads=False)


def test_bits_shared_by_locals_are_exchanged_only_where_they_refer_to_twins() -> None:
    """The colour that a thread paints with lies where another call keeps its node."""
    whole = layout()
    (twins,) = whole.twins
    state = {**initial_state(toy.system(), toy.instance()), **dict(CELLS)}
    assert whole.bits["Thread", "paint.color", 1].shift == whole.bits["Thread", "take.node", 1].shift
    words = whole.pack(state)
    other = whole.unpack(twins.exchange(words, twins.masks(words, whole.slots, [state["Thread", "pc", t] for t in (1, 2)])))
    assert other["Thread", "paint.color", 1] == 2
    assert other["Thread", "take.node", 2] == 2


def test_twins_halve_the_states_and_change_no_answer() -> None:
    unchecked = toy.system(checked=False)
    every = explore(unchecked, toy.instance(3), QUESTIONS, symmetry=False)
    merged = explore(unchecked, toy.instance(3), QUESTIONS)
    assert (every.twins, merged.twins) == ((), ("Node",))
    assert merged.states * 6 < every.states
    assert merged.depth == every.depth
    depths = [[t.depth if t else None for t in result.found.values()] for result in (every, merged)]
    assert depths[0] == depths[1] != [None, None]


def test_threads_in_any_order_are_put_in_order_after_the_twins() -> None:
    whole = layout(toy.instance(3))
    size = toy.instance(3)
    state = {**initial_state(toy.system(), size), **dict(CELLS)}
    found = set()
    for order in permutations((1, 2, 3)):
        other = {(r, f, order[i - 1] if r == "Thread" else i): v for (r, f, i), v in state.items()}
        other |= {c: order[v - 1] for c, v in state.items() if c[1] == "owner" and v}
        found |= {whole.canonical(whole.pack(x)) for x in (other, exchanged(other))}
    assert len(found) == 1


def test_a_projection_that_shows_objects_tells_them_apart() -> None:
    node = terms.var("n", toy.NODE)
    following = Projection("following", node, (toy.node_field("next", node),))
    colors = Projection("colors", node, (toy.node_field("color", node),))
    assert explore(toy.system(), toy.instance(), QUESTIONS, (following,)).twins == ()
    shown = [explore(toy.system(), toy.instance(), (), (colors,), symmetry=s).projections["colors"] for s in (True, False)]
    assert shown[0] == shown[1]
