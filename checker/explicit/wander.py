"""A search that does not see everything: of each level only some new states are expanded, rather those that rare firings found.

It reaches deep into instances that are too large to explore.  What it sees is reachable; about the rest it says nothing.
Levels forget what led to them.  So a search may go several rounds: each begins with some of the states of the last one, and
with waypoints that any has passed: states which the specification describes because much lies beyond them.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from checker.evaluate import initial_state
from checker.explicit.codegen import PRODUCED, TRANSITION_BITS
from checker.explicit.explore import Exploration, Search
from checker.instance import Instance
from checker.system import Property, TransitionSystem

SEED = 1

PARTS, FEW = 500, 10
"""How many waypoints of a kind a round adds to those known: a few from each of many parts of what it found."""


def wander(
    system: TransitionSystem,
    instances: Sequence[Instance],
    width: int,
    steps: int,
    rounds: int = 1,
    waypoints: tuple[Property, ...] = (),
) -> Exploration:
    """Expand at most ``width`` states of each of ``steps`` levels, in each of some ``rounds``; the same ones every time.

    It begins in every one of ``instances``, which differ in nothing but their tables.  The exploration has no traces, and
    is ``complete`` if every state of them was expanded.
    """
    started = time.perf_counter()
    search = Search(system, instances[0], waypoints, objects=False)
    for other in instances[1:]:
        search.begin(initial_state(system, other))
    random = np.random.default_rng(SEED)
    passed = [np.empty(0, np.int64) for _ in waypoints]
    level = search.table.states[: search.table.stored].copy()
    complete = _descend(search, random, level, width, steps)
    first = 0
    for _ in range(0 if complete else rounds - 1):
        passed = [np.concatenate([known, _fulfilling(search, kind, first)]) for kind, known in enumerate(passed)]
        chosen = _anew(search, random, passed, first, width)
        first, level = search.table.stored, search.table.states[chosen]
        _descend(search, random, level, width, steps)
    search.report[:] = 0
    return search.result(complete, started)


def _descend(search: Search, random: np.random.Generator, level: NDArray[np.uint64], width: int, steps: int) -> bool:
    """Expand ``level`` and what is chosen of each one below; whether that was everything."""
    whole = True
    for _ in range(steps):
        before = search.table.stored
        _expand(search, level)
        new = search.table.stored - before
        if not new:
            return whole
        search.depth += 1
        chosen = before + _some(random, _rarity(search, before), min(width, new))
        whole = whole and len(chosen) == new
        level = search.table.states[chosen]
    return False


def _fulfilling(search: Search, kind: int, first: int) -> NDArray[np.int64]:
    """States from number ``first`` on that are waypoints of one kind: the first ``FEW`` in each of ``PARTS`` parts."""
    holds, states = search.native.predicates[2 * kind], search.table.states.ctypes.data
    found: list[int] = []
    for begin, end in pairwise(np.linspace(first, search.table.stored, PARTS + 1, dtype=np.int64).tolist()):
        enough = len(found) + FEW
        while len(found) < enough and (begin := 1 + holds(states, begin, end)):
            found.append(begin - 1)
    return np.array(found, np.int64)


def _anew(
    search: Search, random: np.random.Generator, passed: list[NDArray[np.int64]], first: int, width: int
) -> NDArray[np.int64]:
    """The states with which a round begins: half of them waypoints, as many of each kind, others from number ``first`` on."""
    kinds = [known for known in passed if len(known)]
    share = width // (2 * max(1, len(kinds)))
    chosen = [random.choice(known, min(share, len(known)), replace=False) for known in kinds]
    others = min(width - sum(map(len, chosen)), search.table.stored - first)
    return np.unique(np.concatenate([*chosen, first + _some(random, _rarity(search, first), others)]))


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
    rarity: NDArray[np.float64] = 1.0 / np.maximum(search.table.fired, 1)[by]
    return rarity


def _some(random: np.random.Generator, weights: NDArray[np.float64], count: int) -> NDArray[np.int64]:
    """``count`` different numbers of rows, in order, those with large weights more often."""
    turns = random.exponential(size=len(weights)) / weights
    chosen: NDArray[np.int64] = np.sort(np.argpartition(turns, count - 1)[:count])
    return chosen
