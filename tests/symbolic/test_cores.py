"""Cores: they are enough and no more, they survive being written down, and a wrong one costs nothing but time."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

import proofs
import spec
from checker.language import terms
from checker.language.compile import Compiled, compile_model
from checker.symbolic.cores import cores_in, find_core, noted, prove_with_cores
from checker.symbolic.facts import Fact, Proof, closure
from checker.symbolic.inductive import Prover, prove
from spec.clients import BIND_LISTEN

OTHERS = tuple("abcde")


@pytest.fixture(scope="module")
def compiled() -> Compiled:
    return compile_model(spec.MODEL_NAME, spec.modules(), client=BIND_LISTEN)


@pytest.fixture(scope="module")
def facts(compiled: Compiled) -> list[Fact]:
    return closure({f.name: f for f in proofs.facts(compiled)}, ["bindport_lock"])


@pytest.fixture(scope="module")
def proof(compiled: Compiled, facts: list[Fact]) -> Proof:
    return prove_with_cores(compiled.system, facts, {})


def answers(proof: Proof) -> list[tuple[str, str, str, str]]:
    return [(o.fact, o.kind, o.transition, o.result) for o in proof.obligations]


def test_cores_prove_the_same(compiled: Compiled, facts: list[Fact], proof: Proof) -> None:
    assert proof.complete and proof.cores
    assert answers(proof) == answers(prove(compiled.system, facts))


def test_a_proof_with_its_cores_has_them_again(compiled: Compiled, facts: list[Fact], proof: Proof) -> None:
    again = prove_with_cores(compiled.system, facts, proof.cores)
    assert again.cores == proof.cores and answers(again) == answers(proof)


def test_nothing_in_a_core_is_superfluous(compiled: Compiled, facts: list[Fact], proof: Proof) -> None:
    steps = {t.name: t for t in compiled.system.transitions}
    prover = Prover(compiled.system, facts)
    for (name, step), core in list(proof.cores.items())[::40]:
        for left_out in core:
            fewer = [n for n in core if n != left_out]
            assert step and find_core(prover, prover.facts[name], steps[step], fewer) is None


def test_a_core_that_is_not_enough_changes_no_answer(compiled: Compiled, facts: list[Fact], proof: Proof) -> None:
    short = dict.fromkeys(proof.cores, ())
    found = prove(compiled.system, facts, cores=short)
    assert answers(found) == answers(proof)
    assert any(o.core is None and o.result == "unsat" and o.kind == "consecution" for o in found.obligations)


def test_a_core_does_not_prove_what_is_false(compiled: Compiled, facts: list[Fact], proof: Proof) -> None:
    (wrong,) = (f for f in facts if f.name == "bindport_lock")
    wrong = replace(wrong, formula=terms.negate(wrong.formula))
    listed = [wrong if f.name == wrong.name else f for f in facts]
    assert wrong.name in {o.fact for o in prove(compiled.system, listed, cores=proof.cores).failed()}


def test_a_core_of_facts_that_may_not_be_used_is_passed_over(compiled: Compiled, facts: list[Fact]) -> None:
    alone = [replace(f, uses=()) for f in facts if f.name == "bindport_lock"]
    given = {("bindport_lock", t.name): ("linked",) for t in compiled.system.transitions}
    assert answers(prove(compiled.system, alone, cores=given)) == answers(prove(compiled.system, alone))


def test_no_fact_is_implied_by_itself(compiled: Compiled, facts: list[Fact]) -> None:
    """What is wrong stays unproved, whatever the notes in a certificate say."""
    (known,) = (f for f in facts if f.name == "linked")
    wrong = replace(known, name="wrong", formula=terms.negate(known.formula), uses=("linked",))
    found = prove(compiled.system, [*facts, wrong], cores={("wrong", ""): ("wrong",)})
    assert "wrong" in {o.fact for o in found.failed()}


@given(st.dictionaries(st.sampled_from(["", "take/1", "system_call:take+3.2/11"]), st.sets(st.sampled_from(["it", *OTHERS]))))
def test_what_is_noted_is_read(cores: dict[str, set[str]]) -> None:
    fact = Fact("it", (), terms.TRUE, ("it", *OTHERS))
    labels = {step: f"consecution {step}" if step else "implication" for step in cores}
    script = "".join(f"; {labels[step]}{noted(fact, tuple(core))}\n(push 1)\n" for step, core in cores.items())
    read = cores_in({"facts/it.smt2": script}, [fact, Fact("other", (), terms.TRUE)])
    assert {step: set(core) for (_, step), core in read.items()} == cores


def test_notes_on_facts_that_are_not_used_are_no_core() -> None:
    fact = Fact("it", (), terms.TRUE, ("a",))
    assert cores_in({"facts/it.smt2": "; consecution take/1 needs 0 7\n"}, [fact]) == {}
