"""Conflicts, their classes and root causes on small objects; the matrix, its file and its findings."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from checker.errors import UsageError
from checker.journal import Journal
from checker.language.graph import Graph
from checker.language.model import Model
from checker.races.baseline import baseline_text, differences, read_baseline
from checker.races.findings import find
from checker.races.locksets import locksets
from checker.races.matrix import Job, Line, jobs_of, run_job, run_matrix
from checker.races.pair import Operation, Start, check_cell, serial
from checker.races.result import Cell, Verdict
from checker.report.heatmap import heat_map
from checker.report.races import matrix_page
from checker.scenario.explore import Search
from checker.scenario.program import Scenario
from checker.scenario.steps import Program
from tests.races import toy

CALLS = ("read", "write 1", "write 2", "increment", "increment_locked", "down", "take_unlocked")


@dataclass(frozen=True)
class Boxes:
    """The classic objects as a subject of the race matrix."""

    kinds: Sequence[str] = ("box",)
    atomic: frozenset[tuple[str, str]] = frozenset()

    def starts(self, kind: str) -> Sequence[Start]:
        return (Start(kind, "empty", ()), Start(kind, "full", ("put 1",)))

    def pairs(self, start: Start) -> Sequence[tuple[Operation, ...]]:
        return [(Operation(a, a), Operation(b, b)) for n, a in enumerate(CALLS) for b in CALLS[n:]]

    def triples(self, start: Start) -> Sequence[tuple[Operation, ...]]:
        return [(Operation("increment", "increment"),) * 3]

    def scenario(self, start: Start, operations: Sequence[Operation], machine: str) -> Scenario:
        made = toy.program(*(o.call for o in operations))
        setup = toy.program("; ".join(start.setup)).threads[0].calls if start.setup else ()
        return replace(made, setup=setup, machine=machine)

    def search(self, scenario: Scenario, max_states: int, *, everything: bool = False) -> Search:
        return replace(toy.search(scenario, everything=everything), max_states=max_states)

    def compiled(self, kind: str) -> tuple[Model, Program]:
        return toy.compiled()


def cell(a: str, b: str, machine: str = "smp", start: str = "empty") -> Cell:
    where = next(s for s in Boxes().starts("box") if s.name == start)
    return check_cell(Boxes(), where, (Operation(a, a), Operation(b, b)), machine)


def test_a_lost_increment_is_harmful() -> None:
    found = cell("increment", "increment")
    assert found.verdict is Verdict.HARMFUL
    (row,) = found.nonserial
    assert str(row) == "A=ok, B=ok, look_value=1, look_first=0, look_second=0"
    assert not row.by_results
    (conflict,) = (c for c in found.conflicts if not (c.first.write and c.second.write) and c.first.who == "A" and c.first.write)
    assert (conflict.field, conflict.verdict, conflict.first.locks) == ("Box.value", Verdict.HARMFUL, ())
    assert conflict.evidence == f"only if B is first: {row}"
    (cause,) = found.causes
    assert (cause.field, cause.first.function, cause.second.function) == ("Box.value", "increment", "increment")
    assert str(found.schedule[-1]) == "post: look_second = 0"


def test_two_writes_change_values() -> None:
    found = cell("write 1", "write 2")
    assert (found.verdict, found.outcomes, found.nonserial) == (Verdict.VALUE_CHANGING, 2, ())
    (conflict,) = found.conflicts
    assert conflict.first.write and conflict.second.write
    assert conflict.schedule == ()


def test_two_equal_writes_are_benign() -> None:
    assert cell("write 1", "write 1").verdict is Verdict.BENIGN


def test_calls_under_one_lock_do_not_conflict() -> None:
    found = cell("increment_locked", "increment_locked")
    assert (found.verdict, found.conflicts, found.outcomes) == (Verdict.SERIALIZABLE, (), 1)


def test_a_lock_does_not_help_against_who_does_not_take_it() -> None:
    found = cell("increment", "increment_locked")
    assert found.verdict is Verdict.HARMFUL
    assert {c.second.locks for c in found.conflicts} == {("lock_box(box)",)}


def test_without_preemption_nothing_is_lost() -> None:
    assert cell("increment", "increment", "up").verdict is Verdict.SERIALIZABLE


def test_two_takers_get_the_same_item() -> None:
    found = cell("take_unlocked", "take_unlocked", start="full")
    assert found.verdict is Verdict.HARMFUL
    assert found.nonserial[0].by_results


def test_waiting_for_ever_is_not_stuck_if_sequential_orders_wait_too() -> None:
    assert cell("down", "down").verdict is Verdict.SERIALIZABLE


def test_fields_that_are_atomic_do_not_conflict() -> None:
    boxes = replace(Boxes(), atomic=frozenset({("Box", "value")}))
    start = boxes.starts("box")[0]
    found = check_cell(boxes, start, (Operation("increment", "increment"),) * 2, "smp")
    assert not found.conflicts
    assert found.verdict is Verdict.HARMFUL  # The outcome is what it is.


def test_too_many_states_decide_nothing() -> None:
    start = Boxes().starts("box")[0]
    found = check_cell(Boxes(), start, (Operation("increment", "increment"),) * 2, "smp", max_states=5)
    assert found.verdict is Verdict.UNKNOWN


def test_the_matrix_goes_on_where_it_stopped(tmp_path: Path) -> None:
    jobs = jobs_of(Boxes(), ("box",))[:6]
    machines = ("smp", "up")
    journal = Journal(tmp_path / "m" / "matrix.jsonl", "1", Line)
    done: list[str] = []

    def stop(count: int, name: str) -> None:
        done.append(name)
        if count == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_matrix(Boxes(), jobs, machines, journal, processes=1, progress=stop)
    again: list[str] = []
    cells = run_matrix(Boxes(), jobs, machines, journal, processes=1, progress=lambda n, name: again.append(name))
    assert done[1:] == [j.key for j in jobs[:3]] and again[1:] == [j.key for j in jobs[3:]]
    assert [c.key for c in cells] == [f"{j.key} | {m}" for j in jobs for m in machines]
    assert cells == [replace(c, conflicts=cells[n].conflicts) for n, c in enumerate(_cells(jobs, machines))]
    assert len(list(journal.entries())) == len(jobs)


def _cells(jobs: Sequence[Job], machines: Sequence[str]) -> list[Cell]:
    return [c for job in jobs for c in run_job(Boxes(), job, machines)]


def test_two_processes_find_the_same(tmp_path: Path) -> None:
    jobs = jobs_of(Boxes(), ("box",))[:4]
    one, two = (run_matrix(Boxes(), jobs, ("smp",), Journal(tmp_path / f"{n}.jsonl", "", Line), processes=n) for n in (1, 2))
    assert one == two


def test_findings_merge_cells_with_one_cause() -> None:
    cells = [cell("increment", "increment"), cell("increment", "increment_locked"), cell("increment", "increment", start="full")]
    found = find(cells, lambda c: toy.program(c.operation_a, c.operation_b), {"increment-and-increment-locked": 7})
    assert [(f.number, f.slug, len(f.cells)) for f in found] == [
        (8, "increment-twice", 2),
        (7, "increment-and-increment-locked", 1),
    ]
    assert found[0].title == "increment against itself on Box.value"
    assert found[0].conflict is not None and found[0].machines == ("smp",)
    assert found[0].scenario.threads[0].calls[0].label == "increment"


def test_a_cell_that_moved_is_told(tmp_path: Path) -> None:
    cells = [cell("increment", "increment"), cell("read", "read")]
    path = tmp_path / "races.json"
    path.write_text(baseline_text(cells, find(cells, lambda c: toy.program("read"), {})))
    known = read_baseline(path)
    assert known.causes == {"increment-twice": ("box: empty | increment | increment | smp",)}
    assert differences(cells, known, whole=True) == []
    moved = [replace(cells[0], verdict=Verdict.BENIGN, nonserial=()), cell("read", "write 1")]
    assert differences(moved, known, whole=True) == [
        "box: empty | increment | increment | smp: was harmful (2 outcomes, 1 non-serial), is benign (2 outcomes, 0 non-serial)",
        "box: empty | read | write 1 | smp: new, value-changing (2 outcomes, 0 non-serial)",
        "box: empty | read | read | smp: gone",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"cells": {"a": 1}, "causes": {}}',
        '{"cells": {}}',
        '{"cells": {"a": ["x", 1, 2, 3, 4]}, "causes": {}}',
        '{"cells": {"a": ["benign", 1, 2, 3]}, "causes": {}}',
        '{"cells": {}, "causes": {"x-twice": ["a"]}}',
    ],
)
def test_a_file_that_is_no_matrix(tmp_path: Path, text: str) -> None:
    path = tmp_path / "races.json"
    path.write_text(text)
    with pytest.raises(UsageError, match="no race matrix"):
        read_baseline(path)


def _code() -> tuple[Model, Sequence[Graph]]:
    model, program = toy.compiled()
    return model, program.graphs


def test_the_page_and_the_picture_show_every_cell() -> None:
    cells = _cells(jobs_of(Boxes(), ("box",)), ("smp", "up"))
    findings = find(cells, lambda c: toy.program("read"), {})
    files = {f.number: f"{f.number:03}-{f.slug}.md" for f in findings}
    page = matrix_page(cells, findings, [("box", Path("diagrams/x.svg"))], locksets(*_code()), files)
    assert "| increment | · | · | · |" not in page
    assert page.count("\n## box: ") == 2
    assert "| Box.held | 1 | 2 | semaphore_lock | semaphore_lock |  |" in page
    links = {number: f"../docs/findings/{file}" for number, file in files.items()}
    picture = heat_map("box", cells, findings, links)
    assert picture.count("<title>") == len(cells) + 1
    assert picture == heat_map("box", cells, findings, links)
    for f in findings:
        assert f"[{f.number}](findings/{files[f.number]})" in page
    graves = [c for c in cells if c.nonserial or c.lost]
    assert picture.count("<a href=") == len(graves) == len({c.key for f in findings for c in f.cells})


def test_sequential_orders_do_not_depend_on_the_machine() -> None:
    start = Boxes().starts("box")[1]
    operations = (Operation("take_unlocked", "take_unlocked"),) * 2
    orders = serial(Boxes(), start, operations)
    given = check_cell(Boxes(), start, operations, "smp", orders)
    assert given == check_cell(Boxes(), start, operations, "smp")
    assert json.dumps(sorted(orders.outcomes)).count("ok") == 1 * len(orders.outcomes)
