"""What became of the harmful cells: a line for a terminal, a page with every false alarm."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from checker.alarms.count import Alarm, Standing
from checker.report.mdtable import markdown_table


def summary(alarms: Sequence[Alarm]) -> str:
    """The count in one line."""
    refuted = Counter(a.standing for a in alarms if a.false)
    told = "; ".join(f"{number}: {standing}" for standing, number in sorted(refuted.items()))
    false = f"{refuted.total()} false{f' ({told})' if told else ''}"
    return f"{len(alarms)} harmful cells looked at again: {len(alarms) - refuted.total()} confirmed, {false}"


def alarm_lines(alarms: Sequence[Alarm]) -> list[str]:
    """A line for each false alarm."""
    return [f"{a.cell}: {a.standing}{f' ({a.why})' if a.why else ''}: {a.outcome}" for a in alarms if a.false]


def alarm_page(alarms: Sequence[Alarm]) -> str:
    """``docs/false-alarms.md``."""
    lines = [
        "# False alarms of the race matrix",
        "",
        f"{summary(alarms)}.",
        "",
        "Written by `sockproof races --replay --write`; do not edit. Each cell that [the matrix](races.md) calls harmful or",
        "stuck is looked at again, as [method.md](method.md#false-alarms) says: its schedule is run node by node on a machine",
        "without the reduction, the sequential orders are enumerated without it, and where the schedule goes through a function",
        "of which `spec/variants` has a closer reading of C, the cell is searched with that.",
        "",
        "An abstraction that has no closer reading there ([fidelity.md](fidelity.md) lists all abstractions) is not tried: an",
        "outcome that exists only because of such a one counts as confirmed. Confirmed means: so in the model.",
        "",
    ]
    if not any(a.false for a in alarms):
        return "\n".join([*lines, "No alarm is false."]) + "\n"
    rows = [(a.cell.replace("|", "/"), str(a.outcome), str(a.standing), a.why) for a in alarms if a.false]
    return "\n".join([*lines, *markdown_table(("cell", "outcome", "why it is false", "shown by"), rows)]) + "\n"


def is_explained(alarm: Alarm) -> bool:
    """Whether a cell is as it should be: confirmed, or false because of an abstraction that is written down."""
    return alarm.standing in (Standing.CONFIRMED, Standing.ABSTRACTION)
