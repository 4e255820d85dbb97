"""The race matrix of sockets: from which starting classes, which operations against which, and how they run."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import combinations_with_replacement
from typing import Any

from checker.races.access import Watching
from checker.races.pair import Operation, Start
from checker.scenario.explore import Search
from checker.scenario.heap import Memory
from checker.scenario.load import call_of
from checker.scenario.program import Call, Scenario
from checker.scenario.program import Program as Thread
from checker.scenario.serial import search_kind
from checker.scenario.short import long_step
from checker.scenario.steps import Program
from spec.scenarios import race_starts as table
from spec.scenarios.calls import Calls
from spec.scenarios.world import World

THREADS = "ABCDEF"
SLEEPERS = "WXYZ"


@lru_cache(maxsize=1024)
def _call(text: str) -> Call:
    """A call by its short form."""
    return call_of(long_step(text))


class Sockets:
    """The races of sockets; see checker.races.pair.Subject."""

    kinds: Sequence[str] = table.KINDS
    atomic = table.ATOMIC

    def __init__(self, compiled: Callable[[bool], tuple[Any, Program]]) -> None:
        """``compiled`` gives the model and its program, with datagrams or without."""
        self.with_datagrams = compiled
        self.machines: dict[tuple[str, bool, bool, bool], tuple[World, Watching]] = {}

    def compiled(self, kind: str) -> tuple[Any, Program]:
        return self.with_datagrams(kind != "stream")

    def starts(self, kind: str) -> Sequence[Start]:
        return table.STARTS[kind]

    def pairs(self, start: Start) -> Sequence[tuple[Operation, ...]]:
        """Every two operations on the first socket, and those on it against those on the second one; two events do not race."""
        mine = table.operations(start)
        both = combinations_with_replacement(mine if start.name not in table.CROSS_ONLY else (), 2)
        return [
            *(pair for pair in both if not all(o.event for o in pair)),
            *((a, b) for a in mine if a.title in table.SHARING for b in table.others(start)),
        ]

    def triples(self, start: Start) -> Sequence[tuple[Operation, ...]]:
        mine = table.operations(start)
        return [three for three in combinations_with_replacement(mine, 3) if sum(not o.event for o in three) > 1]

    def scenario(self, start: Start, operations: Sequence[Operation], machine: str) -> Scenario:
        calls = [o.call for o in operations if not o.event]
        sleeping = tuple(Thread(SLEEPERS[n], (_call(c),), first=True) for n, c in enumerate(start.sleeping))
        threads = tuple(Thread(THREADS[n], (_call(c),)) for n, c in enumerate(calls))
        return Scenario(
            f"{start} | {' | '.join(map(str, operations))}",
            tuple(_call(c) for c in start.setup),
            (*sleeping, *threads),
            tuple(_call(c) for c in table.probes(start)),
            machine,
            tuple(dict.fromkeys(o.call for o in operations if o.event)),
            peers=table.PEERS,
        )

    def search(self, scenario: Scenario, max_states: int, *, everything: bool = False) -> Search:
        world, machine = self._machine(scenario, everything)
        world = copy.copy(world)
        own = World(scenario)
        world.calls, world.threads, world.events, world.peers = own.calls, own.threads, own.events, own.peers
        world.quiet, world.kinds = own.quiet, own.kinds
        return search_kind(scenario)(scenario, machine, Calls(machine.memory, world), max_states)

    def _machine(self, scenario: Scenario, everything: bool) -> tuple[World, Watching]:
        """A machine big enough for every scenario that starts as this one does and has as many operations."""
        name = scenario.id.split(" | ")[0]
        three = sum(not thread.first for thread in scenario.threads) + len(scenario.events) > 2
        key = (name, scenario.machine == "up", everything, three)
        if key not in self.machines:
            start = next(s for kind in self.kinds for s in self.starts(kind) if str(s) == name)
            world = self._world(start, self.triples(start) if three else self.pairs(start))
            model, program = self.compiled(start.kind)
            memory = Memory(model, world.instance(model))
            self.machines[key] = world, Watching(memory, program, sleep_points=key[1], everything=everything)
        return self.machines[key]

    def _world(self, start: Start, ways: Sequence[tuple[Operation, ...]]) -> World:
        """Addresses and ports of all operations, and as many objects as the largest of their combinations needs."""
        scenarios = [self.scenario(start, way, "smp") for way in ways]
        every = [World(s) for s in scenarios]
        calls = dict.fromkeys(c.label for w in every for c in w.calls)
        events = dict.fromkeys(e for s in scenarios for e in s.events)
        whole = World(replace(scenarios[0], threads=(), post=tuple(_call(c) for c in calls), events=tuple(events)))
        for size in ("threads", "sockets", "socks", "segments", "requests"):
            setattr(whole, size, max(getattr(w, size) for w in every))
        return whole
