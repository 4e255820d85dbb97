"""The code a scenario runs in joined steps; in shorter ones if its programs use what was freed."""

from __future__ import annotations

from collections.abc import Sequence

from checker.language.graph import Graph
from checker.language.lifetimes import Freed
from checker.language.model import Model
from checker.language.movers import classify
from checker.scenario.program import Outcomes
from checker.scenario.steps import DOUBLE_FREE, USE_AFTER_FREE, Program


def prepared(model: Model, graphs: Sequence[Graph], freed: Freed = Freed.ASKED) -> Program:
    """The code of ``graphs`` in joined steps; ``freed`` says who may use an object when it is freed: what runs are to show."""
    return Program(tuple(graphs), classify(model, list(graphs), set(), reduce=True, freed=freed))


def used_freed(outcomes: Outcomes) -> bool:
    """Whether some run used what was freed."""
    faults = (fault for row in outcomes.rows for fault in row.results.get("faults", ()))
    return any(fault.startswith((USE_AFTER_FREE, DOUBLE_FREE)) for fault in faults)
