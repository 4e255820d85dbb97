"""``sockproof matrix --triples``: three operations at a time, and a committed choice of such cells."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from checker.commands.console import counting, out_console
from checker.commands.matrix import (
    BASELINE,
    STORE,
    Asked,
    Compared,
    load_subject,
    machines_of,
    model_digest,
    unless_interrupted,
)
from checker.commands.model import load_package
from checker.errors import EXIT_AS_EXPECTED, EXIT_DIFFERS, EXIT_UNDETERMINED, UsageError
from checker.journal import Journal
from checker.races.baseline import Baseline, Entry, differences, entries_text, read_baseline, read_entries
from checker.races.matrix import Job, Line, jobs_of, run_matrix
from checker.races.result import Cell, Verdict
from checker.report.files import write_atomic
from checker.report.races import print_matrix
from checker.report.triples import Three, triples_page

COMMITTED = Path("docs/triples.json")
PAGE = Path("docs/triples.md")


@dataclass(frozen=True)
class Choice:
    """Triples from one starting class that have these operations among them, each as often as it is named."""

    start: str
    operations: tuple[str, ...]

    def has(self, job: Job) -> bool:
        """Whether a job is one of them."""
        return str(job.start) == self.start and not Counter(self.operations) - Counter(map(str, job.operations))

    def __str__(self) -> str:
        return f"{self.start}: {', '.join(self.operations)}"


def choice_of(start: str, among: str) -> Choice | None:
    """A choice from the command line; None if nothing is chosen.  Raises UsageError for half of one."""
    operations = tuple(name.strip() for name in among.split(",") if name.strip())
    if bool(start) != bool(operations):
        raise UsageError("half-a-choice", "triples are chosen by --start and --among together", "give both, or none")
    return Choice(start, operations) if start else None


@dataclass(frozen=True)
class Triples:
    """What is committed: the choices, and every cell of them."""

    choices: tuple[Choice, ...] = ()
    cells: Mapping[str, Entry] = field(default_factory=dict)


def read_triples(path: Path = COMMITTED) -> Triples:
    """The committed choices and cells; none if there is no such file.  Raises UsageError."""
    if not path.exists():
        return Triples()
    try:
        data: Any = json.loads(path.read_text(encoding="utf-8"))
        choices = tuple(Choice(str(start), tuple(map(str, names))) for start, names in data["choices"])
        return Triples(choices, read_entries(data["cells"]))
    except (ValueError, KeyError, TypeError, IndexError, AttributeError):
        raise UsageError("bad-triples", f"{path} has no triples", "remove it, and write it with --triples --write") from None


def triples_text(choices: Sequence[Choice], cells: Sequence[Cell]) -> str:
    """The file: a line for each choice and each cell."""
    asked = ",\n".join(f"  {json.dumps([c.start, c.operations])}" for c in choices)
    return f'{{\n "choices": [\n{asked}\n ],\n "cells": {{\n{entries_text(cells)}\n }}\n}}\n'


def run_triples_command(asked: Asked, choice: Choice | None, *, check: bool, write: bool, as_json: bool) -> int:
    """Print triples: those of ``choice``, or else the committed ones, or all if none are.

    With ``check`` they are compared with what is committed, with ``write`` the choice is added to it.  Returns 1 if a cell
    moved, 3 if interrupted or a cell has too many states.  Raises UsageError.
    """
    if write and (asked.kind or asked.machine or asked.variant):
        raise UsageError("part-of-triples", "whole choices of the plain model are committed", "leave the other options out")
    known = read_triples()
    mine = (choice,) if choice else known.choices
    if (check or write) and not mine:
        fix = "choose some with --start and --among: all of them take days"
        raise UsageError("no-choice", f"no triples are chosen in {COMMITTED}", fix)
    choices = tuple(dict.fromkeys((*known.choices, *mine))) if write else mine
    cells = unless_interrupted(lambda: _found(asked, choices))
    if cells is None:
        return EXIT_UNDETERMINED
    if as_json:
        print(msgspec.json.encode(cells).decode())
    else:
        print_matrix(cells, out_console())
    if write:
        write_atomic(COMMITTED, triples_text(choices, cells))
        write_atomic(PAGE, triples_page([str(c) for c in choices], [three(c, read_baseline(BASELINE)) for c in cells]))
        print(f"wrote {COMMITTED} and {PAGE}", file=sys.stderr)
    if check:
        compared = _beside(known, cells, whole=not (choice or asked.kind or asked.machine))
        for line in compared.shown():
            print(line, file=sys.stderr)
        if compared.moved:
            return EXIT_DIFFERS
    return EXIT_UNDETERMINED if any(c.verdict is Verdict.UNKNOWN for c in cells) else EXIT_AS_EXPECTED


def compare_triples(spec: str) -> Compared | None:
    """Compare the committed triples with today's; None if there are none.  Raises UsageError."""
    known = read_triples()
    return _beside(known, _found(Asked(spec), known.choices), whole=True) if known.choices else None


def _beside(known: Triples, cells: Sequence[Cell], *, whole: bool) -> Compared:
    return Compared(len(cells), differences(cells, Baseline(known.cells, {}), whole=whole), "triples", COMMITTED)


def _found(asked: Asked, choices: Sequence[Choice]) -> list[Cell]:
    """The cells of all choices; of every triple there is without any."""
    subject = load_subject(asked)
    jobs = jobs_of(subject, (asked.kind,) if asked.kind else subject.kinds, triples=True)
    for c in choices:
        if not any(c.has(job) for job in jobs):
            raise UsageError("unknown-triples", f"there are no triples {c}", "take names from docs/races.md")
    jobs = [job for job in jobs if not choices or any(c.has(job) for c in choices)]
    machines = machines_of(asked)
    journal = Journal(STORE, model_digest(load_package(asked.spec), asked.variant), Line)
    with counting("triples", len(jobs)) as progress:
        return run_matrix(subject, jobs, machines, journal, progress=progress)


def three(cell: Cell, pairs: Baseline) -> Three:
    """A triple beside the pairs it is made of, of which two events are none."""
    names = [cell.operation_a, *cell.operation_b.split(" | ")]
    keys = [f"{cell.start} | {a} | {b} | {cell.machine}" for n, a in enumerate(names) for b in names[n + 1 :]]
    return Three(cell, tuple(Verdict(pairs.cells[key][0]) for key in dict.fromkeys(keys) if key in pairs.cells))
