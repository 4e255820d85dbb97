"""The words of a chart: what stands in each box, in which style.

In go steps, calls and explanations; out come styled lines for :mod:`checker.report.chart` to place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby

from checker.report.calls import Call
from checker.report.explain import Explanation, outcome, question
from checker.report.pretty import CALLER, GHOST
from checker.report.rows import WholeCall
from checker.report.sights import Sight
from checker.report.svg import Line, Run, Style
from checker.report.timeline import Changed, Moment, Statement, Timeline
from checker.system import Property
from checker.trace import Trace

NO_BREAK = "\u00a0"
INK, GREY, PALE = "#111827", "#4b5563", "#6b7280"
TITLE = Style(19, bold=True, fill=INK)
PLAIN = Style(12, fill=GREY)
QUESTION = Style(12.5, mono=True, fill=INK)
SMALL = Style(10.5, fill=PALE)
LEGEND = Style(11, fill=GREY)
HEAD = Style(13, bold=True, fill="#ffffff")
CALL = Style(11.5, mono=True, bold=True, fill="#ffffff")
FUNCTION = Style(11.5, mono=True, bold=True, fill=INK)
CODE = Style(11.5, mono=True, fill=INK)
TEST = Style(10.5, mono=True, fill=PALE)
WHERE = Style(10.5, fill=PALE, italic=True)
CELL = Style(11.5, mono=True, fill=INK)
OLD = Style(11.5, mono=True, fill=PALE)
NEW = Style(11.5, mono=True, bold=True, fill="#9a3412")
SEEN = Style(11, bold=True, fill="#0e7490")
NUMBER = Style(11, bold=True, fill=PALE)


@dataclass(frozen=True)
class Block:
    """The contents of a box: its head, what stands to the right of it, its lines and its changes.

    ``brief`` stands there instead of ``place`` where room is short; ``tooltip`` is shown when the mouse rests on the box.
    """

    head: Line
    place: Line
    lines: tuple[Line, ...]
    changes: tuple[Line, ...]
    brief: Line = ()
    tooltip: str = ""


def heading(trace: Trace, prop: Property, told: Explanation | None) -> list[Line]:
    """Title, question, what it stands for and the instance."""
    lines: list[Line] = [
        (Run(outcome(prop, told, trace.depth), TITLE),),
        (Run(question(prop, trace.system), QUESTION),),
    ]
    if prop.stands_for:
        lines.append((Run(f"stands for: {prop.stands_for}", PLAIN),))
    lines.append((Run(f"instance: {trace.instance}", PLAIN),))
    return lines


def legend(text: str) -> Line:
    """One entry of the legend."""
    return (Run(text, LEGEND),)


def head(name: str) -> Line:
    """The name of a lifeline."""
    return (Run(name, HEAD),)


def numbers(call: Call, step: int | None = None) -> Line:
    """The number of a step, or of the first and last of a whole call, in the margin."""
    if step is not None or call.first == call.last:
        return (Run(str(step or call.first), NUMBER),)
    return (Run(f"{call.first}–{call.last}", NUMBER),)


def lock(name: str, color: str) -> Run:
    """The name of a lock beside its bar."""
    return Run(name, Style(9.5, bold=True, fill=color))


def call(moment: Moment) -> Line:
    """The start of a system call."""
    return (Run(f"{moment.who} calls {moment.call.text}", CALL),)


def result(moment: Moment) -> Line:
    """The end of a system call."""
    return (Run(f"{moment.call.name} {moment.call.returned}", CALL),)


def whole_call(row: WholeCall) -> Block:
    """A condensed system call: the call, its result and its net changes, grouped by object."""
    shown = row.call.text if row.call.result is None else f"{row.call.text} ={NO_BREAK}{row.call.result}"
    groups: list[Line] = []
    for obj, changes in groupby(row.changes, key=lambda c: c.obj):
        made = list(changes)
        fresh = any(c.field == "live" and c.after == "true" for c in made)
        made = [c for c in made if c.field != "live" or not fresh]
        named = f"{obj} (new)" if fresh else obj
        runs = [Run(f"{named}: " if made else named, CELL)] if obj else []
        for i, c in enumerate(made):
            runs += [Run(", " if i else "", CELL), Run(f"{_field(c)}{NO_BREAK}", CELL), *_arrow(c, fresh)]
        groups.append(tuple(r for r in runs if r.text))
    if not groups:
        groups = [(Run("changes nothing", WHERE),)]
    return Block((Run(f"{row.who}: {shown}", FUNCTION),), (), (), tuple(groups))


def _field(c: Changed) -> str:
    return c.field + (GHOST if c.ghost else "")


def _arrow(c: Changed, fresh: bool) -> list[Run]:
    """Old and new value; only the new one for a new object."""
    return [Run(c.after, NEW)] if fresh else [Run(f"{c.before}{NO_BREAK}→{NO_BREAK}", OLD), Run(c.after, NEW)]


def step(moment: Moment, view: Timeline, c_files: Mapping[str, str]) -> Block:
    """One step: function and place, statements, what it saw, what changed; lock fields are left to the bars."""
    main = moment.main
    function = main.function if main else moment.call.name
    lines: list[Line] = []
    before = function
    for called, group in groupby(moment.statements, key=lambda s: s.function):
        if called != before:
            lines.append((Run(f"in {called}:", WHERE),))
        before = called
        lines += _statements(list(group))
    lines += [sight(s) for s in moment.sights]
    changes = [
        (Run(f"{c.cell}  ", CELL), Run(f"{c.before} → ", OLD), Run(c.after, NEW))
        for c in moment.changes
        if c.key not in view.lock_fields
    ]
    place, brief = _place(main, c_files), _place(main, {})
    return Block((Run(function, FUNCTION),), place, tuple(lines), tuple(changes), brief, tooltip(moment, c_files))


def tooltip(moment: Moment, c_files: Mapping[str, str]) -> str:
    """Who ran which statements in which functions of which C files, one function a line."""
    lines = [f"{moment.who} in {moment.call.text}"]
    for stack, group in groupby(moment.statements, key=lambda s: s.stack):
        ran = list(group)
        known = c_files.get(stack[-1]) if stack else None
        numbers = dict.fromkeys(str(s.line) for s in ran)
        lines.append(f"{CALLER.join(stack)}{f' ({known})' if known else ''}: {ran[0].file}:{', '.join(numbers)}")
    return "\n".join(lines)


def sight(s: Sight) -> Line:
    """What a step read of an overlapping call."""
    return (Run(f"sees {s.cell} = {s.value}, written in step {s.step}", SEEN),)


def _place(main: Statement | None, c_files: Mapping[str, str]) -> Line:
    """The C file if it is known, and the line of the specification."""
    if main is None:
        return ()
    line = f"{main.file.rsplit('/', 1)[-1]}:{main.line}"
    known = c_files.get(main.function)
    return (Run(f"{known}  {line}" if known else line, SMALL),)


def _statements(group: list[Statement]) -> list[Line]:
    """Statements line by line; consecutive tests and choices flow together, in grey."""
    lines: list[Line] = []
    for quiet, some in groupby(group, key=lambda s: s.kind in ("test", "choice")):
        texts = [s.text for s in some]
        if quiet:
            lines.append((Run("; ".join(texts), TEST),))
        else:
            lines += [(Run(text, CODE),) for text in texts]
    return lines


def verdict(told: Explanation, ink: str, depth: int) -> list[tuple[int, Line]]:
    """The last box: headline and findings, each with its depth."""
    lines: list[tuple[int, Line]] = [(0, (Run(f"After step {depth}: {told.headline}", Style(14, bold=True, fill=ink)),))]
    for f in told.findings:
        values = ", ".join(f"{name} = {value}" for name, value in f.details)
        bad = told.violated and not f.value
        word = {"premise": "given ", "claim": "claimed ", "part": ""}[f.role] if told.violated else ""
        answer = "false" if not f.value else "true"
        strong = Style(12, mono=True, bold=bad, fill=ink if bad else INK)
        runs = [Run(word, PLAIN), Run(f.text, strong), Run(f" is {answer}", Style(12, bold=bad, fill=ink if bad else GREY))]
        if values:
            runs.append(Run(f":  {values}", Style(12, mono=True, fill=ink if bad else GREY)))
        lines.append((f.depth + 1, tuple(r for r in runs if r.text)))
    return lines
