"""The table of coverage: every transition with its firings, or the reason it has none.

In goes the coverage of a model; out come a rich table and a summary.
"""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from checker.coverage import Covered, Row, guard_parts
from checker.report.pretty import Pretty
from checker.report.transitions import short_name, target_name
from checker.system import IDLE, TransitionSystem

LONGEST = 60
"""Longer parts of a guard are left out of the table; ``sockproof show`` has them."""


def coverage_table(covered: Covered, system: TransitionSystem, *, unfired: bool) -> Table:
    """One row per transition, in order of the model; only those that never fire with ``unfired``."""
    table = Table(title="coverage", title_justify="left", header_style="bold")
    table.add_column("function", style="bold", overflow="fold")
    table.add_column("location", overflow="fold")
    table.add_column("transition", overflow="fold", max_width=62)
    table.add_column("new : all", justify="right", no_wrap=True)
    table.add_column("why it never fires", overflow="fold", max_width=60)
    pretty = Pretty(system)
    for row in covered.rows:
        if not (unfired and row.fired):
            t = row.transition
            location = "entry" if t.source == IDLE else short_name(system, t.source)
            counts = Text(f"{row.new}:{row.fired}", style="" if row.fired else "yellow")
            table.add_row(t.function, location, Text(_transition(row, pretty)), counts, _why(row))
    return table


def _transition(row: Row, pretty: Pretty) -> str:
    """Where it leads; for one that never fires, under which guard."""
    goal = f"→ {target_name(pretty.system, row.transition)}"
    if row.fired:
        return goal
    parts = [p if len(p) <= LONGEST else "..." for p in guard_parts(pretty, row.transition)]
    return f"{goal}\nwhen {' and '.join(dict.fromkeys(parts)) or 'always'}"


def _why(row: Row) -> Text:
    return Text() if row.fired else Text(row.explanation, style="bold red" if row.unexplained else "")


def coverage_summary(covered: Covered) -> str:
    """One line: how many fire, how many cannot, and how that is known."""
    rows = covered.rows
    fired = sum(bool(r.fired) for r in rows)
    counts = {
        "proved dead for any size": sum(bool(r.proof) for r in rows if not r.fired),
        "listed with a reason": sum(bool(r.reason) and not r.proof for r in rows if not r.fired),
        "not explained": sum(r.unexplained for r in rows),
    }
    parts = [f"{fired} of {len(rows)} transitions fire", *(f"{n} {what}" for what, n in counts.items() if n)]
    return ", ".join(parts)


def print_problems(covered: Covered, console: Console, client: str = "") -> None:
    """What is missing or stale, one line each, with the ``client`` it is about if that is not clear."""
    for problem in covered.problems:
        console.print(Text(f"{client}: {problem}" if client else problem, style="bold red"), soft_wrap=True)
