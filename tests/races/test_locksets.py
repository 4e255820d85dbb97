"""Which lock protects which field of the classic objects."""

from __future__ import annotations

from checker.races.locksets import locksets, unprotected
from checker.races.pair import Operation
from tests.races import toy
from tests.races.test_cells import Boxes

LOCK = (("Box", "users"), True)


def test_fields_with_and_without_a_lock() -> None:
    model, program = toy.compiled()
    found = {".".join(p.field): p for p in locksets(model, program.graphs)}
    assert found["Box.held"].locks == {(("", "semaphore_lock"), False)}
    assert found["Box.value"].locks == frozenset() and found["Box.value"].bare > 0
    assert "Box.users" not in found and found["Box.held"].shared
    locked = [g for g in program.graphs if g.root in ("put", "take", "increment_locked")]
    assert {p.field for p in locksets(model, locked) if LOCK in p.locks} == {
        ("Box", "first"),
        ("Box", "second"),
        ("Box", "value"),
    }


def test_either_lock() -> None:
    model, program = toy.compiled()
    graphs = [g for g in program.graphs if g.root in ("increment_locked", "increment_spinning")]
    (value,) = (p for p in locksets(model, graphs) if p.field == ("Box", "value"))
    assert (value.locks, value.either, value.bare) == (frozenset(), {LOCK, (("", "semaphore_lock"), False)}, 0)


def test_what_was_inferred_is_checked_on_explored_states() -> None:
    """If only some functions are looked at, the others break what was inferred from them."""
    model, program = toy.compiled()
    boxes = Boxes()
    scenario = boxes.scenario(boxes.starts("box")[0], [Operation("i", "increment"), Operation("d", "down")], "smp")
    search = boxes.search(scenario, 1000, everything=True)
    search.run()
    assert unprotected(search, locksets(model, program.graphs)) == []
    some = [g for g in program.graphs if g.root in ("increment_locked", "down", "up")]
    assert {(key, node.function) for key, node in unprotected(search, locksets(model, some))} == {(("Box", "value"), "increment")}
