"""Audits for people: per function the differences with both places, then one table.

In go audits; out come lines of text and a rich table.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from checker.audit.outcome import Audit, Difference, Fate
from checker.errors import Place

COLUMNS = {
    "without C": ("no C statement", "empty abstraction", "unused explanation"),
    "order": ("order",),
    "conditions": ("condition",),
    "values": ("value", "target", "return", "arguments"),
}
"""Columns of the table that count differences, and the kinds they count."""


def audit_lines(found: Audit) -> list[str]:
    """One function: how many statements met which fate, and each difference."""
    where = str(found.spec_place) if found.spec_place else "not in the specification"
    counts = ", ".join(f"{found.count(f)} {f.value}" for f in Fate if found.count(f))
    lines = [f"{found.function}  {found.c_place}  {where}", f"  {len(found.rows)} C statements: {counts}"]
    for note, count in found.covering:
        lines.append(f"  abstracted at {note.place}: {count} statements")
    for difference in found.differences:
        lines += _difference_lines(difference)
    return lines


def _difference_lines(difference: Difference) -> list[str]:
    lines = [f"  {difference.kind}: {difference.message}", f"    C      {_shown(difference.c_place)}"]
    if difference.spec_place is not None:
        lines.append(f"    model  {_shown(difference.spec_place)}")
    if difference.explained:
        lines.append(f"    explained: {difference.explained}")
    return lines


def _shown(place: Place) -> str:
    return f"{place}  {place.text.strip()}"


def audit_table(audits: Sequence[Audit]) -> Table:
    """One row per function and a row of sums."""
    table = Table(title="audit", title_justify="left", header_style="bold")
    table.add_column("function", style="bold", no_wrap=True)
    names = ["C statements", *(f.value for f in Fate), "steps", *COLUMNS, "explained"]
    for name in names:
        table.add_column(name, justify="right")
    rows = [_numbers(a) for a in audits]
    for found, numbers in zip(audits, rows, strict=True):
        fine = not found.unexplained()
        table.add_row(Text(found.function, style="green" if fine else "red"), *(str(n or "") for n in numbers))
    if len(rows) > 1:
        table.add_section()
        table.add_row("all", *(str(sum(column) or "") for column in zip(*rows, strict=True)))
    return table


def _numbers(found: Audit) -> list[int]:
    differing = [sum(len(found.unexplained(kind)) for kind in kinds) for kinds in COLUMNS.values()]
    explained = sum(bool(d.explained) for d in found.differences)
    return [len(found.rows), *(found.count(f) for f in Fate), found.steps, *differing, explained]


def print_audits(audits: Sequence[Audit], missing: Sequence[str], console: Console) -> None:
    """The lines of every function, the table, and the functions that are not in the C text."""
    for found in audits:
        console.print("\n".join(audit_lines(found)), markup=False, soft_wrap=True)
        console.print()
    console.print(audit_table(audits))
    if missing:
        console.print(f"not in the C text: {', '.join(missing)}", markup=False, soft_wrap=True)
    open_questions = sum(len(a.unexplained()) for a in audits)
    console.print("nothing unexplained" if not open_questions else f"{open_questions} differences are not explained")
