"""Proofs under several seeds: what is computed from their efforts, and the page that is committed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checker import cli
from checker.report.stability import FACTOR, Steadiness, factor, stability_page
from checker.symbolic.facts import Fact
from checker.symbolic.inductive import prove
from tests.test_inference import goal, lock

ROOT = Path(__file__).parents[1]


@given(st.lists(st.integers(0, 10**9), min_size=1))
def test_a_factor_is_at_least_one_and_does_not_depend_on_the_order(efforts: list[int]) -> None:
    assert factor(efforts) >= 1
    assert factor(efforts) == factor(efforts[::-1])


def of(name: str, efforts: tuple[int, ...], complete: bool = True) -> Steadiness:
    return Steadiness(name, 1, 1, efforts, factor(efforts), name, complete)


def test_what_is_above_the_factor_or_not_proved_is_not_steady() -> None:
    assert of("a", (100, int(100 * FACTOR))).steady
    assert not of("a", (100, int(100 * FACTOR) + 1)).steady
    assert not of("a", (100, 100), complete=False).steady


def test_the_page_says_how_many_are_steady_the_worst_first() -> None:
    page = stability_page([("c", [of("calm", (10, 10)), of("wild", (10, 80)), of("lost", (10, 10), complete=False)])], 2)
    assert "1 of 3 within a factor of 3." in page
    assert re.findall(r"^\| `(\w+)` \| (yes|NO)", page, re.M) == [("wild", "yes"), ("calm", "yes"), ("lost", "NO")]


def test_an_obligation_by_frame_costs_nothing_and_effort_is_the_same_each_time() -> None:
    compiled = lock()
    fact = goal(compiled)
    efforts = [[o.effort for o in prove(compiled.system, [fact], seed=1).obligations] for _ in range(2)]
    assert efforts[0] == efforts[1]
    assert any(efforts[0])
    nothing = prove(compiled.system, [Fact("nothing", fact.params, fact.formula, assumed=True)])
    assert [o.effort for o in nothing.obligations] == [0]


def test_the_command_writes_the_page(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    page = tmp_path / "stability.md"
    assert cli.main(["stability", "--spec", "tests.tiny", "--seeds", "2", "--write", str(page)]) == 0
    assert "| `taken_red` | yes | 1 |" in page.read_text()
    assert "wrote" in capsys.readouterr().out


def test_a_client_of_which_only_variants_are_proved_is_said_to_be_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["stability", "--client", "foreign", "--seeds", "2"]) == 0
    assert capsys.readouterr().out == "foreign: nothing is proved of it without a variant\n"


def test_one_seed_has_nothing_to_be_compared_with(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["stability", "--spec", "tests.tiny", "--seeds", "1"]) == 2
    assert "--seeds 5" in capsys.readouterr().err
