"""One cell of the race matrix: two operations against each other from one starting class, on one machine."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from checker.errors import LimitError
from checker.language.model import Model
from checker.language.terms import FieldKey
from checker.races.cause import cause
from checker.races.conflicts import GRAVITY, conflicts
from checker.races.reach import Results, reach
from checker.races.result import Cell, Conflict, Lost, Row, Verdict
from checker.races.stuck import Blocking, waiters
from checker.scenario.explore import BLOCKS, Search
from checker.scenario.program import Scenario, Step
from checker.scenario.steps import Program
from checker.scenario.vocabulary import SERIAL

MAX_STATES = 200_000


@dataclass(frozen=True)
class Operation:
    """A call of a scenario in its short form, or an event of the environment; ``title`` is what the matrix calls it."""

    title: str
    call: str
    event: bool = False

    def __str__(self) -> str:
        return self.title


@dataclass(frozen=True)
class Start:
    """A class of starting states: its name, the calls that lead there, and calls that sleep there, by thread."""

    kind: str
    name: str
    setup: tuple[str, ...]
    sleeping: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.kind}: {self.name}"


class Subject(Protocol):
    """What a specification says about the operations whose races are asked for."""

    kinds: Sequence[str]
    atomic: Collection[FieldKey]
    """Fields that the kernel accesses with atomic operations only."""

    def starts(self, kind: str) -> Sequence[Start]: ...

    def pairs(self, start: Start) -> Sequence[tuple[Operation, ...]]:
        """The operations to run against each other."""
        ...

    def triples(self, start: Start) -> Sequence[tuple[Operation, ...]]: ...

    def scenario(self, start: Start, operations: Sequence[Operation], machine: str) -> Scenario:
        """A thread for each call, named A, B..., the events, and the probes afterwards."""
        ...

    def search(self, scenario: Scenario, max_states: int, *, everything: bool = False) -> Search:
        """A search on a machine that watches; with ``everything`` also accesses that commute."""
        ...

    def compiled(self, kind: str) -> tuple[Model, Program]:
        """The model and the code that scenarios of a kind of object run on."""
        ...


@dataclass(frozen=True)
class Serial:
    """What the sequential orders of a pair give; the same for all machines."""

    outcomes: frozenset[Results]
    states: int


def serial(subject: Subject, start: Start, operations: Sequence[Operation], max_states: int = MAX_STATES) -> Serial:
    """Run the sequential orders.  Raises LimitError."""
    search = subject.search(subject.scenario(start, operations, SERIAL), max_states)
    search.run()
    return Serial(frozenset(search.results_of(end) for end in search.ends), len(search.states))


def check_cell(
    subject: Subject,
    start: Start,
    operations: Sequence[Operation],
    machine: str,
    orders: Serial | None = None,
    max_states: int = MAX_STATES,
) -> Cell:
    """Explore one cell; ``unknown`` if it has too many states."""
    names = [str(o) for o in operations]
    cell = Cell(names[0], " | ".join(names[1:]), str(start), machine, Verdict.UNKNOWN, 0)
    scenario = subject.scenario(start, operations, machine)
    try:
        orders = orders or serial(subject, start, operations, max_states)
        search = subject.search(scenario, max_states)
        search.run()
    except LimitError as problem:
        return replace(cell, schedule=(Step("", problem.message),))
    reached = reach(search)
    rows = [row_of(scenario, results) for results in reached.outcomes]
    bad = [n for n, results in enumerate(reached.outcomes) if results not in orders.outcomes]
    found = conflicts(search, reached, sum(1 << n for n in bad), lambda n: str(rows[n]), subject.atomic)
    shortest = [search.schedule(reached.ends[n]) for n in bad]
    order = sorted(range(len(bad)), key=lambda n: (len(shortest[n]), str(rows[bad[n]])))
    serially = {results[1:-2] for results in orders.outcomes}
    nonserial = tuple(replace(rows[bad[n]], by_results=reached.outcomes[bad[n]][1:-2] not in serially) for n in order)
    lost = lost_in(search)
    return replace(
        cell,
        verdict=verdict_of(nonserial, lost, orders, scenario, found),
        outcomes=len(rows),
        states=len(search.states),
        nonserial=nonserial,
        conflicts=tuple(sorted(found, key=lambda c: (-GRAVITY.index(c.verdict), c.pair, c.first.who, c.second.who))),
        schedule=shortest[order[0]] if order else (),
        causes=tuple(cause(search, reached, sum(1 << n for n in bad), reached.ends[bad[n]], subject.atomic) for n in order),
        lost=lost,
    )


def lost_in(search: Search, wanted: Callable[[Results], bool] = lambda results: True) -> tuple[Lost, ...]:
    """The calls that wait for ever at some ``wanted`` end of a search and would return if they were woken; each place once."""
    machine = Blocking(search.machine)
    found: dict[str, Lost] = {}
    for end in search.ends:
        results = search.results_of(end)
        if any(BLOCKS in thread for thread in results[1:-2]) and wanted(results):
            for waiter in waiters(search, end, machine):
                row = row_of(search.scenario, results)
                found.setdefault(str(waiter), Lost(waiter.function, str(waiter), row, search.schedule(end)))
    return tuple(found[told] for told in sorted(found))


def verdict_of(
    nonserial: Sequence[Row], lost: Sequence[Lost], orders: Serial, scenario: Scenario, found: Sequence[Conflict]
) -> Verdict:
    """The gravest thing that can be said of a cell."""
    if lost:
        return Verdict.STUCK
    if nonserial:
        waits = any(row.waits not in {row_of(scenario, o).waits for o in orders.outcomes} for row in nonserial)
        return Verdict.STUCK if waits else Verdict.HARMFUL
    return max((c.verdict for c in found), key=GRAVITY.index, default=Verdict.SERIALIZABLE)


def row_of(scenario: Scenario, results: Results) -> Row:
    """Results as a row: those of the threads by name, those of post with their calls."""
    _, *threads, post, faults = results
    named = tuple((p.name, r) for p, r in zip(scenario.threads, threads, strict=True))
    probes = tuple(f"{call.label}={result}" for call, result in zip(scenario.post, post, strict=True) if result != BLOCKS)
    return Row(named, probes, faults)
