"""What runs ``sockproof scenario``, ``conform`` and ``outcomes``: the graphs of the model, compiled once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from checker.language import terms
from checker.language.declare import Kind
from checker.language.graph import Graph
from checker.language.lower import lower
from checker.language.model import Model, load
from checker.language.movers import classify
from checker.scenario.heap import Memory
from checker.scenario.outcomes import Subject
from checker.scenario.program import Engine, Outcomes, Scenario
from checker.scenario.serial import explore
from checker.scenario.steps import Machine, Program
from spec.scenarios.calls import Calls
from spec.scenarios.expand import expand, fold
from spec.scenarios.outcomes import sockets
from spec.scenarios.world import World


@lru_cache(maxsize=4)
def _compiled(overrides: tuple[tuple[str, Callable[..., Any]], ...]) -> tuple[Model, tuple[Graph, ...]]:
    import spec

    model = load(spec.MODEL_NAME, spec.modules(), dict(overrides))
    process = terms.var("self", model.thread)
    return model, tuple(lower(model, root, process) for root in model.of_kind(Kind.SYSCALL, Kind.SOFTIRQ))


def _program(overrides: Mapping[str, Callable[..., Any]] | None) -> tuple[Model, Program]:
    model, graphs = _compiled(tuple(sorted((overrides or {}).items())))
    return model, Program(graphs, classify(model, list(graphs), set(), reduce=True))


def outcome_subjects(overrides: Mapping[str, Callable[..., Any]] | None = None) -> dict[str, Subject]:
    """The subjects of outcome tables, by type, on the model patched by ``overrides``."""
    return dict(sockets(*_program(overrides)))


def scenario_engine(overrides: Mapping[str, Callable[..., Any]] | None = None) -> Engine:
    """An engine for scenarios, on the model patched by ``overrides``."""
    model, program = _program(overrides)

    def run(scenario: Scenario) -> Outcomes:
        whole = expand(scenario)
        world = World(whole)
        memory = Memory(model, world.instance(model))
        machine = Machine(memory, program, sleep_points=scenario.machine == "up")
        found = explore(whole, machine, Calls(memory, world))
        return fold(scenario, found)

    return run
