"""All interleavings of a few client programs on a concrete machine, and the outcomes they have.

The first thread is the one that runs ``setup`` alone, and ``post`` once all other threads have returned or block for good; the
programs of the scenario have a thread each.  A softirq runs on the CPU of the thread whose packet it processes, before that
thread goes on.  On ``up`` one thread runs until it sleeps or returns to user mode.
"""

from __future__ import annotations

import enum
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from checker.errors import LimitError
from checker.language.graph import Action, Node
from checker.scenario.heap import Memory
from checker.scenario.program import Call, Outcome, Outcomes, Scenario
from checker.scenario.steps import IDLE, NO_FRAME, Frame, Machine

MAX_STATES = 2_000_000
BLOCKS = "blocks"
NOT_REACHED = "-"
MAX_EVENTS = 3
"""How many events that need not happen one run has at most."""

Names = tuple[tuple[str, int], ...]


class Occurs(enum.Enum):
    """When an event of the environment happens: perhaps, surely, when nothing else can happen any more, or last of all."""

    MAYBE = "maybe"
    SURELY = "surely"
    LATE = "late"
    LAST = "last"


TIMERS = (Occurs.LATE, Occurs.LAST)
"""What only time brings about, in this order.  It passes for one thread that waits; several are asked who waits for ever."""


@dataclass(frozen=True)
class Client:
    """One thread: its process and softirq frames, how many calls it has finished, and their results."""

    frame: Frame = NO_FRAME
    irq: Frame = NO_FRAME
    calls: int = 0
    results: tuple[str, ...] = ()


@dataclass(frozen=True)
class State:
    """The whole machine.

    ``names`` are what the programs call their sockets and ports; ``running`` is the thread that a ``up`` machine runs.
    """

    heap: tuple[int, ...]
    clients: tuple[Client, ...]
    names: Names = ()
    phase: int = 0
    running: int = 0
    faults: frozenset[str] = frozenset()
    events: frozenset[tuple[str, Occurs]] = frozenset()


@dataclass(frozen=True)
class Started:
    """A call that is a kernel entry: the root and its arguments, by name."""

    root: str
    arguments: Mapping[str, int]


@dataclass(frozen=True)
class Done:
    """A call that needs no kernel code: its result, the memory and the names after it."""

    result: str
    heap: tuple[int, ...]
    names: Names


class Interface(Protocol):
    """What a specification says about calls: how each starts, and what its result is called."""

    softirq: str

    def start(self, call: Call, heap: tuple[int, ...], names: Names, thread: int) -> Started | Done: ...

    def finish(self, call: Call, returned: int, heap: tuple[int, ...], names: Names, thread: int) -> tuple[str, Names]: ...

    def events(self, heap: tuple[int, ...], occurs: Occurs) -> list[tuple[str, Started]]:
        """What the environment may do now, with its name."""
        ...

    def pending(self, heap: tuple[int, ...], thread: int) -> bool:
        """Whether packets wait for the softirq of the thread's CPU."""
        ...

    def decide(self, node: Node, call: Call | None) -> tuple[int, ...] | None:
        """The values a choice of the environment may have during ``call``; None for all."""
        ...

    def is_late(self, node: Node) -> bool:
        """Whether the environment decides this only when nothing else can happen (a timer that expires)."""
        ...


@dataclass
class Move:
    """One step of one thread, as schedules show it."""

    client: int
    text: str


@dataclass
class Search:
    """The graph of reachable states, explored breadth-first."""

    scenario: Scenario
    machine: Machine
    interface: Interface
    max_states: int = MAX_STATES
    states: list[State] = field(default_factory=list)
    parents: list[tuple[int, str]] = field(default_factory=list)
    successors: list[list[int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        s = self.scenario
        self.programs = (s.setup, *(p.calls for p in s.threads))
        self.titles = ("setup", *(p.name for p in s.threads))
        self.any_time = "timeout" in s.events
        self.up = s.machine == "up"

    def calls_of(self, state: State, client: int) -> tuple[Call, ...]:
        """The calls a thread may make in the present phase."""
        if client == 0:
            return (self.scenario.setup, (), self.scenario.setup + self.scenario.post)[state.phase]
        return self.programs[client] if state.phase >= 1 else ()

    def run(self) -> Outcomes:
        """Explore everything.  Raises LimitError beyond ``max_states``."""
        started = time.perf_counter()
        first = State(self.machine.memory.initial, tuple(Client() for _ in self.programs))
        numbers = {first: 0}
        self.states.append(first)
        self.parents.append((0, ""))
        ends: list[int] = []
        for number, state in enumerate(self.states):
            after, ended = self.next_states(state)
            if ended:
                ends.append(number)
            following: list[int] = []
            for s, text in after:
                known = numbers.setdefault(s, len(self.states))
                if known == len(self.states):
                    self.states.append(s)
                    self.parents.append((number, text))
                following.append(known)
            self.successors.append(following)
            if len(self.states) > self.max_states:
                raise LimitError("too-many-states", f"{self.scenario.id}: more than {self.max_states} states", "make it smaller")
        return Outcomes(self.scenario, self._rows(ends), len(self.states), True, time.perf_counter() - started)

    # -- moves ----------------------------------------------------------------------------------------------------

    def next_states(self, state: State) -> tuple[list[tuple[State, str]], bool]:
        """Every state one step further, with what the step does; and whether the run may end here.

        It may if nothing can happen any more but what need not happen.
        """
        passing = self._time_passes(state)
        if passing:
            return passing, False
        maybe = self._events(state, Occurs.MAYBE)
        found: list[tuple[State, str]] = []
        for occurs in (Occurs.SURELY, *TIMERS):
            late = occurs in TIMERS
            for client in self._may_run(state, late):
                found += self._moves(state, client, late)
            found += self._events(state, occurs)
            if found:
                return [*found, *maybe], False
            if not self._waiting(state) or len(self.scenario.threads) > 1 or self.scenario.events:
                break  # Nobody waits for anything, or it is the question who waits for ever: time does not pass.
        following = self._next_phase(state)
        return [*following, *maybe], not following

    def _time_passes(self, state: State) -> list[tuple[State, str]]:
        """Once one timer has run out, so have all others of its kind; each runs to its end, with the packets it sends."""
        expired = [occurs for occurs in reversed(TIMERS) if any(o is occurs for _, o in state.events)]
        if not expired:
            return []
        busy = [i for i, c in enumerate(state.clients) if c.irq[0] != IDLE or (not i and self.interface.pending(state.heap, 1))]
        return [move for i in busy for move in self._moves(state, i, True)] or self._events(state, expired[0])

    def _waiting(self, state: State) -> bool:
        """Whether a call is under way that cannot go on."""
        return any(c.frame[0] != IDLE for c in state.clients)

    def _events(self, state: State, occurs: Occurs) -> list[tuple[State, str]]:
        """What the environment does runs as a softirq of the first CPU, one at a time, each event once; timers in order."""
        c = state.clients[0]
        if state.phase == 0 and self.scenario.threads or c.irq[0] != IDLE:
            return []
        if occurs is Occurs.MAYBE and (sum(o is occurs for _, o in state.events) >= MAX_EVENTS or state.phase == 2):
            return []
        found = []
        for name, begun in self.interface.events(state.heap, occurs):
            if (name, occurs) not in state.events:
                frame = self.machine.enter(begun.root, dict(begun.arguments))
                for after, text in self._advance(state, 0, frame, True, occurs in TIMERS, about=name):
                    found.append((replace(after, events=state.events | {(name, occurs)}), text))
                if occurs in TIMERS:
                    break
        return found

    def _may_run(self, state: State, late: bool) -> list[int]:
        everyone = list(range(len(state.clients)))
        interrupted = [i for i in everyone if state.clients[i].irq[0] != IDLE]
        if self.up and interrupted:
            return interrupted
        if not self.up or self._at_user_mode(state, state.running):
            return everyone
        node = self.machine.node(state.clients[state.running].frame)
        may_switch = node is not None and node.action in (Action.MAY_SLEEP, Action.WAIT)
        return everyone if may_switch or not self._moves(state, state.running, late) else [state.running]

    def _at_user_mode(self, state: State, client: int) -> bool:
        c = state.clients[client]
        return c.frame[0] == IDLE and c.irq[0] == IDLE and not self.interface.pending(state.heap, client + 1)

    def _moves(self, state: State, client: int, late: bool) -> list[tuple[State, str]]:
        c = state.clients[client]
        thread = client + 1
        if c.irq[0] != IDLE:
            return self._advance(state, client, c.irq, True, late)
        node = self.machine.node(c.frame)
        if self.interface.pending(state.heap, thread) and (node is None or not node.context.bh_off):
            return self._advance(state, client, self.machine.enter(self.interface.softirq, {}), True, late)
        if node is not None:
            return self._advance(state, client, c.frame, False, late)
        calls = self.calls_of(state, client)
        if late or c.calls >= len(calls):
            return []
        call = calls[c.calls]
        begun = self.interface.start(call, state.heap, state.names, thread)
        if isinstance(begun, Done):
            after = replace(c, calls=c.calls + 1, results=(*c.results, begun.result))
            text = f"{self.titles[client]}: {call.label} = {begun.result}"
            return [(self._with(state, client, after, heap=begun.heap, names=begun.names), text)]
        return self._advance(state, client, self.machine.enter(begun.root, dict(begun.arguments)), False, late, call)

    def _advance(
        self, state: State, client: int, frame: Frame, irq: bool, late: bool, starting: Call | None = None, about: str = "softirq"
    ) -> list[tuple[State, str]]:
        c = state.clients[client]
        calls = self.calls_of(state, client)
        call = starting or (calls[c.calls] if c.calls < len(calls) else None)

        def policy(node: Node, thread: int) -> tuple[int, ...] | None:
            if self.interface.is_late(node) and not self.any_time:
                return None if late else (0,)
            return self.interface.decide(node, None if irq else call)

        found = []
        for after in self.machine.step(state.heap, frame, client + 1, policy):
            doing = call.label if call and not irq else about
            text = f"{self.titles[client]}: {doing}: {_summary(after.done)}"
            changed = replace(c, irq=after.frame) if irq else replace(c, frame=after.frame)
            names = state.names
            events = state.events if irq else frozenset(e for e in state.events if e[1] not in TIMERS)
            if after.returned is not None and not irq:
                assert call is not None
                result, names = self.interface.finish(call, after.returned, after.heap, names, client + 1)
                changed = replace(changed, calls=c.calls + 1, results=(*c.results, result))
                text += f" = {result}"
            faults = state.faults.union(after.faults) if after.faults else state.faults
            reached = self._with(state, client, changed, heap=after.heap, names=names, faults=faults, events=events)
            found.append((reached, text))
        return found

    def _with(self, state: State, client: int, changed: Client, **parts: object) -> State:
        clients = (*state.clients[:client], changed, *state.clients[client + 1 :])
        return replace(state, clients=clients, running=client if self.up else 0, **parts)  # type: ignore[arg-type]

    def _next_phase(self, state: State) -> list[tuple[State, str]]:
        """Nothing can happen any more: go on to the next phase, if the one before did not hang."""
        if state.phase == 2 or (state.phase == 0 and state.clients[0].calls < len(self.scenario.setup)):
            return []
        if state.phase == 0 and not self.scenario.threads and not self.scenario.post:
            return []
        return [(replace(state, phase=state.phase + 1), "")]

    # -- outcomes -------------------------------------------------------------------------------------------------

    def _rows(self, ends: list[int]) -> tuple[Outcome, ...]:
        by_results: dict[tuple[tuple[str, ...], ...], list[int]] = {}
        for number in ends:
            by_results.setdefault(self._results(self.states[number]), []).append(number)
        ways = self._ways()
        rows = []
        for results, numbers in by_results.items():
            named = dict(zip((*self.titles, "post", "faults"), results, strict=True))
            rows.append(Outcome(named, sum(ways[n] for n in numbers), self._schedule(numbers[0])))
        return tuple(sorted(rows, key=lambda r: sorted(r.results.items())))

    def _results(self, state: State) -> tuple[tuple[str, ...], ...]:
        split = len(self.scenario.setup)
        main = state.clients[0].results
        vectors = [self._padded(main[:split], len(self.scenario.setup))]
        for client, calls in zip(state.clients[1:], self.programs[1:], strict=True):
            vectors.append(self._padded(client.results, len(calls)))
        vectors.append(self._padded(main[split:], len(self.scenario.post)))
        return (*vectors, tuple(sorted(state.faults)))

    @staticmethod
    def _padded(results: tuple[str, ...], length: int) -> tuple[str, ...]:
        missing = length - len(results)
        return results if missing <= 0 else (*results, BLOCKS, *(NOT_REACHED for _ in range(missing - 1)))

    def _ways(self) -> list[int]:
        """How many paths lead to each state; 0 where a cycle makes them endless."""
        incoming = [0] * len(self.states)
        for after in self.successors:
            for s in after:
                incoming[s] += 1
        ways = [0] * len(self.states)
        ways[0] = 1
        ready = [0]
        for number in ready:
            for s in self.successors[number]:
                ways[s] += ways[number]
                incoming[s] -= 1
                if not incoming[s]:
                    ready.append(s)
        finished = set(ready)
        return [n if i in finished else 0 for i, n in enumerate(ways)]

    def _schedule(self, number: int) -> tuple[str, ...]:
        steps: list[str] = []
        while number:
            number, text = self.parents[number]
            if text:
                steps.append(text)
        return tuple(reversed(steps))


def _summary(done: tuple[Node, ...]) -> str:
    """What a step does to memory others can see, in the words of the specification."""
    shown = [f"{n.function}: {n.text}" for n in done if n.action not in (Action.READ, Action.CHOOSE) and n.text]
    if not shown:
        shown = [f"{n.function}: {n.text}" for n in done if n.text][-1:]
    return "; ".join(dict.fromkeys(shown))


def explore(
    scenario: Scenario, memory: Memory, machine: Machine, interface: Interface, *, max_states: int = MAX_STATES
) -> Outcomes:
    """Every outcome of ``scenario``.  Raises LimitError beyond ``max_states``."""
    return Search(scenario, machine, interface, max_states).run()
