"""Message-sequence charts: one lifeline per thread, time downwards, one row per step.

In goes a Trace with the property it answers; out comes an SVG document of one page width.  Beside a lifeline run the
locks its thread holds; an arrow leads from a step to another thread's step that saw what it wrote too early.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from checker.report import chart_text as words
from checker.report.chart_text import Block
from checker.report.explain import Explanation, explain
from checker.report.locks import Held
from checker.report.pretty import GHOST
from checker.report.rows import Row, WholeCall, condense
from checker.report.svg import Canvas, Line, Run, line_height, line_width, wrap
from checker.report.timeline import Moment, Timeline, timeline
from checker.system import Property
from checker.trace import Trace

WIDTH = 1100.0
MARGIN = 24.0
GUTTER = 34.0
"""Room for the step numbers."""
SLOT = 19.0
"""Room for one lock bar and its name."""
BAR = 6.0
WIDEST = 660.0
"""No lane is wider, for lines of text to stay readable."""
LANE_GAP = 26.0
"""Room for the arrows between two lanes."""
PAD = 7.0
ROW_GAP = 9.0
SWITCH_GAP = 20.0

LOCKS = ("#d97706", "#db2777", "#0d9488", "#7c3aed", "#65a30d", "#b45309", "#0369a1", "#be123c")
LANES = ("#1d4ed8", "#047857", "#7e22ce", "#9a3412", "#155e75", "#854d0e")
SIGHT = "#0e7490"


@dataclass
class Lane:
    """The column of one process: ``x`` its left edge, ``line`` its lifeline, ``left``/``right`` the edges of its boxes."""

    process: int
    name: str
    color: str
    x: float
    line: float
    left: float
    right: float


@dataclass
class Placed:
    """Where a row came to stand: ``top`` and ``bottom`` of all of it, ``box`` the top of its box and ``end`` its bottom."""

    row: Row
    top: float
    box: float
    end: float
    bottom: float


@dataclass
class Chart:
    """A chart under way."""

    canvas: Canvas
    view: Timeline
    lanes: dict[int, Lane]
    colors: dict[str, str]
    spans: list[Held]
    placed: list[Placed] = field(default_factory=list)


def chart_svg(trace: Trace, prop: Property, c_files: Mapping[str, str] | None = None) -> str:
    """The chart of ``trace`` as an SVG document; ``c_files`` maps functions to the C files they are from."""
    return draw_chart(trace, prop, c_files).render()


def draw_chart(trace: Trace, prop: Property, c_files: Mapping[str, str] | None = None) -> Canvas:
    """The chart as a canvas, whose text boxes tests look at."""
    view = timeline(trace)
    told = explain(prop, trace.system, trace.states[-1], trace.instance)
    rows = condense(view)
    canvas = Canvas(WIDTH, title=f"{prop.name}: trace of {trace.depth} steps")
    shown = {n for row in rows if isinstance(row, Moment) for n in [row.number]}
    spans = [h for h in _spans(view) if h.first in shown or h.last in shown]
    names = dict.fromkeys(h.lock for h in spans)
    chart = Chart(canvas, view, _lanes(view, spans), {n: LOCKS[i % len(LOCKS)] for i, n in enumerate(names)}, spans)
    y = _header(chart, rows, prop, told)
    top = y = _heads(chart, y)
    last: Row | None = None
    for row in rows:
        y += _gap(last, row)
        y = _row(chart, row, y, c_files or {})
        last = row
    y += 14
    _lifelines(chart, top, y)
    _lock_bars(chart, y)
    _arrows(chart)
    y = _footer(chart, told, y + 8)
    canvas.height = y + MARGIN
    return canvas


def _spans(view: Timeline) -> list[Held]:
    """Locks held, and atomic regions: a region holds its lock within one step."""
    regions = [Held(m.process, s.text, m.number, m.number) for m in view.moments for s in m.statements if s.kind == "region"]
    return sorted([*view.held, *regions], key=lambda h: (h.first, h.process, h.last == h.first))


def _lanes(view: Timeline, spans: list[Held]) -> dict[int, Lane]:
    trace = view.trace
    processes = sorted({call.process for call in view.calls})
    width = min(WIDEST, (WIDTH - 2 * MARGIN - GUTTER) / max(1, len(processes)))
    lanes: dict[int, Lane] = {}
    for i, process in enumerate(processes):
        x = MARGIN + GUTTER + i * width
        slots = max((_slot(spans, h) + 1 for h in spans if h.process == process), default=0)
        line = x + 10 + slots * SLOT
        name = f"{trace.system.thread.name} {process}"
        lanes[process] = Lane(process, name, LANES[i % len(LANES)], x, line, line + 16, x + width - LANE_GAP)
    return lanes


def _slot(spans: list[Held], held: Held) -> int:
    """The column of a lock bar: the first one free beside the lifeline, outermost lock nearest to it."""
    taken: list[tuple[int, Held]] = []
    for h in spans:
        if h.process != held.process:
            continue
        busy = {slot for slot, other in taken if other.last is None or other.last >= h.first}
        slot = next(i for i in range(len(spans)) if i not in busy)
        if h is held:
            return slot
        taken.append((slot, h))
    raise AssertionError("not one of the spans")


# -- above the lifelines ----------------------------------------------------------------------------------------------


def _header(chart: Chart, rows: list[Row], prop: Property, told: Explanation | None) -> float:
    canvas, trace = chart.canvas, chart.view.trace
    width = WIDTH - 2 * MARGIN
    y = MARGIN
    for line in words.heading(trace, prop, told):
        y = canvas.paragraph(MARGIN, y, width, line) + 2
    return _legend(chart, rows, y + 8)


def _legend(chart: Chart, rows: list[Row], y: float) -> float:
    """Swatches in one or more lines: what bars, boxes and arrows mean."""
    entries: list[tuple[str, str]] = [("bar", "inside a system call")]
    if any(isinstance(row, WholeCall) for row in rows):
        entries.append(("whole", "whole system call, nobody else in one: net changes"))
    if any(row.sights for row in rows if isinstance(row, Moment)):
        entries.append(("arrow", "reads what an overlapping call wrote"))
    entries += [(f"lock {color}", f"{name} held") for name, color in chart.colors.items()]
    x = MARGIN
    for kind, text in entries:
        line = words.legend(text)
        width = 30 + line_width(line) + 18
        if x + width > WIDTH - MARGIN and x > MARGIN:
            x, y = MARGIN, y + 19
        _swatch(chart.canvas, kind, x, y)
        chart.canvas.text(x + 30, y, line, css="legend")
        x += width
    return y + 30


def _swatch(canvas: Canvas, kind: str, x: float, y: float) -> None:
    match kind.split():
        case ["bar"]:
            canvas.rect(x + 8, y + 1, 9, 13, fill="#dbeafe", stroke=LANES[0])
        case ["whole"]:
            canvas.rect(x + 1, y + 1, 23, 13, fill="#f3f4f6", stroke="#9ca3af", radius=3, dash="3 2")
        case ["arrow"]:
            canvas.path(f"M{x:g} {y + 8:g}H{x + 17:g}", stroke=SIGHT, width=1.5, dash="4 3")
            _arrowhead(canvas, x + 24, y + 8, 1)
        case [_, color]:
            canvas.rect(x + 9, y + 1, BAR, 13, fill=color, radius=2)


def _heads(chart: Chart, y: float) -> float:
    for lane in chart.lanes.values():
        line = words.head(lane.name)
        chart.canvas.rect(lane.x + 6, y, lane.right - lane.x - 6, 26, fill=lane.color, radius=5, css="head")
        chart.canvas.text(lane.x + 6 + PAD, y + 5, line, css="lane")
    return y + 26


# -- rows -------------------------------------------------------------------------------------------------------------


def _gap(last: Row | None, row: Row) -> float:
    return SWITCH_GAP if last is not None and last.process != row.process else ROW_GAP


def _row(chart: Chart, row: Row, y: float, c_files: Mapping[str, str]) -> float:
    canvas, lane = chart.canvas, chart.lanes[row.process]
    top = y
    if isinstance(row, WholeCall):
        block = words.whole_call(row)
        end = _box(canvas, lane, block, y, fill="#f3f4f6", stroke="#9ca3af", dash="4 3")
        chart.placed.append(Placed(row, top, top, end, end))
        canvas.text(MARGIN, y + PAD, words.numbers(row.call))
        return end
    if row.starts:
        y = _pill(canvas, lane, words.call(row), y) + 4
    box = y
    canvas.text(MARGIN, y + PAD, words.numbers(row.call, row.number))
    block = words.step(row, chart.view, c_files)
    with canvas.tooltip(block.tooltip):
        end = y = _box(canvas, lane, block, y, fill="#ffffff", stroke=lane.color)
    if row.ends:
        y = _pill(canvas, lane, words.result(row), y + 4)
    chart.placed.append(Placed(row, top, box, end, y))
    return y


def _pill(canvas: Canvas, lane: Lane, line: Line, y: float) -> float:
    """A filled strip at the start or end of a system call."""
    width = lane.right - lane.left
    pieces = wrap(line, width - 2 * PAD)
    height = sum(line_height(p) for _, p in pieces) + 6
    canvas.rect(lane.left, y, width, height, fill=lane.color, radius=4, css="call")
    canvas.pieces(lane.left + PAD, y + 3, pieces)
    return y + height


def _box(canvas: Canvas, lane: Lane, block: Block, y: float, *, fill: str, stroke: str, dash: str = "") -> float:
    """The box of a row: its head with the place on the right, its lines, its changes on a tinted ground."""
    inner = lane.right - lane.left - 2 * PAD
    room = inner - line_width(block.head) - 8
    place = next((p for p in (block.place, block.brief) if line_width(p) <= room), ())
    aside = line_width(place)
    head = wrap(block.head, inner - aside - 8)
    lines = [p for line in block.lines for p in wrap(line, inner)]
    changes = [p for line in block.changes for p in wrap(line, inner)]
    size = sum(line_height(p) for _, p in (*head, *lines, *changes)) + 2 * PAD + (6 if changes else 0)
    canvas.rect(lane.left, y, lane.right - lane.left, size, fill=fill, stroke=stroke, radius=4, dash=dash, css="step")
    at = y + PAD
    if place:
        canvas.text(lane.right - PAD, at, place, right=True)
    at = canvas.pieces(lane.left + PAD, at, (*head, *lines))
    if changes:
        canvas.rect(lane.left + 1, at + 2, lane.right - lane.left - 2, y + size - at - 3, fill="#fef9c3", radius=3, css="changes")
        canvas.pieces(lane.left + PAD, at + 6, changes, css="change")
    canvas.path(f"M{lane.line + 5:g} {y + PAD + 7:g}H{lane.left:g}", stroke=lane.color, width=1.2)
    return y + size


# -- lifelines, locks, arrows -------------------------------------------------------------------------------------------


def _lifelines(chart: Chart, top: float, bottom: float) -> None:
    canvas = chart.canvas
    for lane in chart.lanes.values():
        canvas.path(f"M{lane.line:g} {top:g}V{bottom:g}", stroke="#9ca3af", width=1.2, dash="2 3", layer="back")
    for call in chart.view.calls:
        mine = [p for p in chart.placed if p.row.process == call.process and _within(p.row, call.first, call.last)]
        if not mine:
            continue
        lane = chart.lanes[call.process]
        end = mine[-1].bottom if call.last is not None else bottom
        canvas.rect(lane.line - 5, mine[0].top, 10, end - mine[0].top, fill="#dbeafe", stroke=lane.color, css="activation")


def _within(row: Row, first: int, last: int | None) -> bool:
    number = row.call.first if isinstance(row, WholeCall) else row.number
    return first <= number and (last is None or number <= last)


def _lock_bars(chart: Chart, bottom: float) -> None:
    at = {p.row.number: p for p in chart.placed if isinstance(p.row, Moment)}
    for held in chart.spans:
        lane = chart.lanes[held.process]
        x = lane.line - 12 - _slot(chart.spans, held) * SLOT
        top = at[held.first].box + 3
        end = at[held.last].end - 3 if held.last is not None else bottom
        color = chart.colors[held.lock]
        chart.canvas.rect(x - BAR + 2, top, BAR, end - top, fill=color, radius=2, css="lock")
        label = words.lock(held.lock, color)
        if label.style.width(label.text) + 8 <= end - top:
            chart.canvas.vertical_text(x - BAR - label.style.height + 2, top + 2, label)


def _arrows(chart: Chart) -> None:
    """One arrow from each writing step to the line of another thread's step that tells what it read."""
    at = {p.row.number: p for p in chart.placed if isinstance(p.row, Moment)}
    for place in chart.placed:
        if isinstance(place.row, Moment):
            for i, sight in enumerate(place.row.sights):
                if sight.step in at:
                    _arrow(chart, at[sight.step], place, _height_of(chart, place, words.sight(sight)), i)


def _height_of(chart: Chart, place: Placed, line: Line) -> float:
    """The middle of the first piece of ``line`` inside a box."""
    lane = chart.lanes[place.row.process]
    text = wrap(line, lane.right - lane.left - 2 * PAD)[0][1][0].text
    return next(
        t.y + t.height / 2 for t in chart.canvas.texts if t.text == text and t.x > lane.x and place.box <= t.y < place.end
    )


def _arrow(chart: Chart, source: Placed, target: Placed, y2: float, index: int) -> None:
    """From the box that wrote, through the gap beside the lane of the reader, to the box that reads."""
    a, b = chart.lanes[source.row.process], chart.lanes[target.row.process]
    shift = 4.0 * (index % 3)  # arrows of one reader run side by side
    y1 = source.end - 10 - shift
    if a.x < b.x:
        channel, start, end, side = b.x - LANE_GAP + 6 + shift, a.right, b.line - 6, 1
    else:
        channel, start, end, side = b.right + LANE_GAP - 4 - shift, a.left, b.right + 1, -1
    d = f"M{start:g} {y1:.1f}H{channel:g}V{y2:.1f}H{end - 7 * side:g}"
    chart.canvas.path(d, stroke=SIGHT, width=1.5, dash="5 3", layer="lines", css="sight")
    _arrowhead(chart.canvas, end, y2, side)


def _arrowhead(canvas: Canvas, x: float, y: float, side: int) -> None:
    canvas.path(f"M{x:g} {y:.1f}l{-8 * side:g} -4.5v9z", stroke="none", fill=SIGHT, layer="front")


# -- below ------------------------------------------------------------------------------------------------------------


def _footer(chart: Chart, told: Explanation | None, y: float) -> float:
    if told is None:
        return y
    ink, ground = ("#b91c1c", "#fef2f2") if told.violated else ("#166534", "#f0fdf4")
    x, width = MARGIN, WIDTH - 2 * MARGIN
    lines = words.verdict(told, ink, chart.view.trace.depth)
    pieces = [(depth * 16.0 + offset, piece) for depth, line in lines for offset, piece in wrap(line, width - 32 - depth * 16.0)]
    height = sum(line_height(p) for _, p in pieces) + 22
    chart.canvas.rect(x, y, width, height, fill=ground, stroke=ink, radius=6, css="verdict")
    at = y + 11
    for offset, piece in pieces:
        chart.canvas.text(x + 16 + offset, at, piece, css="verdict")
        at += line_height(piece)
    y += height
    if any(GHOST in box.text for box in chart.canvas.texts):
        note: Line = (Run(f"{GHOST} ghost: only properties read it", words.SMALL),)
        chart.canvas.text(x, y + 6, note)
        y += 6 + line_height(note)
    return y
