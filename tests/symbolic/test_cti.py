"""Counterexamples to induction: small, confirmed by the interpreter, and told in words."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings

import proofs
import spec
from checker.commands.model import c_files
from checker.evaluate import enabled, evaluate, fire
from checker.language.compile import Compiled, compile_model
from checker.report.cti import counterexample_text
from checker.symbolic.cti import Counterexample, counterexample, holds
from checker.symbolic.facts import Fact
from checker.symbolic.inductive import prove
from spec.clients import BIND_LISTEN
from tests.explicit import toy
from tests.strategies import Case, cases
from tests.symbolic.test_minimise import facts


@pytest.fixture(scope="module")
def compiled() -> Compiled:
    return compile_model(spec.MODEL_NAME, spec.modules(), client=BIND_LISTEN)


def confirm(found: Counterexample, given_facts: list[Fact]) -> None:
    """What the text promises: all facts hold before, the step can be taken, and afterwards the fact is false."""
    trace = found.trace
    binding = dict(trace.steps[0].binding)
    assert all(holds(f, found.before, trace.instance) for f in (found.fact, *given_facts))
    assert enabled(trace.system, found.transition, found.before, trace.instance, binding)
    assert fire(trace.system, found.transition, found.before, trace.instance, binding) == found.after
    assert not evaluate(found.fact.formula, found.after, trace.instance, dict(found.params))


def without(name: str, lemma: str) -> Counterexample:
    """The counterexample that leaving out ``lemma`` gives for the toy's fact ``name``."""
    fact = facts()[name]
    rest = [facts()[u] for u in fact.uses if u != lemma]
    failed = prove(toy.system(), [replace(fact, uses=())]).failed()
    for o in failed:
        t = next(t for t in toy.system().transitions if t.name == o.transition)
        found = counterexample(toy.system(), fact, t, rest)
        if found is not None:
            confirm(found, rest)
            return found
    raise AssertionError(f"{name} needs no {lemma}")


def test_leaving_out_a_lemma_gives_two_threads_at_one_node() -> None:
    found = without("exclusive", "owned")
    assert dict(found.trace.instance.sizes) == {"Thread": 2, "Node": 1}
    assert found.transition.name == "claim/1"
    text = counterexample_text(found, {"take": "take.c"})
    assert "exclusive holds before a step in take (take.c) and not after it" in text
    assert "objects: 1 Node, 2 Thread" in text or "objects: 2 Thread, 1 Node" in text
    assert "Node[1].owner: NULL -> T" in text
    assert "exclusive is false for a = T" in text


def test_a_lemma_that_excludes_the_state_leaves_no_counterexample() -> None:
    fact = facts()["exclusive"]
    claim = next(t for t in toy.system().transitions if t.name == "claim/1")
    assert counterexample(toy.system(), fact, claim, [facts()["owned"], facts()["works"]]) is None


def test_the_model_without_a_lemma(compiled: Compiled) -> None:
    known = {f.name: f for f in proofs.facts(compiled)}
    fact = known["hashed_sport"]
    rest = [known[u] for u in fact.uses if u != "not_hashed"]
    put = next(t for t in compiled.system.transitions if t.source.startswith("system_call:tcp_put_port"))
    found = counterexample(compiled.system, fact, put, rest)
    assert found is not None
    confirm(found, rest)
    text = counterexample_text(found, c_files(compiled))
    assert "hashed_sport holds before a step in tcp_bucket_leave (net/ipv4/tcp_ipv4.c) and not after it" in text
    assert "hashed_sport is false for sk = Sock[1]" in text
    before = text.partition("before the step")[2].partition("step of T1")[0]
    assert "T1 at tcp_put_port `with spin_lock_bh(tcp_bhash_lock):`" in before
    assert "Sock[1].hashed = " in before and "Sock[1].sport = " in before
    assert "Sock[1].num: " in text.partition("what changes")[2]
    assert dict(found.trace.instance.sizes)["Sock"] == 1
    assert dict(found.trace.instance.sizes)["Thread"] == 1
    assert "!" not in text  # nothing of Z3's names
    assert "linger" not in text  # a field that neither the step nor the fact reads


def test_places_the_process_is_not_at_are_left_out(compiled: Compiled) -> None:
    known = {f.name: f for f in proofs.facts(compiled)}
    fact = known["closed"]
    rest = [known[u] for u in fact.uses if u != "lock_held"]
    announce = next(t for t in compiled.system.transitions if t.source == "system_call:tcp_listen_start+13")
    found = counterexample(compiled.system, fact, announce, rest)
    assert found is not None
    confirm(found, rest)
    told = counterexample_text(found, c_files(compiled)).partition("closed is false")[2]
    assert max(len(line) for line in told.splitlines()) < 200


@settings(max_examples=12, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(case=cases(owner=True))
def test_random_systems(case: Case) -> None:
    """A counterexample is confirmed by the interpreter; a fact that no step violates has none."""
    for prop in case.properties:
        fact = Fact(prop.name, prop.params, prop.formula)
        proof = prove(case.system, [fact])
        preserved = {o.transition for o in proof.obligations if o.kind == "consecution" and o.discharged}
        for t in case.system.transitions:
            found = counterexample(case.system, fact, t, [])
            assert found is None or t.name not in preserved
            if found is not None:
                confirm(found, [])
