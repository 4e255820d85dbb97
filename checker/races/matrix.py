"""The race matrix: every cell of every start, worked off by several processes, each result on a line of its own in a file.

A run that was interrupted goes on where it stopped: what the file already has for the same model is not asked again.
"""

from __future__ import annotations

import gc
import multiprocessing
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from checker.errors import UsageError
from checker.journal import Journal
from checker.races.pair import MAX_STATES, Operation, Start, Subject, check_cell, serial
from checker.races.result import Cell, Verdict

PROCESSES = 2


@dataclass(frozen=True)
class Job:
    """Operations to run against each other from a start, on every machine asked for."""

    start: Start
    operations: tuple[Operation, ...]

    @property
    def key(self) -> str:
        """The same for the same cells in every run."""
        return " | ".join([str(self.start), *map(str, self.operations)])


Worked = tuple[Job, tuple[Cell, ...]]
Progress = Callable[[int, str], None]
"""Is told how many jobs are done, and which one was the last."""


class Line(msgspec.Struct, frozen=True):
    """One line of the journal: which job on which machines, and what it gave."""

    job: str
    machines: tuple[str, ...]
    cells: tuple[Cell, ...]


def jobs_of(subject: Subject, kinds: Sequence[str], *, triples: bool = False) -> list[Job]:
    """The jobs of some kinds of object, in the order of the matrix.  Raises UsageError for an unknown kind."""
    for kind in kinds:
        if kind not in subject.kinds:
            raise UsageError("unknown-type", f"there is no type {kind}", f"choose one of {', '.join(subject.kinds)}")
    starts = [s for kind in kinds for s in subject.starts(kind)]
    return [Job(s, ops) for s in starts for ops in (subject.triples(s) if triples else subject.pairs(s))]


def run_job(subject: Subject, job: Job, machines: Sequence[str], max_states: int = MAX_STATES) -> tuple[Cell, ...]:
    """The cells of one job; the sequential orders are searched once for all machines."""
    orders = serial(subject, job.start, job.operations, max_states)
    return tuple(check_cell(subject, job.start, job.operations, m, orders, max_states) for m in machines)


def run_matrix(
    subject: Subject,
    jobs: Sequence[Job],
    machines: Sequence[str],
    journal: Journal[Line],
    *,
    processes: int = PROCESSES,
    progress: Progress = lambda done, name: None,
) -> list[Cell]:
    """The cells of all jobs, in order.  KeyboardInterrupt leaves in ``journal`` what was found so far."""
    return begin_matrix(jobs, machines, journal, lambda todo: _work(subject, todo, tuple(machines), processes))(progress)


def begin_matrix(
    jobs: Sequence[Job], machines: Sequence[str], journal: Journal[Line], work: Callable[[Sequence[Job]], Iterable[Worked]]
) -> Callable[[Progress], list[Cell]]:
    """Give the jobs to ``work`` whose cells ``journal`` does not have; what is returned waits for the cells of all, in order."""
    known = {(line.job, line.machines): line.cells for line in journal.entries()}
    found = {job.key: known[job.key, tuple(machines)] for job in jobs if (job.key, tuple(machines)) in known}
    worked = work([job for job in jobs if job.key not in found])

    def wait(progress: Progress) -> list[Cell]:
        progress(len(found), "")
        for job, cells in worked:
            journal.add(Line(job.key, tuple(machines), cells))
            found[job.key] = cells
            progress(len(found), job.key)
        return [cell for job in jobs for cell in found[job.key]]

    return wait


def work_off(subject: Subject, jobs: Sequence[Job], machines: Sequence[str]) -> list[Worked]:
    """Some jobs with their cells, in this process."""
    return [(job, _trimmed(run_job(subject, job, machines))) for job in jobs]


_worker: dict[str, Any] = {}
"""What a worker process works on; it is there when the process is forked, and nothing of it changes."""


def _work(subject: Subject, jobs: Sequence[Job], machines: tuple[str, ...], processes: int) -> Iterator[Worked]:
    """The results of ``jobs`` as they come."""
    if processes == 1 or len(jobs) < 2:
        for job in jobs:
            yield from work_off(subject, [job], machines)
        return
    _worker.update(subject=subject, jobs=jobs, machines=machines)
    gc.freeze()
    try:
        with multiprocessing.get_context("fork").Pool(min(processes, len(jobs)), gc.disable) as pool:
            for number, cells in pool.imap_unordered(_in_worker, range(len(jobs))):
                yield jobs[number], cells
    finally:
        gc.unfreeze()
        _worker.clear()


def _in_worker(number: int) -> tuple[int, tuple[Cell, ...]]:
    return number, _trimmed(run_job(_worker["subject"], _worker["jobs"][number], _worker["machines"]))


def _trimmed(cells: Sequence[Cell]) -> tuple[Cell, ...]:
    """Cells without the schedules of benign conflicts, which nobody reads and which are most of the text."""

    def trim(cell: Cell) -> Cell:
        kept = tuple(c if c.verdict is not Verdict.BENIGN else replace(c, schedule=()) for c in cell.conflicts)
        return replace(cell, conflicts=kept)

    return tuple(trim(cell) for cell in cells)
