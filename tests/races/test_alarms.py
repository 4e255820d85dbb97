"""False alarms: cells that stand, and entries that are wrong on purpose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

import spec
from checker import cli
from checker.alarms.count import Alarm, Court, Reading, Standing
from checker.alarms.replay import on_unreduced, replay, unreduced
from checker.commands.alarms import readings_of
from checker.races.matrix import Job, jobs_of
from checker.races.pair import Operation, check_cell, row_of
from checker.races.result import Cell, Row, Verdict
from checker.report.alarms import alarm_page, is_explained, summary
from checker.scenario.program import Scenario
from tests.races import toy
from tests.races.test_cells import Boxes


@dataclass(frozen=True)
class Locked(Boxes):
    """The same boxes, where every increment takes the lock."""

    def scenario(self, start: object, operations: Sequence[Operation], machine: str) -> Scenario:
        locked = [o.call.replace("increment", "increment_locked") if o.call == "increment" else o.call for o in operations]
        return replace(toy.program(*locked), machine=machine)


BOXES = Boxes()
JOB = next(j for j in jobs_of(BOXES, ("box",)) if j.key == "box: empty | increment | increment")


def lost() -> Cell:
    return check_cell(BOXES, JOB.start, JOB.operations, "smp")


def judged(cell: Cell, *readings: Reading) -> Standing:
    return Court(BOXES, readings).judge(JOB, cell).standing


@pytest.mark.parametrize("job", jobs_of(BOXES, ("box",)), ids=str)
def test_what_the_search_finds_stands(job: Job) -> None:
    for machine in ("smp", "up"):
        cell = check_cell(BOXES, job.start, job.operations, machine)
        if cell.nonserial:
            assert Court(BOXES).judge(job, cell).standing is Standing.CONFIRMED


def test_an_outcome_that_a_sequential_order_has_is_a_false_alarm() -> None:
    cell = lost()
    both = replace(cell.nonserial[0], probes=("look_value=2", *cell.nonserial[0].probes[1:]))
    assert judged(replace(cell, nonserial=(*cell.nonserial, both))) is Standing.SERIAL


def test_a_schedule_that_leads_elsewhere_is_a_false_alarm() -> None:
    cell = lost()
    assert judged(replace(cell, schedule=cell.schedule[:-1])) is Standing.NOT_REPLAYED
    assert judged(replace(cell, schedule=cell.schedule[::-1])) is Standing.NOT_REPLAYED
    assert judged(replace(cell, nonserial=(Row((("A", ("ok",)), ("B", ("ok",))), ("look_value=3",)),))) is Standing.NOT_REPLAYED


def test_an_outcome_gone_in_a_closer_reading_is_a_false_alarm() -> None:
    closer = Reading("locked", "the lock", frozenset({"increment"}), Locked())
    assert judged(lost(), closer) is Standing.ABSTRACTION
    assert judged(lost(), replace(closer, functions=frozenset({"put"}))) is Standing.CONFIRMED
    assert judged(lost(), replace(closer, subject=BOXES)) is Standing.CONFIRMED


def test_a_replay_tells_the_functions_it_goes_through() -> None:
    cell = lost()
    search = BOXES.search(BOXES.scenario(JOB.start, JOB.operations, "smp"), 1000)
    runs = replay(on_unreduced(search, unreduced(*BOXES.compiled("box"))), cell.schedule)
    assert {(str(row_of(search.scenario, results)), names) for results, names in runs.items()} == {
        (str(cell.nonserial[0]), frozenset({"increment"}))
    }


def test_the_unreduced_machine_takes_smaller_steps_to_the_same_outcomes() -> None:
    scenario = BOXES.scenario(JOB.start, (Operation("a", "increment_locked"),) * 2, "smp")
    coarse = BOXES.search(scenario, 1000)
    fine = on_unreduced(coarse, unreduced(*BOXES.compiled("box")))
    assert [o.results for o in coarse.run().rows] == [o.results for o in fine.run().rows]
    assert len(fine.states) > len(coarse.states)


def test_the_page_counts_them() -> None:
    row = lost().nonserial[0]
    alarms = [Alarm("a | b", row, Standing.CONFIRMED), Alarm("c | d", row, Standing.ABSTRACTION, "locked: the lock")]
    assert summary(alarms) == "2 harmful cells looked at again: 1 confirmed, 1 false (1: gone in a closer reading of C)"
    assert f"| c / d | {row} | gone in a closer reading of C | locked: the lock |" in alarm_page(alarms)
    assert "No alarm is false." in alarm_page(alarms[:1])
    assert [is_explained(a) for a in (*alarms, Alarm("e", row, Standing.SERIAL))] == [True, True, False]


def test_the_command_counts_and_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    toyspec = ("--spec", "tests.races.toyspec")
    assert cli.main(["races", *toyspec, "--replay"]) == 2
    assert "sockproof matrix --write" in capsys.readouterr().err
    assert cli.main(["matrix", *toyspec, "--write"]) == 0
    capsys.readouterr()
    assert cli.main(["races", *toyspec, "--replay", "--write"]) == 0
    assert " confirmed, 0 false" in capsys.readouterr().out
    assert "No alarm is false." in Path("docs/false-alarms.md").read_text()
    assert cli.main(["races", *toyspec, "--replay", "--write", "--machine", "smp"]) == 2


@pytest.mark.parametrize(("pair", "harmful"), [("connect | timeout", False), ("connect | rst", True)])
def test_a_timer_does_not_hit_a_connection_whose_syn_was_answered(pair: str, harmful: bool) -> None:
    """C tests tp->pending and tp->timeout under the lock; the RST that a connection gets is real."""
    subject = spec.race_subject()
    job = next(j for j in jobs_of(subject, ("stream",)) if j.key == f"stream: fresh | {pair}")
    cell = check_cell(subject, job.start, job.operations, "smp")
    assert (cell.verdict is Verdict.HARMFUL) == harmful
    if harmful:
        assert Court(subject, readings_of(spec)).judge(job, cell).standing is Standing.CONFIRMED
