"""The visited set: nothing lost, nothing twice, numbered in order of discovery, while it grows."""

from __future__ import annotations

import numpy as np
import pytest

from checker.explicit.table import Table


def batch(states: np.ndarray, parents: np.ndarray, transitions: np.ndarray) -> np.ndarray:
    tags = (parents.astype(np.uint64) << np.uint64(16)) | transitions.astype(np.uint64)
    return np.hstack([states, tags[:, None]])


@pytest.mark.parametrize("words", [1, 2, 3])
def test_against_a_dictionary(words: int) -> None:
    random = np.random.default_rng(7)
    table = Table((0,) * words, 4)
    known: dict[tuple[int, ...], int] = {(0,) * words: 0}
    parents = [0]
    fired, fresh = [0] * 4, [0] * 4
    for _ in range(12):
        states = random.integers(0, 40_000 if words == 1 else 200, (5_000, words)).astype(np.uint64)
        above = random.integers(0, table.stored, 5_000)
        transitions = random.integers(0, 4, 5_000)
        table.insert(batch(states, above, transitions), 5_000)
        for state, parent, t in zip(states.tolist(), above.tolist(), transitions.tolist(), strict=True):
            fired[t] += 1
            if tuple(state) not in known:
                known[tuple(state)] = len(known)
                parents.append(parent)
                fresh[t] += 1
    assert table.stored == len(known)
    assert [tuple(s) for s in table.states[: table.stored].tolist()] == list(known)
    assert table.parents[: table.stored].tolist() == parents
    assert table.fired.tolist() == fired
    assert table.fresh.tolist() == fresh


def test_only_the_counted_records_are_read() -> None:
    table = Table((5,), 1)
    table.insert(np.array([[6, 0], [5, 0], [7, 0]], np.uint64), 2)
    assert table.states[: table.stored, 0].tolist() == [5, 6]


def test_states_whose_hashes_collide_are_kept_apart() -> None:
    # Among so many states dozens share the 32 bits of hash that an entry has.
    many = 600_000
    table = Table((0,), 1)
    for start in range(1, many, 50_000):
        states = np.arange(start, min(start + 50_000, many), dtype=np.uint64)[:, None] * np.uint64(0x1_0000_0001)
        table.insert(np.hstack([states, np.zeros_like(states)]), len(states))
    assert table.stored == many
