"""Running one scenario of a file: its outcomes, compared with sequential orders if a question needs it, and the answers."""

from __future__ import annotations

from dataclasses import replace

from checker.races.nonserial import nonserial
from checker.scenario.load import Case
from checker.scenario.program import Engine, Outcome, Outcomes
from checker.scenario.question import Answer, judge


def outcomes_of(case: Case, engine: Engine) -> Outcomes:
    """Every outcome of a scenario; ``nonserial`` in its results says whether no sequential order gives it, if that is asked.

    Raises what ``engine`` raises.
    """
    if not case.serial:
        return engine(case.scenario)
    compared = nonserial(case.scenario, engine)
    strange = set(map(id, compared.nonserial))

    def told(row: Outcome) -> Outcome:
        return replace(row, results={**row.results, "nonserial": ("yes" if id(row) in strange else "no",)})

    return replace(compared.found, rows=tuple(map(told, compared.found.rows)), complete=compared.complete)


def run_case(case: Case, engine: Engine) -> tuple[Outcomes, list[Answer]]:
    """The outcomes of a scenario and the answers to its questions.  Raises what ``engine`` raises."""
    found = outcomes_of(case, engine)
    return found, [judge(question, found) for question in case.questions]
