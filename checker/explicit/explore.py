"""The search: breadth-first over packed states, one level after the other, one batch after the other.

In goes a system, a finite instance of it, properties and projections; out comes an Exploration that answers all of
them from one run.  Breadth-first order makes every trace a shortest one; one thread of execution and numbering in
order of discovery make it the same one every time.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from checker.errors import InternalError, LimitError, UsageError
from checker.evaluate import State, evaluate, initial_state
from checker.explicit.codegen import DEADLOCKS, FIRST_DEADLOCK, PRODUCED, TRANSITION_BITS, generate
from checker.explicit.layout import Layout, Words, make_layout
from checker.explicit.project import Edge, Projected, Projection, Values
from checker.explicit.step import Matrix
from checker.explicit.table import Table
from checker.explicit.twins import twin_records
from checker.explicit.witness import rebuild
from checker.instance import Instance
from checker.language import terms
from checker.language.sorts import RefSort
from checker.language.terms import Term
from checker.system import Property, Transition, TransitionSystem
from checker.trace import Trace, falsifying

BATCH = 1 << 16
DEFAULT_MAX_STATES = 100_000_000

LARGE = 20_000_000
"""A search with more states goes on with better code: making it takes as long as it then saves on 50 million successors,
which is what about half as many states have."""

Progress = Callable[[int, int, int], None]


@dataclass(frozen=True)
class Coverage:
    """How often a transition fired, and how many of the states it led to were new.

    Firings that differ only in choices of no consequence, or by a permutation of what is interchangeable, count once.
    """

    fired: int
    new: int


@dataclass(frozen=True)
class Exploration:
    """What one search found out.

    ``states`` counts stored states (up to permutation of threads if ``symmetry``, and of the objects of the records ``twins``),
    ``depth`` is the distance of the farthest one.
    ``found`` maps each property to a shortest trace to a state where its ``bad`` formula holds for some parameters, or None;
    ``antecedents`` says whether its antecedent was met.  ``deadlocks`` counts states without successors; ``deadlock`` is a
    shortest trace to one.  ``complete`` is False if the search was cut short: then only what was found counts.
    """

    instance: Instance
    symmetry: bool
    twins: tuple[str, ...]
    complete: bool
    states: int
    words: int
    depth: int
    fired: dict[str, Coverage]
    found: dict[str, Trace | None]
    antecedents: dict[str, bool]
    deadlocks: int
    deadlock: Trace | None
    projections: dict[str, Projected]
    seconds: float = field(compare=False)


class StatesExceededError(LimitError):
    """The search met more states than it was allowed; ``exploration`` is what it had found by then."""

    def __init__(self, exploration: Exploration, limit: int) -> None:
        super().__init__(
            "too-many-states",
            f"stopped at depth {exploration.depth} with {exploration.states} states, more than the limit of {limit}",
            "raise the limit or choose a smaller instance",
        )
        self.exploration = exploration


def explore(
    system: TransitionSystem,
    instance: Instance,
    properties: tuple[Property, ...] = (),
    projections: tuple[Projection, ...] = (),
    *,
    symmetry: bool = True,
    objects: bool = True,
    max_states: int = DEFAULT_MAX_STATES,
    until_answered: bool = False,
    progress: Progress | None = None,
) -> Exploration:
    """Visit every reachable state of ``instance`` and answer all ``properties`` and ``projections``.

    With ``symmetry`` states that differ by a permutation of threads, or, with ``objects``, of the two objects of a record, are
    stored once, where the system cannot tell them apart.  ``until_answered`` ends the search as soon as it has a trace for each
    property and has met each antecedent: it is then not ``complete``.  ``progress(states, depth, frontier)`` is called after
    each batch.

    Raises UsageError if the instance cannot represent the system, StatesExceededError beyond ``max_states``, LimitError when
    memory runs out.
    """
    started = time.perf_counter()
    search = Search(system, instance, properties, projections, symmetry=symmetry, objects=objects)
    complete = search.run(max_states, progress, until_answered=until_answered)
    result = search.result(complete, started)
    if not complete and not (until_answered and search.answered):
        raise StatesExceededError(result, max_states)
    return result


def interchangeable(layout: Layout, formulas: tuple[Term, ...]) -> bool:
    """Whether threads can be permuted: none is named in the system or in ``formulas``, and no thread holds a thread."""
    system = layout.system
    if any(v.sort == system.thread and (v.initial or v.record == system.thread.name) for v in layout.variables):
        return False
    everything = (*formulas, *(term for t in system.transitions for term in system.terms_of(t)))
    return not any(n.op == "const" and n.sort == system.thread and n.data for f in everything for n in terms.subterms(f))


def _twins(
    system: TransitionSystem, instance: Instance, formulas: tuple[Term, ...], projections: tuple[Projection, ...]
) -> list[RefSort]:
    """The records whose two objects can be exchanged; a projection that shows objects tells them apart."""
    shown = {t.sort for p in projections for t in p.terms}
    return [s for s in twin_records(system, instance, formulas) if s not in shown]


class Search:
    """A search under way: its layout, native code and table.

    With ``symmetry`` states that differ by a permutation of interchangeable threads or, with ``objects``, twins are stored once.
    After ``run`` the reachable states are ``table.states[:table.stored]``, unpacked by ``layout.unpack``.
    """

    def __init__(
        self,
        system: TransitionSystem,
        instance: Instance,
        properties: tuple[Property, ...] = (),
        projections: tuple[Projection, ...] = (),
        *,
        symmetry: bool = True,
        objects: bool = True,
    ) -> None:
        _distinct("property", [p.name for p in properties])
        _distinct("projection", [p.name for p in projections])
        self.system, self.instance, self.properties = system, instance, properties
        questions = [(p.params, formula) for p in properties for formula in (p.bad, p.antecedent)]
        read = (*(formula for _, formula in questions), *(p.formula() for p in projections))
        self.layout = make_layout(
            system, instance, read, _twins(system, instance, read, projections) if symmetry and objects else ()
        )
        self.symmetry = symmetry and interchangeable(self.layout, read)
        self.program = generate(self.layout, tuple(questions), projections, symmetry=self.symmetry)
        self.native, self.hasty = self.program.compile(hasty=True), True
        self.table = Table(self._packed(initial_state(system, instance)), len(system.transitions))
        self.first: list[int | None] = [None] * len(questions)
        self.depth = 0
        self.report = np.zeros(3, np.int64)
        self.changes = np.zeros(max(1, sum(m.size for m in self.program.matrices)), np.uint8)
        self.capacity = max(BATCH, 2 * self.program.widest)
        self.out = np.empty((self.capacity, self.layout.words + 1), np.uint64)

    def _packed(self, state: State) -> Words:
        return self.layout.canonical(self.layout.pack(state), threads=self.symmetry)

    def begin(self, state: State) -> None:
        """Search from ``state`` as well."""
        self.table.begin(self._packed(state))

    @property
    def answered(self) -> bool:
        """Whether everything that is looked for has been met."""
        return None not in self.first

    def run(self, max_states: int, progress: Progress | None, *, until_answered: bool = False) -> bool:
        """Search level by level; False if there are more than ``max_states`` states, or all is ``answered`` before the end."""
        self._look(0, 1)
        done = 0
        while done < self.table.stored:
            level_end = self.table.stored
            while done < level_end:
                before = self.table.stored
                if self.hasty and before > LARGE:
                    self.native, self.hasty = self.program.compile(hasty=False), False
                done = self._expand(done, level_end)
                self._look(before, self.table.stored)
                if progress is not None:
                    progress(self.table.stored, self.depth, level_end - done)
                if self.table.stored > max_states or (until_answered and self.answered):
                    self.depth += self.table.stored > level_end
                    return False
            self.depth += self.table.stored > level_end
        return True

    def _expand(self, first: int, end: int) -> int:
        """Expand states from ``first`` as far as the buffer goes; returns the next one to expand."""
        done = self._call_expand(first, end, self.report)
        self.table.insert(self.out, int(self.report[PRODUCED]))
        return done

    def _call_expand(self, first: int, end: int, report: NDArray[np.int64]) -> int:
        states, out, changes = (array.ctypes.data for array in (self.table.states, self.out, self.changes))
        return self.native.expand(states, first, end, out, self.capacity, report.ctypes.data, changes)

    def _look(self, first: int, end: int) -> None:
        """Evaluate on new states every formula not met so far."""
        for i, predicate in enumerate(self.native.predicates):
            if self.first[i] is None:
                hit = predicate(self.table.states.ctypes.data, first, end)
                self.first[i] = hit if hit >= 0 else None

    # -- results ------------------------------------------------------------------------------------------------

    def result(self, complete: bool, started: float) -> Exploration:
        """Put together what was found; ``started`` is when the clock began."""
        found: dict[str, Trace | None] = {}
        for prop, state in zip(self.properties, self.first[::2], strict=True):
            trace = found[prop.name] = self.trace(state) if state is not None else None
            if trace is not None and falsifying(prop, trace.states[-1], self.instance) is None:
                raise InternalError("trace-replay", f"the trace reported for {prop.name} does not end where it should")
        deadlocks = int(self.report[DEADLOCKS])
        coverage: dict[str, Coverage] = {}
        for t, fired, new in zip(self.system.transitions, self.table.fired, self.table.fresh, strict=True):
            coverage[t.name] = Coverage(int(fired), int(new))
        return Exploration(
            self.instance,
            self.symmetry,
            tuple(t.record for t in self.layout.twins),
            complete,
            self.table.stored,
            self.layout.words,
            self.depth,
            coverage,
            found,
            {p.name: state is not None for p, state in zip(self.properties, self.first[1::2], strict=True)},
            deadlocks,
            self.trace(int(self.report[FIRST_DEADLOCK])) if deadlocks else None,
            {m.projection.name: self._projected(m) for m in self.program.matrices},
            time.perf_counter() - started,
        )

    def trace(self, state: int) -> Trace:
        """A shortest trace to stored state number ``state``."""
        numbers = [state]
        while numbers[-1]:
            numbers.append(int(self.table.parents[numbers[-1]]))
        numbers.reverse()
        path = [(self._transition(a, b), self._words(b)) for a, b in zip(numbers, numbers[1:], strict=False)]
        return rebuild(self.layout, path, symmetry=self.symmetry)

    def _transition(self, before: int, after: int) -> Transition:
        """The transition that found stored state ``after`` when ``before`` was expanded."""
        report = np.zeros_like(self.report)
        self._call_expand(before, before + 1, report)
        records = self.out[: int(report[PRODUCED])]
        first = np.flatnonzero((records[:, :-1] == self.table.states[after]).all(axis=1))[0]
        return self.system.transitions[int(records[first, -1]) & ((1 << TRANSITION_BITS) - 1)]

    def _words(self, state: int) -> Words:
        return tuple(int(w) for w in self.table.states[state])

    def _projected(self, matrix: Matrix) -> Projected:
        projection, instance = matrix.projection, self.instance
        initial = self.layout.unpack(self._words(0))
        reached: set[Values] = {
            tuple(evaluate(t, initial, instance, {projection.param: obj}) for t in projection.terms)
            for obj in instance.objects(projection.param.sort)
        }
        edges: list[Edge] = []
        cube = self.changes[matrix.offset : matrix.offset + matrix.size].reshape(-1, matrix.side, matrix.side)
        transitions = [self.system.transitions[n] for n in matrix.rows]
        for row, before, after in zip(*(axis.tolist() for axis in np.nonzero(cube)), strict=True):
            reached.add(projection.decode(after, instance))
            if before != after:
                t = transitions[row]
                edges.append(Edge(projection.decode(before, instance), projection.decode(after, instance), t.name, t.function))
        return Projected(projection, instance, tuple(sorted(reached)), tuple(sorted(edges)))


def _distinct(kind: str, names: list[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise UsageError("duplicate-name", f"{kind} {name} is given twice", "give each a name of its own")
