"""Steps recalled by their footprint are the steps worked out anew."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy

import pytest

from checker.instance import Instance
from checker.scenario.footprints import Footprints, Looked, choice
from checker.scenario.heap import Memory, Wide
from checker.scenario.steps import Did, Frame, Machine, Policy, Way
from tests.races import toy


def test_a_step_is_recalled_only_where_it_would_see_the_same() -> None:
    known: Footprints[str, str] = Footprints()
    looked = Looked(bytes([1, 2, 3]))
    assert looked[0] == 1
    looked[1] = 7
    other = copy(looked)
    assert (looked[1], other[1], other[2]) == (7, 7, 3)
    other[1] = 8
    assert (looked.written, other.written) == ({1: 7}, {1: 8})
    looked.seen[choice(4)] = (0, 1)
    assert looked.seen == {0: 1, 2: 3, choice(4): (0, 1)}, "what it wrote itself it has not seen"
    known.note("step", looked.seen, "done")

    def both(node: int) -> tuple[int, ...]:
        assert node == 4
        return (0, 1)

    assert known.recall("step", bytes([1, 0, 3]), both) == "done"
    assert known.recall("step", bytes([0, 2, 3]), both) is None
    assert known.recall("step", bytes([1, 2, 0]), both) is None
    assert known.recall("step", bytes([1, 2, 3]), lambda node: None) is None
    assert known.recall("another", bytes([1, 2, 3]), both) is None


class Counting(Machine):
    """A machine that counts the steps it works out."""

    worked_out = 0

    def ways(self, looked: Looked, frame: Frame, thread: int, policy: Policy) -> Iterator[Way]:
        self.worked_out += 1
        return super().ways(looked, frame, thread, policy)


@pytest.mark.parametrize("threads", [("put 1; take", "put 2; read"), ("take_unlocked", "write 2; take_unlocked", "put 1")])
def test_recalled_steps_are_those_worked_out_anew(threads: tuple[str, ...]) -> None:
    search = toy.search(toy.program(*threads))
    search.run()
    memory, program = search.machine.memory, search.machine.program
    policy = search.turns.policy(False, None)
    counting = Counting(memory, program, sleep_points=False)
    machine = Machine(memory, program, sleep_points=False)
    asked = 0
    for state in search.states:
        for number, client in enumerate(state.clients):
            if machine.node(client.frame) is not None:
                asked += 1
                recalled = counting.step(state.heap, client.frame, number + 1, policy)
                anew = machine.ways(Looked(state.heap), client.frame, number + 1, policy)
                assert [(heap, told(did)) for heap, did in recalled] == [
                    (memory.changed(state.heap, written), told(did)) for written, did in anew
                ]
    assert 0 < counting.worked_out < asked


def told(did: Did) -> tuple[object, ...]:
    return did.frame, did.returned, did.done, did.faults


@pytest.mark.parametrize(("words", "kind"), [(3, bytes), (300, Wide)])
def test_cells_are_bytes_if_all_values_fit(words: int, kind: type) -> None:
    model, _ = toy.compiled()
    sizes = (("Thread", 1), ("Box", 1), ("Item", 3))
    memory = Memory(model, Instance(sizes, (("Number", tuple(range(1, words + 1))),), limit=False))
    cell = memory.cell(("Box", "value"), 1)
    last = memory.changed(memory.initial, {cell: words})
    assert isinstance(last, kind) and last[cell] == words and memory.initial[cell] != words
    assert hash(last) == hash(memory.changed(memory.initial, {cell: words}))
    assert last == memory.changed(memory.initial, {cell: words}) != memory.initial
    assert memory.told(last) == (f"Box 1.value = {words}",)
