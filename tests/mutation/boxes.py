"""The tiny specification as scenarios run it: one box that exists, painted and taken by threads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from checker.instance import Instance
from checker.language.compile import lower_model
from checker.language.movers import classify
from checker.mutation.bench import Change
from checker.races.conflicts import met
from checker.races.stuck import stuck
from checker.scenario.heap import Heap, Memory
from checker.scenario.program import Call, Outcomes, Scenario, Stuck
from checker.scenario.serial import search_kind
from checker.scenario.states import Done, Names, Occurs, Started
from checker.scenario.steps import Machine, Program
from tests import tiny

INSTANCE = Instance((("Thread", 4), ("Box", 1)), tables=((("Box", "live", 1), 1),))
CALLS = ("DO_PAINT", "DO_TAKE", "DO_NOTHING")


class Boxes:
    """How calls on the box start, and what their results are called."""

    softirq = ""

    def start(self, call: Call, heap: Heap, names: Names, thread: int) -> Started | Done:
        number = CALLS.index(call.name)
        return Started("enter", {"call": number, "box": 1, "color": int(bool(call.args.get("red")))})

    def finish(self, call: Call, returned: int, heap: Heap, names: Names, thread: int) -> tuple[str, Names]:
        return ("0", "EBUSY")[returned], names

    def events(self, heap: Heap, occurs: Occurs) -> list[tuple[str, Started]]:
        return []

    def pending(self, heap: Heap, thread: int) -> bool:
        return False

    def decide(self, node: Any, call: Call | None) -> tuple[int, ...] | None:
        return None

    def kept(self, heap: Heap) -> list[tuple[str, int]]:
        return []

    def is_late(self, node: Any) -> bool:
        return False


MODEL, _GRAPHS = lower_model(tiny.MODEL_NAME, tiny.modules())
BOX_GRAPHS = tuple(_GRAPHS)


class BoxEngine:
    """Runs scenarios on changed graphs, and keeps the last search."""

    def __init__(self, change: Change, machine: type[Machine], room: Callable[[Scenario], int]) -> None:
        graphs = tuple(change(MODEL, BOX_GRAPHS))
        self.program = Program(graphs, classify(MODEL, list(graphs), set(), reduce=True))
        self.machine, self.room = machine, room
        self.runs = 0

    def __call__(self, scenario: Scenario) -> Outcomes:
        self.runs += 1
        ready = self.machine(Memory(MODEL, INSTANCE), self.program, sleep_points=False)
        self.last = search_kind(scenario)(scenario, ready, Boxes(), self.room(scenario))
        return self.last.run()

    def stuck(self, scenario: Scenario) -> Stuck:
        assert self.last.scenario == scenario
        return stuck(self.last)

    def met(self, scenario: Scenario) -> frozenset[str]:
        assert self.last.scenario == scenario
        return met(self.last, ())


def box_engine(
    change: Change,
    *,
    machine: type[Machine] = Machine,
    max_states: int | Callable[[Scenario], int] = 1000,
    keep: bool = True,
) -> BoxEngine:
    return BoxEngine(change, machine, max_states if callable(max_states) else lambda _: max_states)
