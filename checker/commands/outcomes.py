"""``sockproof outcomes``: from every reachable class of a socket, what each call can result in and lead to."""

from __future__ import annotations

import gc
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from graphviz import Digraph

from checker.commands.console import out_console, working
from checker.commands.model import load_package, load_variant
from checker.errors import EXIT_AS_EXPECTED, UsageError
from checker.report.dot import find_dot, write_diagram
from checker.report.files import file_stem, write_atomic
from checker.report.outcome_drawings import function_diagram, kind_diagram, move_diagram
from checker.report.outcome_sheets import (
    Sheet,
    event_sheet,
    function_sheet,
    markdown_sheet,
    move_sheet,
    outcomes_json,
    overview_sheet,
    pair_sheet,
    rich_sheet,
)
from checker.scenario.outcome_rows import chosen, names
from checker.scenario.outcomes import Tabulated, tabulate

NOTES = Path("docs/outcomes-notes.md")


def load_tables(spec: str, kind: str = "", variant: str = "") -> tuple[ModuleType, list[Tabulated]]:
    """Tabulate every kind of object of a specification, or only ``kind``.  Raises UsageError for an unknown kind."""
    package = load_package(spec)
    if not hasattr(package, "outcome_subjects"):
        raise UsageError("no-outcomes", f"{spec} has no outcome tables", "define outcome_subjects(overrides) in it")
    overrides = load_variant(package, variant).overrides if variant else None
    subjects: dict[str, Any] = package.outcome_subjects(overrides)
    if kind and kind not in subjects:
        raise UsageError("unknown-type", f"there is no type {kind}", f"choose one of {', '.join(subjects)}")
    with working("tables") as say, _no_collection():
        tables = []
        for name, subject in subjects.items():
            if kind in ("", name):
                say(f"tabulating {name}")
                tables.append(tabulate(subject))
    return package, tables


@contextmanager
def _no_collection() -> Iterator[None]:
    """Nothing of a tabulation is garbage in cycles; looking for it takes a third of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def run_outcomes(spec: str, name: str, *, kind: str, variant: str, as_json: bool, draw: Path | None, write: Path | None) -> int:
    """Print tables, draw and write them as asked.  Raises UsageError for an unknown name, type or a missing dot."""
    if draw is not None:
        find_dot()
    package, tables = load_tables(spec, kind, variant)
    if name:
        check_name(tables, name)
    if as_json:
        told = [outcomes_json(t, chosen(t, name) if name else t.outcomes) for t in tables]
        print(json.dumps(told, indent=1))
    console = out_console()
    if draw is not None:
        for path in draw_tables(package, tables, name, draw):
            console.print(f"wrote {path}", soft_wrap=True)
    if write is not None:
        write_atomic(write, document(package, tables))
        console.print(f"wrote {write}", soft_wrap=True)
    if not as_json and draw is None and write is None:
        for sheet in function_sheets(tables, name) if name else overview_sheets(package, tables):
            console.print(rich_sheet(sheet))
    return EXIT_AS_EXPECTED


def check_name(tables: Sequence[Tabulated], name: str) -> None:
    """Raise UsageError if ``name`` is no call, event or function that the tables know."""
    actions, functions = names(tables)
    if name not in actions and name not in functions:
        known = f"choose one of the calls and events {', '.join(actions)}, or of the functions {', '.join(functions)}"
        raise UsageError("unknown-function", f"no call enters a function {name}", known)


def function_sheets(tables: Sequence[Tabulated], name: str) -> list[Sheet]:
    """The outcomes of ``name`` for each kind that has some."""
    return [function_sheet(t, name, found) for t in tables if (found := chosen(t, name))]


def overview_sheets(package: ModuleType, tables: Sequence[Tabulated]) -> list[Sheet]:
    """For each kind the overviews the package lists, its events and pairs; then who moves what."""
    rare: Sequence[str] = package.OUTCOME_RARE
    found: list[Sheet | None] = []
    for t in tables:
        for title, calls in package.OUTCOME_OVERVIEWS:
            found.append(overview_sheet(t, calls, rare, f"{t.kind}: {title}"))
        found += [event_sheet(t), pair_sheet(t)]
    found += [move_sheet(tables, what) for what in package.OUTCOME_MOVES]
    return [sheet for sheet in found if sheet is not None]


def document(package: ModuleType, tables: Sequence[Tabulated]) -> str:
    """The tables as a Markdown page that ends with the hand-written notes."""
    lines = ["# Outcome tables", "", *package.OUTCOME_PREFACE.strip().splitlines(), ""]
    sheets = overview_sheets(package, tables)
    sheets += [sheet for name in package.OUTCOME_FUNCTIONS for sheet in function_sheets(tables, name)]
    for sheet in sheets:
        lines += markdown_sheet(sheet)
    notes = NOTES.read_text(encoding="utf-8") if NOTES.exists() else ""
    return "\n".join(lines) + ("\n" + notes if notes else "")


def drawings(package: ModuleType, tables: Sequence[Tabulated], name: str) -> Iterator[tuple[str, Digraph]]:
    """File stem and diagram of ``name``; without it those of every kind, every moved field and the functions to draw."""
    for function in [name] if name else package.OUTCOME_DRAWN:
        for t in tables:
            found = chosen(t, function)
            graph = function_diagram(t, function, found) if found else None
            if graph is not None:
                yield file_stem("outcomes", function, t.kind), graph
    if not name:
        for t in tables:
            yield file_stem("outcomes", t.kind), kind_diagram(t)
        for what in package.OUTCOME_MOVES:
            yield file_stem("outcomes", what), move_diagram(tables, what)


def draw_tables(package: ModuleType, tables: Sequence[Tabulated], name: str, out: Path) -> list[Path]:
    """Write all :func:`drawings` as DOT and SVG."""
    return [path for stem, graph in drawings(package, tables, name) for path in write_diagram(graph, out / stem)]
