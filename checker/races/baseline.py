"""The committed race matrix: one line a cell, so that whatever moves one is seen; and the numbers of findings."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from checker.errors import UsageError
from checker.races.result import Cell, Finding, Verdict

Entry = tuple[str, int, int, int]
"""Verdict, outcomes, non-serial outcomes, states."""


@dataclass(frozen=True)
class Baseline:
    """Cells by key, and numbers by slug."""

    cells: Mapping[str, Entry]
    findings: Mapping[str, int]


def entry(cell: Cell) -> Entry:
    """A cell as the baseline has it."""
    return cell.verdict.value, cell.outcomes, len(cell.nonserial), cell.states


def read_baseline(path: Path) -> Baseline:
    """The committed matrix; empty if there is none.  Raises UsageError for a file that is no such thing."""
    if not path.exists():
        return Baseline({}, {})
    try:
        data: Any = json.loads(path.read_text(encoding="utf-8"))
        cells = {str(k): (str(Verdict(v[0])), int(v[1]), int(v[2]), int(v[3])) for k, v in data["cells"].items()}
        return Baseline(cells, {str(k): int(v) for k, v in data["findings"].items()})
    except (ValueError, KeyError, TypeError, IndexError, AttributeError):
        raise UsageError("bad-baseline", f"{path} is no race matrix", "write it anew with sockproof matrix --write") from None


def baseline_text(cells: Iterable[Cell], findings: Iterable[Finding], given: Mapping[str, int]) -> str:
    """The file: a line for every cell and every finding, also for those ``given`` numbers before that are gone now."""
    lines = [f"  {json.dumps(c.key)}: {json.dumps(entry(c))}" for c in cells]
    known = {**given, **{f.slug: f.number for f in findings}}
    numbers = [f"  {json.dumps(slug)}: {number}" for slug, number in sorted(known.items(), key=lambda item: item[1])]
    return '{\n "cells": {\n' + ",\n".join(lines) + '\n },\n "findings": {\n' + ",\n".join(numbers) + "\n }\n}\n"


def differences(cells: Sequence[Cell], known: Baseline, *, whole: bool) -> list[str]:
    """What moved, one line a cell; with ``whole`` also cells that are gone."""
    found = []
    for cell in cells:
        before, now = known.cells.get(cell.key), entry(cell)
        if before is None:
            found.append(f"{cell.key}: new, {_told(now)}")
        elif before[:3] != now[:3]:
            found.append(f"{cell.key}: was {_told(before)}, is {_told(now)}")
    keys = {cell.key for cell in cells}
    return [*found, *(f"{key}: gone" for key in known.cells if whole and key not in keys)]


def _told(e: Entry) -> str:
    return f"{e[0]} ({e[1]} outcomes, {e[2]} non-serial)"
