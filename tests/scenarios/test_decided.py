"""What decided the outcomes of a finding: two accesses, or nothing, because a sequential order has them as well."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from checker.commands.beside import _clashes, _decided, outcome_left
from checker.commands.findings import cases_of_findings
from checker.commands.scenario import load_engine
from checker.races.result import Conflict, Row
from checker.report.findingparts import decision_lines
from checker.scenario.finding import Examined
from checker.scenario.run import run_case

FOLDER = Path(__file__).parent / "findings"
NOTHING = "No two accesses decide it: a sequential order of the calls ends like this, too."


def examined(finding: str, name: str) -> Examined:
    (case,) = [c for c in cases_of_findings(FOLDER, [finding]) if c.scenario.id == name]
    found, answers = run_case(case, load_engine("spec", ""))
    return Examined(case, found, tuple(answers), ())


@pytest.mark.parametrize(
    ("finding", "name", "last"),
    [
        ("D13", "D13-reset-in-accept", "- A: accept l d = 0"),
        ("D03", "D03-accept-across-listens", "- A: accept l d = 0"),
        ("D11", "D11-one-error-two-waiters", "- B: connect s remote P1 goes on = ECONNABORTED"),
    ],
)
def test_nothing_decides_an_outcome_that_a_sequential_order_has(finding: str, name: str, last: str) -> None:
    found = _decided(examined(finding, name), load_engine("spec", ""))
    assert found.causes == () and found.order
    lines = decision_lines(found, ())
    assert lines[2] == NOTHING and lines[-1] == last


@pytest.mark.parametrize(
    ("finding", "name", "functions"),
    [
        ("D03", "D03-shutdown-listen", {"tcp_listen_start", "inet_wait_for_connect"}),
        ("D11", "D11-so-error", {"tcp_reset", "sock_error"}),
    ],
)
def test_of_any_other_the_two_accesses_are_told(finding: str, name: str, functions: set[str]) -> None:
    found = _decided(examined(finding, name), load_engine("spec", ""))
    (why,) = found.causes
    assert isinstance(why, Conflict) and {why.first.function, why.second.function} == functions
    assert found.order == () and NOTHING not in decision_lines(found, ())


def test_conflicting_accesses_that_are_the_symptom_are_told_with_what_they_decide() -> None:
    x, engine = examined("A13", "A13-saddr-against-bind"), load_engine("spec", "")
    (clash,) = _clashes(x, engine)
    assert (clash.field, clash.first.function, clash.second.function) == ("Sock.rcv_saddr", "tcp_v4_receive_at", "tcp_take_port")
    assert clash.evidence == "only if A is first: A EINPROGRESS, B 0; only if B is first: A EINPROGRESS, B EADDRINUSE"
    assert NOTHING in decision_lines(_decided(x, engine), (clash,))


@pytest.mark.parametrize(
    ("left", "wanted"),
    [
        (Row((("A", ("0",)),), ("state s=LISTEN",)), True),
        (Row((("A", ("0",)),), ("state s=CLOSE",)), True),
        (Row((("A", ("EPIPE",)),), ("state s=LISTEN",)), True),
        (Row((("A", ("EPIPE",)),), ("state s=LISTEN",), by_results=True), False),
        (Row((("A", ("EPIPE",)),), ("state s=CLOSE",)), False),
    ],
)
def test_an_outcome_that_probes_told_of_is_gone_when_its_final_state_is(left: Row, wanted: bool) -> None:
    told = Row((("A", ("0",)),), ("state s=LISTEN",))
    assert outcome_left([told], [left]) == wanted


def test_of_an_outcome_whose_results_tell_only_they_are_looked_for() -> None:
    told = Row((("A", ("0",)),), ("state s=LISTEN",), by_results=True)
    assert not outcome_left([told], [Row((("A", ("EPIPE",)),), ("state s=LISTEN",))])
    assert outcome_left([told], [replace(told, probes=())])
