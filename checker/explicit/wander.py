"""A search that does not see everything: of each level only some new states are expanded, rather those that rare firings found.

It reaches deep into instances that are too large to explore.  What it sees is reachable; about the rest it says nothing.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from checker.evaluate import initial_state
from checker.explicit.codegen import PRODUCED, TRANSITION_BITS
from checker.explicit.explore import Exploration, Search
from checker.instance import Instance
from checker.system import TransitionSystem

SEED = 1


def wander(system: TransitionSystem, instances: Sequence[Instance], width: int, steps: int) -> Exploration:
    """Expand at most ``width`` states of each of ``steps`` levels; the same ones every time.

    It begins in every one of ``instances``, which differ in nothing but their tables.  The exploration has no traces, and
    is ``complete`` if every state of them was expanded.
    """
    started = time.perf_counter()
    search = Search(system, instances[0], hasty=True)
    for other in instances[1:]:
        search.begin(initial_state(system, other))
    random = np.random.default_rng(SEED)
    level = search.table.states[: search.table.stored].copy()
    whole = True
    for _ in range(steps):
        before = search.table.stored
        _expand(search, level)
        new = search.table.stored - before
        if not new:
            break
        search.depth += 1
        chosen = before + _some(random, _rarity(search, before), min(width, new))
        whole = whole and len(chosen) == new
        level = search.table.states[chosen]
    else:
        whole = False
    search.report[:] = 0
    return search.result(whole, started)


def _expand(search: Search, level: NDArray[np.uint64]) -> None:
    """Store the successors of ``level``; what stands for their parents is the number of the transition that found them."""
    report = np.zeros_like(search.report)
    done = 0
    while done < len(level):
        states, out, changes = (array.ctypes.data for array in (level, search.out, search.changes))
        done = search.native.expand(states, done, len(level), out, search.capacity, report.ctypes.data, changes)
        count = int(report[PRODUCED])
        tags = search.out[:count, -1]
        tags &= np.uint64((1 << TRANSITION_BITS) - 1)
        tags |= tags << np.uint64(TRANSITION_BITS)
        search.table.insert(search.out, count)


def _rarity(search: Search, first: int) -> NDArray[np.float64]:
    """How seldom the transitions have fired that found the states from number ``first`` on."""
    by = search.table.parents[first : search.table.stored]
    rarity: NDArray[np.float64] = 1.0 / search.table.fired[by]
    return rarity


def _some(random: np.random.Generator, weights: NDArray[np.float64], count: int) -> NDArray[np.int64]:
    """``count`` different numbers of rows, in order, those with large weights more often."""
    turns = random.exponential(size=len(weights)) / weights
    chosen: NDArray[np.int64] = np.sort(np.argpartition(turns, count - 1)[:count])
    return chosen
