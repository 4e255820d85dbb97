"""Unbounded proofs: the obligations mean what they say, and weak facts are refused."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import proofs
import spec
from checker.errors import UsageError
from checker.evaluate import evaluate, fire, initial_state, successors
from checker.instance import Instance
from checker.language import terms
from checker.language.compile import Compiled, compile_model
from checker.symbolic.facts import Fact, closure
from checker.symbolic.inductive import Prover, prove
from checker.symbolic.unbounded import after, initially
from checker.symbolic.views import touches
from spec.clients import BIND_LISTEN


@pytest.fixture(scope="module")
def compiled() -> Compiled:
    return compile_model(spec.MODEL_NAME, spec.modules(), client=BIND_LISTEN)


@pytest.fixture(scope="module")
def facts(compiled: Compiled) -> dict[str, Fact]:
    return {f.name: f for f in proofs.facts(compiled)}


def test_every_fact_names_facts_that_exist(facts: dict[str, Fact]) -> None:
    assert not {u for f in facts.values() for u in f.uses} - set(facts)


def test_every_expected_invariant_is_a_fact(compiled: Compiled, facts: dict[str, Fact]) -> None:
    assert {p.name for p in compiled.properties if p.kind == "always" and p.expected == "holds"} <= set(facts)


@pytest.mark.parametrize("name", ["linked", "num_iff_bucket", "bindport_lock"])
def test_consecution_goes_through(compiled: Compiled, facts: dict[str, Fact], name: str) -> None:
    own = Prover(compiled.system, list(facts.values())).obligations(facts[name])
    assert own and all(o.discharged for o in own)
    assert any(o.result == "unsat" for o in own)


def test_a_fact_without_its_lemmas_is_refused(compiled: Compiled, facts: dict[str, Fact]) -> None:
    alone = replace(facts["hashed_sport"], uses=())
    failed = prove(compiled.system, [alone]).failed()
    assert failed and all(o.kind == "consecution" and o.model for o in failed)


def test_a_fact_that_uses_an_unknown_one_is_an_error(compiled: Compiled, facts: dict[str, Fact]) -> None:
    with pytest.raises(UsageError, match="not given"):
        prove(compiled.system, [facts["hashed_sport"]])


def test_a_false_claim_is_refused(compiled: Compiled) -> None:
    prop = compiled.property("bindaddr_lock")
    assert not prove(compiled.system, [Fact(prop.name, prop.params, prop.formula)]).complete


def test_facts_that_imply_each_other_prove_nothing(compiled: Compiled) -> None:
    prop = compiled.property("bindaddr_lock")
    twins = [Fact("a", prop.params, prop.formula, ("b",)), Fact("b", prop.params, prop.formula, ("a",))]
    assert not prove(compiled.system, twins).complete


def test_closure_follows_uses(facts: dict[str, Fact]) -> None:
    names = {f.name for f in closure(facts, ["one_listener"])}
    assert {"one_listener", "listeners_apart", "lock_held"} <= names
    assert all(u in names for n in names for u in facts[n].uses)


INSTANCE = Instance(*spec.sizes(2, 1, 1, 1))


@settings(max_examples=25, derandomize=True, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_after_is_the_formula_in_the_next_state(compiled: Compiled, seed: int) -> None:
    """``after(t, F)`` read before the step equals ``F`` read after it, and an untouched formula keeps its value."""
    system = compiled.system
    state: dict[tuple[str, str, int], int] = initial_state(system, INSTANCE)
    formula = compiled.property("num_iff_bucket")
    for turn in range(6):
        steps = list(successors(system, state, INSTANCE))
        t, binding, following = steps[(seed * 7 + turn * 13) % len(steps)]
        values = {**binding, formula.params[0]: 1}
        before = evaluate(after(system, t, formula.formula), state, INSTANCE, values)
        assert before == evaluate(formula.formula, following, INSTANCE, values)
        assert following == fire(system, t, state, INSTANCE, binding)
        if not touches(system, t, Fact(formula.name, formula.params, formula.formula)):
            assert evaluate(formula.formula, state, INSTANCE, values) == before
        state = following


def test_initially_has_no_state_left(compiled: Compiled) -> None:
    for p in compiled.properties:
        assert not terms.fields_of(initially(compiled.system, p.formula))
