"""``sockproof matrix`` and ``sockproof races``: what every two operations do to each other, and why."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, as_completed
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from itertools import groupby
from pathlib import Path
from types import ModuleType
from typing import TypeVar

import msgspec

import checker
from checker.commands.console import counting, out_console
from checker.commands.model import load_package, load_variant
from checker.errors import EXIT_AS_EXPECTED, EXIT_DIFFERS, EXIT_UNDETERMINED, UsageError
from checker.journal import Journal
from checker.language.graph import Graph
from checker.races.baseline import Baseline, baseline_text, differences, read_baseline
from checker.races.findings import find
from checker.races.locksets import Protection, locksets, unprotected
from checker.races.matrix import PROCESSES, Job, Line, Worked, begin_matrix, jobs_of, run_matrix, work_off
from checker.races.pair import MAX_STATES, Subject
from checker.races.result import Cell, Finding, Verdict
from checker.report.files import file_stem, write_atomic
from checker.report.heatmap import heat_map
from checker.report.numbering import FOLDER, Numbering, read_numbering
from checker.report.races import matrix_page, print_findings, print_locks, print_matrix
from checker.scenario.program import Scenario
from checker.scenario.vocabulary import MACHINES

T = TypeVar("T")

BASELINE = Path("docs/races.json")
PAGE = Path("docs/races.md")
STORE = Path("build/matrix.jsonl")
QUICK_STATES = 1_000
"""Cells whose committed result needed more states are left out of a quick run."""

TOGETHER = 40
"""How many jobs a worker process has at a time."""


@dataclass(frozen=True)
class Asked:
    """Which part of the matrix, of which model."""

    spec: str = "spec"
    kind: str = ""
    machine: str = ""
    variant: str = ""
    quick: bool = False


@dataclass(frozen=True)
class Found:
    """The cells asked for, the findings in them, and the subject they are about."""

    subject: Subject
    cells: list[Cell]
    findings: list[Finding]
    whole: bool


def load_subject(asked: Asked) -> Subject:
    """The subject of the specification's race matrix, patched by the variant.  Raises UsageError if it has none."""
    package = load_package(asked.spec)
    if not hasattr(package, "race_subject"):
        raise UsageError("no-races", f"{asked.spec} has no race matrix", "define race_subject(overrides) in it")
    subject: Subject = package.race_subject(load_variant(package, asked.variant).overrides if asked.variant else None)
    return subject


def find_races(asked: Asked, baseline: Baseline, *, store: Path = STORE, processes: int = PROCESSES) -> Found:
    """Work off the cells asked for, with progress on a terminal.  Raises UsageError, KeyboardInterrupt."""
    subject, machines = load_subject(asked), machines_of(asked)
    jobs = jobs_asked(asked, subject, baseline)
    with counting("race matrix", len(jobs)) as progress:
        cells = run_matrix(subject, jobs, machines, journal_of(asked, store), processes=processes, progress=progress)
    return found_in(asked, subject, jobs, cells)


def jobs_asked(asked: Asked, subject: Subject, baseline: Baseline) -> list[Job]:
    """The jobs of the cells asked for, in the order of the matrix."""
    jobs, machines = jobs_of(subject, (asked.kind,) if asked.kind else subject.kinds), machines_of(asked)
    return [job for job in jobs if not asked.quick or _is_quick(job, machines, baseline)]


def journal_of(asked: Asked, store: Path) -> Journal[Line]:
    """What ``store`` has of the model."""
    return Journal(store, model_digest(load_package(asked.spec), asked.variant), Line)


def found_in(asked: Asked, subject: Subject, jobs: Sequence[Job], cells: list[Cell]) -> Found:
    """The cells of ``jobs`` with the findings in them."""
    findings = find(cells, scenarios(subject, jobs), read_numbering().taken)
    return Found(subject, cells, findings, not (asked.kind or asked.machine or asked.quick))


def scenarios(subject: Subject, jobs: Sequence[Job]) -> Callable[[Cell], Scenario]:
    """What rebuilds the program of a cell of ``jobs``."""
    by_name = {job.key: job for job in jobs}

    def scenario(cell: Cell) -> Scenario:
        job = by_name[" | ".join([cell.start, cell.operation_a, cell.operation_b])]
        return subject.scenario(job.start, job.operations, cell.machine)

    return scenario


def model_digest(package: ModuleType, variant: str) -> str:
    """A short text that differs if anything differs that a cell depends on: the specification, the engines, the variant."""
    digest = blake2b(variant.encode(), digest_size=12)
    engine = Path(str(checker.__file__)).parent
    for folder in (Path(str(package.__file__)).parent, engine / "language", engine / "scenario", engine / "races"):
        for path in sorted(folder.rglob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()


def machines_of(asked: Asked) -> tuple[str, ...]:
    """The machines that are asked for.  Raises UsageError for one there is not."""
    if asked.machine and asked.machine not in MACHINES:
        raise UsageError("unknown-machine", f"there is no machine {asked.machine}", f"choose one of {', '.join(MACHINES)}")
    return (asked.machine,) if asked.machine else MACHINES


def _is_quick(job: Job, machines: Sequence[str], baseline: Baseline) -> bool:
    known = [baseline.cells.get(f"{job.key} | {machine}") for machine in machines]
    return all(e is None or e[-1] <= QUICK_STATES for e in known)


def run_matrix_command(asked: Asked, *, check: bool, write: bool, as_json: bool, diagrams: Path) -> int:
    """Print the matrix; with ``check`` compare it with the committed one, with ``write`` replace that.

    Returns 1 if a cell moved, 3 if interrupted or a cell has too many states.  Raises UsageError.
    """
    if write and (asked.kind or asked.machine or asked.quick or asked.variant):
        raise UsageError("part-of-matrix", "only the whole matrix of the plain model is committed", "leave the other options out")
    baseline = committed() if check else read_baseline(BASELINE) if asked.quick else Baseline({}, {})
    found = unless_interrupted(lambda: find_races(asked, baseline))
    if found is None:
        return EXIT_UNDETERMINED
    console = out_console()
    if as_json:
        print(msgspec.json.encode(found.cells).decode())
    else:
        print_matrix(found.cells, console)
    if write:
        for path, text in documents(found, diagrams, read_numbering()):
            write_atomic(path, text)
            console.print(f"wrote {path}", soft_wrap=True)
    if check:
        compared = compare(found, baseline)
        for line in compared.shown():
            print(line, file=sys.stderr)
        if compared.moved:
            return EXIT_DIFFERS
    return EXIT_UNDETERMINED if any(c.verdict is Verdict.UNKNOWN for c in found.cells) else EXIT_AS_EXPECTED


@dataclass(frozen=True)
class Compared:
    """Cells beside the committed ones: how many were looked at, of what in which file, and the lines about those that moved."""

    cells: int
    moved: list[str]
    what: str = "cells of the race matrix"
    file: Path = BASELINE

    @property
    def status(self) -> int:
        """The exit status this amounts to."""
        return EXIT_DIFFERS if self.moved else EXIT_AS_EXPECTED

    def shown(self) -> list[str]:
        """What moved, and a summary."""
        return [*self.moved, f"{self.cells:,} {self.what} compared with {self.file}: {len(self.moved)} moved"]


def compare(found: Found, baseline: Baseline) -> Compared:
    """Cells that were found beside the committed ones."""
    return Compared(len(found.cells), differences(found.cells, baseline, whole=found.whole))


def committed() -> Baseline:
    """The committed race matrix.  Raises UsageError if there is none."""
    baseline = read_baseline(BASELINE)
    if not baseline.cells:
        raise UsageError("no-baseline", f"there is no {BASELINE} to compare with", "write it with sockproof matrix --write")
    return baseline


def begin_comparing(spec: str, pool: Executor, *, whole: bool) -> Callable[[], Compared] | None:
    """Compare the matrix with the committed one, only cells with few states unless ``whole``; None if there is none.

    The processes of ``pool`` work off its cells while others go on; what is returned waits for the last one.
    """
    baseline = read_baseline(BASELINE)
    if not hasattr(load_package(spec), "race_subject") or not baseline.cells:
        return None
    asked = Asked(spec, quick=not whole)
    subject, machines = load_subject(asked), machines_of(asked)
    jobs = jobs_asked(asked, subject, baseline)
    wait = begin_matrix(jobs, machines, journal_of(asked, STORE), lambda todo: in_pool(pool, spec, todo, machines))
    return lambda: compare(found_in(asked, subject, jobs, wait(lambda done, name: None)), baseline)


def in_pool(pool: Executor, spec: str, jobs: Sequence[Job], machines: Sequence[str]) -> Iterator[Worked]:
    """The cells of ``jobs`` as they come from the processes of ``pool``, which begin at once.

    Jobs of one start stay together: what a process remembers of some helps with the others.
    """
    starts = [list(some) for _, some in groupby(jobs, key=lambda job: job.start)]
    parts = [some[n : n + TOGETHER] for some in starts for n in range(0, len(some), TOGETHER)]
    begun = [pool.submit(in_worker, spec, part, machines) for part in parts]
    return (worked for done in as_completed(begun) for worked in done.result())


def in_worker(spec: str, jobs: Sequence[Job], machines: Sequence[str]) -> list[Worked]:
    """The cells of some jobs, in a worker process."""
    return work_off(subject_in_worker(spec), jobs, machines)


@cache
def subject_in_worker(spec: str) -> Subject:
    """The subject of a specification, loaded once per process."""
    return load_subject(Asked(spec))


def documents(found: Found, diagrams: Path, numbering: Numbering) -> Iterator[tuple[Path, str]]:
    """The committed files of a whole matrix; their links lead to the pages of ``numbering``."""
    yield BASELINE, baseline_text(found.cells, found.findings)
    links = {number: Path(os.path.relpath(FOLDER / file, diagrams)).as_posix() for number, file in numbering.files.items()}
    maps = []
    for kind in found.subject.kinds:
        path = diagrams / f"{file_stem('race-matrix', kind)}.svg"
        maps.append((kind, path))
        yield path, heat_map(kind, [c for c in found.cells if c.start.startswith(f"{kind}: ")], found.findings, links)
    yield PAGE, matrix_page(found.cells, found.findings, maps, protections(found.subject), numbering.files)


def protections(subject: Subject) -> list[Protection]:
    """Which lock protects which field, in the code of all kinds of object."""
    by_root: dict[str, Graph] = {}
    for kind in subject.kinds:
        model, program = subject.compiled(kind)
        by_root |= {graph.root: graph for graph in program.graphs}
    return locksets(model, by_root.values())


def run_locks_command(asked: Asked) -> int:
    """Print which lock protects which field, and check it on every call against itself.

    Returns 1 if an access is seen without the lock.  Raises UsageError.
    """
    subject = load_subject(asked)
    known = protections(subject)
    print_locks(known, out_console())
    jobs = [job for job in jobs_of(subject, (asked.kind,) if asked.kind else subject.kinds) if len(set(job.operations)) == 1]
    states, missing = 0, set[str]()
    with counting("race matrix", len(jobs)) as progress:
        for number, job in enumerate(jobs):
            search = subject.search(subject.scenario(job.start, job.operations, "smp"), MAX_STATES, everything=True)
            search.run()
            states += len(search.states)
            missing |= {f"{'.'.join(key)} in {node.function}: {node.text}" for key, node in unprotected(search, known)}
            progress(number + 1, job.key)
    for line in sorted(missing):
        print(f"without the lock: {line}")
    print(f"checked on {states:,} states of {len(jobs)} programs: {len(missing)} accesses without the lock")
    return EXIT_DIFFERS if missing else EXIT_AS_EXPECTED


def run_races_command(asked: Asked, *, name: str, as_json: bool) -> int:
    """Print the findings, or one of them with its schedule.  Raises UsageError for an unknown one."""
    found = unless_interrupted(lambda: find_races(asked, Baseline({}, {})))
    if found is None:
        return EXIT_UNDETERMINED
    findings, files = found.findings, read_numbering().files
    if name:
        findings = [f for f in findings if name in (f.slug, str(f.number))]
        if not findings:
            known = ", ".join(f"{f.number} {f.slug}" for f in found.findings) or "there is none"
            raise UsageError("unknown-finding", f"there is no finding {name}", known)
    if as_json:
        told = [
            {
                "number": f.number,
                "page": files.get(f.number, ""),
                "slug": f.slug,
                "title": f.title,
                "rule": f.rule,
                "machines": f.machines,
                "outcome": str(f.outcome),
                "schedule": [str(step) for step in f.schedule],
                "cells": [c.key for c in f.cells],
            }
            for f in findings
        ]
        print(json.dumps(told, indent=1))
    else:
        print_findings(findings, files, out_console(), whole=bool(name))
    return EXIT_AS_EXPECTED


def unless_interrupted(search: Callable[[], T]) -> T | None:
    """What a search finds; None if it is interrupted."""
    try:
        return search()
    except KeyboardInterrupt:
        print(f"interrupted; run it again to go on, {STORE} has what was found so far", file=sys.stderr)
        return None
