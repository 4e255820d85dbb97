"""The committed page of what scenarios run of the model, and whether it is still so: ``check`` asks when it has run them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from difflib import ndiff
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

from checker.commands.coverage import shaped
from checker.commands.model import load_package
from checker.errors import EXIT_AS_EXPECTED, EXIT_DIFFERS
from checker.report.sources import document
from checker.scenario.visits import Visit
from checker.statements import Sources, Why, judge

PAGE = Path("docs/coverage.md")


@dataclass(frozen=True)
class LinesRun:
    """What scenarios run, and the lines in which the committed page says something else (``-``: only it, ``+``: it does not)."""

    sources: Sources
    changed: tuple[str, ...]

    @property
    def status(self) -> int:
        """1 if a line lost its scenario or its reason, or the page is not up to date."""
        return EXIT_DIFFERS if self.sources.problems or self.changed else EXIT_AS_EXPECTED

    def shown(self) -> list[str]:
        """A summary, and what is wrong."""
        write = f"write it again with `sockproof coverage --lines --write {PAGE}`"
        stale = [f"{PAGE} says something else ({write}):", *self.changed] if self.changed else []
        return [self.sources.summary, *self.sources.problems, *stale]


def lines_run(spec: str, visited: Collection[Visit]) -> Sources:
    """What of the functions of a package was ``visited``.  Raises UsageError for a list of reasons that is not one."""
    package = load_package(spec)
    return judge(package.scenario_graphs()[1], visited, listed(package))


def compare_page(spec: str, visited: Collection[Visit]) -> LinesRun | None:
    """What ``visited`` makes of the committed page; None for a package that cannot say what scenarios run, or without a page."""
    if not hasattr(load_package(spec), "scenario_graphs") or not PAGE.exists():
        return None
    sources = lines_run(spec, visited)
    told = ndiff(PAGE.read_text(encoding="utf-8").splitlines(), document(sources).splitlines())
    return LinesRun(sources, tuple(line for line in told if line.startswith(("- ", "+ "))))


def listed(package: ModuleType) -> list[Why]:
    """``UNRUN`` of ``PACKAGE.coverage``: ``(function, text, why)``.  Raises UsageError if it looks different."""
    name = f"{package.__name__}.coverage"
    entries = getattr(import_module(name), "UNRUN", ()) if find_spec(name) else ()
    return [Why(*entry) for entry in shaped(name, entries, "UNRUN", _is_why)]


def _is_why(entry: object) -> bool:
    return isinstance(entry, tuple) and len(entry) == 3 and all(isinstance(part, str) for part in entry)
