"""What is asked of a mutant with scenarios: whether they come out as stated, and what races engines find in them.

Each question compares the mutant with the plain model and says in a few words how they differ, or nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

from checker.mutation.asker import NO_OUTCOMES, Asker
from checker.mutation.operators import Spot
from checker.races.nonserial import nonserial
from checker.races.stuck import is_fair
from checker.scenario.conform import AGREED, conform_case
from checker.scenario.load import Case
from checker.scenario.program import Engine, Outcomes, Scenario
from checker.scenario.run import run_case

Row = tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True)
class Test:
    """One scenario that the plain model passes: what it visits, how large it is, and what is found in it there.

    ``column`` names the recorded results to compare with; without one the questions of the file are asked.  ``races`` are
    outcomes that no sequential order gives, ``lost`` what is stuck or lost, ``met`` the accesses that meet without a lock in
    common; None is what is not asked of this scenario.  ``mark`` is another one if the scenario is changed.
    """

    case: Case
    column: str
    visits: frozenset[Spot]
    states: int
    races: frozenset[Row] | None = None
    lost: frozenset[str] | None = None
    met: frozenset[str] | None = None
    faults: frozenset[str] = frozenset()
    mark: str = ""

    @property
    def name(self) -> str:
        """How people find the scenario."""
        return self.case.scenario.id


def case_mark(case: Case, column: str) -> str:
    """A hash of what a scenario runs and asks."""
    asked = [(q.kind, q.text, q.wanted, [r.text for r in q.rows], sorted(q.expects.items())) for q in case.questions]
    return sha256(repr((case.scenario, column, asked, case.columns.get(column))).encode()).hexdigest()[:12]


def differs(case: Case, column: str, engine: Engine) -> str:
    """How an engine's outcomes of a scenario differ from what is expected; empty if they do not."""
    if column:
        found = conform_case(case, column, engine)
        return "" if found.standing == AGREED else (*found.details, found.standing)[0]
    try:
        _, answers = run_case(case, engine)
    except NO_OUTCOMES as problem:
        return f"no outcomes ({problem.code})"
    for question, answer in zip(case.questions, answers, strict=True):
        if answer.as_expected is not True:
            return " ".join((f"{question.kind}: {answer.verdict}", *answer.details[:1]))
    return ""


def faults(outcomes: Outcomes) -> frozenset[str]:
    """What goes wrong in some outcome: soft assertions that fail, memory used after it was freed."""
    return frozenset(fault for row in outcomes.rows for fault in row.results.get("faults", ()))


def notices(test: Test, engine: Engine) -> str:
    """How a mutant differs from what a scenario states, or which fault it has that the plain model has not."""
    how = differs(test.case, test.column, engine)
    if how:
        return how
    new = sorted(faults(engine(test.case.scenario)) - test.faults)
    return f"fault: {new[0]}" if new else ""


# -- races -----------------------------------------------------------------------------------------------------------------


def race_outcomes(scenario: Scenario, engine: Engine) -> frozenset[Row]:
    """Outcomes that no sequential order of the calls gives, and all that have a fault."""
    compared = nonserial(scenario, engine)
    faulty = [row for row in compared.found.rows if row.results.get("faults")]
    return frozenset(tuple(sorted(row.results.items())) for row in (*compared.nonserial, *faulty))


def race_difference(test: Test, engine: Engine) -> str:
    """How the race outcomes of a concurrent scenario differ from the plain model's."""
    if test.races is None:
        return ""
    try:
        found = race_outcomes(test.case.scenario, engine)
    except NO_OUTCOMES as problem:
        return f"no outcomes ({problem.code})"
    new, gone = sorted(found - test.races), sorted(test.races - found)
    if new:
        return f"new: {_shown(new[0])}"
    return f"gone: {_shown(gone[0])}" if gone else ""


def lost_in(scenario: Scenario, asker: Asker) -> frozenset[str]:
    """What is lost at ends of a scenario, and whether a fair run never ends, where that means something."""
    found = asker.stuck(scenario)
    endless = found.endless is not None and is_fair(scenario)
    return frozenset((*found.lost, *(("a fair run never ends",) if endless else ())))


def lost_difference(test: Test, asker: Asker) -> str:
    """What is stuck or lost in a scenario, but not in the plain model."""
    return _new(test.lost, lambda: lost_in(test.case.scenario, asker))


def met_difference(test: Test, asker: Asker) -> str:
    """Which accesses meet without a lock in common, but not in the plain model."""
    return _new(test.met, lambda: asker.met(test.case.scenario))


def _new(known: frozenset[str] | None, find: Callable[[], frozenset[str]]) -> str:
    if known is None:
        return ""
    try:
        new = sorted(find() - known)
    except NO_OUTCOMES as problem:
        return f"no outcomes ({problem.code})"
    return f"new: {new[0]}" if new else ""


def _shown(row: Row) -> str:
    return ", ".join(f"{name}={' '.join(values)}" for name, values in row if name != "setup" and values)
