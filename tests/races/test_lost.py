"""Wake-ups that are lost in a cell of the race matrix: of small objects, and of sockets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest

import spec
from checker.alarms.count import Court, Standing
from checker.language.model import Model
from checker.races.baseline import entry
from checker.races.findings import find
from checker.races.matrix import Job, jobs_of
from checker.races.pair import Operation, Start, check_cell
from checker.races.result import Cell, Verdict
from checker.scenario.explore import Search
from checker.scenario.program import Scenario
from checker.scenario.steps import Program
from tests.races import late_sleeper, toy, waits


@dataclass(frozen=True)
class Waits:
    """Threads that wait as a subject of the race matrix."""

    kinds: Sequence[str] = ("box",)
    atomic: frozenset[tuple[str, str]] = frozenset()

    def starts(self, kind: str) -> Sequence[Start]:
        return (Start(kind, "empty", ()),)

    def pairs(self, start: Start) -> Sequence[tuple[Operation, ...]]:
        return ()

    def triples(self, start: Start) -> Sequence[tuple[Operation, ...]]:
        return ()

    def scenario(self, start: Start, operations: Sequence[Operation], machine: str) -> Scenario:
        return replace(toy.program(*(o.call for o in operations)), post=(), machine=machine)

    def search(self, scenario: Scenario, max_states: int, *, everything: bool = False) -> Search:
        return toy.search(scenario, everything=everything, module=waits)

    def compiled(self, kind: str) -> tuple[Model, Program]:
        return toy.compiled(waits)


def cell(*calls: str) -> Cell:
    subject = Waits()
    return check_cell(subject, subject.starts("box")[0], [Operation(c, c) for c in calls], "smp")


def test_a_lost_wake_up_is_stuck_and_is_a_finding() -> None:
    found = cell("wait_carelessly", "fill")
    assert found.verdict is Verdict.STUCK
    (lost,) = found.lost
    assert lost.function == "wait_carelessly" and lost.told.startswith("A sleeps for ever in wait_carelessly")
    assert dict(lost.row.results)["A"] == ("blocks",)
    assert str(lost.schedule[-1]).startswith("A: wait_carelessly")
    told = {f.slug: f for f in find([found], lambda c: toy.program("fill"), {})}
    lost_one = told["lost-wake-up-in-wait-carelessly"]
    assert (lost_one.title, lost_one.conflict, lost_one.schedule) == ("lost wake-up in wait_carelessly", None, lost.schedule)


def test_who_looks_again_is_not_stuck() -> None:
    found = cell("wait", "fill")
    assert (found.lost, found.nonserial) == ((), ())
    assert found.verdict not in (Verdict.STUCK, Verdict.HARMFUL)


def test_waiting_for_what_never_comes_is_not_lost() -> None:
    """Two threads wait, nobody fills the box: woken, each would sleep again."""
    found = cell("wait", "wait")
    assert found.lost == () and found.verdict is not Verdict.STUCK


def test_it_is_stuck_even_if_sequential_orders_get_stuck_as_well() -> None:
    """The careless one sleeps before anybody else does anything, and nobody wakes it."""
    found = cell("wait_carelessly", "wait_carelessly")
    assert found.nonserial == () and found.verdict is Verdict.STUCK
    assert entry(found)[:4] == ("stuck", found.outcomes, 0, 2)


def test_a_deadlock_is_stuck() -> None:
    found = cell("both", "both_the_other_way")
    assert found.verdict is Verdict.STUCK
    assert sorted(lost.told.split(" for ever")[0] for lost in found.lost) == ["A waits for second", "B waits for first"]


def test_a_lost_wake_up_is_looked_at_again_without_the_reduction() -> None:
    found = cell("wait_carelessly", "fill")
    job = Job(Waits().starts("box")[0], tuple(Operation(c, c) for c in ("wait_carelessly", "fill")))
    court = Court(Waits())
    assert court.judge(job, found).standing is Standing.CONFIRMED
    cut = replace(found.lost[0], schedule=found.lost[0].schedule[:-1])
    elsewhere = replace(found.lost[0], function="fill")
    for wrong in (cut, elsewhere):
        assert court.judge(job, replace(found, lost=(wrong,))).standing is Standing.NOT_REPLAYED


def sockets(start: str, a: str, b: str, machine: str, overrides: dict[str, object] | None = None) -> Cell:
    subject = spec.race_subject(overrides)
    (job,) = (j for j in jobs_of(subject, ("stream",)) if j.key == f"stream: {start} | {a} | {b}")
    return check_cell(subject, job.start, job.operations, machine)


@pytest.mark.parametrize("machine", ["smp", "up"])
def test_one_accept_is_left_asleep_when_a_listener_is_disconnected(machine: str) -> None:
    """tcp_disconnect calls error_report alone, which wakes one exclusive sleeper; all orders of calls are sequential here."""
    found = sockets("listening, accept sleeps", "unspec", "accept", machine)
    assert found.verdict is Verdict.STUCK and found.nonserial == ()
    (lost,) = found.lost
    assert lost.function == "wait_for_connect"
    assert dict(lost.row.results) == {"W": ("EINVAL",), "A": ("0",), "B": ("blocks",)}


def test_a_shutdown_wakes_both() -> None:
    """inet_shutdown calls state_change as well."""
    assert sockets("listening, accept sleeps", "accept", "shutdown", "up").lost == ()


def test_a_mutant_that_looks_before_it_queues_is_stuck() -> None:
    plain = sockets("listening", "accept", "syn", "up")
    assert plain.lost == () and plain.verdict is not Verdict.STUCK
    found = sockets("listening", "accept", "syn", "up", late_sleeper.OVERRIDES)
    assert found.verdict is Verdict.STUCK
    assert {lost.function for lost in found.lost} == {"wait_for_connect"}
