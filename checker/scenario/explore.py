"""All interleavings of a few client programs on a concrete machine, and the outcomes they have.

The first thread is the one that runs ``setup`` alone, and ``post`` once all other threads have returned or block for good; the
programs of the scenario have a thread each; those that begin ``first`` do so after ``setup``, until all of them sleep.  A softirq
runs on the CPU of the thread whose packet it processes, before that thread goes on.  On ``up`` one thread runs until it sleeps
or returns to user mode.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from checker.errors import InternalError, LimitError
from checker.language.graph import Action
from checker.scenario.program import Call, Outcome, Outcomes, Scenario, Step
from checker.scenario.room import room_now
from checker.scenario.states import (
    PASSING,
    SECONDS,
    SETTLE,
    TIMERS,
    Client,
    Edge,
    Found,
    Interface,
    Move,
    Occurs,
    State,
)
from checker.scenario.steps import IDLE, Machine
from checker.scenario.turns import Turn, Turns

MAX_STATES = 2_000_000
ROUND = 1000
"""After so many states a search looks whether there is memory for more."""

BLOCKS = "blocks"
NOT_REACHED = "-"
MAX_EVENTS = 3
"""How many events that need not happen one run has at most."""


@dataclass
class Search:
    """The graph of reachable states, explored breadth-first; ``ends`` are the states where a run may end."""

    scenario: Scenario
    machine: Machine
    interface: Interface
    max_states: int = MAX_STATES
    states: list[State] = field(default_factory=list)
    parents: list[tuple[int, Move]] = field(default_factory=list)
    edges: list[list[Edge]] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        s = self.scenario
        self.programs = (s.setup, *(p.calls for p in s.threads))
        self.titles = ("setup", *(p.name for p in s.threads))
        self.first = frozenset(1 + n for n, p in enumerate(s.threads) if p.first)
        self.any_time = "timeout" in s.events
        self.alone = s.alone
        self.one_at_a_time = s.machine != "smp"
        self.by_phase = (s.setup, (), s.setup + s.post)
        self.turns = Turns(self.machine, self.interface, alone=s.alone)
        memory = self.machine.memory
        room = memory.count(memory.model.thread.name)
        if room < len(self.programs):
            told = f"{s.id} has {len(self.programs)} threads with the one of setup, the memory has {room}"
            raise InternalError("small-memory", told)

    def calls_of(self, state: State, client: int) -> tuple[Call, ...]:
        """The calls a thread may make in the present phase."""
        if client == 0:
            return self.by_phase[state.phase]
        if state.phase == 0 and (client not in self.first or state.clients[0].calls < len(self.scenario.setup)):
            return ()
        return self.programs[client]

    def next_call(self, state: State, client: int) -> Call | None:
        """The call a thread makes, or else the one it makes next; none for who has to wait before."""
        calls, made = self.calls_of(state, client), state.clients[client].calls
        return calls[made] if made < len(calls) and not self._settling(state, client, calls[made]) else None

    def run(self) -> Outcomes:
        """Explore everything.  Raises LimitError beyond ``max_states``, or when memory runs out."""
        started = time.perf_counter()
        room = room_now()
        first = State(self.machine.memory.initial, tuple(Client() for _ in self.programs))
        numbers = {first: 0}
        self.states.append(first)
        self.parents.append((0, PASSING))
        for number, state in enumerate(self.states):
            found, ended = self.next_states(state)
            if ended:
                self.ends.append(number)
            edges: list[Edge] = []
            for s, move in found:
                known = numbers.setdefault(s, len(self.states))
                if known == len(self.states):
                    self.states.append(s)
                    self.parents.append((number, move))
                edges.append(Edge(known, move))
            self.edges.append(edges)
            if len(self.states) > self.max_states:
                raise LimitError("too-many-states", f"{self.scenario.id}: more than {self.max_states} states", "make it smaller")
            if number % ROUND == ROUND - 1 and room.is_used_up():
                told = f"{self.scenario.id}: no memory is left after {len(self.states)} states"
                raise LimitError("out-of-memory", told, "make it smaller")
        return Outcomes(self.scenario, self._rows(), len(self.states), True, time.perf_counter() - started)

    # -- moves ----------------------------------------------------------------------------------------------------

    def next_states(self, state: State) -> tuple[Found, bool]:
        """Every state one step further, with the move that leads there; and whether the run may end here.

        It may if nothing can happen any more but what need not happen.
        """
        passed = self._passed(state)
        if passed:
            return passed, False
        maybe = self._events(state, Occurs.MAYBE)
        found: Found = []
        for occurs in (Occurs.SURELY, *TIMERS):
            late = occurs not in (Occurs.SURELY, Occurs.SOON)
            for client in self._may_run(state, late):
                found += self._moves(state, client, late)
            found += self._events(state, occurs)
            if found:
                return [*found, *maybe], False
            if not self._time_passes(state) and not (occurs is Occurs.SURELY and self._time_is_given(state)):
                break
        following = self._in_time(state) or self._next_phase(state)
        return [*following, *maybe], not following

    def _passed(self, state: State) -> Found:
        """Timers of a lone thread that go off together do so one after the other, each to its end, with what it sends."""
        if not self.alone or all(occurs not in TIMERS for _, occurs in state.events):
            return []
        busy = [i for i, c in enumerate(state.clients) if c.irq[0] != IDLE or (not i and self.interface.pending(state.heap, 1))]
        moves = [move for i in busy for move in self._moves(state, i, True)]
        return moves if moves or not state.due else self._events(state, state.due[0][1], state.due)

    def _time_passes(self, state: State) -> bool:
        """Whether a lone thread waits, so that timers go off in their order now that nothing else can happen."""
        return self.alone and any(c.frame[0] != IDLE for c in state.clients)

    def _in_time(self, state: State) -> Found:
        """What a few seconds bring about, in any order, while some of several threads wait and nothing else can happen."""
        if self.alone or all(c.frame[0] == IDLE for c in state.clients):
            return []
        expiries = [move for client in self._may_run(state, True) for move in self._moves(state, client, True)]
        return [*expiries, *(move for occurs in SECONDS for move in self._events(state, occurs))]

    def _time_is_given(self, state: State) -> bool:
        """Whether some thread gives time to what happens soon."""
        made = ((n, self.calls_of(state, n), c.calls) for n, c in enumerate(state.clients))
        return any(done < len(calls) and self._settling(state, n, calls[done]) for n, calls, done in made)

    def _settling(self, state: State, client: int, call: Call) -> bool:
        """Whether a thread gives time to what happens soon instead of making ``call``, and there is such a thing."""
        settles = call.name == SETTLE and self.alone and state.clients[client].frame[0] == IDLE
        return settles and bool(self._events(state, Occurs.SOON))

    def _events(self, state: State, occurs: Occurs, due: tuple[tuple[str, Occurs], ...] = ()) -> Found:
        """What the environment does runs as a softirq of the first CPU, one at a time, each event once.

        The timers of a lone thread go off in order: those that are ``due``, else all there are now, but none that they start.
        """
        c = state.clients[0]
        if state.phase == 0 and self.scenario.threads or c.irq[0] != IDLE:
            return []
        possible = self.turns.events(state.heap, occurs)
        if not possible:
            return []
        if occurs is Occurs.MAYBE and (sum(o is occurs for _, o in state.events) >= MAX_EVENTS or state.phase == 2):
            return []
        found = []
        timer = occurs in TIMERS
        expire = self._may_expire(state, timer)
        fresh = [(e, frame) for name, frame in possible if (e := (name, occurs)) not in state.events and (not due or e in due)]
        in_order = timer and self.alone
        later = tuple(event for event, _ in fresh[1:]) if in_order else ()
        for event, frame in fresh[:1] if in_order else fresh:
            for turn in self.turns.interrupted(state.heap, state.names, 0, c, frame, expire, event[0]):
                after, move = self._taken(state, turn)
                found.append((after._replace(events=state.events | {event}, due=later), move))
        return found

    def _may_run(self, state: State, late: bool) -> Sequence[int]:
        everyone = range(len(state.clients))
        if not self.one_at_a_time:
            return everyone
        interrupted = [i for i in everyone if state.clients[i].irq[0] != IDLE and self._turns(state, i, late)]
        if interrupted:
            return interrupted  # One that waits for a thread is a timer that tries again later.
        if self._at_user_mode(state, state.running):
            return everyone
        node = self.machine.node(state.clients[state.running].frame)
        may_switch = node is not None and node.action in (Action.MAY_SLEEP, Action.WAIT)
        return everyone if may_switch or not self._turns(state, state.running, late) else [state.running]

    def _at_user_mode(self, state: State, client: int) -> bool:
        c = state.clients[client]
        return c.frame[0] == IDLE and c.irq[0] == IDLE and not self.interface.pending(state.heap, client + 1)

    def _moves(self, state: State, client: int, late: bool) -> Found:
        return [self._taken(state, turn) for turn in self._turns(state, client, late)]

    def _turns(self, state: State, client: int, late: bool) -> list[Turn]:
        call, expire = self.next_call(state, client), self._may_expire(state, late)
        return self.turns.of(state.heap, state.names, client, state.clients[client], call, late, expire)

    def _may_expire(self, state: State, late: bool) -> bool:
        """Whether the timeout of a sleep may expire: ``late``, always if the scenario says so, or while several threads run."""
        return late or self.any_time or (not self.alone and state.phase == 1)

    def _taken(self, state: State, turn: Turn) -> tuple[State, Move]:
        """The state after a step of one process; those of the others are as they were."""
        move, events, due, faults = turn.move, state.events, state.due, state.faults
        if turn.over and events:
            events, due = frozenset(e for e in events if e[1] not in TIMERS), ()
        if turn.faults:
            faults = faults.union(turn.faults)
        clients = (*state.clients[: move.client], turn.client, *state.clients[move.client + 1 :])
        running = self._running(state, move.client, move.irq)
        return State(turn.heap, clients, turn.names, state.phase, running, faults, events, due), move

    def _running(self, state: State, client: int, irq: bool) -> int:
        """Which thread runs after a step; a softirq gives the processor back to the one it interrupted."""
        if not self.one_at_a_time:
            return 0
        return state.running if irq else client

    def _next_phase(self, state: State) -> Found:
        """Nothing can happen any more: go on to the next phase, if the one before did not hang."""
        if state.phase == 2 or (state.phase == 0 and state.clients[0].calls < len(self.scenario.setup)):
            return []
        if state.phase == 0 and not self.scenario.threads and not self.scenario.post:
            return []
        return [(state._replace(phase=state.phase + 1), PASSING)]

    # -- outcomes -------------------------------------------------------------------------------------------------

    def results_of(self, number: int) -> tuple[tuple[str, ...], ...]:
        """What a run that ends in a state amounts to: the results of setup, of each thread and of post, and the faults."""
        return self._results(self.states[number])

    def _rows(self) -> tuple[Outcome, ...]:
        by_results: dict[tuple[tuple[tuple[str, ...], ...], tuple[str, ...]], list[int]] = {}
        for number in self.ends:
            memory = self.machine.memory.told(self.states[number].heap) if self.scenario.observe == "state" else ()
            by_results.setdefault((self.results_of(number), memory), []).append(number)
        ways = self._ways()
        rows = []
        for (results, memory), numbers in by_results.items():
            named = dict(zip((*self.titles, "post", "faults"), results, strict=True))
            rows.append(Outcome(named, sum(ways[n] for n in numbers), self.schedule(numbers[0]), memory))
        return tuple(sorted(rows, key=lambda r: (sorted(r.results.items()), r.memory)))

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
        for edges in self.edges:
            for edge in edges:
                incoming[edge.target] += 1
        ways = [0] * len(self.states)
        ways[0] = 1
        ready = [0]
        for number in ready:
            for s, _ in self.edges[number]:
                ways[s] += ways[number]
                incoming[s] -= 1
                if not incoming[s]:
                    ready.append(s)
        finished = set(ready)
        return [n if i in finished else 0 for i, n in enumerate(ways)]

    def schedule(self, number: int) -> tuple[Step, ...]:
        """A shortest way to a state."""
        steps: list[Step] = []
        while number:
            before, move = self.parents[number]
            if move is not PASSING:
                steps.append(self.step(move, self.states[before].phase))
            number = before
        return tuple(reversed(steps))

    def step(self, move: Move, phase: int) -> Step:
        """A move as schedules show it; what a softirq does is nobody's call."""
        who = "softirq" if move.irq else "post" if move.client == 0 and phase == 2 else self.titles[move.client]
        return Step(who, move.about, move.did.told if move.did else "", move.result or "")
