"""Searches of a part: what a round begins with."""

from __future__ import annotations

import numpy as np

from checker.commands.coverage import waypoints_of
from checker.commands.model import Scope, compile_package, load_package, make_instance
from checker.explicit.explore import Search
from checker.explicit.wander import _anew, _fulfilling, wander

TINY = load_package("tests.tiny")
COMPILED = compile_package(TINY)
SYSTEM = COMPILED.system
INSTANCE = make_instance(TINY, Scope(2, 2, 1, 1))
WAYPOINTS = waypoints_of(TINY, COMPILED)


def explored() -> Search:
    search = Search(SYSTEM, INSTANCE, WAYPOINTS)
    assert search.run(1000, None)
    search.table.parents[:] = 0  # A search of a part has there which transition found a state.
    return search


def done(search: Search, number: int) -> bool:
    state = search.layout.unpack(tuple(int(word) for word in search.table.states[number]))
    return any(state["Box", "taken", box] and state["Box", "marked", box] for box in (1, 2))


def test_a_package_has_waypoints_for_a_client() -> None:
    assert [w.name for w in WAYPOINTS] == ["done"]
    spec = load_package("spec")
    assert waypoints_of(spec, compile_package(spec, client="accept")) and not waypoints_of(
        spec, compile_package(spec, client="bind_listen")
    )


def test_waypoints_are_found_among_the_states_of_a_round() -> None:
    search = explored()
    expected = [number for number in range(search.table.stored) if done(search, number)]
    assert 0 < len(expected) < search.table.stored
    assert _fulfilling(search, 0, 0).tolist() == expected
    assert _fulfilling(search, 0, expected[1]).tolist() == expected[1:]


def test_half_of_what_a_round_begins_with_are_waypoints() -> None:
    search = explored()
    passed = _fulfilling(search, 0, 0)
    first = search.table.stored - 3
    chosen = _anew(search, np.random.default_rng(0), [passed, passed[:0]], first, 4)
    assert len(set(chosen) & set(passed)) >= 2 and len(chosen) <= 4
    assert all(number >= first or number in passed for number in chosen)
    without = _anew(search, np.random.default_rng(0), [], first, 3)
    assert without.tolist() == list(range(first, search.table.stored))


def test_a_search_goes_on_from_what_a_round_found() -> None:
    whole = wander(SYSTEM, [INSTANCE], 1000, 50, 1, WAYPOINTS)
    once, often = (wander(SYSTEM, [INSTANCE], 2, 3, rounds, WAYPOINTS) for rounds in (1, 4))
    assert once.states < often.states < whole.states and once.depth < often.depth
    assert not often.complete and often == wander(SYSTEM, [INSTANCE], 2, 3, 4, WAYPOINTS)
    assert {n for n, c in often.fired.items() if c.fired} <= {n for n, c in whole.fired.items() if c.fired}


def test_rounds_end_when_there_is_nothing_more() -> None:
    assert wander(SYSTEM, [INSTANCE], 1000, 50, 4, WAYPOINTS) == wander(SYSTEM, [INSTANCE], 1000, 50, 1, WAYPOINTS)
