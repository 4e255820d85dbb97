"""Running one scenario of a file: its outcomes, compared with sequential orders if a question needs it, and the answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from checker.errors import UsageError
from checker.races.nonserial import nonserial
from checker.scenario.load import Case
from checker.scenario.names import CONFLICT
from checker.scenario.program import Engine, Outcomes
from checker.scenario.question import Answer, judge


def outcomes_of(case: Case, engine: Engine) -> Outcomes:
    """Every outcome of a scenario, with what questions ask besides.

    ``nonserial`` in its results says whether no sequential order gives it, ``conflict`` names fields with conflicting accesses.
    Raises what ``engine`` raises.
    """
    if case.serial:
        compared = nonserial(case.scenario, engine)
        strange = set(map(id, compared.nonserial))
        told = [("yes" if id(row) in strange else "no",) for row in compared.found.rows]
        found = _with(replace(compared.found, complete=compared.complete), "nonserial", told)
    else:
        found = engine(case.scenario)
    if not case.conflicts:
        return found
    watch = getattr(engine, "conflicts", None)
    if watch is None:
        raise UsageError("outside-model", "this specification cannot tell conflicting accesses", "leave conflict out")
    return _with(found, CONFLICT, [watch(case.scenario)] * len(found.rows))


def _with(found: Outcomes, key: str, values: Sequence[tuple[str, ...]]) -> Outcomes:
    rows = (replace(row, results={**row.results, key: value}) for row, value in zip(found.rows, values, strict=True))
    return replace(found, rows=tuple(rows))


def run_case(case: Case, engine: Engine) -> tuple[Outcomes, list[Answer]]:
    """The outcomes of a scenario and the answers to its questions.  Raises what ``engine`` raises."""
    found = outcomes_of(case, engine)
    return found, [judge(question, found) for question in case.questions]
