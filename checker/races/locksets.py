"""Which lock protects which field: inferred from all functions, and checked on the states of a search.

A field is protected by the locks that are held at every access to it, of the object's own or of the kernel; accesses to an object
that no other process can reach yet do not count.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from checker.language.graph import Action, Graph, Node
from checker.language.membership import fresh_objects, member_fields
from checker.language.model import Model
from checker.language.movers import accesses, region_locks
from checker.language.terms import FieldKey
from checker.races.access import Watching
from checker.scenario.explore import Search

LockKey = tuple[FieldKey, bool]
"""The field that is the lock, and whether it is one of the object's own."""


@dataclass(frozen=True)
class Protection:
    """How one field is accessed: at how many places, under which locks always, under which at every write.

    ``either`` are the locks of which each access holds one or another; ``bare`` counts the accesses that hold none.
    """

    field: FieldKey
    reads: int
    writes: int
    locks: frozenset[LockKey]
    write_locks: frozenset[LockKey]
    either: frozenset[LockKey]
    bare: int

    @property
    def shared(self) -> bool:
        """Whether anybody writes it once others can reach it."""
        return self.writes > 0


def locksets(model: Model, graphs: Iterable[Graph]) -> list[Protection]:
    """The protection of every field that code accesses, by name; locks themselves are left out."""
    graphs = list(graphs)
    members = member_fields(graphs)
    found: dict[FieldKey, list[tuple[bool, frozenset[LockKey]]]] = {}
    taken: set[FieldKey] = set()
    for graph in graphs:
        regions = region_locks(graph)
        taken |= {n.lock.users for n in graph.nodes if n.lock is not None}
        for access in accesses(model, graph, fresh_objects(model, graph, members)):
            if access.fresh or access.exclusive:
                continue
            node = graph.nodes[access.node]
            locks = {(lock.users, lock.obj is not None) for lock in node.context.held if lock.obj in (None, access.obj)}
            locks |= {(key, False) for key in _of_region(node, regions)}
            found.setdefault(access.key, []).append((access.write, frozenset(locks)))
    return [_protection(key, found[key]) for key in sorted(found) if key not in taken]


def _of_region(node: Node, regions: Mapping[int, list[FieldKey]]) -> list[FieldKey]:
    return regions.get(node.context.region, []) if node.context.region else []


def _protection(key: FieldKey, told: list[tuple[bool, frozenset[LockKey]]]) -> Protection:
    everywhere = frozenset.intersection(*(locks for _, locks in told))
    writes = [locks for write, locks in told if write]
    at_writes = frozenset.intersection(*writes) if writes else frozenset()
    bare = sum(not locks for _, locks in told)
    either = frozenset[LockKey]() if bare else frozenset.union(*(locks for _, locks in told))
    return Protection(key, len(told) - len(writes), len(writes), everywhere, at_writes, either, bare)


def unprotected(search: Search, protections: Iterable[Protection]) -> list[tuple[FieldKey, Node]]:
    """Accesses without the lock inferred for the field, in a search that has run on a machine that watches everything."""
    machine = search.machine
    assert isinstance(machine, Watching) and machine.everything
    wanted = {p.field: p.locks for p in protections if p.locks}
    found: dict[tuple[FieldKey, int], Node] = {}
    for edges in search.edges:
        for edge in edges:
            for touch in edge.move.touched:
                locks = wanted.get(touch.key)
                if locks is None or touch.node.action is Action.FREE:
                    continue  # Nobody else can reach what is freed.
                obj = touch.cell - machine.memory.base[touch.key]
                missing = any((lock, obj if own else 0) not in touch.locks for lock, own in locks)
                if missing:
                    found[touch.key, touch.node.index] = touch.node
    return [(key, node) for (key, _), node in found.items()]
