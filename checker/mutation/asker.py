"""What an engine says of scenarios, each run once: outcomes, what is stuck or lost, which accesses meet without a lock.

The engine keeps its last search, and all that may be asked of that search is asked at once, while it is there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from checker.errors import LimitError, OutsideModelError
from checker.scenario.program import Engine, Outcomes, Scenario, Stuck
from checker.scenario.vocabulary import SERIAL

Kept = dict[str, Any]

NO_OUTCOMES = (LimitError, OutsideModelError)
"""What a mutant may do instead of having outcomes: not end, or do what no program of the model can go on with."""


class Asker:
    """An engine that runs each scenario once, and remembers the answers.

    ``looks`` says of which scenarios, given their outcomes, to find out what is stuck and what meets, without being asked.
    """

    def __init__(self, engine: Engine, looks: Callable[[Outcomes], bool]) -> None:
        self.engine = engine
        self.looks = looks
        self.known: list[tuple[Scenario, Kept]] = []

    def __call__(self, scenario: Scenario) -> Outcomes:
        kept = self._of(scenario)
        if "outcomes" not in kept:
            kept["outcomes"] = self._run(scenario, kept)
        found = kept["outcomes"]
        if isinstance(found, NO_OUTCOMES):
            raise found
        assert isinstance(found, Outcomes)
        return found

    def stuck(self, scenario: Scenario) -> Stuck:
        """Fair runs that never end, and what is lost at ends."""
        found: Stuck = self._more("stuck", scenario)
        return found

    def met(self, scenario: Scenario) -> frozenset[str]:
        """The accesses that meet without a lock in common."""
        found: frozenset[str] = self._more("met", scenario)
        return found

    def conflicts(self, scenario: Scenario) -> tuple[str, ...]:
        """The fields where the order of two accesses decides about the outcome."""
        found: tuple[str, ...] = self._more("conflicts", scenario)
        return found

    def _run(self, scenario: Scenario, kept: Kept) -> Outcomes | LimitError | OutsideModelError:
        try:
            found = self.engine(scenario)
        except NO_OUTCOMES as problem:
            return problem
        if scenario.machine != SERIAL and self.looks(found):
            for question in ("stuck", "met"):
                kept[question] = getattr(self.engine, question)(scenario)
        return found

    def _more(self, question: str, scenario: Scenario) -> Any:
        self(scenario)
        kept = self._of(scenario)
        if question not in kept:
            kept[question] = getattr(self.engine, question)(scenario)
        return kept[question]

    def _of(self, scenario: Scenario) -> Kept:
        for asked, kept in self.known:
            if asked == scenario:
                return kept
        self.known.append((scenario, {}))
        return self.known[-1][1]
