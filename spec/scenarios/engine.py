"""What runs ``sockproof scenario``, ``conform`` and ``outcomes``: the graphs of the model, compiled once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache, lru_cache
from typing import Any

from checker.language import terms
from checker.language.declare import Kind
from checker.language.graph import Graph
from checker.language.lifetimes import Freed
from checker.language.lower import lower
from checker.language.model import Model, load
from checker.races.access import Watching
from checker.races.conflicts import conflicts, met
from checker.races.reach import Results, reach
from checker.races.result import Conflict, Verdict
from checker.races.roots import Decided, decided, executed
from checker.races.stuck import stuck
from checker.scenario.explore import MAX_STATES, Search
from checker.scenario.freed import prepared, used_freed
from checker.scenario.heap import Memory
from checker.scenario.outcomes import Subject
from checker.scenario.program import Engine, Outcomes, Scenario, Stuck
from checker.scenario.serial import search_kind
from checker.scenario.steps import Machine, Program
from checker.scenario.vocabulary import SERIAL
from spec.scenarios.calls import Calls
from spec.scenarios.empty_range import empty_range
from spec.scenarios.expand import expand, fold, folded
from spec.scenarios.outcomes import sockets
from spec.scenarios.prequeue import prequeue
from spec.scenarios.races import Sockets
from spec.scenarios.unused import DATAGRAM_EVENTS, EVERYTHING, Used, unused
from spec.scenarios.world import World

Change = Callable[[Model, tuple[Graph, ...]], Sequence[Graph]]
"""Other graphs in place of those of a model: how mutants are made."""

Limit = int | Callable[[Scenario], int]
"""How many states a search may have, the same for all scenarios or for each its own."""


@lru_cache(maxsize=8)
def _lowered(overrides: tuple[tuple[str, Callable[..., Any]], ...], datagrams: bool) -> tuple[Model, tuple[Graph, ...]]:
    import spec

    model = load(spec.MODEL_NAME, spec.modules(), dict(overrides))
    process = terms.var("self", model.thread)
    roots = [r for r in model.of_kind(Kind.SYSCALL, Kind.SOFTIRQ) if datagrams or r.name not in DATAGRAM_EVENTS]
    return model, tuple(lower(model, root, process) for root in roots)


@lru_cache(maxsize=8)
def _compiled(overrides: tuple[tuple[str, Callable[..., Any]], ...], datagrams: bool) -> tuple[Model, Program]:
    model, graphs = _lowered(overrides, datagrams)
    return model, prepared(model, graphs)


def _patches(
    overrides: Mapping[str, Callable[..., Any]] | None, used: Used = EVERYTHING
) -> tuple[tuple[str, Callable[..., Any]], ...]:
    return tuple(
        sorted({**(overrides or {}), **unused(used), **empty_range(used=used.empty_range), **prequeue(used=used.readers)}.items())
    )


def _program(overrides: Mapping[str, Callable[..., Any]] | None, used: Used = EVERYTHING) -> tuple[Model, Program]:
    return _compiled(_patches(overrides, used), used.datagrams)


def scenario_graphs() -> tuple[Model, tuple[Graph, ...]]:
    """The graphs of all roots, with nothing left out."""
    return _lowered(_patches(None), True)


def outcome_subjects(overrides: Mapping[str, Callable[..., Any]] | None = None) -> dict[str, Subject]:
    """The subjects of outcome tables, by type, on the model patched by ``overrides``."""
    return dict(sockets(*_program(overrides)))


def race_subject(overrides: Mapping[str, Callable[..., Any]] | None = None) -> Sockets:
    """The race matrix of sockets, on the model patched by ``overrides``."""
    return Sockets(lambda datagrams: _program(overrides, Used(datagrams=datagrams, memberships=False)))


def scenario_engine(overrides: Mapping[str, Callable[..., Any]] | None = None, *, max_states: int = MAX_STATES) -> Engine:
    """An engine for scenarios, on the model patched by ``overrides``, up to a number of states."""

    def compiled(used: Used) -> tuple[Model, Program]:
        return _program(overrides, used)

    return Runner(compiled, max_states=max_states)


def changed_engine(
    change: Change, *, machine: type[Machine] = Machine, max_states: Limit = MAX_STATES, keep: bool = False
) -> Runner:
    """An engine for scenarios on changed graphs of the model, on a kind of machine, up to a number of states.

    With ``keep`` it keeps its last search, for those who ask more than one question of a scenario.
    """

    @cache
    def compiled(used: Used) -> tuple[Model, Program]:
        model, graphs = _lowered(_patches(None, used), used.datagrams)
        return model, prepared(model, tuple(change(model, graphs)))

    return Runner(compiled, machine, max_states, keep)


class Runner:
    """Runs scenarios, and finds the fields that two of their threads access at the same time without a lock in common.

    ``compiled`` gives the model and its program, for the parts that a scenario uses.
    """

    def __init__(
        self,
        compiled: Callable[[Used], tuple[Model, Program]],
        machine: type[Machine] = Machine,
        max_states: Limit = MAX_STATES,
        keep: bool = False,
    ) -> None:
        self.compiled = compiled
        self.machine = machine
        self.max_states = max_states
        self.keep = keep
        self.last: tuple[Scenario, type[Machine], Search] | None = None

    def __call__(self, scenario: Scenario) -> Outcomes:
        return fold(scenario, self._explored(scenario, self.machine)[1])

    def conflicts(self, scenario: Scenario) -> tuple[str, ...]:
        """``Sock.rcv_saddr`` and so on: those where the order of the two accesses decides about the outcome."""
        return tuple(sorted({c.field for c in self.clashes(scenario)}))

    def clashes(self, scenario: Scenario) -> tuple[Conflict, ...]:
        """The accesses behind ``conflicts``."""
        search = self._searched(scenario, Watching)
        reached = reach(search)

        def told(number: int) -> str:
            results = zip(scenario.threads, reached.outcomes[number][1:], strict=False)
            return ", ".join(f"{p.name} {' '.join(folded(p.calls, said))}" for p, said in results)

        found = conflicts(search, reached, 0, told, Sockets.atomic)
        return tuple(c for c in found if c.verdict is not Verdict.BENIGN)

    def met(self, scenario: Scenario) -> frozenset[str]:
        """All accesses that meet without a lock in common, also those of which the order decides nothing."""
        return met(self._searched(scenario, Watching), Sockets.atomic)

    def stuck(self, scenario: Scenario) -> Stuck:
        """Fair runs that never end, and what is lost at ends."""
        return stuck(self._searched(scenario, self.machine))

    def decided(self, scenario: Scenario, wanted: Callable[[Results], bool]) -> Decided:
        """What decided its ``wanted`` outcomes, of which setup, threads, post and faults have the results."""
        programs = (scenario.setup, *(p.calls for p in scenario.threads), scenario.post)

        def asked(results: Results) -> bool:
            return wanted((*(folded(*both) for both in zip(programs, results[:-1], strict=True)), results[-1]))

        orders = self._searched(replace(scenario, machine=SERIAL), self.machine)
        return decided(self._searched(scenario, Watching), orders, asked, Sockets.atomic)

    def executed(self, scenario: Scenario) -> frozenset[str]:
        """The functions that some interleaving runs."""
        return executed(self._searched(scenario, self.machine))

    def _searched(self, scenario: Scenario, machine: type[Machine]) -> Search:
        """All interleavings of a scenario on a kind of machine, or its sequential orders."""
        machine = self.machine if issubclass(self.machine, machine) else machine
        if self.last is not None and self.last[:2] == (scenario, machine):
            return self.last[2]
        return self._explored(scenario, machine)[0]

    def _explored(self, scenario: Scenario, machine: type[Machine]) -> tuple[Search, Outcomes]:
        """The same with its outcomes; where what was freed is used, with nothing joined that touches what may be freed."""
        self.last = None  # Two searches at a time may be too much for the memory there is.
        whole = expand(scenario)
        model, memory, program, calls = self._ready(whole)
        limit = self.max_states if isinstance(self.max_states, int) else self.max_states(scenario)

        def explored(joined: Program) -> tuple[Search, Outcomes]:
            ready = machine(memory, joined, sleep_points=scenario.machine == "up")
            search = search_kind(whole)(whole, ready, calls, limit)
            return search, search.run()

        found = explored(program)
        if used_freed(found[1]):
            found = explored(prepared(model, program.graphs, Freed.ANYBODY))
        if self.keep:
            self.last = (scenario, machine, found[0])
        return found

    def _ready(self, whole: Scenario) -> tuple[Model, Memory, Program, Calls]:
        world = World(whole)
        used = Used(world.datagrams, bool(world.memberships), any(low > high for low, high in world.ranges), world.readers)
        model, program = self.compiled(used)
        memory = Memory(model, world.instance(model))
        return model, memory, program, Calls(memory, world)
