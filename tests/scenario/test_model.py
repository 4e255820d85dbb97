"""The model on scenarios: what real kernels did, step by step and race by race, and our own concurrent ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from checker.scenario.conform import AGREED, conform_case, conform_race
from checker.scenario.load import load_cases
from checker.scenario.program import Call, Engine, Program, Scenario
from checker.scenario.races import Race, load_races
from checker.scenario.run import run_case
from checker.scenario.short import long_step
from checker.scenario.yamlfile import load_yaml
from spec.scenarios.engine import scenario_engine
from spec.variants import connect_chooses_port_last, inet_create_table

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared"
OWN = sorted((ROOT / "tests" / "scenarios").glob("*.yaml"))

recorded = pytest.mark.skipif(not (SHARED / "scenarios.yaml").exists(), reason="the recorded results are not here")


@pytest.fixture(scope="module")
def engine() -> Engine:
    return scenario_engine()


@recorded
@pytest.mark.parametrize(("variant", "column"), [("", "seed_listing"), ("table", "linux_2_4_17")])
def test_one_thread_scenarios_agree_with_the_kernel(variant: str, column: str) -> None:
    """Every scenario is inside the model, has one outcome, and that is what the kernel gave."""
    run = scenario_engine(inet_create_table.OVERRIDES if variant else None)
    findings = [conform_case(case, column, run) for case in load_cases(SHARED / "scenarios.yaml")]
    assert len(findings) >= 188
    assert [(f.id, f.details) for f in findings if f.standing != AGREED] == []


@recorded
def test_observed_races_are_outcomes_of_the_model(engine: Engine) -> None:
    races: list[Race] = load_races(load_yaml(SHARED / "races-observed.yaml"))
    findings = [conform_race(race, None, engine) for race in races]
    assert len(findings) >= 10
    assert [(f.id, f.details) for f in findings if f.standing != AGREED] == []


@pytest.mark.parametrize("path", OWN, ids=lambda p: p.stem)
def test_our_own_scenarios(engine: Engine, path: Path) -> None:
    for case in load_cases(path):
        _, answers = run_case(case, engine)
        assert [(case.scenario.id, a) for a in answers if not a.as_expected] == []


def steps(*texts: str) -> tuple[Call, ...]:
    """Short steps as calls."""
    from checker.scenario.load import call_of

    return tuple(call_of(long_step(text)) for text in texts)


def test_no_scenario_of_ours_breaks_a_soft_assertion(engine: Engine) -> None:
    """Faults (a BUG_TRAP, a use of freed memory) are part of an outcome, so that nobody can miss them."""
    calls = steps("socket l stream 0", "bind l lo P1", "listen l 1", "socket c stream 0", "connect c lo P1", "close l", "close c")
    (row,) = engine(Scenario("plain", (), (Program("A", calls),))).rows
    assert "faults" not in row.results
    assert row.results["A"] == ("0",) * 7


def test_two_machines_differ() -> None:
    """On one processor a listen that meets no sleep is never interrupted: the double failure needs two."""
    setup = steps("socket a stream 0", "socket b stream 0", "reuse a 1", "reuse b 1", "bind a lo P1", "bind b lo P1")
    threads = (Program("A", steps("listen a 1")), Program("B", steps("listen b 1")))
    both_fail = {}
    for machine in ("smp", "up"):
        found = scenario_engine()(Scenario("two-listens", setup, threads, machine=machine))
        both_fail[machine] = any(r.results["A"] == r.results["B"] == ("EADDRINUSE",) for r in found.rows)
    assert both_fail == {"smp": True, "up": False}


def test_variants_change_what_they_should() -> None:
    """2.4.18 chooses the port of a connect last: a failed one leaves the socket unbound."""
    calls = steps("socket s stream 0", "connect s 200.200.200.10 P1", "getsockname s", "bind s lo P2")
    asked = Scenario("unroutable", (), (Program("A", calls),))
    (before,) = scenario_engine()(asked).rows
    (after,) = scenario_engine(connect_chooses_port_last.OVERRIDES)(asked).rows
    assert before.results["A"] == ("0", "ENETUNREACH", "0 ANY:eph_s", "EINVAL")
    assert after.results["A"] == ("0", "ENETUNREACH", "0 ANY:0", "0")
