"""Random systems: the native engine, with and without symmetry, agrees with the reference interpreter."""

from __future__ import annotations

from itertools import permutations, product

from hypothesis import HealthCheck, assume, given, settings

from checker.evaluate import Cell
from checker.explicit.explore import Exploration, Search
from checker.trace import falsifying
from tests.explicit.reference import search
from tests.strategies import THREAD, Case, cases

FAST = settings(
    derandomize=True, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)
LIMIT = 1500


def run(case: Case, *, symmetry: bool) -> tuple[Search, Exploration]:
    s = Search(case.system, case.instance, case.properties, symmetry=symmetry)
    complete = s.run(LIMIT, None)
    assume(complete)
    return s, s.result(complete, 0.0)


def agree(case: Case) -> None:
    plain, result = run(case, symmetry=False)
    expected = search(case.system, case.instance, plain.layout.cells, case.properties, LIMIT)
    assert expected is not None

    # The same states, each at the same distance.
    reached: dict[tuple[int, ...], int] = {}
    for number in range(plain.table.stored):
        words = tuple(int(w) for w in plain.table.states[number])
        state = plain.layout.unpack(words)
        assert plain.layout.pack(state) == words
        key = tuple(state[c] for c in expected.cells)
        reached[key] = reached_before(plain, reached, number) + 1 if number else 0
    assert reached == expected.distance
    assert result.states == len(expected.distance)
    assert result.depth == max(expected.distance.values())
    for name, c in result.fired.items():
        # Choices that decide nothing are made once.
        assert (c.fired > 0) == (expected.fired[name] > 0)
        assert c.fired <= expected.fired[name]
    assert sum(c.new for c in result.fired.values()) == result.states - 1
    assert result.deadlocks == expected.deadlocks

    # The same answers, with and without symmetry, and traces that end where they should.
    reduced, merged = run(case, symmetry=True)
    assert merged.states <= result.states
    assert merged.depth == result.depth
    assert merged.antecedents == result.antecedents
    assert (merged.deadlock is None) == (result.deadlock is None)
    for p in case.properties:
        for found in (result.found[p.name], merged.found[p.name]):
            assert (found.depth if found else None) == expected.witnesses[p.name]
            assert found is None or falsifying(p, found.states[-1], case.instance) is not None
    states = [plain.layout.unpack(tuple(int(w) for w in plain.table.states[i])) for i in range(plain.table.stored)]
    representatives = {reduced.layout.canonical(reduced.layout.pack(s), threads=reduced.symmetry) for s in states}
    stored = {tuple(int(w) for w in reduced.table.states[i]) for i in range(reduced.table.stored)}
    assert stored == representatives
    assert len(stored) == len({orbit(case, reduced, s) for s in states})


def orbit(case: Case, s: Search, state: dict[Cell, int]) -> tuple[int, ...]:
    """The least of the states that renaming what is interchangeable makes of ``state``."""
    alike = [t.record for t in s.layout.twins] + [THREAD.name] * s.symmetry
    objects = [case.instance.objects(next(r for r in case.system.records if r.name == name)) for name in alike]
    found = []
    for orders in product(*map(permutations, objects)):
        other = renamed(s, state, dict(zip(alike, orders, strict=True)))
        found.append(tuple(other[c] for c in s.layout.cells))
    return min(found)


def renamed(s: Search, state: dict[Cell, int], names: dict[str, tuple[int, ...]]) -> dict[Cell, int]:
    """``state`` with the objects of each record called by other ``names``."""

    def name(record: str, index: int) -> int:
        return names[record][index - 1] if index and record in names else index

    return {(r, f, name(r, i)): name(s.layout.keys[r, f].sort.name, v) for (r, f, i), v in state.items()}


def reached_before(s: Search, reached: dict[tuple[int, ...], int], number: int) -> int:
    """The distance of the parent of stored state ``number``."""
    parent = s.layout.unpack(tuple(int(w) for w in s.table.states[s.table.parents[number]]))
    return reached[tuple(parent[c] for c in s.layout.cells)]


@settings(FAST, max_examples=50)
@given(cases())
def test_two_threads(case: Case) -> None:
    agree(case)


@settings(FAST, max_examples=50)
@given(cases(owner=True))
def test_two_threads_that_own_nodes(case: Case) -> None:
    agree(case)


@settings(FAST, max_examples=15)
@given(cases(owner=True, threads=3))
def test_three_threads(case: Case) -> None:
    agree(case)
