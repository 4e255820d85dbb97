"""Races for people: the matrix as counts and as a page of tables, findings with their schedules.

In go cells and findings; out come rich tables and Markdown.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from checker.language.terms import field_text
from checker.races.locksets import LockKey, Protection
from checker.races.result import Cell, Finding, Site, Verdict
from checker.report.mdtable import markdown_table
from checker.report.schedule import schedule_lines

MARKS = {
    Verdict.SERIALIZABLE: "·",
    Verdict.BENIGN: "b",
    Verdict.VALUE_CHANGING: "v",
    Verdict.HARMFUL: "**H**",
    Verdict.STUCK: "**S**",
    Verdict.UNKNOWN: "?",
}
MEANINGS = {
    Verdict.SERIALIZABLE: "no conflicting accesses, and every outcome is one of a sequential order",
    Verdict.BENIGN: "conflicting accesses without a common lock, whose order decides nothing",
    Verdict.VALUE_CHANGING: "the order of such accesses decides between outcomes that sequential orders have too",
    Verdict.HARMFUL: "an outcome that no sequential order gives, or a fault",
    Verdict.STUCK: "a call waits for ever that returns in each sequential order, or that would return if somebody woke it",
    Verdict.UNKNOWN: "too many states",
}
COLORS = {Verdict.HARMFUL: "bold red", Verdict.STUCK: "bold magenta", Verdict.VALUE_CHANGING: "yellow", Verdict.UNKNOWN: "dim"}


ALARMS = "The harmful and stuck cells are looked at again without the reduction of the search: [false alarms](false-alarms.md)."
LOCKS = (
    "Inferred from all functions: at how many places a field is read and written, and what is held there; `its` is a lock of the "
    "object itself. Fields that nobody writes once others can reach the object are left out. `sockproof races --locks` prints "
    "the table and checks it on explored states."
)


def print_matrix(cells: Sequence[Cell], console: Console) -> None:
    """Counts by starting class and machine, then the cells that matter most."""
    console.print(counts(cells))
    graves = [c for c in cells if c.verdict in (Verdict.HARMFUL, Verdict.STUCK)]
    if graves:
        table = Table("cell", "verdict", "outcomes", "non-serial", "first of them", header_style="bold")
        for c in graves:
            style = COLORS[c.verdict]
            told = (c.key, Text(c.verdict, style), str(c.outcomes), str(len(c.nonserial)), str(c.graves[0]))
            table.add_row(*told)
        console.print(table)


def counts(cells: Sequence[Cell]) -> Table:
    """How many cells of each starting class and machine have which verdict."""
    table = Table("start", "machine", *Verdict, "states", header_style="bold")
    for (start, machine), found in _grouped(cells):
        verdicts = Counter(c.verdict for c in found)
        numbers = (Text(str(verdicts[v] or ""), COLORS.get(v, "")) for v in Verdict)
        table.add_row(start, machine, *numbers, f"{sum(c.states for c in found):,}")
    verdicts = Counter(c.verdict for c in cells)
    table.add_row("all", "", *(str(verdicts[v] or "") for v in Verdict), f"{sum(c.states for c in cells):,}", style="bold")
    return table


def print_findings(findings: Sequence[Finding], files: Mapping[int, str], console: Console, *, whole: bool) -> None:
    """A line for each finding; with ``whole`` its page, its program, the two steps that decide, and the schedule."""
    if not whole:
        table = Table("page", "root cause", "machines", "cells", "rule", "example", header_style="bold")
        for f in findings:
            example = f"{f.cells[0].key}: {f.outcome}"
            table.add_row(str(f.number), f.title, " ".join(f.machines), str(len(f.cells)), f.rule, example)
        console.print(table)
        return
    for f in findings:
        console.print(Text(f"{f.number} {f.title}", "bold"))
        console.print(Text(f"page: {files.get(f.number, 'none yet; sockproof findings --write makes it')}"), soft_wrap=True)
        for line in finding_lines(f):
            console.print(Text(line), soft_wrap=True)


def finding_lines(f: Finding) -> list[str]:
    """Everything about one finding, as text."""
    lines = [f"rule: {f.rule}", f"on: {', '.join(f.machines)}", f"outcome: {f.outcome}", "", "program:"]
    lines += [f"  setup  {call.label}" for call in f.scenario.setup]
    lines += [f"  {p.name:5}  {call.label}" for p in f.scenario.threads for call in p.calls]
    lines += [f"  event  {event}" for event in f.scenario.events]
    if f.conflict:
        lines += ["", f"conflict on {f.conflict.field}:", *(f"  {_site(s)}" for s in (f.conflict.first, f.conflict.second))]
    lines += ["", "schedule:", *(f"  {line}" for line in schedule_lines(f.schedule))]
    return [*lines, "", f"{len(f.cells)} cells:", *(f"  {c.key}" for c in f.cells)]


def _site(s: Site) -> str:
    locks = f"holding {', '.join(s.locks)}" if s.locks else "without a lock"
    return f"{s.who} {'writes' if s.write else 'reads'} in {s.function}: {s.text} ({s.place}) {locks}"


def matrix_page(
    cells: Sequence[Cell],
    findings: Sequence[Finding],
    maps: Iterable[tuple[str, Path]],
    protections: Sequence[Protection],
    files: Mapping[int, str],
) -> str:
    """``docs/races.md``: findings, heat maps, a table for every starting class, conflicts by field, locks.

    ``files`` are the pages of the findings, by number.
    """
    verdicts = Counter(c.verdict for c in cells)
    total = ", ".join(f"{verdicts[v]:,} {v}" for v in Verdict if verdicts[v])
    lines = ["# Race matrix", "", f"{len(cells):,} cells: {total}. Written by `sockproof matrix --write`; do not edit.", ""]
    lines += markdown_table(("mark", "verdict", "meaning"), [(MARKS[v], str(v), MEANINGS[v]) for v in Verdict])
    lines += ["", *(f"![{kind}](../{path.as_posix()})" for kind, path in maps), "", ALARMS, "", "## Findings", ""]
    told = [
        (_page(f.number, files), f.title, ", ".join(f.machines), str(len(f.cells)), f.cells[0].key, str(f.outcome))
        for f in findings
    ]
    heads = ("page", "root cause", "machines", "cells", "shortest example", "outcome")
    lines += markdown_table(heads, [[_cell(text) for text in row] for row in told])
    numbers: dict[str, dict[int, None]] = {}
    for f in findings:
        for cell in f.cells:
            numbers.setdefault(cell.key, {})[f.number] = None
    links = {key: " ".join(_page(number, files) for number in mine) for key, mine in numbers.items()}
    by_start: dict[str, list[Cell]] = {}
    for cell in cells:
        by_start.setdefault(cell.start, []).append(cell)
    for start, found in by_start.items():
        lines += ["", f"## {start}", "", "Above the diagonal and on it, `smp`/`up`.", "", *_start_table(found, links)]
    lines += ["", "## Conflicts by field and functions", "", "In how many cells they are what.", "", *_value_table(cells)]
    lines += ["", "## Which lock protects which field", "", LOCKS, "", *locks_table(protections)]
    return "\n".join(lines) + "\n"


def print_locks(protections: Sequence[Protection], console: Console) -> None:
    """Which lock protects which field; those that nobody writes are left out."""
    table = Table("field", "reads", "writes", "locks at every access", "at every write", "without any", header_style="bold")
    for p in protections:
        if p.shared:
            table.add_row(*_locks_row(p), style="" if p.locks or p.either else "yellow")
    console.print(table)


def _locks_row(p: Protection) -> tuple[str, ...]:
    either = f"one of {_lock_names(p.either)}" if p.either and not p.locks else ""
    name = field_text(p.field)
    return name, str(p.reads), str(p.writes), _lock_names(p.locks) or either, _lock_names(p.write_locks), str(p.bare or "")


def _lock_names(locks: Iterable[LockKey]) -> str:
    return ", ".join(sorted(f"its {key[1]}" if own else key[1] for key, own in locks))


def locks_table(protections: Sequence[Protection]) -> list[str]:
    """The same as Markdown."""
    heads = ("field", "reads", "writes", "locks at every access", "at every write", "accesses without any")
    return markdown_table(heads, [_locks_row(p) for p in protections if p.shared])


def _page(number: int, files: Mapping[int, str]) -> str:
    """A number that leads to the page of the finding, if there is one."""
    return f"[{number}](findings/{files[number]})" if number in files else str(number)


def _start_table(cells: Sequence[Cell], links: Mapping[str, str]) -> list[str]:
    """The operations against each other, with the marks of both machines and the pages of the findings."""
    rows = list(dict.fromkeys(c.operation_a for c in cells))
    columns = list(dict.fromkeys(c.operation_b for c in cells))
    marks: dict[tuple[str, str], list[str]] = {}
    for c in cells:
        marks.setdefault((c.operation_a, c.operation_b), []).append(f"{MARKS[c.verdict]} {links.get(c.key, '')}".rstrip())
    told = [[a, *("/".join(dict.fromkeys(marks[a, b])) if (a, b) in marks else "" for b in columns)] for a in rows]
    return markdown_table(("", *columns), told)


def _value_table(cells: Sequence[Cell]) -> list[str]:
    """Conflicts without a common lock by field and functions: in how many cells they are what."""
    found: dict[tuple[str, str, str], Counter[Verdict]] = {}
    for cell in cells:
        worst: dict[tuple[str, str, str], Verdict] = {}
        for c in cell.conflicts:
            one, other = sorted((c.first.function, c.second.function))
            key = (c.field, one, other)
            worst[key] = max(worst.get(key, Verdict.SERIALIZABLE), c.verdict, key=list(Verdict).index)
        for key, verdict in worst.items():
            found.setdefault(key, Counter())[verdict] += 1
    shown = (Verdict.BENIGN, Verdict.VALUE_CHANGING, Verdict.HARMFUL)
    ranked = sorted(found.items(), key=lambda item: (-item[1][Verdict.HARMFUL], -item[1][Verdict.VALUE_CHANGING], item[0]))
    rows = [(field, f"{one}, {other}", *(str(verdicts[v] or "") for v in shown)) for (field, one, other), verdicts in ranked]
    return markdown_table(("field", "functions", *shown), rows)


def _cell(text: str) -> str:
    return text.replace("|", "/")


def _grouped(cells: Sequence[Cell]) -> list[tuple[tuple[str, str], list[Cell]]]:
    found: dict[tuple[str, str], list[Cell]] = {}
    for cell in cells:
        found.setdefault((cell.start, cell.machine), []).append(cell)
    return list(found.items())
