"""A bench: the plain model with everything that can be asked of a mutant, and what comes out for each.

Scenarios are run once on the plain model to see which nodes each visits: of a mutant only those are asked that run what it
changes, the smallest first, until one differs.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Protocol

from checker.errors import InternalError, LimitError
from checker.language.graph import Graph
from checker.language.model import Model
from checker.language.terms import FieldKey
from checker.mutation.asker import Asker
from checker.mutation.operators import Mutant, mutants
from checker.mutation.properties import PropertyTest
from checker.mutation.questions import (
    Test,
    case_mark,
    differs,
    faults,
    lost_difference,
    lost_in,
    met_difference,
    notices,
    race_difference,
    race_outcomes,
)
from checker.races.access import Watching
from checker.scenario.load import Case
from checker.scenario.program import Engine, Outcomes, Scenario
from checker.scenario.visits import recorder

SCENARIOS, RACES, STUCK, CONFLICTS, PROPERTIES = QUESTIONS = ("scenarios", "races", "stuck", "conflicts", "properties")

MAX_STATES = 8_000
"""Scenarios with more states on the plain model are left out: one mutant would take as long as all others."""

RACE_STATES = 3_000
"""Race questions are asked of concurrent scenarios up to this many states, as sequential orders are run as well; so is, of
scenarios of this size, what is stuck and what conflicts."""

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
            return same.apply(graphs) if same is not None and same.spot == mutant.spot else graphs

        return change


@dataclass(frozen=True)
class Judged:
    """What became of a mutant: the questions asked, and for those that notice it, how.

    ``against`` are the marks of the scenarios that run what it changes.
    """

    name: str
    asked: tuple[str, ...]
    killed: Mapping[str, str]
    against: tuple[str, ...] = ()
    seconds: float = field(compare=False, default=0.0)


@dataclass(frozen=True)
class Bench:
    """The tests the plain model passes, and its verdicts; ``left_out`` scenarios are too large, or open."""

    library: Library
    engine: EngineMaker
    tests: tuple[Test, ...]
    left_out: tuple[str, ...]
    properties: tuple[PropertyTest, ...]

    def concerned(self, mutant: Mutant) -> tuple[Test, ...]:
        """The tests that run what a mutant changes."""
        return tuple(t for t in self.tests if mutant.spot in t.visits)

    def earlier(self, mutant: Mutant, known: Judged | None) -> Judged | None:
        """``known`` if it counts: every scenario it was judged with is still here as it was."""
        marks = {t.mark for t in self.concerned(mutant)}
        return known if known is not None and marks.issuperset(known.against) else None

    def is_done(self, mutant: Mutant, known: Judged | None, *, every_question: bool = False) -> bool:
        """Whether ``known`` is all there is to say of a mutant; what the first question notices needs no new scenarios."""
        counts = self.earlier(mutant, known)
        if counts is None:
            return False
        noticed = SCENARIOS in counts.killed and not every_question
        return noticed or len(counts.against) == len(self.concerned(mutant))

    def judge(self, mutant: Mutant, *, every_question: bool = False, known: Judged | None = None) -> Judged:
        """Ask of a mutant what concerns it, until a question notices it; with ``every_question`` the others too.

        Each question stops at its first difference.  If the mutant was judged when there were fewer scenarios (``known``), only
        new ones are asked, and the result is what asking all would give.
        """
        try:
            known = self.earlier(mutant, known)
            found = self._judge(mutant, every_question, known)
            return joined(known, found, every_question) if known is not None else found
        except Exception as problem:
            raise InternalError("mutant", f"{mutant.name}: {type(problem).__name__}: {problem}") from problem

    def _judge(self, mutant: Mutant, every_question: bool, known: Judged | None) -> Judged:
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

        tests = [t for t in self.concerned(mutant) if known is None or t.mark not in known.against]
        if tests:
            asker = self._asker(self.library.change(mutant), tests)
            kinds = (
                (SCENARIOS, tests, notices),
                (RACES, [t for t in tests if t.races is not None], race_difference),
                (STUCK, [t for t in tests if t.lost is not None], lost_difference),
                (CONFLICTS, [t for t in tests if t.met is not None], met_difference),
            )
            for question, some, difference in kinds:
                if some:
                    ask(question, partial(_first, some, difference, asker))
        clients = [p for p in self.properties if known is None and p.asks(mutant)]
        if clients:
            ask(PROPERTIES, lambda: next(filter(None, (p.difference(mutant) for p in clients)), ""))
        return Judged(mutant.name, tuple(asked), killed, tuple(t.mark for t in tests), time.perf_counter() - started)

    def _asker(self, change: Change, tests: Sequence[Test]) -> Asker:
        """The engine of a mutant, with room for more states than the plain model needs."""
        known = {t.name: t for t in tests}

        def room(scenario: Scenario) -> int:
            return ROOM * (1000 + known[scenario.id].states)

        def looks(found: Outcomes) -> bool:
            return known[found.scenario.id].lost is not None

        return Asker(self.engine(change, machine=Watching, max_states=room, keep=True), looks)


def joined(old: Judged, new: Judged, every_question: bool) -> Judged:
    """What judging a mutant with the scenarios of both gives."""
    asked = [q for q in QUESTIONS if q in old.asked or q in new.asked]
    killed = {q: {**new.killed, **old.killed}[q] for q in asked if q in old.killed or q in new.killed}
    if killed and not every_question:
        first = next(iter(killed))
        asked, killed = asked[: asked.index(first) + 1], {first: killed[first]}
    return Judged(old.name, tuple(asked), killed, (*old.against, *new.against), old.seconds + new.seconds)


def _first(tests: Iterable[Test], difference: Callable[[Test, Asker], str], asker: Asker) -> str:
    for test in tests:
        how = difference(test, asker)
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
    machine, visited = recorder(Watching)
    asker = Asker(engine(library.plain, machine=machine, max_states=MAX_STATES, keep=True), lambda run: run.states <= RACE_STATES)
    found: list[Test] = []
    left_out: list[str] = []
    for case, column in cases:
        scenario = case.scenario
        say(f"running {scenario.id} on the plain model")
        visited.clear()
        if differs(case, column, asker):
            left_out.append(scenario.id)
            continue
        outcomes = asker(scenario)
        visits = frozenset((place, text) for place, text, _ in visited)
        test = Test(case, column, visits, outcomes.states, faults=faults(outcomes), mark=case_mark(case, column))
        if test.states <= RACE_STATES:
            test = replace(test, lost=lost_in(scenario, asker))
            if not scenario.alone:
                test = replace(test, met=asker.met(scenario))
                with suppress(LimitError):
                    test = replace(test, races=race_outcomes(scenario, asker))
        found.append(test)
    return tuple(sorted(found, key=lambda t: t.states)), tuple(left_out)
