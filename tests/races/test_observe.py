"""What outcomes are told apart by when they are compared with sequential orders: results, probes, the whole memory."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checker.errors import UsageError
from checker.races.nonserial import Compared, nonserial
from checker.scenario.load import load_cases
from checker.scenario.program import Scenario
from checker.scenario.run import run_case
from checker.scenario.vocabulary import OBSERVED
from spec.scenarios.engine import scenario_engine
from tests.races.toy import program, run

ATOMIC = ("write 1", "read", "increment_locked", "put 1", "put 2", "take", "down", "up")
RACING = ("increment", "read", "write 2", "take_unlocked", "put 1")


def compared(scenario: Scenario, observe: str) -> Compared:
    return nonserial(replace(scenario, observe=observe), run)


def test_a_lost_increment_shows_when_somebody_looks() -> None:
    """A counter whose increments return nothing is linearizable for who never reads it."""
    scenario = program("increment", "increment")
    assert [len(compared(scenario, o).nonserial) for o in OBSERVED] == [0, 1, 1]
    assert [len(compared(program("increment; read", "increment; read"), o).nonserial) > 0 for o in OBSERVED] == [True] * 3


def test_without_probes_only_the_state_shows_it() -> None:
    scenario = replace(program("increment", "increment"), post=())
    assert [len(compared(scenario, o).nonserial) for o in OBSERVED] == [0, 0, 1]
    (lost,) = compared(scenario, "state").nonserial
    assert "Box 1.value = 1" in lost.memory
    assert all(row.memory == () for row in compared(scenario, "probes").found.rows)


def test_two_takers_show_it_by_their_results() -> None:
    scenario = program("put 1; take_unlocked", "take_unlocked")
    for observe in OBSERVED:
        assert any(o.results["A"] == ("ok", "1") and o.results["B"] == ("1",) for o in compared(scenario, observe).nonserial)


def test_a_semaphore_that_is_left_taken_is_told() -> None:
    rows = compared(program("down", "down"), "state").serial.rows
    assert all("Box 1.held = 1" in row.memory for row in rows)


@given(st.lists(st.sampled_from(ATOMIC), min_size=2, max_size=3))
@settings(max_examples=15, deadline=None, derandomize=True)
def test_atomic_objects_are_linearizable_whatever_is_observed(threads: list[str]) -> None:
    assert not compared(program(*threads), "state").nonserial


@given(st.lists(st.sampled_from(RACING), min_size=2, max_size=3))
@settings(max_examples=15, deadline=None, derandomize=True)
def test_who_sees_more_finds_more(threads: list[str]) -> None:
    """What is non-serial by less is non-serial by more."""
    found = [{str(sorted(o.results.items())) for o in compared(program(*threads), observe).nonserial} for observe in OBSERVED]
    assert found[0] <= found[1] <= found[2]


FILE = """
id: two-connects
machine: up
setup: [socket u dgram]
threads: {A: [bind u lo P1], B: [connect u unspec]}
observe: %s
never: nonserial == yes
"""


@pytest.mark.parametrize("observe", OBSERVED)
def test_a_scenario_file_says_what_is_observed(tmp_path: Path, observe: str) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(FILE % observe)
    (case,) = load_cases(path)
    assert case.scenario.observe == observe
    found, (answer,) = run_case(case, scenario_engine())
    assert answer.as_expected
    assert all(bool(row.memory) == (observe == "state") for row in found.rows)


def test_what_cannot_be_observed_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(FILE % "everything")
    with pytest.raises(UsageError) as problem:
        load_cases(path)
    assert "everything" in str(problem.value) and "probes" in problem.value.fix
