"""The frame: a step that cannot make a fact false does not, in any state in which the fact holds of all processes."""

from __future__ import annotations

from functools import cache
from itertools import islice

from hypothesis import given, settings
from hypothesis import strategies as st

from checker.evaluate import State, evaluate, initial_state, successors
from checker.language import terms
from checker.symbolic.facts import Fact
from checker.symbolic.views import touches
from checker.system import Transition
from tests.explicit import toy

SYSTEM, INSTANCE = toy.system(), toy.instance()
T, U = terms.var("t", toy.THREAD), terms.var("u", toy.THREAD)


def node_of(thread: terms.Term) -> terms.Term:
    return terms.field(("Thread", "take.node"), toy.NODE, thread)


def color_of(thread: terms.Term) -> terms.Term:
    return terms.field(("Thread", "paint.color"), toy.COLOR, thread)


OWNS = terms.eq(toy.node_field("owner", node_of(T)), T)
CLAIMS = {
    "its node": terms.negate(terms.eq(node_of(T), terms.const(0, toy.NODE))),
    "its colour": terms.eq(color_of(T), terms.member(toy.COLOR, "RED")),
    "what others write": OWNS,
    "its node and what others write": terms.conj(OWNS, terms.eq(color_of(T), terms.member(toy.COLOR, "RED"))),
    "a field of another": terms.negate(terms.eq(node_of(T), node_of(U))),
    "the colour of another": terms.eq(color_of(U), terms.member(toy.COLOR, "RED")),
    "somebody": terms.exists(U, terms.eq(color_of(U), terms.member(toy.COLOR, "GREEN"))),
    "nothing": terms.FALSE,
}


def fact(locations: frozenset[str], claim: str) -> Fact:
    """Whoever is at one of ``locations`` satisfies the claim."""
    pc = terms.field(("Thread", "pc"), toy.PC, T)
    there = terms.disj(*(terms.eq(pc, terms.member(toy.PC, place)) for place in sorted(locations)))
    params = (T, U) if claim in ("a field of another", "the colour of another") else (T,)
    return Fact("drawn", params, terms.implies(there, CLAIMS[claim]))


@cache
def steps() -> list[tuple[State, Transition, State]]:
    """Some thousand steps, from the initial state on."""
    first = initial_state(SYSTEM, INSTANCE)
    seen, work, found = {tuple(first.items())}, [first], []
    for state in islice(iter(lambda: work.pop(0), None), 400):
        for t, _, following in successors(SYSTEM, state, INSTANCE):
            found.append((state, t, following))
            if tuple(following.items()) not in seen:
                seen.add(tuple(following.items()))
                work.append(following)
    return found


def holds(drawn: Fact, state: State) -> bool:
    threads = range(1, 3)
    pairs = [{T: a, U: b} for a in threads for b in threads]
    return all(evaluate(drawn.formula, state, INSTANCE, pair) for pair in pairs)


@settings(max_examples=60, derandomize=True, deadline=None)
@given(locations=st.frozensets(st.sampled_from(toy.PC.members)), claim=st.sampled_from(sorted(CLAIMS)))
def test_what_is_not_touched_stays_true(locations: frozenset[str], claim: str) -> None:
    drawn = fact(locations, claim)
    safe = {t.name for t in SYSTEM.transitions if not touches(SYSTEM, t, drawn)}
    for state, t, following in steps():
        if t.name in safe and holds(drawn, state):
            assert holds(drawn, following), f"{t.name} violates {terms.show(drawn.formula)}"


def test_a_step_to_where_nothing_is_said_is_in_the_frame_only_if_it_writes_nothing_of_others() -> None:
    release = next(t for t in SYSTEM.transitions if t.name == "release/1")
    working = frozenset({"take:work"})
    assert not touches(SYSTEM, release, fact(working, "its node"))
    assert touches(SYSTEM, release, fact(working, "what others write"))
    assert touches(SYSTEM, release, fact(working, "a field of another"))
    assert touches(SYSTEM, release, fact(working | {"idle"}, "its node"))
