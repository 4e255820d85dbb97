"""Runs that never end, and ends where something is stuck: asked of the graph of a search that has run.

In goes a search; out comes a fair run without an end, if there is one, and what is lost at its ends: locks that are held, threads
that wait for a lock for ever, sleepers that nobody woke, objects that nobody can find.  ``docs/method.md`` defines the words.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import networkx as nx

from checker.errors import Place, UsageError
from checker.language.graph import Action, Node
from checker.language.terms import FieldKey, subterms
from checker.races.leaks import Leaks
from checker.scenario.explore import Search
from checker.scenario.footprints import Looked
from checker.scenario.heap import Heap
from checker.scenario.program import Call, Endless, Scenario, Step, Stuck
from checker.scenario.states import Edge, Move, Occurs, Started, State
from checker.scenario.steps import IDLE, Frame, Machine, Policy, Run
from checker.scenario.vocabulary import SERIAL

NOBODY = (-1, "")
Process = tuple[int, str]
"""A thread with the softirqs on its CPU, or an event of the environment that surely happens."""


def is_fair(scenario: Scenario) -> bool:
    """Whether weak fairness says something about the runs of a scenario."""
    return _unfair(scenario) is None


def require_fair(scenario: Scenario, place: Place | None = None) -> None:
    """Raises UsageError where weak fairness says nothing about the runs of a scenario."""
    unfair = _unfair(scenario)
    if unfair is not None:
        why, fix = unfair
        raise UsageError("no-fairness", f"{scenario.id}: eventually means nothing here: {why}", fix, place)


def _unfair(scenario: Scenario) -> tuple[str, str] | None:
    """Why weak fairness says nothing about the runs of a scenario, and what to write instead."""
    if scenario.machine == SERIAL:
        return "the machine serial runs whole calls, so that no call is ever kept waiting by half of another", "choose smp or up"
    if "timeout" in scenario.events:
        why = "with timeout any sleep may end at any moment, so that fairness would end every one"
        return why, "leave the event timeout out"
    if scenario.alone:
        why = "for one thread time passes, and a timer that goes off when nothing else can happen is no process to be fair to"
        return why, "write several threads, for which nothing runs out"
    return None


def stuck(search: Search) -> Stuck:
    """Everything this module finds."""
    leaks, machine, locks = Leaks(search), Blocking(search.machine), search.machine.program.locks
    told = [
        t
        for end in search.ends
        for t in (
            *(f"{name} is held" for name in _held(search, search.states[end].heap, locks)),
            *map(str, waiters(search, end, machine)),
            *(f"{record} {number} is leaked" for record, number in leaks.of(search.states[end])),
        )
    ]
    return Stuck(endless(search), tuple(dict.fromkeys(told)))


# -- runs without an end ----------------------------------------------------------------------------------------------


def endless(search: Search) -> Endless | None:
    """A run that goes round for ever although every process that always could take a step does; None if there is none.

    A strongly connected component whose always enabled processes all move inside it has such a run: the one that goes through
    all of it.  If a process is always enabled there and does not move, no run that stays in any part of it is fair.
    """
    graph = nx.DiGraph()
    for number, edges in enumerate(search.edges):
        graph.add_edges_from((number, edge.target) for edge in edges)
    for component in sorted(map(sorted, nx.strongly_connected_components(graph))):
        inside = frozenset(component)
        moves = [(n, e) for n in component for e in search.edges[n] if e.target in inside]
        always = frozenset.intersection(*(_enabled(search, n) for n in component))
        if moves and always <= {_process(search, n, e) for n, e in moves}:
            return Endless(search.schedule(component[0]), _round(search, component, always))
    return None


def _process(search: Search, number: int, edge: Edge) -> Process:
    begun = search.states[edge.target].events - search.states[number].events
    for name, occurs in begun:
        return NOBODY if occurs is Occurs.MAYBE else (-1, name)
    return (edge.move.client, "")


def _enabled(search: Search, number: int) -> frozenset[Process]:
    """Who can take a step; what need not happen is nobody's."""
    return frozenset(_process(search, number, e) for e in search.edges[number]) - {NOBODY}


def _round(search: Search, component: list[int], always: frozenset[Process]) -> tuple[Step, ...]:
    """From the first state of a component through it and back: all in ``always`` move, nobody else always can."""
    inside = frozenset(component)
    graph = nx.DiGraph()
    move: dict[tuple[int, int, Process], Move] = {}
    for n in component:
        for e in search.edges[n]:
            if e.target in inside:
                graph.add_edge(n, e.target)
                move.setdefault((n, e.target, _process(search, n, e)), e.move)
    path: list[tuple[int, int, Process]] = []
    at = component[0]

    def go(target: int) -> None:
        nonlocal at
        for a, b in pairwise(nx.shortest_path(graph, at, target)):
            path.append(next(key for key in move if key[:2] == (a, b)))
        at = target

    for process in sorted(always):
        if all(p != process for *_, p in path):
            taken = next(key for key in move if key[2] == process)
            go(taken[0])
            path.append(taken)
            at = taken[1]
    there = frozenset().union(*(_enabled(search, n) for n in component))
    for process in sorted(there - always):
        go(next(n for n in component if process not in _enabled(search, n)))
    if not path:
        path.append(next(key for key in move if key[0] == at))
        at = path[0][1]
    go(component[0])
    return tuple(search.step(move[key], search.states[key[0]].phase) for key in path)


# -- ends -------------------------------------------------------------------------------------------------------------


class Blocking(Machine):
    """A machine that notes what a step comes to that can block, with the frame behind it."""

    def __init__(self, machine: Machine) -> None:
        super().__init__(machine.memory, machine.program, sleep_points=machine.sleep_points)
        self.met: list[tuple[Node, Frame]] = []

    def _notice(self, run: Run, graph: int, node: Node, thread: int) -> None:
        if node.action in (Action.ACQUIRE, Action.WAIT):
            after = node.successors[0]
            self.met.append((node, (graph, after, tuple(run.locals.get(slot, 0) for slot in self.live[graph][after]))))

    def blocks_at(self, heap: Heap, frame: Frame, thread: int, policy: Policy) -> list[tuple[Node, Frame]]:
        """Where a process that cannot take a step is blocked; a step does nothing before it."""
        self.met = []
        return [] if any(self.ways(Looked(heap), frame, thread, policy)) else self.met


@dataclass(frozen=True)
class Waiter:
    """Who waits for ever where a run ended: for ``lock``, or without one a sleeper that would return if it was woken."""

    who: str
    node: Node
    lock: str = ""

    @property
    def function(self) -> str:
        """The function that waits: the one that called the place where threads sleep or locks are taken."""
        stack = self.node.context.stack
        callers = [name for name in stack if name != self.node.function]
        return callers[-1] if callers else self.node.function

    def __str__(self) -> str:
        where = f"for ever in {self.node.function} ({self.node.place})"
        if self.lock:
            return f"{self.who} waits for {self.lock} {where}"
        return f"{self.who} sleeps {where}, but woken it would return"


def waiters(search: Search, end: int, machine: Blocking) -> list[Waiter]:
    """The threads that wait for a lock where a run ended, and the sleepers that nobody woke."""
    state = search.states[end]
    found = []
    for client in range(len(state.clients)):
        call = _call(search, state, client)
        for frame, irq in _frames(search, state, client, call):
            who = "softirq" if irq else search.titles[client]
            policy = search.turns.policy(False, None if irq else call)
            for node, behind in machine.blocks_at(state.heap, frame, client + 1, policy):
                if node.lock is not None:
                    found.append(Waiter(who, node, node.lock.users[1]))
                elif not irq and _sleeps(search, node) and _returns(search, state.heap, behind, client + 1, call):
                    found.append(Waiter(who, node))
    return found


def _call(search: Search, state: State, client: int) -> Call | None:
    calls, made = search.calls_of(state, client), state.clients[client].calls
    return calls[made] if made < len(calls) else None


def _frames(search: Search, state: State, client: int, call: Call | None) -> Iterator[tuple[Frame, bool]]:
    """Where a thread and the softirq on its CPU are, or where the thread would begin its next call."""
    c = state.clients[client]
    if c.irq[0] != IDLE:
        yield c.irq, True
    if c.frame[0] != IDLE:
        yield c.frame, False
    elif call is not None and c.irq[0] == IDLE:
        begun = search.interface.start(call, state.heap, state.names, client + 1)
        if isinstance(begun, Started):
            yield search.machine.enter(begun.root, dict(begun.arguments)), False


def _held(search: Search, heap: Heap, locks: Sequence[FieldKey]) -> list[str]:
    memory = search.machine.memory
    found = []
    for record, field in locks:
        base = memory.base[record, field]
        if not record:
            found += [field] if heap[base] else []
        else:
            found += [f"{field} of {record} {n}" for n in range(1, memory.count(record) + 1) if heap[base + n]]
    return found


def _sleeps(search: Search, node: Node) -> bool:
    """Whether a wait is for what somebody else writes into the thread's own record: only then can a wake-up be lost."""
    thread = search.machine.memory.model.thread.name
    if node.value is None:
        return False
    read = [t.data for t in subterms(node.value) if t.op == "field"]
    return bool(read) and all(record == thread for record, _ in read)


def _returns(search: Search, heap: Heap, frame: Frame, thread: int, call: Call | None) -> bool:
    """Whether a process, gone on alone, returns whatever the environment decides, and is nowhere blocked."""
    policy = search.turns.policy(False, call)
    work = [(heap, frame)]
    seen = set(work)
    while work:
        ways = search.machine.step(*work.pop(), thread, policy)
        if not ways:
            return False
        further = {(w.heap, w.did.frame) for w in ways if w.did.returned is None} - seen
        seen |= further
        work += further
    return True
