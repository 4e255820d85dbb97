"""What a variant changes, as tables and lines: transitions, verdicts, outcomes of scenarios."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table
from rich.text import Text

from checker.report.transition_diff import Difference
from checker.report.transitions import TransitionRow
from checker.scenario.expect import one_form
from checker.scenario.program import Outcome, Scenario
from checker.system import Property

KINDS = ("added", "removed", "changed")
SAME = "same"
BROKEN = "newly broken"
UNDECIDED = "undecided"
COLORS = {"fixed": "green", "still there": "yellow", BROKEN: "bold red", UNDECIDED: "yellow"}


@dataclass(frozen=True)
class Judged:
    """The verdicts on one property in the plain model and in the variant, as in Verdict."""

    asked: Property
    before: str
    after: str

    @property
    def change(self) -> str:
        """``fixed``, ``still there``, ``newly broken`` or ``same``; ``now reachable`` or not; ``undecided``."""
        if "unknown" in (self.before, self.after):
            return UNDECIDED
        if self.asked.kind == "sometimes":
            return SAME if self.before == self.after else f"now {self.after}"
        if self.before == self.after:
            return "still there" if self.after == "violated" else SAME
        return BROKEN if self.after == "violated" else "fixed"


@dataclass(frozen=True)
class Moved:
    """A scenario whose outcomes are not those of the plain model: the ones that are gone, and the new ones."""

    scenario: Scenario
    gone: tuple[Outcome, ...]
    new: tuple[Outcome, ...]


def print_transitions(found: Sequence[Difference], console: Console) -> None:
    """How many transitions of each function differ, then each of them: ``-`` the plain model's parts, ``+`` the variant's."""
    counts = Counter((d.function, d.kind) for d in found)
    functions = list(dict.fromkeys(d.function for d in found))
    console.print(f"transitions: {_counted(Counter(d.kind for d in found))}", style="bold")
    if not functions:
        return
    table = Table(header_style="bold")
    table.add_column("function")
    for kind in KINDS:
        table.add_column(kind, justify="right")
    for function in functions:
        table.add_row(Text(function), *(str(counts[function, kind] or "") for kind in KINDS))
    console.print(table)
    for difference in found:
        for text in difference_lines(difference):
            style = {"-": "red", "+": "green"}.get(text[2:3], "")
            console.print(text, style=style, markup=False, soft_wrap=True)


def _counted(counts: Counter[str]) -> str:
    return ", ".join(f"{counts[kind]} {kind}" for kind in KINDS if counts[kind]) or "the same"


def difference_lines(difference: Difference) -> list[str]:
    """A heading, then the parts of the transition: those in both for orientation, the others marked."""
    before, after = difference.before, difference.after
    row = before or after
    assert row is not None
    lines = [f"{difference.kind}  {row.source}   {row.statement}".rstrip()]
    old, new = _parts(before), _parts(after)
    mark = {(True, True): " ", (True, False): "-", (False, True): "+"}
    for label, text in dict.fromkeys((*old, *new)):
        lines.append(f"  {mark[(label, text) in old, (label, text) in new]} {label:4}  {text}")
    order = ("when", "do", "goto")
    return [lines[0], *sorted(lines[1:], key=lambda line: order.index(line[4:8].strip()))]


def _parts(row: TransitionRow | None) -> list[tuple[str, str]]:
    if row is None:
        return []
    return [*(("when", g) for g in row.guard), *(("do", u) for u in row.updates), ("goto", row.target)]


def print_judged(found: Sequence[Judged], title: str, console: Console) -> None:
    """Every property whose verdict is worth a line; how many are the same."""
    if found and all(j.change == UNDECIDED for j in found):
        undecided = "undecided, the search ran out of states or memory: give smaller sizes or a larger --max-states"
        console.print(f"verdicts, {title}: {undecided}", style="bold", soft_wrap=True)
        return
    same = sum(j.change == SAME for j in found)
    console.print(f"verdicts, {title}: {same} of {len(found)} properties the same", style="bold")
    told = [j for j in found if j.change != SAME]
    if not told:
        return
    table = Table(header_style="bold")
    for head in ("property", "plain", "variant", ""):
        table.add_column(head)
    for j in told:
        table.add_row(Text(j.asked.name), j.before, j.after, Text(j.change, COLORS.get(j.change, "")))
    console.print(table)


def print_moved(found: Sequence[Moved], compared: int, left_out: Sequence[str], console: Console) -> None:
    """The scenarios that come out differently, with the outcomes that are gone and those that are new."""
    console.print(f"scenarios: {len(found)} of {compared} come out differently", style="bold")
    for moved in found:
        title = f": {moved.scenario.title}" if moved.scenario.title else ""
        console.print(f"{moved.scenario.id}{title} ({moved.scenario.machine})", markup=False, soft_wrap=True)
        for sign, word, outcomes in (("-", "gone", moved.gone), ("+", "new ", moved.new)):
            for outcome in outcomes:
                style = "red" if sign == "-" else "green"
                console.print(f"  {sign} {word}  {outcome_text(outcome)}", style=style, markup=False, soft_wrap=True)
    if left_out:
        console.print(f"left out, too large or outside the model: {', '.join(left_out)}", markup=False, soft_wrap=True)


def outcome_text(outcome: Outcome) -> str:
    """``A: 0, EINVAL; B: 0``: the results after the setup."""
    results = ((name, given) for name, given in outcome.results.items() if given and name != "setup")
    return "; ".join(f"{name}: {', '.join(one_form(r) for r in given)}" for name, given in results) or "the setup only"
