"""What counts as interchangeable, and what the reductions forbid."""

from __future__ import annotations

from dataclasses import replace

import z3

import spec
from checker.commands.engines import cone
from checker.errors import Place
from checker.instance import Instance
from checker.interchange import interchangeable
from checker.language import terms
from checker.language.compile import compile_model
from checker.language.sorts import BOOL, EnumSort, RefSort
from checker.symbolic.bounded import Reductions, Unrolling, search
from checker.system import Location, Property, StateVar, Transition, TransitionSystem, Update
from spec.clients import BIND_LISTEN

THREAD, BOX = RefSort("Thread"), RefSort("Box")
SELF, CHOSEN = terms.var("self", THREAD), terms.var("b", BOX)
PC = EnumSort("Location", ("idle", "done"))
FULL = StateVar("Box", "full", BOOL)


def fill(initial: int = 0) -> TransitionSystem:
    """Every thread fills one box and is done."""
    box = replace(FULL, initial=initial)
    guard = terms.negate(terms.field(box.key, BOOL, CHOSEN))
    step = Transition("fill", "idle", "done", (CHOSEN,), guard, (Update(box.key, CHOSEN, terms.TRUE),), ())
    places = tuple(Location(name, "", "", name, ()) for name in PC.members)
    return TransitionSystem("boxes", (StateVar("Thread", "pc", PC), box), places, (step,), (THREAD, BOX), THREAD, SELF, PC)


ALL_FULL = terms.forall(CHOSEN, terms.field(FULL.key, BOOL, CHOSEN))
QUESTION = Property("full", "sometimes", (), ALL_FULL, terms.TRUE, "", "reachable", "", Place("boxes.py", 1))
INSTANCE = Instance((("Thread", 3), ("Box", 3)))


def count(reductions: Reductions) -> int:
    """How many ways there are to fill all boxes in three steps."""
    unrolling = Unrolling(fill(), INSTANCE, QUESTION, reductions)
    found = set()
    while unrolling.reach(3) == z3.sat:
        path = unrolling.path(3)
        found.add(tuple((b[SELF], b[CHOSEN]) for _, b in path))
        model = unrolling.solver.model()
        unrolling.solver.add(z3.Or(*(d() != model[d] for d in model.decls())))
    return len(found)


def test_each_reduction_leaves_one_order() -> None:
    assert count(Reductions(processes=False, values=False)) == 36
    assert count(Reductions(processes=True, values=False)) == 6
    assert count(Reductions(processes=False, values=True)) == 6
    assert count(Reductions()) == 1


def test_a_full_box_is_not_interchangeable_by_value_but_by_object() -> None:
    assert interchangeable(fill(), INSTANCE, ALL_FULL) == [THREAD, BOX]
    named = terms.eq(terms.field(("Thread", "box"), BOX, SELF), terms.const(2, BOX))
    assert interchangeable(fill(), INSTANCE, named) == [THREAD]


def test_a_process_that_cannot_move_ends_the_search() -> None:
    found = search(fill(), replace(INSTANCE, sizes=(("Thread", 2), ("Box", 3))), QUESTION, 8)
    assert found.trace is None
    assert found.depth == 8


def test_what_the_model_tells_apart() -> None:
    """Addresses differ by what the routing tables say about them."""
    compiled = compile_model(spec.MODEL_NAME, spec.modules(), client=BIND_LISTEN)
    prop = compiled.property("both_listens_fail")
    system = cone(compiled, (prop,)).system
    sizes, words, tables = spec.sizes(2, 2, 1, 2)
    names = [s.name for s in interchangeable(system, Instance(sizes, words, tables), prop.bad)]
    assert names == ["Thread", "Socket", "Sock"]
