"""Scenario files as a part of ``sockproof check``: each is run in a worker process, and what it asks must come out as stated."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import ModuleType

from checker.commands.scenario import attempt, load_engine
from checker.report.suites import Ran
from checker.scenario.load import load_cases
from checker.scenario.program import Engine


def suite_files(package: ModuleType) -> Iterator[Path]:
    """The scenario files of a specification package, sorted: those in the folders ``SCENARIOS`` of the working directory."""
    for folder in getattr(package, "SCENARIOS", ()):
        yield from sorted(Path(folder).glob("*.yaml"))


@cache
def engine_of(spec: str) -> Engine:
    """The scenario engine, made once per process."""
    return load_engine(spec, "")


def run_suite(spec: str, file: Path) -> list[Ran]:
    """Every scenario of ``file``; answers leave out their compiled expressions, which cannot go from one process to another.

    Raises UsageError for a bad file.
    """
    found = []
    for case in load_cases(file):
        outcomes, answers, status = attempt(case, "", engine_of(spec))
        told = tuple(replace(a, question=replace(a.question, expression=None)) for a in answers)
        found.append(Ran(file.as_posix(), case.scenario.id, outcomes, told, status))
    return found
