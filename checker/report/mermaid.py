"""Charts as Mermaid text, for pages that draw ``sequenceDiagram`` blocks.

In goes a Trace with the property it answers; out comes Mermaid: calls as activations, steps as notes, what a step saw of an
overlapping call as an arrow.
"""

from __future__ import annotations

from checker.report.explain import explain
from checker.report.rows import WholeCall, condense
from checker.report.text import change_text
from checker.report.timeline import Changed, Moment, Timeline, timeline
from checker.system import Property
from checker.trace import Trace

ENTITIES = {"#": "#35;", ";": "#59;", "<": "#lt;", ">": "#gt;"}


def mermaid_text(trace: Trace, prop: Property) -> str:
    """The chart of ``trace`` as a Mermaid sequence diagram, ending with a newline."""
    view = timeline(trace)
    owners = {m.number: m.who for m in view.moments}
    people = list(dict.fromkeys(owners[call.first] for call in sorted(view.calls, key=lambda c: c.process)))
    lines = ["sequenceDiagram"]
    lines += [f"    participant {who} as {trace.system.thread.name} {who[1:]}" for who in people]
    for row in condense(view):
        if isinstance(row, WholeCall):
            told = f"{row.call.text} {row.call.returned}"
            lines.append(f"    Note over {row.who}: {_lines([told, *_changes(row.changes, view)])}")
        else:
            lines += _step(row, view, owners)
    lines += [f"    deactivate {owners[call.first]}" for call in view.calls if call.last is None]
    told_end = explain(prop, trace.system, trace.states[-1], trace.instance)
    if told_end is not None and people:
        ends = people[0] if len(people) == 1 else f"{people[0]},{people[-1]}"
        lines.append(f"    Note over {ends}: {_lines([told_end.headline])}")
    return "\n".join(lines) + "\n"


def _step(moment: Moment, view: Timeline, owners: dict[int, str]) -> list[str]:
    lines: list[str] = []
    who = moment.who
    if moment.starts:
        lines += [f"    {who}->>{who}: {_escaped(moment.call.text)}", f"    activate {who}"]
    for sight in moment.sights:
        lines.append(f"    {owners[sight.step]}-->>{who}: {_escaped(f'{sight.cell} = {sight.value}, of step {sight.step}')}")
    main = moment.main
    title = f"{moment.number}. {main.function} {main.file}:{main.line}" if main else f"{moment.number}."
    texts = [s.text for s in moment.statements if s.kind not in ("test", "choice")]
    lines.append(f"    Note over {who}: {_lines([title, *texts, *_changes(moment.changes, view)])}")
    if moment.ends:
        lines += [f"    {who}-->>{who}: {_escaped(moment.call.returned)}", f"    deactivate {who}"]
    return lines


def _changes(changes: tuple[Changed, ...], view: Timeline) -> list[str]:
    return [change_text(c) for c in changes if c.key not in view.lock_fields]


def _lines(texts: list[str]) -> str:
    return "<br/>".join(_escaped(t) for t in texts)


def _escaped(text: str) -> str:
    """Mermaid ends a statement at ``;``, starts an entity at ``#`` and reads HTML."""
    return "".join(ENTITIES.get(c, c) for c in text)
