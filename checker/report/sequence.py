"""Schedules of scenarios as message-sequence charts: a lane for each thread and for softirqs, a box for each stretch.

In goes a schedule, which has words and no states; out comes an SVG document.  A bar beside a lane is a lock that is held.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from checker.report.schedule import ALONE, Stretch, stretches
from checker.report.svg import Canvas, Line, Run, Style, line_height, wrap
from checker.scenario.program import Step

WIDTH, MARGIN, SLOT, PAD, GAP = 980.0, 20.0, 20.0, 7.0, 10.0
SHOWN = (7, 5, 3)
"""How many statements of a stretch are shown; the middle ones are left out.  Long schedules are shown with fewer."""
ROOM = 50
"""How many statements a chart shows if it can be helped."""

LANES = ("#1d4ed8", "#047857", "#7e22ce", "#9a3412", "#155e75")
LOCKS = ("#d97706", "#db2777", "#0d9488", "#7c3aed")
HEAD, CALL, RESULT = Style(13, bold=True, fill="#ffffff"), Style(12, bold=True), Style(12, bold=True, fill="#b91c1c")
CODE, NAME, TITLE = Style(10.5, mono=True), Style(10.5, italic=True, fill="#6b7280"), Style(14, bold=True)
RELEASE = "release "


@dataclass(frozen=True)
class _Box:
    """A stretch that was drawn: from where to where, and the locks it takes and gives back."""

    who: str
    top: float
    bottom: float
    taken: tuple[str, ...]
    released: tuple[str, ...]


def sequence_svg(title: str, schedule: Sequence[Step]) -> str:
    """The chart of what ``schedule`` does between setup and post."""
    return sequence_canvas(title, schedule).render()


def sequence_canvas(title: str, schedule: Sequence[Step]) -> Canvas:
    """The chart as a canvas, whose text boxes tests look at."""
    told = [s for s in stretches(schedule) if s.who not in ALONE]
    locks = sorted({text.removeprefix(RELEASE) for s in told for _, text in s.statements if text.startswith(RELEASE)})
    canvas = Canvas(WIDTH, title=title)
    y = canvas.paragraph(MARGIN, MARGIN, WIDTH - 2 * MARGIN, (Run(title, TITLE),)) + GAP
    whos = list(dict.fromkeys(s.who for s in told))
    width = (WIDTH - 2 * MARGIN) / max(1, len(whos))
    left = {who: MARGIN + n * width for n, who in enumerate(whos)}
    colors = {who: LANES[n % len(LANES)] for n, who in enumerate(whos)}
    inset = SLOT * len(locks) + 14
    for who in whos:
        canvas.rect(left[who], y, width - GAP, 24, fill=colors[who], radius=5)
        canvas.text(left[who] + PAD, y + 3, (Run(who, HEAD),))
    top = y = y + 24
    boxes = []
    for s in told:
        y += GAP
        bottom = _box(canvas, s, left[s.who] + inset, y, width - GAP - inset, colors[s.who], _shown(told))
        texts = [text for _, text in s.statements]
        released = tuple(t.removeprefix(RELEASE) for t in texts if t.startswith(RELEASE))
        boxes.append(_Box(s.who, y, bottom, tuple(t for t in texts if t in locks), released))
        y = bottom
    for who in whos:
        line = left[who] + inset - 8
        canvas.path(f"M{line:g} {top:g}V{y + GAP:g}", stroke=colors[who], width=1.2, dash="2 3", layer="back")
    for n, lock in enumerate(locks):
        for who in whos:
            _bars(canvas, [b for b in boxes if b.who == who], lock, left[who] + n * SLOT, y, LOCKS[n % len(LOCKS)])
    canvas.height = y + GAP + MARGIN
    return canvas


def _shown(told: Sequence[Stretch]) -> int:
    """How many statements of each stretch a chart of all of them has room for."""
    sizes = [len(s.statements) for s in told]
    return next((n for n in SHOWN if sum(min(size, n) for size in sizes) <= ROOM), SHOWN[-1])


def _box(canvas: Canvas, s: Stretch, x: float, y: float, width: float, color: str, shown: int) -> float:
    """The call, what it does function by function, and its result; returns the y below."""
    lines: list[Line] = [(Run(s.call, CALL),)] if s.call else []
    told = s.statements
    kept: list[tuple[str, str] | None] = (
        [*told] if len(told) <= shown else [*told[: shown // 2], None, *told[shown // 2 + 1 - shown :]]
    )
    function = ""
    for statement in kept:
        if statement is None:
            lines.append((Run(f"... {len(told) - shown + 1} more", NAME),))
            continue
        if statement[0] != function:
            function = statement[0]
            lines.append((Run(function, NAME),))
        lines.append((Run(statement[1], CODE),))
    if s.result:
        lines.append((Run(f"returns {s.result}", RESULT),))
    pieces = [piece for line in lines for piece in wrap(line, width - 2 * PAD)]
    height = sum(line_height(p) for _, p in pieces) + 2 * PAD
    canvas.rect(x, y, width, height, fill="#ffffff", stroke=color, radius=4)
    canvas.pieces(x + PAD, y + PAD, pieces)
    return y + height


def _bars(canvas: Canvas, boxes: Sequence[_Box], lock: str, x: float, end: float, color: str) -> None:
    """Where one process holds ``lock``: from the stretch that takes it to the one that gives it back, or to the end."""
    since: float | None = None
    for box in boxes:
        if since is None and lock in box.taken:
            since = box.top
        gives = box.released.count(lock) and (box.taken.count(lock) <= box.released.count(lock))
        if since is not None and gives:
            _bar(canvas, lock, x, since, box.bottom, color)
            since = None
    if since is not None:
        _bar(canvas, lock, x, since, end, color)


def _bar(canvas: Canvas, lock: str, x: float, top: float, bottom: float, color: str) -> None:
    canvas.rect(x + 14, top + 3, 5, bottom - top - 6, fill=color, radius=2, layer="lines", css="lock")
    label = Run(lock, Style(9.5, mono=True, fill=color))
    if label.style.width(lock) + 8 <= bottom - top:
        canvas.vertical_text(x, top + 4, label)
