"""What a scenario runs when its programs use what was freed: the same code, with nothing joined that touches such objects."""

from __future__ import annotations

from checker.language.lifetimes import Freed
from checker.language.model import Model
from checker.language.movers import classify
from checker.scenario.program import Outcomes
from checker.scenario.steps import DOUBLE_FREE, USE_AFTER_FREE, Program


def careful(model: Model, program: Program) -> Program:
    """The same code where nothing moves that touches what may be freed."""
    return Program(program.graphs, classify(model, list(program.graphs), set(), reduce=True, freed=Freed.ANYBODY))


def used_freed(outcomes: Outcomes) -> bool:
    """Whether some run used what was freed."""
    faults = (fault for row in outcomes.rows for fault in row.results.get("faults", ()))
    return any(fault.startswith((USE_AFTER_FREE, DOUBLE_FREE)) for fault in faults)
