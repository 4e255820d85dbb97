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
from checker.scenario.explore import MAX_STATES, explore
from checker.scenario.heap import Memory
from checker.scenario.outcomes import Subject
from checker.scenario.program import Engine, Outcomes, Scenario
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


def scenario_graphs(overrides: Mapping[str, Callable[..., Any]] | None = None) -> tuple[Model, tuple[Graph, ...]]:
    """The graphs scenarios run on, of the model patched by ``overrides``."""
    return _compiled(tuple(sorted((overrides or {}).items())))


def _program(model: Model, graphs: tuple[Graph, ...]) -> Program:
    return Program(graphs, classify(model, list(graphs), set(), reduce=True))


def outcome_subjects(overrides: Mapping[str, Callable[..., Any]] | None = None) -> dict[str, Subject]:
    """The subjects of outcome tables, by type, on the model patched by ``overrides``."""
    model, graphs = scenario_graphs(overrides)
    return dict(sockets(model, _program(model, graphs)))


def scenario_engine(overrides: Mapping[str, Callable[..., Any]] | None = None) -> Engine:
    """An engine for scenarios, on the model patched by ``overrides``."""
    return graph_engine(*scenario_graphs(overrides))


def graph_engine(
    model: Model, graphs: tuple[Graph, ...], *, machine: type[Machine] = Machine, max_states: int = MAX_STATES
) -> Engine:
    """An engine for scenarios on some graphs of the model, on a kind of machine, up to a number of states."""
    program = _program(model, graphs)

    def run(scenario: Scenario) -> Outcomes:
        whole = expand(scenario)
        world = World(whole)
        memory = Memory(model, world.instance(model))
        runs_on = machine(memory, program, sleep_points=scenario.machine == "up")
        found = explore(whole, memory, runs_on, Calls(memory, world), max_states=max_states)
        return fold(scenario, found)

    return run
