"""k-induction and Spacer agree with breadth-first search on random systems, and with the explicit engine on the model."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

import spec
from checker.commands.engines import run_explicit
from checker.evaluate import initial_state
from checker.instance import Instance
from checker.language.compile import Compiled, compile_model
from checker.slice import slice_system
from checker.symbolic.kinduction import induct
from checker.symbolic.spacer import reachability
from checker.trace import falsifying
from spec.clients import BIND_LISTEN
from tests.explicit import toy
from tests.explicit.reference import search as reference
from tests.strategies import Case, cases

SLOW = settings(derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))


def truth(case: Case) -> dict[str, int | None] | None:
    """The depth at which each property is answered, from the reference interpreter; None if there are too many states."""
    judge = reference(case.system, case.instance, tuple(initial_state(case.system, case.instance)), case.properties, 300)
    return None if judge is None else dict(judge.witnesses)


@settings(SLOW, max_examples=15)
@given(case=cases())
def test_k_induction_on_random_systems(case: Case) -> None:
    wanted = truth(case)
    for prop in case.properties if wanted is not None else ():
        found = induct(case.system, case.instance, prop, max_k=8, seconds=20.0)
        depth = wanted[prop.name] if wanted else None
        assert found.answer in (("unknown", "proved") if depth is None else ("violated",) if depth <= 8 else ("unknown",))
        if found.trace is not None:
            assert found.trace.depth == depth
            assert falsifying(prop, found.trace.states[-1], case.instance) is not None


@settings(SLOW, max_examples=15)
@given(case=cases(owner=True))
def test_spacer_on_random_systems(case: Case) -> None:
    wanted = truth(case)
    for prop in case.properties if wanted is not None else ():
        found = reachability(case.system, case.instance, prop, seconds=20.0)
        assert found.answer in ("unknown", "violated" if wanted and wanted[prop.name] is not None else "proved")


@pytest.mark.parametrize("checked", [True, False])
def test_both_decide_the_toy(checked: bool) -> None:
    system, instance = toy.system(checked=checked), toy.instance(2, 1)
    part = slice_system(system, (toy.exclusive().formula,)).system
    wanted = "proved" if checked else "violated"
    assert induct(part, instance, toy.exclusive(), max_k=12).answer == wanted
    assert reachability(part, instance, toy.exclusive()).answer == wanted


def test_what_is_not_inductive_in_one_step_needs_a_larger_k() -> None:
    part = slice_system(toy.system(), (toy.exclusive().formula,)).system
    assert induct(part, toy.instance(2, 1), toy.exclusive(), max_k=0).answer == "unknown"


@pytest.fixture(scope="module")
def compiled() -> Compiled:
    return compile_model(spec.MODEL_NAME, spec.modules(), client=BIND_LISTEN)


def test_the_model_with_one_thread(compiled: Compiled) -> None:
    prop = compiled.property("num_iff_bucket")
    instance = Instance(*spec.sizes(1, 1, 1, 1))
    part = slice_system(compiled.system, (prop.formula,)).system
    (explicit,) = run_explicit(compiled, (prop,), instance).verdicts
    assert induct(part, instance, prop, max_k=2).answer == explicit.verdict == "proved"
