"""What commands print: tables of verdicts, progress while working, and the exit status verdicts amount to."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.table import Table

from checker.errors import EXIT_AS_EXPECTED, EXIT_DIFFERS, EXIT_UNDETERMINED
from checker.verdict import Verdict

PIPED_WIDTH = 160


def out_console() -> Console:
    """Standard output; as wide as the terminal, or of a fixed width in a pipe so that the text is always the same."""
    return Console(width=None if sys.stdout.isatty() else PIPED_WIDTH, highlight=False)


@contextmanager
def working(title: str) -> Iterator[Callable[[str], None]]:
    """Show on a terminal's standard error what is going on; the function given takes the line to show."""
    console = Console(stderr=True)
    with console.status(title) as status:
        yield status.update


def show_verdicts(console: Console, verdicts: Sequence[Verdict]) -> None:
    """Print one row per verdict."""
    table = Table(show_lines=False)
    for column in ("property", "variant", "verdict", "expected", "method", "scope", "seconds", "depth"):
        table.add_column(column, overflow="fold", justify="right" if column in ("seconds", "depth") else "left")
    for v in verdicts:
        style = "" if is_fine(v) else "red" if v.decided else "yellow"
        verdict = v.verdict + (f" ({v.detail})" if v.detail else "")
        depth = "" if v.depth is None else str(v.depth)
        table.add_row(
            v.property.name, v.variant, verdict, v.property.expected, v.method, v.scope, f"{v.seconds:.2f}", depth, style=style
        )
    console.print(table)


def is_fine(v: Verdict) -> bool:
    """Whether ``v`` is what was expected and not for an empty reason."""
    return v.as_expected and not v.detail.startswith("vacuous")


def status_of(verdicts: Sequence[Verdict]) -> int:
    """1 if a decided verdict differs from what is expected or is vacuous, else 3 if one is not decided, else 0."""
    if any(v.decided and not is_fine(v) for v in verdicts):
        return EXIT_DIFFERS
    return EXIT_AS_EXPECTED if all(v.decided for v in verdicts) else EXIT_UNDETERMINED
