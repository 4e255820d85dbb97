"""``sockproof prove`` on the tiny specification: proofs, failures, and what is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from checker import cli
from checker.language.terms import TRUE
from checker.report.proof import Run, counts, spread
from checker.report.proofgraph import proof_graph
from checker.symbolic.facts import Fact, Obligation

TINY = ["--spec", "tests.tiny"]


def test_a_proof_is_told_and_drawn(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert cli.main(["prove", "taken_red", *TINY, "--out", str(tmp_path)]) == 0
    told = capsys.readouterr().out
    assert "always, for all box: box.taken implies box.color == RED" in told
    assert "taken_red: 0 lemmas (inductive by itself)" in told
    assert "proved for any number of threads and objects" in told
    assert {p.name for p in tmp_path.iterdir()} == {"taken_red.dot", "taken_red.svg"}


def test_a_violated_property_has_a_counterexample_to_induction(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert cli.main(["prove", "marked_taken", *TINY, "--out", str(tmp_path)]) == 3
    told = capsys.readouterr().out
    assert "marked_taken: not proved" in told
    assert "holds before a step in mark (mark.c) and not after it" in told
    assert "Box[1].marked: false -> true" in told
    assert "T1 at idle" in told and "box.marked = True" in told
    assert not list(tmp_path.iterdir())


def test_a_variant_breaks_the_proof(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert cli.main(["prove", "taken_red", *TINY, "--variant", "take_any", "--out", str(tmp_path)]) == 3
    told = capsys.readouterr().out
    assert "a step in do_take" in told
    assert "Box[1].taken: false -> true" in told
    assert "Box[1].color = PLAIN" in told


def test_a_question_that_is_reachable_is_not_proved_unreachable(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["prove", "taken", *TINY]) == 3
    assert "taken is false for box = Box[1]" in capsys.readouterr().out


def test_seeds_are_compared(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert cli.main(["prove", "taken_red", *TINY, "--seeds", "2", "--out", str(tmp_path)]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines() if line.startswith("│") and "yes" in line]
    assert [r[1] for r in rows] == ["1", "2"]


def test_the_spread_is_a_ratio() -> None:
    assert spread([Run(1, True, 2.0), Run(2, True, 5.0), Run(3, True, 4.0)]) == 2.5


def test_obligations_are_counted_by_how_they_were_discharged() -> None:
    results = ("unsat", "frame", "frame", "unknown", "sat", "assumed")
    obligations = [Obligation("f", "consecution", "t", r, 0.0) for r in results]
    assert counts(obligations) == {"solver": 1, "frame": 2, "assumed": 1, "open": 2}


def test_the_graph_has_an_arrow_per_use_and_one_for_two_that_use_each_other() -> None:
    lemmas = [Fact("goal", (), TRUE, ("a", "b")), Fact("a", (), TRUE, ("b",)), Fact("b", (), TRUE, ("a",), assumed=True)]
    source = proof_graph(lemmas, "goal").source
    assert source.count("->") == 3
    assert source.count("dir=both") == 1


@pytest.mark.parametrize(("name", "status"), [("taken_red", 0), ("marked_taken", 0), ("taken", 0)])
def test_all_finite_engines_agree(name: str, status: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["prove", name, *TINY, "--method", "finite"]) == status
    told = capsys.readouterr().out
    for engine in ("explicit", "k-induction", "spacer"):
        assert engine in told
    assert "DIFFERS" not in told and "✗" not in told
