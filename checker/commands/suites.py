"""Scenario files as a part of ``sockproof check``: each is run in a worker process, and what it asks must come out as stated."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from types import ModuleType

from checker.commands.model import load_package
from checker.commands.scenario import attempt, load_engine
from checker.report.suites import Ran
from checker.scenario.load import load_cases
from checker.scenario.program import Engine
from checker.scenario.visits import Visit, recorder


def suite_files(package: ModuleType) -> Iterator[Path]:
    """The scenario files of a specification package, sorted: those in the folders ``SCENARIOS`` of the working directory."""
    for folder in getattr(package, "SCENARIOS", ()):
        yield from sorted(Path(folder).glob("*.yaml"))


@dataclass(frozen=True)
class Suite:
    """The scenarios of one file: what came out, and what they ran of the model (nothing if the package cannot say)."""

    ran: tuple[Ran, ...]
    visited: frozenset[Visit]


@cache
def engine_of(spec: str) -> tuple[Engine, set[Visit]]:
    """The scenario engine, made once per process, and the set in which it notes what it runs."""
    package = load_package(spec)
    if not hasattr(package, "changed_engine"):
        return load_engine(spec, ""), set()
    kind, visited = recorder()
    return package.changed_engine(lambda _, graphs: graphs, machine=kind), visited


def run_suite(spec: str, file: Path) -> Suite:
    """Every scenario of ``file``; answers leave out their compiled expressions, which cannot go from one process to another.

    Raises UsageError for a bad file.
    """
    engine, visited = engine_of(spec)
    visited.clear()
    found = []
    for case in load_cases(file):
        outcomes, answers, status = attempt(case, "", engine)
        told = tuple(replace(a, question=replace(a.question, expression=None)) for a in answers)
        found.append(Ran(file.as_posix(), case.scenario.id, outcomes, told, status))
    return Suite(tuple(found), frozenset(visited))
