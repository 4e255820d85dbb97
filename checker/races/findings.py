"""Findings: non-serial outcomes of many cells that have one root cause, ranked, each with a stable number.

The root cause of an outcome is where it was decided: the functions of the two steps whose order left no sequential outcome.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from checker.races.result import Cell, Conflict, Finding, Row, Verdict
from checker.scenario.program import Scenario, Step


@dataclass(frozen=True)
class _Case:
    """One outcome of one cell, and what decided it."""

    cell: Cell
    row: Row
    cause: Conflict

    @property
    def gravity(self) -> int:
        """3 for a call that waits for ever or a fault, 2 if the results of the calls show it, 1 if only probes do."""
        if self.row.faults or (self.cell.verdict is Verdict.STUCK and self.row.waits):
            return 3
        return 2 if self.row.by_results else 1

    @property
    def preference(self) -> tuple[object, ...]:
        """What makes a good example: grave, short, an access in common, and always the same."""
        return -self.gravity, len(self.cause.schedule), self.cause.field == "", self.cell.key, str(self.row)


def functions(cause: Conflict) -> tuple[str, str]:
    """The functions whose steps decide, in alphabetical order."""
    one, other = sorted((cause.first.function, cause.second.function))
    return one, other


def slug_of(pair: tuple[str, str]) -> str:
    """The name of a finding in files and links.

    >>> slug_of(("udp_connect", "udp_disconnect"))
    'udp-connect-and-udp-disconnect'
    """
    one, other = (re.sub(r"\(.*|[^a-z0-9]+", "-", name.lower()).strip("-") for name in pair)
    return f"{one}-twice" if one == other else f"{one}-and-{other}"


def find(cells: Sequence[Cell], scenario: Callable[[Cell], Scenario], numbers: Mapping[str, int]) -> list[Finding]:
    """The findings in ``cells``, gravest first.

    ``scenario`` rebuilds the program of a cell; ``numbers`` are those given before, by slug; new ones follow.
    """
    groups: dict[tuple[str, str], list[_Case]] = {}
    for cell in cells:
        for row, cause in zip(cell.nonserial, cell.causes, strict=True):
            groups.setdefault(functions(cause), []).append(_Case(cell, row, cause))
    ranked = sorted(groups.items(), key=lambda group: (*_rank(group[1]), group[0]))
    given = dict(numbers)
    for pair, _ in ranked:
        given.setdefault(slug_of(pair), max(given.values(), default=0) + 1)
    return [_finding(given[slug_of(pair)], pair, cases, scenario) for pair, cases in ranked]


def _rank(cases: Sequence[_Case]) -> tuple[int, int]:
    return -max(c.gravity for c in cases), -len({c.cell.key for c in cases})


def _finding(number: int, pair: tuple[str, str], cases: list[_Case], scenario: Callable[[Cell], Scenario]) -> Finding:
    cases = sorted(cases, key=lambda c: c.preference)
    best = cases[0]
    fields = Counter(c.cause.field for c in cases if c.cause.field)
    what = f" on {', '.join(name for name, _ in fields.most_common(3))}" if fields else ""
    who = f"{pair[0]} against itself" if pair[0] == pair[1] else f"{pair[0]} against {pair[1]}"
    cells = tuple({c.cell.key: c.cell for c in cases}.values())
    return Finding(
        number,
        slug_of(pair),
        f"{who}{what}",
        cells,
        best.cause if best.cause.field else None,
        _rule(best),
        scenario(best.cell),
        best.row,
        schedule_of(best.cell, best.row),
        tuple(sorted({c.cell.machine for c in cases})),
    )


def schedule_of(cell: Cell, row: Row) -> tuple[Step, ...]:
    """The shortest schedule of a cell if ``row`` is its first outcome, else the way to where ``row`` was decided."""
    number = cell.nonserial.index(row)
    return cell.schedule if number == 0 else cell.causes[number].schedule


def _rule(best: _Case) -> str:
    """What is broken, in words."""
    if best.gravity == 3:
        seen = f"fault: {best.row.faults[0]}" if best.row.faults else f"{' and '.join(best.row.waits)} waits for ever"
        return f"{seen}, which happens in no sequential order"
    if best.gravity == 2:
        return "no sequential order of the calls gives these results"
    return "no sequential order of the calls leaves the socket like this"
