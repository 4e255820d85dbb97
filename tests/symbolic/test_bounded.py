"""Bounded search agrees with the explicit engine on the model and with plain breadth-first search on random systems."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import spec
from checker.commands.engines import run_bounded, run_explicit
from checker.errors import LimitError
from checker.evaluate import initial_state
from checker.instance import Instance
from checker.language.compile import Compiled, compile_model
from checker.slice import slice_system
from checker.symbolic.bounded import Reductions, search
from checker.trace import falsifying
from spec.clients import BIND_LISTEN
from tests.explicit.reference import search as reference
from tests.strategies import Case, cases

INSTANCE = Instance(*spec.sizes(1, 1, 1, 1))


@pytest.fixture(scope="module")
def compiled() -> Compiled:
    return compile_model(spec.MODEL_NAME, spec.modules(), client=BIND_LISTEN)


@pytest.mark.parametrize("name", ["listen_window", "fastreuse_sound", "fastreuse_owners_reuse", "bindaddr_lock"])
def test_the_depth_is_that_of_the_explicit_engine(compiled: Compiled, name: str) -> None:
    prop = compiled.property(name)
    (explicit,) = run_explicit(compiled, (prop,), INSTANCE).verdicts
    bounded = run_bounded(compiled, prop, INSTANCE, depth=30)
    assert (bounded.verdict, bounded.depth) == (explicit.verdict, explicit.depth)


def test_finding_nothing_is_no_proof(compiled: Compiled) -> None:
    verdict = run_bounded(compiled, compiled.property("hashed_sport"), INSTANCE, depth=4)
    assert verdict.verdict == "no violation within 4"
    assert not verdict.decided


def test_too_much_effort_is_said(compiled: Compiled) -> None:
    prop = compiled.property("bindaddr_lock")
    part = slice_system(compiled.system, (prop.formula,))
    with pytest.raises(LimitError, match="more than 1,000 units"):
        search(part.system, INSTANCE, prop, 30, effort=1000)


CHOICES = [Reductions(p, v) for p in (False, True) for v in (False, True)]


def agrees(case: Case, reductions: Reductions, depth: int) -> None:
    cells = tuple(initial_state(case.system, case.instance))
    judge = reference(case.system, case.instance, cells, case.properties, 400)
    if judge is None:
        return
    for prop in case.properties:
        found = search(case.system, case.instance, prop, depth, reductions=reductions)
        wanted = judge.witnesses[prop.name]
        assert (found.trace.depth if found.trace else None) == (wanted if wanted is not None and wanted <= depth else None)
        if found.trace:
            assert falsifying(prop, found.trace.states[-1], case.instance) is not None


@settings(max_examples=60, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
@given(case=cases(), reductions=st.sampled_from(CHOICES))
def test_random_systems_have_the_depths_of_breadth_first_search(case: Case, reductions: Reductions) -> None:
    agrees(case, reductions, 6)


@settings(max_examples=25, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
@given(case=cases(owner=True), reductions=st.sampled_from(CHOICES))
def test_random_systems_that_store_processes(case: Case, reductions: Reductions) -> None:
    agrees(case, reductions, 5)
