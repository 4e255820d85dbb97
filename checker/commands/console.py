"""What commands print with: standard output, progress while working, and the exit status verdicts amount to."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from checker.errors import EXIT_AS_EXPECTED, EXIT_DIFFERS, EXIT_UNDETERMINED
from checker.verdict import Verdict

PIPED_WIDTH = 160
VACUOUS = "vacuous"
STALE = "certificate"


def out_console() -> Console:
    """Standard output; as wide as the terminal, or of a fixed width in a pipe so that the text is always the same."""
    return Console(width=None if sys.stdout.isatty() else PIPED_WIDTH, highlight=False)


@contextmanager
def working(title: str) -> Iterator[Callable[[str], None]]:
    """Show on a terminal's standard error what is going on; the function given takes the line to show."""
    console = Console(stderr=True)
    with console.status(title) as status:
        yield status.update


@contextmanager
def counting(title: str, total: int) -> Iterator[Callable[[int, str], None]]:
    """A bar on a terminal's standard error; the function given takes how many of ``total`` are done, and the last one's name."""
    columns = (
        TextColumn(title),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.description}"),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("", total=total)
        yield lambda done, name: bar.update(task, completed=done, description=name)


def is_fine(v: Verdict) -> bool:
    """Whether ``v`` is what was expected, not for an empty reason, and the certificate committed for it is the right one."""
    return v.as_expected and not v.detail.startswith((VACUOUS, STALE))


def status_of(verdicts: Sequence[Verdict]) -> int:
    """1 if a decided verdict is not as expected, vacuous or certified otherwise, else 3 if a question is open, else 0.

    A search that was bounded on purpose and found nothing decides nothing; another engine must.
    """
    if any(v.decided and not is_fine(v) for v in verdicts):
        return EXIT_DIFFERS
    open_questions = {v.question for v in verdicts} - {v.question for v in verdicts if v.decided}
    gave_up = any(v.verdict == "unknown" for v in verdicts)
    return EXIT_UNDETERMINED if open_questions or gave_up else EXIT_AS_EXPECTED
