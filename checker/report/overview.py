"""The verdicts of a client at one glance: a row for each question, a column for each engine and instance.

In go verdicts; out comes one rich table per client.  Assertions in kernel code with the same answers share a row, for
there are dozens; every verdict that is not as expected stands alone, and is told again after all tables.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from checker.report.table import COLORS, MARKS, is_plain, standing
from checker.verdict import Verdict

ASSERTIONS = {"BUG_TRAP(": "BUG_TRAPs", "call through NULL (": "calls through NULL"}
"""Names of the properties the compiler makes of assertions begin so; there are too many for a row each."""

WIDTH = 13
"""How wide a column of answers is at most: a client is asked about on up to eight instances."""

NOTE = 24
"""Longer remarks about a verdict stand below the table."""

Column = tuple[str, str]
Cells = tuple[str, ...]


def print_overview(verdicts: Sequence[Verdict], title: str, covered: str, console: Console) -> None:
    """Print what was found about one client: ``title`` says what its programs do, ``covered`` how much of that was seen."""
    table = overview_table(verdicts, plain=is_plain(console))
    table.title, table.caption = Text(title), Text(covered)
    console.print(table)
    for v in verdicts:
        if len(v.detail) > NOTE and not _amiss(v):
            console.print(_told(v), highlight=False, markup=False, soft_wrap=True)


def print_amiss(verdicts: Sequence[Verdict], console: Console) -> None:
    """Tell every verdict that is not what was expected, and every question an engine gave up, a line each with its client."""
    for v in filter(_amiss, verdicts):
        client = f"{v.client}: " if v.client else ""
        console.print(Text(client + _told(v), style="bold red"), soft_wrap=True)


def _amiss(v: Verdict) -> bool:
    return standing(v) == "differs" or v.verdict == "unknown"


def _told(v: Verdict) -> str:
    where = f" in {v.variant}" if v.variant else ""
    detail = f": {v.detail}" if v.detail else ""
    return f"{v.property.name}{where}, {v.method}, {v.scope}: {v.verdict}, expected {v.property.expected}{detail}"


def overview_table(verdicts: Sequence[Verdict], *, plain: bool = False) -> Table:
    """The table of one client; ``plain`` uses ASCII words instead of symbols."""
    columns = _columns(verdicts)
    table = Table(title_justify="left", caption_justify="left", title_style="bold", header_style="bold")
    table.add_column("", no_wrap=True)
    table.add_column("property", no_wrap=True)
    for method, scope in columns:
        table.add_column(f"{method}\n" + scope.replace(", ", "\n"), max_width=WIDTH)
    for name, rows in _rows(verdicts):
        first = {(v.method, v.scope): v for v in reversed(rows)}
        worst = max((standing(v) for v in rows), key=("expected", "open", "differs").index)
        decided = any(v.decided for v in rows)
        symbol, word, color = MARKS["expected" if worst == "open" and decided else worst]
        mark = Text(word if plain else symbol, style=color)
        table.add_row(mark, name, *(_cell(first.get(column)) for column in columns))
    return table


def _columns(verdicts: Sequence[Verdict]) -> list[Column]:
    """Proofs for any size first, then exhaustive search, then bounded search, the larger instances first."""
    asked = sorted({(v.method, v.scope) for v in verdicts}, reverse=True)
    return sorted(asked, key=lambda column: ("inductive", "explicit", "bounded").index(column[0]))


def _rows(verdicts: Sequence[Verdict]) -> list[tuple[Text, list[Verdict]]]:
    """The verdicts of each question, under its name; those of assertions with the same answers together."""
    questions: dict[tuple[str, str], list[Verdict]] = {}
    for v in verdicts:
        questions.setdefault((v.variant, v.property.name), []).append(v)
    alike: dict[tuple[str, str, Cells], list[list[Verdict]]] = {}
    for (variant, name), group in questions.items():
        fine = not variant and all(standing(v) == "expected" for v in group)
        kind = next((plural for prefix, plural in ASSERTIONS.items() if fine and name.startswith(prefix)), "")
        answers = tuple(f"{v.method} {v.scope} {v.verdict} {v.depth} {v.detail}" for v in group) if kind else ()
        alike.setdefault((kind or name, variant, answers), []).append(group)
    rows = []
    for (label, variant, _), groups in alike.items():
        text = Text(f"{len(groups)} {label}" if len(groups) > 1 else groups[0][0].property.name, style="bold")
        if variant:
            text.append(f"\nin {variant}", style="not bold dim")
        rows.append((text, [v for group in groups for v in group]))
    return rows


def _cell(v: Verdict | None) -> Text:
    """What one engine says on one instance, with the length of its trace."""
    if v is None:
        return Text()
    shown = Text(v.verdict, style=COLORS.get(v.verdict, "yellow"))
    if v.depth is not None:
        shown.append(f", {v.depth}", style="not bold dim")
    if v.detail and v.decided and len(v.detail) <= NOTE:
        shown.append(f"\n{v.detail}", style="not bold dim")
    return shown
