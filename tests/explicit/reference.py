"""The judge of the native engine: a plain breadth-first search on the reference interpreter."""

from __future__ import annotations

from dataclasses import dataclass

from checker.evaluate import Cell, initial_state, successors
from checker.instance import Instance
from checker.system import Property, TransitionSystem
from checker.trace import falsifying

Key = tuple[int, ...]


@dataclass(frozen=True)
class Reference:
    """Every reachable state with its distance, keyed by the values of ``cells``; distances of property witnesses."""

    cells: tuple[Cell, ...]
    distance: dict[Key, int]
    deadlocks: int
    witnesses: dict[str, int | None]
    fired: dict[str, int]


def search(
    system: TransitionSystem, instance: Instance, cells: tuple[Cell, ...], properties: tuple[Property, ...], limit: int
) -> Reference | None:
    """Search over the values of ``cells``; None if there are more than ``limit`` states."""
    start = initial_state(system, instance)
    distance = {tuple(start[c] for c in cells): 0}
    witnesses: dict[str, int | None] = {p.name: None for p in properties}
    fired = {t.name: 0 for t in system.transitions}
    queue, deadlocks = [start], 0
    for state in queue:
        depth = distance[tuple(state[c] for c in cells)]
        for p in properties:
            if witnesses[p.name] is None and falsifying(p, state, instance) is not None:
                witnesses[p.name] = depth
        stuck = True
        for t, _, after in successors(system, state, instance):
            stuck = False
            fired[t.name] += 1
            key = tuple(after[c] for c in cells)
            if key not in distance:
                distance[key] = depth + 1
                queue.append(after)
        deadlocks += stuck
        if len(queue) > limit:
            return None
    return Reference(cells, distance, deadlocks, witnesses, fired)
