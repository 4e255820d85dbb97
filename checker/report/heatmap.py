"""The race matrix of one kind of object as a picture: a small heat map for each starting class, all on one page.

A map is square: above its diagonal are the cells of ``smp``, below it those of ``up``, so that one sees at a glance what
needs two processors.  Calls on two sockets have maps of their own, at the end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from checker.races.result import Cell, Finding, Verdict
from checker.report.svg import Canvas, Run, Style

FILLS = {
    Verdict.SERIALIZABLE: "#eef2f6",
    Verdict.BENIGN: "#cfe3d4",
    Verdict.VALUE_CHANGING: "#f6d88b",
    Verdict.HARMFUL: "#d9534f",
    Verdict.STUCK: "#7b2d8b",
    Verdict.UNKNOWN: "#9aa5b1",
}
SIDE = 15.0
"""The size of a cell."""
GAP = 26.0
COLUMNS = 4
TITLE, HEAD, SMALL = Style(20, bold=True), Style(12, bold=True), Style(9.5)
NUMBER = Style(8.5, bold=True, fill="#ffffff")
MACHINES = ("smp", "up")


@dataclass(frozen=True)
class Panel:
    """The map of one starting class: its operations in order and its cells by operations and machine."""

    title: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    cells: dict[tuple[str, str, str], Cell]

    @property
    def square(self) -> bool:
        return self.rows == self.columns


@dataclass(frozen=True)
class _Mark:
    """What a cell carries: the number of its gravest finding, where that leads, and the titles of all by number."""

    number: int
    link: str
    told: Mapping[int, str]


def panels(kind: str, cells: Sequence[Cell]) -> list[Panel]:
    """The maps of all starting classes: operations on one socket, and on two where there are two."""
    found = []
    for start in dict.fromkeys(c.start for c in cells):
        mine = [c for c in cells if c.start == start]
        firsts = dict.fromkeys(c.operation_a for c in mine)
        two = [c for c in mine if c.operation_b not in firsts and c.operation_b.endswith(" t")]
        one = [c for c in mine if c not in two]
        name = start.removeprefix(f"{kind}: ")
        if one:
            every = tuple(dict.fromkeys([*(c.operation_a for c in one), *(c.operation_b for c in one)]))
            found.append(Panel(name, every, every, _by_place(one)))
        if two:
            rows = tuple(dict.fromkeys(c.operation_a for c in two))
            columns = tuple(dict.fromkeys(c.operation_b for c in two))
            found.append(Panel(f"{name}: two sockets", rows, columns, _by_place(two)))
    return found


def _by_place(cells: Sequence[Cell]) -> dict[tuple[str, str, str], Cell]:
    return {(c.operation_a, c.operation_b, c.machine): c for c in cells}


def heat_map(kind: str, cells: Sequence[Cell], findings: Sequence[Finding], links: Mapping[int, str]) -> str:
    """The page as SVG; harmful and stuck cells carry the number of their gravest finding, and lead to its page.

    ``links`` are the addresses of those pages.
    """
    found: dict[str, dict[int, str]] = {}
    for f in findings:
        for c in f.cells:
            found.setdefault(c.key, {}).setdefault(f.number, f.title)
    marks = {key: _Mark(number, links.get(number, ""), told) for key, told in found.items() for number in list(told)[:1]}
    shown = panels(kind, cells)
    label = max((SMALL.width(op) for p in shown for op in (*p.rows, *p.columns)), default=0.0) + 6
    widest = max((len(p.columns) for p in shown), default=0) * SIDE + label
    canvas = Canvas(COLUMNS * (widest + GAP) + GAP, title=f"Race matrix of {kind} sockets")
    canvas.text(GAP, 18, (Run(f"Race matrix: {kind} sockets", TITLE),))
    y = _legend(canvas, GAP, 54) + GAP
    for group in ([p for p in shown if p.square], [p for p in shown if not p.square]):
        for first in range(0, len(group), COLUMNS):
            row = group[first : first + COLUMNS]
            heights = [_panel(canvas, p, GAP + n * (widest + GAP), y, label, marks) for n, p in enumerate(row)]
            y += max(heights) + GAP
    canvas.height = y
    return canvas.render()


def _legend(canvas: Canvas, x: float, y: float) -> float:
    """What colours, numbers and halves mean; returns the lower end."""
    at = x
    for verdict in (v for v in Verdict if v is not Verdict.UNKNOWN):
        canvas.rect(at, y, SIDE, SIDE, fill=FILLS[verdict], radius=2)
        canvas.text(at + SIDE + 6, y + 1, (Run(verdict, SMALL),))
        at += SIDE + 6 + SMALL.width(verdict) + 18
    told = "above the diagonal: smp; below, and the lower halves of split cells: up; a number is that of the finding"
    canvas.text(x, y + SIDE + 8, (Run(told, Style(9.5, italic=True)),))
    return y + SIDE + 24


def _panel(canvas: Canvas, panel: Panel, x: float, y: float, label: float, marks: Mapping[str, _Mark]) -> float:
    """Draw one map; returns its height."""
    canvas.text(x, y, (Run(panel.title, HEAD),))
    top = y + HEAD.height + 6
    left = x + label
    for n, name in enumerate(panel.rows):
        canvas.text(left - 5, top + n * SIDE + (SIDE - SMALL.height) / 2, (Run(name, SMALL),), right=True)
    bottom = top + len(panel.rows) * SIDE
    for n, name in enumerate(panel.columns):
        canvas.vertical_text(left + n * SIDE + (SIDE - SMALL.height) / 2, bottom + 5, Run(name, SMALL))
    place = {name: n for n, name in enumerate(panel.columns)}
    order = {name: n for n, name in enumerate(panel.rows)}
    for (a, b, machine), cell in panel.cells.items():
        row, column = order[a], place[b]
        if panel.square and row != column:
            row, column = (row, column) if (row < column) == (machine == MACHINES[0]) else (column, row)
            _square(canvas, left + column * SIDE, top + row * SIDE, cell, marks.get(cell.key))
        else:
            _half(canvas, left + column * SIDE, top + row * SIDE, cell, machine == MACHINES[0], marks.get(cell.key))
    return bottom - y + label


def _square(canvas: Canvas, x: float, y: float, cell: Cell, mark: _Mark | None) -> None:
    with canvas.tooltip(_told(cell, mark), mark.link if mark else ""):
        canvas.rect(x + 0.5, y + 0.5, SIDE - 1, SIDE - 1, fill=FILLS[cell.verdict], radius=2)
        if mark:
            number = str(mark.number)
            canvas.text(x + (SIDE - NUMBER.width(number)) / 2, y + (SIDE - NUMBER.height) / 2, (Run(number, NUMBER),))


def _half(canvas: Canvas, x: float, y: float, cell: Cell, upper: bool, mark: _Mark | None) -> None:
    """A triangle: the upper right one for smp, the lower left one for up."""
    near, far = 0.5, SIDE - 0.5
    corner = f"{x + far} {y + near}" if upper else f"{x + near} {y + far}"
    d = f"M{x + near} {y + near} L{corner} L{x + far} {y + far} Z"
    with canvas.tooltip(_told(cell, mark), mark.link if mark else ""):
        canvas.path(d, stroke="#ffffff", width=0.6, fill=FILLS[cell.verdict], layer="front")


def _told(cell: Cell, mark: _Mark | None) -> str:
    lines = [f"{cell.operation_a} | {cell.operation_b} on {cell.machine}: {cell.verdict}, {cell.outcomes} outcomes"]
    lines += map(str, cell.graves[:1])
    lines += [f"{number}: {title}" for number, title in mark.told.items()] if mark else []
    return "\n".join(lines)
