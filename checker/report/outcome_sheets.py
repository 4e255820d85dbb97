"""Outcome tables as sheets of text: overviews, the outcomes of one function, reachable pairs, who moves what.

In go tabulated outcomes; out come sheets, which are printed as rich tables, written as Markdown, or dumped as JSON.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich.table import Table
from rich.text import Text

from checker.report.mdtable import markdown_table
from checker.scenario.outcome_rows import Line, calls, lines, overview
from checker.scenario.outcomes import ROW, Class, Move, Outcome, Tabulated

SAME = "same"
RACE_MARK = "*"
RACE_NOTE = f"{RACE_MARK} only if another thread calls while one waits"


@dataclass(frozen=True)
class Sheet:
    """A table: one row of cells for each thing in ``head``'s first columns; ``note`` stands below."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


def row_names(table: Tabulated) -> tuple[str, ...]:
    """The columns that make a row."""
    return tuple(c.name for c in table.columns if c.role == ROW)


def towards(table: Tabulated, before: Class, after: Class) -> str:
    """The words of ``after`` that differ from ``before``; numbers with the name of their column.

    ``LISTEN, num != 0`` from CLOSE with num 0, and nothing if all is the same.
    """
    words = []
    for name, old, new in zip(row_names(table), before, after, strict=True):
        if old != new and new != "-":
            words.append(new if new[0].isalpha() else f"{name} {new}" if "=" in new else f"{name} = {new}")
    return ", ".join(words)


def overview_sheet(table: Tabulated, names: Sequence[str], rare: Sequence[str], title: str) -> Sheet | None:
    """For each row of classes and each of ``names`` what can result and what it leads to; None if nothing has an outcome."""
    rows = []
    raced = False
    for row in table.rows(ROW):
        cells = [_cell(table, row, name, rare) for name in names]
        if any(cells):
            only_raced = row in table.raced_rows
            raced = raced or only_raced
            rows.append((row[0] + (RACE_MARK if only_raced else ""), *row[1:], *cells))
    used = [n for n in range(len(names)) if any(row[len(row_names(table)) + n] for row in rows)]
    if not used:
        return None
    width = len(row_names(table))
    kept = tuple((*row[:width], *(row[width + n] for n in used)) for row in rows)
    head = (*row_names(table), *(names[n] for n in used))
    return Sheet(title, head, kept, RACE_NOTE if raced else "")


def _cell(table: Tabulated, row: Class, name: str, rare: Sequence[str]) -> str:
    """``0 → LISTEN; EADDRINUSE, ENOMEM``: results that lead to the same stand together."""
    leading: dict[str, list[str]] = {}
    for result, after in overview(table, row, name, rare):
        leading.setdefault(towards(table, row, after), []).append(result)
    texts = []
    for going, results in leading.items():
        told = ", ".join(r for r in results if r)
        texts.append(f"{told} → {going}" if told and going else told or going or SAME)
    return "; ".join(texts)


def event_sheet(table: Tabulated) -> Sheet | None:
    """What each event leads to, for the rows of classes that events reach."""
    found = []
    for row in table.rows(ROW):
        texts = [f"{name}: {cell}" for name in calls(table, events=True) if (cell := _cell(table, row, name, ()))]
        if texts:
            found.append((*row, "; ".join(texts)))
    if not found:
        return None
    return Sheet(f"{table.kind}: events", (*row_names(table), "event: what it leads to"), tuple(found))


def function_sheet(table: Tabulated, name: str, outcomes: Sequence[Outcome]) -> Sheet:
    """All outcomes of one call, event or function."""
    found = lines(table, outcomes)
    several = len({line.call for line in found}) > 1
    rows = []
    for line in found:
        call = f"{line.call} ({' / '.join(line.how)})" if line.how and several else line.call if several else " / ".join(line.how)
        mark = RACE_MARK if line.row in table.raced_rows else ""
        cells = (line.row[0] + mark, *line.row[1:], call, _where(line), line.result or "-", _next(table, line))
        rows.append(cells)
    used = [n for n in range(len(rows[0])) if n < len(row_names(table)) or any(row[n] for row in rows)]
    head = (*row_names(table), "call" if several else "variant", "where", "result", "next")
    note = RACE_NOTE if any(row[0].endswith(RACE_MARK) for row in rows) else ""
    return Sheet(f"{name} ({table.kind})", tuple(head[n] for n in used), tuple(tuple(r[n] for n in used) for r in rows), note)


def _where(line: Line) -> str:
    """What must hold, and what happens meanwhile."""
    only = [f"{name}: {' or '.join(words)}" for name, words in line.only]
    parts = [*([line.situation] if line.situation else []), *only, *line.when]
    return "; ".join(parts) + (" — " * bool(parts) + f"then {', '.join(line.events)}" if line.events else "")


def _next(table: Tabulated, line: Line) -> str:
    words = [towards(table, line.row, line.after)] if line.after != line.row else []
    words += line.changes
    words += [f"new: {', '.join(w for w in line.made if w != '-')}"] if line.made else []
    return "; ".join(words) or SAME


def pair_sheet(table: Tabulated) -> Sheet:
    """The reachable combinations of the first two columns."""
    first, second = table.columns[:2]
    rows = []
    for word in first.values:
        others = {c[1] for c in table.classes if c[0] == word}
        unraced = {c[1] for c in table.classes if c[0] == word and c not in table.raced}
        shown = [v + (RACE_MARK if v not in unraced else "") for v in second.values if v in others]
        if shown:
            rows.append((word, ", ".join(shown)))
    return Sheet(f"{table.kind}: reachable pairs", (first.name, second.name), tuple(rows), RACE_NOTE if table.raced else "")


def joined_moves(tables: Sequence[Tabulated], what: str) -> dict[tuple[str, str], list[Move]]:
    """Who moves ``what`` from where to where, over all kinds of objects; moves found in a race only if there is no other."""
    found: dict[tuple[str, str], dict[str, Move]] = {}
    for move in (m for t in tables for m in t.moves if m.what == what):
        known = found.setdefault((move.before, move.after), {})
        if move.who not in known or known[move.who].raced:
            known[move.who] = move
    return {pair: [known[who] for who in sorted(known)] for pair, known in sorted(found.items())}


def move_sheet(tables: Sequence[Tabulated], what: str) -> Sheet:
    """:func:`joined_moves` as a table."""
    moves = joined_moves(tables, what)
    raced = any(m.raced for ms in moves.values() for m in ms)
    rows = [(b, a, ", ".join(m.who + RACE_MARK * m.raced for m in ms)) for (b, a), ms in moves.items()]
    return Sheet(f"who moves {what}", ("from", "to", "function"), tuple(rows), RACE_NOTE if raced else "")


def rich_sheet(sheet: Sheet) -> Table:
    """A sheet as printed; words repeated from the row above are left out in the first columns."""
    shown = Table(title=sheet.title, title_justify="left", header_style="bold", caption=sheet.note, caption_justify="left")
    for name in sheet.head:
        shown.add_column(Text(name), overflow="fold")
    for row in sheet.rows:
        shown.add_row(*(Text(cell) for cell in row))
    return shown


def markdown_sheet(sheet: Sheet) -> list[str]:
    """A sheet as lines of Markdown, under a heading."""

    def plain(cells: Sequence[str]) -> list[str]:
        return [cell.replace("*", chr(92) + "*") for cell in cells]

    told = [f"## {sheet.title}", "", *markdown_table(plain(sheet.head), map(plain, sheet.rows))]
    return [*told, "", *([sheet.note.replace("*", chr(92) + "*"), ""] if sheet.note else [])]


def outcomes_json(table: Tabulated, outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Everything about ``outcomes``, as a JSON value."""
    names = [c.name for c in table.columns]
    return {
        "type": table.kind,
        "columns": names,
        "classes": [{"words": list(c), "raced": c in table.raced} for c in table.classes],
        "outcomes": [
            {
                "class": list(o.before),
                "situation": o.situation,
                "call": o.action.name,
                "variant": o.action.how,
                "event": o.action.event,
                "when": list(o.when),
                "then": list(o.events),
                "result": o.result,
                "next": list(o.after),
                "made": list(o.made) if o.made else None,
                "functions": sorted(o.functions),
                "raced": o.raced,
            }
            for o in outcomes
        ],
        "moves": [vars(m) for m in table.moves],
    }
