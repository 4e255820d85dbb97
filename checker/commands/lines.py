"""``sockproof coverage --lines``: which lines of the model the package's scenarios run, and how the tests in them come out."""

from __future__ import annotations

from concurrent.futures import as_completed
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

from checker.commands.check import workers
from checker.commands.console import counting, out_console
from checker.commands.model import load_package
from checker.commands.scenario import attempt
from checker.errors import EXIT_AS_EXPECTED, EXIT_DIFFERS, UsageError
from checker.report.files import write_atomic
from checker.report.sources import document, sources_table
from checker.scenario.load import load_cases
from checker.scenario.visits import Visit, recorder
from checker.statements import Why, judge


def run_lines(spec: str, *, write: Path | None) -> int:
    """Run every scenario of the package and print a row per function, or ``write`` a page; 1 if a line is not explained.

    Raises UsageError if the package has no scenarios, or its list of reasons is not one.
    """
    package = load_package(spec)
    files = sorted(file for folder in getattr(package, "SCENARIOS", ()) for file in Path(folder).rglob("*.yaml"))
    if not files or not hasattr(package, "changed_engine"):
        raise UsageError("no-scenarios", f"{spec} has no scenarios to run", "list their folders in SCENARIOS")
    reasons = listed(package)
    visited: set[Visit] = set()
    with counting("scenario files", len(files)) as progress, workers() as pool:
        for done, future in enumerate(as_completed([pool.submit(visits_of, spec, file) for file in files]), 1):
            visited |= future.result()
            progress(done, "")
    sources = judge(package.scenario_graphs()[1], visited, reasons)
    console = out_console()
    console.print(sources_table(sources))
    console.print(sources.summary, soft_wrap=True)
    for problem in sources.stale:
        console.print(problem, soft_wrap=True, markup=False)
    if write is not None:
        write_atomic(write, document(sources))
        console.print(f"wrote {write}", soft_wrap=True)
    return EXIT_DIFFERS if sources.problems else EXIT_AS_EXPECTED


def visits_of(spec: str, file: Path) -> set[Visit]:
    """What the scenarios of one file run, in a worker process."""
    kind, visited = recorder()
    engine = load_package(spec).changed_engine(lambda _, graphs: graphs, machine=kind)
    for case in load_cases(file):
        attempt(case, "", engine)
    return visited


def listed(package: ModuleType) -> list[Why]:
    """``UNRUN`` of ``PACKAGE.coverage``: ``(function, text, why)``.  Raises UsageError if it looks different."""
    name = f"{package.__name__}.coverage"
    entries = getattr(import_module(name), "UNRUN", ()) if find_spec(name) else ()
    for entry in entries:
        if not (isinstance(entry, tuple) and len(entry) == 3 and all(isinstance(part, str) for part in entry)):
            raise UsageError("coverage-entry", f"{name}.UNRUN has the entry {entry!r}", "write (function, text, why)")
    return [Why(*entry) for entry in entries]
