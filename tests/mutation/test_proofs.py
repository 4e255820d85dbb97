"""Proof mutants of the tiny specification: what its proof needs breaks it, the rest does not, no change is shown to be none."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from checker.cli import main
from checker.language.compile import compile_model
from checker.mutation.proofs import ProofBench, ProofMutant, proof_mutants
from tests import tiny
from tests.tiny import proofs


@cache
def bench() -> tuple[ProofBench, tuple[ProofMutant, ...]]:
    compiled = compile_model(tiny.MODEL_NAME, tiny.modules())
    facts = tuple(proofs.facts(compiled))
    return ProofBench(compiled.system, facts, ("taken_red",)), tuple(proof_mutants(compiled.system, facts))


@cache
def judged() -> dict[tuple[str, str], set[tuple[bool, bool]]]:
    """By operator and description: whether the proof breaks, and whether the mutant is equivalent."""
    asked, every = bench()
    found: dict[tuple[str, str], set[tuple[bool, bool]]] = {}
    for mutant in every:
        result = asked.judge(mutant)
        found.setdefault((mutant.operator, mutant.what), set()).add((bool(result.broken), result.equivalent))
    return found


BROKEN, SAME, NOT_NEEDED = (True, False), (False, True), (False, False)


@pytest.mark.parametrize(
    ("operator", "what", "outcomes"),
    [
        ("no-guard", "without the test not box.taken", {BROKEN, NOT_NEEDED}),
        ("no-guard", "without the test not box.users", {NOT_NEEDED}),
        ("no-guard", "without the test call != DO_PAINT", {SAME}),
        ("no-guard", "without the test box.color != PLAIN", {SAME}),
        ("no-assign", "without box.color := color", {NOT_NEEDED}),
        ("no-assign", "without box.taken := box.color == RED", {SAME, NOT_NEEDED}),
    ],
)
def test_what_the_proof_needs(operator: str, what: str, outcomes: set[tuple[bool, bool]]) -> None:
    """Painting a taken box breaks it; a taken box is red, so asking for its colour, or taking it again, changes nothing."""
    assert judged()[operator, what] == outcomes


def test_the_plain_transitions_break_nothing() -> None:
    asked, every = bench()
    plain = {t.name: t for t in asked.system.transitions}
    assert not any(asked.judge(replace(m, transition=plain[m.transition.name])).broken for m in every)


def test_names_are_unique_and_stable() -> None:
    _, every = bench()
    names = [m.name for m in every]
    assert len(set(names)) == len(names)
    assert names[0].endswith("no-guard 1") and names[0].split()[0] in {t.name for t in bench()[0].system.transitions}


def test_the_command_prints_and_writes_what_it_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "page.md"
    arguments = ["mutate", "--proofs", "--spec", "tests.tiny", "--out", str(tmp_path), "--write", str(page)]
    arguments += ["--notes", str(tmp_path / "none.yaml")]
    assert main(arguments) == 0
    first = page.read_text()
    assert "| `taken_red` |" in first and "without box.color := color" in first
    assert main(arguments) == 0
    assert page.read_text() == first
    assert "not needed" in capsys.readouterr().out
    assert main([*arguments, "nothing"]) == 2
    assert "taken_red" in capsys.readouterr().err
