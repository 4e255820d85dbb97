"""A bench: the plain model with everything that can be asked of a mutant, and what comes out for each.

Scenarios are run once on the plain model to see which nodes each visits: of a mutant only those are asked that run what it
changes, the smallest first, until one differs.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from checker.errors import InternalError, LimitError
from checker.language import terms
from checker.language.graph import Graph
from checker.language.model import Model
from checker.language.terms import FieldKey
from checker.mutation.operators import Mutant, mutants
from checker.mutation.questions import (
    PropertyTest,
    Test,
    differs,
    faults,
    notices,
    race_difference,
    race_outcomes,
    remembering,
    verdicts,
)
from checker.scenario.load import Case
from checker.scenario.program import Engine, Outcomes, Scenario
from checker.scenario.visits import recorder

SCENARIOS, RACES, PROPERTIES = QUESTIONS = ("scenarios", "races", "properties")

MAX_STATES = 8_000
"""Scenarios with more states on the plain model are left out: one mutant would take as long as all others."""

RACE_STATES = 3_000
"""Race questions are asked of concurrent scenarios up to this many states: their sequential orders are run as well."""

ROOM = 4
"""A mutant may have so many times the states of the plain model (and this many thousands), else it does not end."""


Change = Callable[[Model, tuple[Graph, ...]], Sequence[Graph]]


class EngineMaker(Protocol):
    """How a specification makes an engine of changed graphs; it may have other graphs for other scenarios."""

    def __call__(self, change: Change, **options: Any) -> Engine: ...


class Library:
    """The mutants of every set of graphs, made when first asked for: a mutant is the same change by name in all of them.

    ``visible`` are the fields properties read.
    """

    def __init__(self, visible: Iterable[FieldKey] = ()) -> None:
        self.visible = frozenset(visible)
        self.known: dict[int, tuple[tuple[Graph, ...], dict[str, Mutant]]] = {}

    def mutants(self, model: Model, graphs: tuple[Graph, ...]) -> dict[str, Mutant]:
        """The mutants of ``graphs`` by name."""
        if id(graphs) not in self.known:
            self.known[id(graphs)] = (graphs, {m.name: m for m in mutants(model, graphs, self.visible)})
        return self.known[id(graphs)][1]

    def plain(self, model: Model, graphs: tuple[Graph, ...]) -> Sequence[Graph]:
        """No change; but from now on the mutants of ``graphs`` are known."""
        self.mutants(model, graphs)
        return graphs

    def change(self, mutant: Mutant) -> Change:
        """What makes ``mutant`` of any graphs; those without the code it changes stay as they are."""

        def change(model: Model, graphs: tuple[Graph, ...]) -> Sequence[Graph]:
            same = self.mutants(model, graphs).get(mutant.name)
            return same.apply(graphs) if same is not None else graphs

        return change


@dataclass(frozen=True)
class Judged:
    """What became of a mutant: the questions asked, and for those that notice it, how.  ``scenarios`` run what it changes."""

    name: str
    asked: tuple[str, ...]
    killed: Mapping[str, str]
    scenarios: int = 0
    seconds: float = field(compare=False, default=0.0)


@dataclass(frozen=True)
class Bench:
    """The tests the plain model passes, and its verdicts; ``left_out`` scenarios are too large, or open."""

    library: Library
    engine: EngineMaker
    tests: tuple[Test, ...]
    left_out: tuple[str, ...]
    properties: PropertyTest | None

    def judge(self, mutant: Mutant, *, every_question: bool = False) -> Judged:
        """Ask of a mutant what concerns it, until a question notices it; with ``every_question`` the others too.

        Each question stops at its first difference.
        """
        try:
            return self._judge(mutant, every_question)
        except Exception as problem:
            raise InternalError("mutant", f"{mutant.name}: {type(problem).__name__}: {problem}") from problem

    def _judge(self, mutant: Mutant, every_question: bool) -> Judged:
        started = time.perf_counter()
        asked: list[str] = []
        killed: dict[str, str] = {}

        def ask(question: str, difference: Callable[[], str]) -> None:
            if killed and not every_question:
                return
            asked.append(question)
            how = difference()
            if how:
                killed[question] = how

        tests = [t for t in self.tests if mutant.spot in t.visits]
        if tests:
            run = self._engine(self.library.change(mutant), tests)
            ask(SCENARIOS, lambda: _first(tests, lambda t: notices(t, run)))
            racing = [t for t in tests if t.races is not None]
            if racing:
                ask(RACES, lambda: _first(racing, lambda t: race_difference(t, run)))
        if self.properties is not None and mutant.function in self.properties.functions:
            properties = self.properties
            ask(PROPERTIES, lambda: properties.difference(mutant))
        return Judged(mutant.name, tuple(asked), killed, len(tests), time.perf_counter() - started)

    def _engine(self, change: Change, tests: Sequence[Test]) -> Engine:
        """The engine of a mutant, with room for more states than the plain model needs."""
        states = {t.name: t.states for t in tests}
        engines: dict[int, Engine] = {}

        def run(scenario: Scenario) -> Outcomes:
            limit = ROOM * (1000 + _rounded(states[scenario.id]))
            if limit not in engines:
                engines[limit] = self.engine(change, max_states=limit)
            return engines[limit](scenario)

        return remembering(run)


def _rounded(states: int) -> int:
    """Few different limits, for each needs an engine of its own."""
    return RACE_STATES if states <= RACE_STATES else MAX_STATES


def _first(tests: Iterable[Test], difference: Callable[[Test], str]) -> str:
    for test in tests:
        how = difference(test)
        if how:
            return f"{test.name}: {how}"
    return ""


def make_tests(
    library: Library,
    engine: EngineMaker,
    cases: Sequence[tuple[Case, str]],
    say: Callable[[str], None],
) -> tuple[tuple[Test, ...], tuple[str, ...]]:
    """The scenarios the plain model passes, the smallest first, and the names of those that are left out.

    ``cases`` come with the column they are compared with, if any.  One that is too large, or that the plain model does not
    pass, is left out.
    """
    machine, visited = recorder()
    recording = engine(library.plain, machine=machine, max_states=MAX_STATES)
    found: list[Test] = []
    left_out: list[str] = []
    for case, column in cases:
        say(f"running {case.scenario.id} on the plain model")
        visited.clear()
        sizes: list[int] = []
        run = remembering(_measured(recording, sizes))
        if differs(case, column, run):
            left_out.append(case.scenario.id)
            continue
        visits = frozenset((place, text) for place, text, _ in visited)
        test = Test(case, column, visits, max(sizes), faults=faults(run(case.scenario)))
        if len(case.scenario.threads) > 1 and not column and test.states <= RACE_STATES:
            with suppress(LimitError):
                test = replace(test, races=race_outcomes(case.scenario, run))
        found.append(test)
    return tuple(sorted(found, key=lambda t: t.states)), tuple(left_out)


def _measured(engine: Engine, sizes: list[int]) -> Engine:
    def run(scenario: Scenario) -> Outcomes:
        found = engine(scenario)
        sizes.append(found.states)
        return found

    return run


def make_properties(test: PropertyTest, say: Callable[[str], None]) -> PropertyTest:
    """The property question with the verdicts of the plain model filled in."""
    compiled = test.compile(test.graphs)
    expected = {}
    for instance in test.instances:
        say(f"exploring the plain model: {instance}")
        expected[instance] = verdicts(compiled.system, compiled.properties, instance, test.max_states)
    visible = {k for p in compiled.properties for k in (*terms.fields_of(p.formula), *terms.fields_of(p.antecedent))}
    functions = {f for g in compiled.graphs for n in g.nodes for f in (n.function,)}
    return replace(test, expected=expected, functions=frozenset(functions), visible=frozenset(visible))
