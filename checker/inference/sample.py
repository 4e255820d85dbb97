"""Reached states of small instances as arrays, and terms evaluated on all of them at once.

In go a system and instances; out come samples: one integer array per field, a row per object (row 0 is NULL and reads 0) and
a column per state.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from checker.errors import Place
from checker.explicit.explore import Search
from checker.instance import Instance
from checker.language import terms
from checker.language.sorts import BOOL
from checker.language.terms import FieldKey, Term
from checker.system import Property, TransitionSystem

Array = NDArray[np.int64]


@dataclass(frozen=True)
class Sample:
    """States that ``instance`` reaches; ``fields[key][object, state]``."""

    instance: Instance
    fields: Mapping[FieldKey, Array]
    size: int
    reached: int
    complete: bool


@dataclass(frozen=True)
class Rows:
    """Combinations of a state and objects bound to variables, taken from one sample."""

    sample: Sample
    binding: Mapping[Term, Array]
    states: Array

    def value(self, t: Term) -> Array:
        """``t`` in every row: indices as in the instance."""
        memo: dict[Term, Array] = {}

        def walk(node: Term) -> Array:
            if node not in memo:
                memo[node] = self._combine(node, [walk(a) for a in node.args])
            return memo[node]

        return walk(t)

    def _combine(self, t: Term, args: list[Array]) -> Array:
        count = len(self.states)
        match t.op:
            case "const":
                return np.full(count, self.sample.instance.const(t), np.int64)
            case "var":
                return self.binding[t]
            case "field":
                at = args[0] if args else np.zeros(count, np.int64)
                found: Array = self.sample.fields[t.data][at, self.states]
                return found
            case "not":
                return 1 - args[0]
            case "and":
                return np.asarray(np.minimum.reduce(args))
            case "or":
                return np.asarray(np.maximum.reduce(args))
            case "eq":
                return np.asarray(args[0] == args[1], np.int64)
            case "lt":
                return np.asarray(args[0] < args[1], np.int64)
            case "htons" | "object":
                return args[0]
            case _:
                raise NotImplementedError(f"{t.op} is no part of the grammar of candidates")


PER_LOCATION = 60
"""How many states are taken in which a process is at a location, be it ever so rare."""


def sample(system: TransitionSystem, instance: Instance, *, states: int, keep: int) -> Sample:
    """Some of the first ``states`` states that ``instance`` reaches: ``keep`` spread evenly, the initial one among them, and
    some for each location of each process."""
    search = Search(system, instance, (_reads_everything(system),), objects=False)
    complete = search.run(states, None)
    stored = search.table.stored
    picked = np.unique(np.concatenate([_spread(np.arange(stored), keep), *_at_locations(search, system, instance)]))
    unpacked = [search.layout.unpack(tuple(int(w) for w in search.table.states[i])) for i in picked]
    fields: dict[FieldKey, Array] = {}
    for v in system.state_vars:
        cells = instance.cells(v, system)
        columns = np.zeros((1 + max(cells, default=0), len(picked)), np.int64)
        for i in cells:
            columns[i] = [state.get((*v.key, i), instance.initial(v, i)) for state in unpacked]
        fields[v.key] = columns
    return Sample(instance, fields, len(picked), stored, complete)


def _spread(numbers: Array, keep: int) -> Array:
    return np.asarray(numbers[np.linspace(0, len(numbers) - 1, min(keep, len(numbers))).astype(np.int64)])


def _at_locations(search: Search, system: TransitionSystem, instance: Instance) -> Iterator[Array]:
    """For each process and each location where it is found, the numbers of some states."""
    words = np.asarray(search.table.states[: search.table.stored])
    for thread in instance.objects(system.thread):
        bits = search.layout.pc_bits(thread)
        here = words[:, bits.word] & np.uint64(bits.mask)
        yield from (_spread(np.flatnonzero(here == place), PER_LOCATION) for place in np.unique(here))


def _reads_everything(system: TransitionSystem) -> Property:
    """A question that keeps every variable in the search."""
    objects = {r.name: terms.var(f"any {r.name}", r) for r in system.records}
    read = [system.read(v.key, objects.get(v.record)) for v in system.state_vars]
    formula = terms.conj(*(Term("eq", BOOL, (x, x)) for x in read))
    params = tuple(o for name, o in objects.items() if any(v.record == name for v in system.state_vars))
    return Property("everything", "sometimes", params, terms.FALSE, formula, "", "unreachable", "", Place("", 0))


def rows_of(samples: Iterable[Sample], system: TransitionSystem, param: Term, location: str = "") -> list[Rows]:
    """All pairs of a sampled state and an object that ``param`` stands for; with ``location`` only processes that are there."""
    found = []
    for s in samples:
        objects = np.array(list(s.instance.objects(param.sort)), np.int64)
        at, states = np.repeat(objects, s.size), np.tile(np.arange(s.size), len(objects))
        if location:
            here = s.fields[system.pc_key][at, states] == system.pc_sort.members.index(location)
            at, states = at[here], states[here]
        found.append(Rows(s, {param: at}, states))
    return found


def pairs_of(samples: Iterable[Sample], a: Term, b: Term) -> list[Rows]:
    """All combinations of a sampled state and two different objects of the sort of ``a`` and ``b``."""
    found = []
    for s in samples:
        objects = s.instance.objects(a.sort)
        both = np.array([(x, y) for x in objects for y in objects if x != y], np.int64).reshape(-1, 2)
        left, right = (np.repeat(both[:, side], s.size) for side in (0, 1))
        found.append(Rows(s, {a: left, b: right}, np.tile(np.arange(s.size), len(both))))
    return found


__all__ = ["Array", "Rows", "Sample", "pairs_of", "rows_of", "sample"]
