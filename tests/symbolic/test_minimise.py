"""Minimal lemma sets: what is left proves the goal, and nothing of it can be left out."""

from __future__ import annotations

from checker.language import terms
from checker.language.terms import Term
from checker.symbolic.facts import Fact
from checker.symbolic.inductive import prove
from checker.symbolic.minimise import Minimiser, minimise
from tests.explicit import toy

T, N = terms.var("t", toy.THREAD), terms.var("n", toy.NODE)


def mine(t: Term) -> Term:
    return terms.field(("Thread", "take.node"), toy.NODE, t)


def at(t: Term, place: str) -> Term:
    return terms.eq(terms.field(("Thread", "pc"), toy.PC, t), terms.member(toy.PC, place))


def facts(*, checked: bool = True) -> dict[str, Fact]:
    """The exclusion of the toy, what it rests on, and two lemmas it does not need."""
    goal = toy.exclusive()
    working = at(T, "take:work")
    has_node = terms.negate(terms.eq(mine(T), terms.const(0, toy.NODE)))
    red = terms.negate(terms.eq(toy.node_field("color", N), terms.member(toy.COLOR, "GREEN")))
    listed = (
        Fact("claimed", (T,), terms.implies(at(T, "take:claim"), has_node), ("painted",)),
        Fact("works", (T,), terms.implies(working, has_node), ("claimed", "painted")),
        Fact(
            "owned",
            (T,),
            terms.implies(working, terms.eq(toy.node_field("owner", mine(T)), T)),
            ("works", "exclusive", "claimed"),
        ),
        Fact("painted", (N,), terms.disj(red, terms.negate(red))),
        Fact("never green", (N,), red),
        Fact("exclusive", goal.params, goal.formula, ("owned", "works", "painted", "never green")),
    )
    return {f.name: f for f in listed}


def test_what_is_not_needed_is_left_out() -> None:
    kept = minimise(toy.system(), facts(), "exclusive")
    assert kept is not None
    assert {f.name for f in kept} <= {"claimed", "works", "owned", "exclusive"}
    assert {"owned", "exclusive"} <= {f.name for f in kept}


def test_what_is_left_is_a_proof_by_itself() -> None:
    kept = minimise(toy.system(), facts(), "exclusive")
    assert kept is not None
    assert prove(toy.system(), kept).complete


def test_nothing_that_is_left_can_be_left_out() -> None:
    kept = minimise(toy.system(), facts(), "exclusive")
    assert kept is not None
    for lemma in kept:
        if lemma.name != "exclusive":
            rest = [f for f in facts().values() if f.name in {k.name for k in kept} - {lemma.name}]
            assert Minimiser(toy.system(), rest).standing([f.name for f in rest], "exclusive") == {}


def test_a_false_goal_has_no_proof() -> None:
    assert minimise(toy.system(checked=False), facts(), "exclusive") is None


def test_facts_that_imply_each_other_prove_nothing() -> None:
    green = terms.eq(toy.node_field("color", N), terms.member(toy.COLOR, "RED"))
    twins = {"a": Fact("a", (N,), green, ("b",)), "b": Fact("b", (N,), green, ("a",))}
    assert minimise(toy.system(), twins, "a") is None


def test_an_implied_fact_rests_on_what_implies_it() -> None:
    a, b = toy.exclusive().params
    weaker = Fact("weaker", (a, b), terms.disj(toy.exclusive().formula, at(a, "paint:brush")), ("exclusive", "never green"))
    kept = minimise(toy.system(), {**facts(), "weaker": weaker}, "weaker")
    assert kept is not None
    assert next(f for f in kept if f.name == "weaker").uses == ("exclusive",)


def test_an_answer_is_asked_once() -> None:
    minimiser = Minimiser(toy.system(), facts().values())
    minimiser.minimal("exclusive")
    asked = minimiser.queries
    minimiser.minimal("exclusive")
    assert minimiser.queries == asked
