"""Running one scenario of a file: its outcomes, compared with sequential orders if a question needs it, and the answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from checker.errors import OutsideModelError
from checker.races.nonserial import nonserial
from checker.races.stuck import require_fair
from checker.scenario.load import Case
from checker.scenario.names import CONFLICT
from checker.scenario.program import Engine, Outcomes, Scenario
from checker.scenario.question import Answer, judge


def outcomes_of(case: Case, engine: Engine) -> Outcomes:
    """Every outcome of a scenario, with what questions ask besides.

    ``nonserial`` in its results says whether no sequential order gives it, ``conflict`` names fields with conflicting accesses.
    Raises what ``engine`` raises, and UsageError for ``eventually`` on a machine where it means nothing.
    """
    if case.serial:
        compared = nonserial(case.scenario, engine)
        strange = set(map(id, compared.nonserial))
        told = [("yes" if id(row) in strange else "no",) for row in compared.found.rows]
        found = _with(replace(compared.found, complete=compared.complete), "nonserial", told)
    else:
        found = engine(case.scenario)
    kinds = {question.kind for question in case.questions}
    if "eventually" in kinds:
        require_fair(case.scenario, case.place)
    if kinds & {"eventually", "lost"}:
        found = replace(found, stuck=_method(engine, "stuck", "eventually and lost")(case.scenario))
    if not case.conflicts:
        return found
    conflicts = _method(engine, "conflicts", "conflict")(case.scenario)
    return _with(found, CONFLICT, [conflicts] * len(found.rows))


def _method(engine: Engine, name: str, asked: str) -> Callable[[Scenario], Any]:
    """What an engine may know besides outcomes."""
    method: Callable[[Scenario], Any] | None = getattr(engine, name, None)
    if method is None:
        raise OutsideModelError("outside-model", f"this specification has no answer to {asked}", f"leave {asked} out")
    return method


def _with(found: Outcomes, key: str, values: Sequence[tuple[str, ...]]) -> Outcomes:
    rows = (replace(row, results={**row.results, key: value}) for row, value in zip(found.rows, values, strict=True))
    return replace(found, rows=tuple(rows))


def run_case(case: Case, engine: Engine) -> tuple[Outcomes, list[Answer]]:
    """The outcomes of a scenario and the answers to its questions.  Raises what ``engine`` raises."""
    found = outcomes_of(case, engine)
    return found, [judge(question, found) for question in case.questions]
