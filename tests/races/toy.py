"""Programs on the classic objects, run by the scenario engine; and what sequential orders give, worked out independently."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from types import ModuleType
from typing import Any

from checker.instance import Instance
from checker.language import terms
from checker.language.declare import Kind
from checker.language.graph import Node
from checker.language.lower import lower
from checker.language.model import Model, load
from checker.language.movers import classify
from checker.races.access import Watching
from checker.scenario.explore import Search
from checker.scenario.heap import Heap, Memory
from checker.scenario.program import Call, Outcomes, Program, Scenario
from checker.scenario.serial import SerialSearch
from checker.scenario.states import Done, Names, Occurs, Started
from checker.scenario.steps import Program as Graphs
from tests.races import objects

LIMIT = 3
READERS = ("read", "take", "take_unlocked")


def program(*threads: str) -> Scenario:
    """Threads from text: ``put 1; take``; the value that is left and both places of the queue are looked at afterwards."""

    def calls(text: str) -> tuple[Call, ...]:
        words = [part.split() for part in text.split(";")]
        return tuple(Call(w[0], {"value": int(w[1])} if w[1:] else {}, " ".join(w)) for w in words)

    named = tuple(Program("ABCDEF"[n], calls(text)) for n, text in enumerate(threads))
    return Scenario("toy", (), named, calls("look value; look first; look second".replace("look ", "look_")), "smp")


@lru_cache(maxsize=2)
def compiled(module: ModuleType = objects) -> tuple[Model, Graphs]:
    model = load(module.__name__, [module], {})
    process = terms.var("self", model.thread)
    graphs = tuple(lower(model, root, process) for root in model.of_kind(Kind.SYSCALL))
    return model, Graphs(graphs, classify(model, list(graphs), set(), reduce=True))


@dataclass(frozen=True)
class Calls:
    """See checker.scenario.explore.Interface; the box is always the first one."""

    memory: Memory
    softirq: str = ""

    def start(self, call: Call, heap: Heap, names: Names, thread: int) -> Started | Done:
        if call.name.startswith("look_"):
            return Done(str(heap[self.memory.cell(("Box", call.name.removeprefix("look_")), 1)]), heap, names)
        return Started(call.name, {"box": 1, **{k: int(str(v)) for k, v in call.args.items()}})

    def finish(self, call: Call, returned: int, heap: Heap, names: Names, thread: int) -> tuple[str, Names]:
        return (str(heap[self.memory.cell(("Thread", "got"), thread)]) if call.name in READERS else "ok"), names

    def events(self, heap: Heap, occurs: Occurs) -> list[tuple[str, Started]]:
        return []

    def pending(self, heap: Heap, thread: int) -> bool:
        return False

    def decide(self, node: Node, call: Call | None) -> tuple[int, ...] | None:
        return None

    def kept(self, heap: Heap) -> list[tuple[str, int]]:
        return [("Box", 1)]

    def is_late(self, node: Node) -> bool:
        return False


def search(scenario: Scenario, *, everything: bool = False, module: ModuleType = objects) -> Search:
    """A search of a program that has not run yet."""
    model, graphs = compiled(module)
    sizes = (("Thread", 1 + len(scenario.threads)), ("Box", 1), ("Item", 3))
    memory = Memory(model, Instance(sizes, (("Number", tuple(range(1, LIMIT + 1))),), limit=False))
    memory.initial = memory.changed(memory.initial, {memory.cell(("Box", "live"), 1): 1})
    kind = SerialSearch if scenario.machine == "serial" else Search
    machine = Watching(memory, graphs, sleep_points=scenario.machine == "up", everything=everything)
    return kind(scenario, machine, Calls(memory))


def run(scenario: Scenario) -> Outcomes:
    """The engine as nonserial() takes it."""
    return search(scenario).run()


# -- the same by hand -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Box:
    """The abstract objects."""

    value: int = 0
    first: int = 0
    second: int = 0
    held: bool = False


Step = tuple[Box, str | None]


def whole_call(name: str, value: int, box: Box) -> Step | None:
    """What a call does and returns if it runs alone; None if it cannot proceed."""
    v, f, s, h = box.value, box.first, box.second, box.held
    match name:
        case "write":
            return Box(value, f, s, h), "ok"
        case "read":
            return box, str(v)
        case "increment" | "increment_locked":
            return Box(min(v + 1, LIMIT), f, s, h), "ok"
        case "put":
            return (Box(v, value, s, h) if not f else Box(v, f, value, h)), "ok"
        case "take" | "take_unlocked":
            return Box(v, s, 0, h), str(f)
        case "down":
            return None if h else (Box(v, f, s, True), "ok")
        case "up":
            return Box(v, f, s, False), "ok"
    raise AssertionError(name)


def sequential(scenario: Scenario) -> set[tuple[Any, ...]]:
    """The results of all orders of whole calls, by thread, then what is left; a call that cannot proceed waits its turn."""
    threads = [p.calls for p in scenario.threads]

    def orders(box: Box, results: tuple[tuple[str, ...], ...]) -> Iterator[tuple[Any, ...]]:
        stuck = True
        for n, calls in enumerate(threads):
            if len(results[n]) < len(calls):
                call = calls[len(results[n])]
                done = whole_call(call.name, int(str(call.args.get("value", 0))), box)
                if done is not None:
                    stuck = False
                    assert done[1] is not None
                    yield from orders(done[0], (*results[:n], (*results[n], done[1]), *results[n + 1 :]))
        if stuck:
            missing = [len(c) - len(r) for c, r in zip(threads, results, strict=True)]
            padded = tuple((*r, *(["blocks"] if m else []), *["-"] * (m - 1)) for r, m in zip(results, missing, strict=True))
            yield (*padded, (str(box.value), str(box.first), str(box.second)))

    return set(orders(Box(), tuple(() for _ in threads)))
