"""Objects that are allocated but that nobody can find any more: what a run has leaked.

In goes a state of a search; out come the objects, by record and number.
"""

from __future__ import annotations

from collections.abc import Iterator

from checker.language.sorts import RefSort
from checker.language.terms import FieldKey
from checker.scenario.explore import Search
from checker.scenario.states import State
from checker.scenario.steps import IDLE

Object = tuple[str, int]


class Leaks:
    """Finds leaked objects in the states of one search.

    An object is found through a reference in a global, in a thread's record or local, or in an object that is found; or
    because the specification keeps it (a descriptor, a hash table).  Fields by which objects are searched lead the other
    way: who has the listener has the requests that name it.
    """

    def __init__(self, search: Search) -> None:
        self.search = search
        machine = search.machine
        self.memory = machine.memory
        self.live = machine.live_base
        self.thread = self.memory.model.thread.name
        self.records = {key: v.sort.name for key, v in self.memory.variables.items() if isinstance(v.sort, RefSort)}
        self.searched = machine.program.members
        self.local_records = [
            [variable.sort.name if isinstance(variable.sort, RefSort) else "" for variable in g.locals.values()]
            for g in machine.graphs
        ]

    def of(self, state: State) -> list[Object]:
        """What is allocated and cannot be found."""
        found: set[Object] = set()
        work = [*self._first(state), *self.search.interface.kept(state.heap)]
        while work:
            record, obj = work.pop()
            if record in self.live and self._alive(state, record, obj) and (record, obj) not in found:
                found.add((record, obj))
                work += self._next(state, record, obj)
        everything = [(r, n) for r in self.live for n in range(1, self.memory.count(r) + 1) if self._alive(state, r, n)]
        return [thing for thing in everything if thing not in found]

    def _alive(self, state: State, record: str, obj: int) -> bool:
        return bool(obj and state.heap[self.live[record] + obj])

    def _first(self, state: State) -> Iterator[Object]:
        for key, target in self.records.items():
            base = self.memory.base[key]
            if key[0] == "":
                yield target, state.heap[base]
            elif key[0] == self.thread:
                yield from ((target, state.heap[base + n]) for n in range(1, len(state.clients) + 1))
        for c in state.clients:
            for graph, pc, values in (c.frame, c.irq):
                if graph != IDLE:
                    records = self.local_records[graph]
                    yield from ((records[s], v) for s, v in zip(self.search.machine.live[graph][pc], values, strict=True))

    def _next(self, state: State, record: str, obj: int) -> Iterator[Object]:
        for key, target in self.records.items():
            base = self.memory.base[key]
            if key[0] in ("", self.thread):
                continue
            if key in self.searched:
                yield from self._searched(state, key, obj) if target == record else ()
            elif key[0] == record:
                yield target, state.heap[base + obj]

    def _searched(self, state: State, key: FieldKey, obj: int) -> Iterator[Object]:
        base = self.memory.base[key]
        return ((key[0], n) for n in range(1, self.memory.count(key[0]) + 1) if state.heap[base + n] == obj)
