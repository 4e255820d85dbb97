"""Findings: non-serial outcomes of many cells that have one root cause, ranked, each with a stable number.

The root cause of an outcome is where it was decided: the functions of the two steps whose order left no sequential outcome; of
a lost wake-up it is the function that waits.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from checker.races.result import Cell, Conflict, Finding, Lost, Row, Verdict
from checker.scenario.program import Scenario, Step


@dataclass(frozen=True)
class _Case:
    """One outcome of one cell, and what decided it: two accesses, or that nobody woke who waits."""

    cell: Cell
    row: Row
    why: Conflict | Lost

    @property
    def group(self) -> tuple[str, ...]:
        """What makes it the same root cause as another one."""
        return functions(self.why)

    @property
    def field(self) -> str:
        """What the two accesses have in common."""
        return self.why.field if isinstance(self.why, Conflict) else ""

    @property
    def gravity(self) -> int:
        """3 for a call that waits for ever or a fault, 2 if the results of the calls show it, 1 if only probes do."""
        if isinstance(self.why, Lost) or self.row.faults or (self.cell.verdict is Verdict.STUCK and self.row.waits):
            return 3
        return 2 if self.row.by_results else 1

    @property
    def preference(self) -> tuple[object, ...]:
        """What makes a good example: grave, short, an access in common, and always the same."""
        return -self.gravity, len(self.why.schedule), self.field == "", self.cell.key, str(self.row)

    @property
    def schedule(self) -> tuple[Step, ...]:
        """The shortest one that ends with the outcome, or leads to where the outcome was decided."""
        first = isinstance(self.why, Conflict) and self.cell.nonserial[0] == self.row
        return self.cell.schedule if first else self.why.schedule


def functions(why: Conflict | Lost) -> tuple[str, ...]:
    """The functions whose steps decide, in alphabetical order; of a lost wake-up, the one that waits."""
    if isinstance(why, Lost):
        return (why.function,)
    return tuple(sorted((why.first.function, why.second.function)))


def slug_of(names: tuple[str, ...]) -> str:
    """The name of a root cause in files and links.

    >>> slug_of(("udp_connect", "udp_disconnect"))
    'udp-connect-and-udp-disconnect'
    >>> slug_of(("wait_for_connect",))
    'lost-wake-up-in-wait-for-connect'
    """
    short = [re.sub(r"\(.*|[^a-z0-9]+", "-", name.lower()).strip("-") for name in names]
    if len(short) == 1:
        return f"lost-wake-up-in-{short[0]}"
    return f"{short[0]}-twice" if short[0] == short[1] else "-and-".join(short)


def find(cells: Sequence[Cell], scenario: Callable[[Cell], Scenario], numbers: Mapping[str, int]) -> list[Finding]:
    """The findings in ``cells``, gravest first.

    ``scenario`` rebuilds the program of a cell; ``numbers`` are those of the pages causes are on, by slug; new ones follow.
    """
    groups: dict[tuple[str, ...], list[_Case]] = {}
    for cell in cells:
        mine = [_Case(cell, row, why) for row, why in zip(cell.nonserial, cell.causes, strict=True)]
        for case in (*mine, *(_Case(cell, lost.row, lost) for lost in cell.lost)):
            groups.setdefault(case.group, []).append(case)
    ranked = sorted(groups.items(), key=lambda group: (*_rank(group[1]), group[0]))
    given = dict(numbers)
    for names, _ in ranked:
        given.setdefault(slug_of(names), max(given.values(), default=0) + 1)
    return [_finding(given[slug_of(names)], names, cases, scenario) for names, cases in ranked]


def _rank(cases: Sequence[_Case]) -> tuple[int, int]:
    return -max(c.gravity for c in cases), -len({c.cell.key for c in cases})


def _finding(number: int, names: tuple[str, ...], cases: list[_Case], scenario: Callable[[Cell], Scenario]) -> Finding:
    cases = sorted(cases, key=lambda c: c.preference)
    best = cases[0]
    cells = tuple({c.cell.key: c.cell for c in cases}.values())
    return Finding(
        number,
        slug_of(names),
        _title(names, cases),
        cells,
        best.why if isinstance(best.why, Conflict) and best.field else None,
        _rule(best),
        scenario(best.cell),
        best.row,
        best.schedule,
        tuple(sorted({c.cell.machine for c in cases})),
    )


def _title(names: tuple[str, ...], cases: Sequence[_Case]) -> str:
    if len(names) == 1:
        return f"lost wake-up in {names[0]}"
    fields = Counter(c.field for c in cases if c.field)
    what = f" on {', '.join(name for name, _ in fields.most_common(3))}" if fields else ""
    return f"{names[0]} against {'itself' if names[0] == names[1] else names[1]}{what}"


def _rule(best: _Case) -> str:
    """What is broken, in words."""
    if isinstance(best.why, Lost):
        return best.why.told
    if best.gravity == 3:
        seen = f"fault: {best.row.faults[0]}" if best.row.faults else f"{' and '.join(best.row.waits)} waits for ever"
        return f"{seen}, which happens in no sequential order"
    if best.gravity == 2:
        return "no sequential order of the calls gives these results"
    return "no sequential order of the calls leaves the socket like this"
