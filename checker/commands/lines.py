"""``sockproof coverage --lines``: which lines of the model the package's scenarios run, and how the tests in them come out."""

from __future__ import annotations

from concurrent.futures import as_completed
from pathlib import Path

from checker.commands.check import workers
from checker.commands.console import counting, out_console
from checker.commands.line_page import lines_run
from checker.commands.model import load_package
from checker.commands.suites import run_suite, suite_files
from checker.errors import EXIT_AS_EXPECTED, EXIT_DIFFERS, UsageError
from checker.report.files import write_atomic
from checker.report.sources import document, sources_table
from checker.scenario.visits import Visit


def run_lines(spec: str, *, write: Path | None) -> int:
    """Run every scenario of the package and print a row per function, or ``write`` a page; 1 if a line is not explained.

    Raises UsageError if the package has no scenarios, or its list of reasons is not one.
    """
    package = load_package(spec)
    files = list(suite_files(package))
    if not files or not hasattr(package, "changed_engine"):
        raise UsageError("no-scenarios", f"{spec} has no scenarios to run", "list their folders in SCENARIOS")
    visited: set[Visit] = set()
    with counting("scenario files", len(files)) as progress, workers() as pool:
        for done, future in enumerate(as_completed([pool.submit(run_suite, spec, file) for file in files]), 1):
            visited |= future.result().visited
            progress(done, "")
    sources = lines_run(spec, visited)
    console = out_console()
    console.print(sources_table(sources))
    console.print(sources.summary, soft_wrap=True)
    for problem in sources.stale:
        console.print(problem, soft_wrap=True, markup=False)
    if write is not None:
        write_atomic(write, document(sources))
        console.print(f"wrote {write}", soft_wrap=True)
    return EXIT_DIFFERS if sources.problems else EXIT_AS_EXPECTED
