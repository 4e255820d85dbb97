"""The committed race matrix: one line a cell, so that whatever moves one is seen; and the cells of each root cause."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from checker.errors import UsageError
from checker.races.result import Cell, Finding, Verdict

Entry = tuple[str, int, int, int, int]
"""Verdict, outcomes, non-serial outcomes, places where a wake-up is lost, states."""


@dataclass(frozen=True)
class Baseline:
    """Cells by key, and the keys of the cells that have a root cause, by its slug, gravest cause and best example first."""

    cells: Mapping[str, Entry]
    causes: Mapping[str, tuple[str, ...]]


def entry(cell: Cell) -> Entry:
    """A cell as the baseline has it."""
    return cell.verdict.value, cell.outcomes, len(cell.nonserial), len(cell.lost), cell.states


def read_entries(data: Mapping[str, Any]) -> dict[str, Entry]:
    """Cells as a file has them, by key.  Raises ValueError, TypeError or IndexError for what is none."""
    return {str(k): (str(Verdict(v[0])), int(v[1]), int(v[2]), int(v[3]), int(v[4])) for k, v in data.items()}


def entries_text(cells: Iterable[Cell]) -> str:
    """Cells as a file has them: a line for each."""
    return ",\n".join(f"  {json.dumps(c.key)}: {json.dumps(entry(c))}" for c in cells)


def read_baseline(path: Path) -> Baseline:
    """The committed matrix; empty if there is none.  Raises UsageError for a file that is no such thing."""
    if not path.exists():
        return Baseline({}, {})
    try:
        data: Any = json.loads(path.read_text(encoding="utf-8"))
        cells = read_entries(data["cells"])
        causes = {str(slug): tuple(key for key in keys if cells[key]) for slug, keys in data["causes"].items()}
        return Baseline(cells, causes)
    except (ValueError, KeyError, TypeError, IndexError, AttributeError):
        raise UsageError("bad-baseline", f"{path} is no race matrix", "write it anew with sockproof matrix --write") from None


def baseline_text(cells: Iterable[Cell], findings: Iterable[Finding]) -> str:
    """The file: a line for every cell and every root cause."""
    causes = [f"  {json.dumps(f.slug)}: {json.dumps([c.key for c in f.cells])}" for f in findings]
    return '{\n "cells": {\n' + entries_text(cells) + '\n },\n "causes": {\n' + ",\n".join(causes) + "\n }\n}\n"


def differences(cells: Sequence[Cell], known: Baseline, *, whole: bool) -> list[str]:
    """What moved, one line a cell; with ``whole`` also cells that are gone."""
    found = []
    for cell in cells:
        before, now = known.cells.get(cell.key), entry(cell)
        if before is None:
            found.append(f"{cell.key}: new, {_told(now)}")
        elif before[:-1] != now[:-1]:
            found.append(f"{cell.key}: was {_told(before)}, is {_told(now)}")
    keys = {cell.key for cell in cells}
    return [*found, *(f"{key}: gone" for key in known.cells if whole and key not in keys)]


def _told(e: Entry) -> str:
    lost = f", {e[3]} lost wake-ups" if e[3] else ""
    return f"{e[0]} ({e[1]} outcomes, {e[2]} non-serial{lost})"
