"""A schedule run again, node by node, on a machine that joins nothing.

The search that found the schedule took steps of many nodes, relying on Lipton's theorem, and visited no state twice.  Here
each step of the schedule is cut into the nodes it is made of, and the machine stands still between them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from checker.language.graph import Action, Node
from checker.language.model import Model
from checker.language.movers import classify
from checker.races.reach import Results
from checker.scenario.explore import Search
from checker.scenario.program import Step
from checker.scenario.states import PASSING, Client, Move, State
from checker.scenario.steps import Machine, Program


def unreduced(model: Model, program: Program) -> Program:
    """The same code where nothing shared moves."""
    return Program(program.graphs, classify(model, list(program.graphs), set(), reduce=False))


def on_unreduced(search: Search, program: Program) -> Search:
    """A search that has not run yet, on the same memory with the code of :func:`unreduced`."""
    machine = Machine(search.machine.memory, program, sleep_points=search.machine.sleep_points)
    return replace(search, machine=machine, states=[], parents=[], edges=[], ends=[])


def replay(search: Search, schedule: Sequence[Step]) -> dict[Results, frozenset[str]]:
    """The outcomes of the runs that do just what ``schedule`` says, with the functions they go through.

    ``search`` gives the moves of single states and the words for them; it is not run.
    """
    states = {State(search.machine.memory.initial, tuple(Client() for _ in search.programs)): frozenset[str]()}
    for step in schedule:
        following: dict[State, frozenset[str]] = {}
        for begun, names in _passed(search, states).items():
            for after, nodes in _follow(search, begun, step):
                ran = {name for n in nodes for name in (n.function, *n.context.stack)}
                following[after] = following.get(after, names) | names | ran
        states = following
    found: dict[Results, frozenset[str]] = {}
    for state, names in _passed(search, states).items():
        if search.next_states(state)[1]:
            search.states.append(state)
            found[search.results_of(len(search.states) - 1)] = names
    return found


def _passed(search: Search, states: Mapping[State, frozenset[str]]) -> dict[State, frozenset[str]]:
    """States, and those behind them when nothing but the phase changes."""
    found, work = dict(states), list(states)
    for state in work:
        for after, move in search.next_states(state)[0]:
            if move is PASSING and after not in found:
                found[after] = found[state]
                work.append(after)
    return found


def _follow(search: Search, state: State, step: Step) -> Iterator[tuple[State, tuple[Node, ...]]]:
    """Where a process can be when it has done what ``step`` tells and nothing else, with the nodes it has done."""
    work: list[tuple[State, Move | None, tuple[Node, ...]]] = [(state, None, ())]
    while work:
        now, first, done = work.pop()
        for after, move in search.next_states(now)[0]:
            if move is PASSING or (first is not None and move.process != first.process):
                continue
            nodes = (*done, *(move.did.done if move.did is not None else ()))
            whole = move.did and replace(move.did, done=nodes)
            told = search.step(move._replace(about=first.about if first else move.about, did=whole), now.phase)
            if (told.who, told.call) != (step.who, step.call):
                continue
            if (told.what, told.result) == (step.what, step.result):
                yield after, nodes
            ended = move.did is None or move.did.returned is not None
            if not ended and (step.what.startswith(told.what) or not _shown(nodes)):
                work.append((after, first or move, nodes))


def _shown(nodes: Sequence[Node]) -> bool:
    """Whether a step of these nodes is told by what it does, not by what it looks at last."""
    return any(n.text and n.action not in (Action.READ, Action.CHOOSE) for n in nodes)
