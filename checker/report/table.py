"""The table of verdicts that ends every run.

In go verdicts; out comes one rich table: property, verdict, method, scope, time, depth, and whether it was expected.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from checker.verdict import Verdict

COLORS = {"proved": "green", "unreachable": "green", "violated": "red", "reachable": "cyan"}
MARKS = {"expected": ("✓", "ok", "green"), "differs": ("✗", "DIFFERS", "bold red"), "open": ("?", "undecided", "yellow")}


def standing(verdict: Verdict) -> str:
    """``expected``, ``differs`` or ``open`` (not decided)."""
    if not verdict.decided:
        return "open"
    return "expected" if verdict.as_expected else "differs"


def verdict_table(verdicts: Sequence[Verdict], *, plain: bool = False) -> Table:
    """The table; ``plain`` uses ASCII words instead of symbols."""
    table = Table(title="verdicts", title_justify="left", header_style="bold")
    table.add_column("", no_wrap=True)
    table.add_column("property", style="bold", overflow="fold")
    table.add_column("verdict", overflow="fold")
    table.add_column("method")
    table.add_column("scope", overflow="fold", max_width=44)
    table.add_column("time", justify="right", no_wrap=True)
    table.add_column("depth", justify="right", no_wrap=True)
    for v in verdicts:
        symbol, word, color = MARKS[standing(v)]
        name = Text(v.property.name)
        if v.variant:
            name.append(f"\nin {v.variant}", style="not bold dim")
        told = Text(v.verdict, style=COLORS.get(v.verdict, "yellow"))
        if standing(v) != "expected":
            told.append(f"\nexpected: {v.property.expected}", style="not bold dim")
        if v.detail:
            told.append(f"\n{v.detail}", style="not bold dim")
        depth = "" if v.depth is None else str(v.depth)
        mark = Text(word if plain else symbol, style=color)
        table.add_row(mark, name, told, v.method, Text(v.scope), f"{v.seconds:.2f} s", depth)
    return table


def summary(verdicts: Sequence[Verdict]) -> str:
    """One line: how many are as expected, differ, are undecided."""
    counts = {kind: sum(standing(v) == kind for v in verdicts) for kind in MARKS}
    parts = [f"{counts['expected']} as expected"]
    if counts["differs"]:
        parts.append(f"{counts['differs']} different from what is expected")
    if counts["open"]:
        parts.append(f"{counts['open']} undecided")
    return f"{len(verdicts)} verdicts: {', '.join(parts)}"


def print_verdicts(verdicts: Sequence[Verdict], console: Console) -> None:
    """Print table and summary; colours only where the console has them, symbols only where it can encode them."""
    console.print(verdict_table(verdicts, plain=is_plain(console)))
    console.print(summary(verdicts), highlight=False)


def is_plain(console: Console) -> bool:
    """Whether a console cannot show symbols."""
    return console.encoding.lower().replace("-", "") not in ("utf8", "utf16", "utf32")
