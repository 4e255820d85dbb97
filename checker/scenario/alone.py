"""One process alone: a control-flow graph run on real values until it returns or cannot go on.

Nobody comes in between, so a run needs no interleaving points.  It tells what it decided, which functions it entered, and
every change of the fields it is asked to watch, with the functions that were active.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from copy import copy
from dataclasses import dataclass, field

from checker.language.graph import Action, Node
from checker.language.terms import FALSE, FieldKey
from checker.scenario.blocks import Pieces, called
from checker.scenario.heap import Heap, Memory
from checker.scenario.steps import NO_FRAME, Frame, Machine, Program, Run

Stack = tuple[str, ...]
Decide = Callable[[Node], tuple[tuple[int, str], ...] | None]
"""The values a choice of the environment may have, each with a remark; None for every value, without remarks."""


@dataclass(frozen=True)
class Change:
    """A watched field of one object got another value; ``fresh`` if the object was made by the same run and not yet written."""

    key: FieldKey
    obj: int
    before: int
    after: int
    stack: Stack
    fresh: bool


@dataclass(frozen=True)
class Ran:
    """How a run ended: it returned (``frame`` is NO_FRAME), or it is blocked at ``frame``."""

    heap: Heap
    frame: Frame
    returned: int | None
    remarks: tuple[str, ...]
    stacks: frozenset[Stack]
    changes: tuple[Change, ...]
    faults: tuple[str, ...]

    @property
    def blocked(self) -> bool:
        return self.frame is not NO_FRAME


@dataclass
class Lone(Run):
    """A run under way, with what it will tell."""

    remarks: tuple[str, ...] = ()
    stacks: set[Stack] = field(default_factory=set)
    changes: list[Change] = field(default_factory=list)
    callers: dict[str, Stack] = field(default_factory=dict)
    fresh: set[tuple[FieldKey, int]] = field(default_factory=set)

    def whole(self, stack: Stack) -> Stack:
        """``stack`` with the functions that called the shared function it is in, which is compiled once for all its callers."""
        caller = self.callers.get(stack[1]) if len(stack) > 1 else None
        return stack if caller is None else (*caller, *stack[1:])

    def fork(self) -> Lone:
        return Lone(
            copy(self.heap),
            dict(self.locals),
            faults=list(self.faults),
            remarks=self.remarks,
            stacks=set(self.stacks),
            changes=list(self.changes),
            callers=dict(self.callers),
            fresh=set(self.fresh),
        )


class Alone(Machine):
    """Executes a program one process at a time and watches the fields ``watched``."""

    def __init__(self, memory: Memory, program: Program, watched: Collection[FieldKey]) -> None:
        super().__init__(memory, program, sleep_points=False)
        self.watched = tuple(watched)
        self.pieces = [
            Pieces(memory, g, slots, self.live_base, watched) for g, slots in zip(self.graphs, self.slots, strict=True)
        ]

    def run(self, heap: Heap, frame: Frame, thread: int, decide: Decide) -> Iterator[Ran]:
        """Every way in which ``thread`` can go on from ``frame``; if it cannot, the one result is blocked where it was."""
        graph, pc, values = frame
        run = Lone(list(heap), dict(zip(self.live[graph][pc], values, strict=True)))
        yield from self._on(run, graph, pc, thread, decide)

    def _on(self, run: Lone, graph: int, pc: int, thread: int, decide: Decide) -> Iterator[Ran]:
        nodes, pieces = self.graphs[graph].nodes, self.pieces[graph]
        heap, locals_ = run.heap, run.locals
        while True:
            reached = pieces.at(pc)(heap, locals_, thread)
            run.stacks |= reached.stacks
            pc = reached.pc
            if not reached.careful:
                continue
            node = nodes[pc]
            run.stacks.add(node.context.stack)
            if node.action is Action.RETURN:
                returned = self._value(graph, node, "value", run, thread) if node.value is not None else 0
                yield self._finished(run, NO_FRAME, int(returned))
                return
            if node.action is Action.CHOOSE:
                yield from self._decided(run, graph, node, thread, decide)
                return
            if node.action is Action.WAIT and node.value == FALSE:
                yield self._finished(run, NO_FRAME, None)
                return
            if not self._watch(run, graph, node, thread):
                frame = (graph, pc, tuple(run.locals.get(s, 0) for s in self.live[graph][pc]))
                yield self._finished(run, frame, None)
                return
            pc = node.successors[0]

    def _decided(self, run: Lone, graph: int, node: Node, thread: int, decide: Decide) -> Iterator[Ran]:
        assert node.target is not None
        slot = self.slots[graph][node.target.key]
        allowed = decide(node)
        for value, remark in ((v, "") for v in self.memory.domain(node.target.sort)) if allowed is None else allowed:
            if remark and remark in run.remarks:
                continue
            other = run.fork()
            other.locals[slot] = value
            other.remarks += (remark,) if remark else ()
            if self._value(graph, node, "value", other, thread):
                yield from self._on(other, graph, node.successors[0], thread, decide)

    def _watch(self, run: Lone, graph: int, node: Node, thread: int) -> bool:
        """Do what ``node`` says; False if it cannot be done now."""
        if node.action is Action.ASSIGN:
            run.callers[called(node)] = run.whole(node.context.stack)
            return self._act(run, graph, node, thread)
        if node.action is Action.NEW:
            done = self._act(run, graph, node, thread)
            assert node.record is not None and node.target is not None
            made = run.locals[self.slots[graph][node.target.key]]
            run.fresh |= {(key, made) for key in self.watched if key[0] == node.record.name}
            return done
        if node.action is Action.COPY and node.obj is not None:
            made = self._value(graph, node, "obj", run, thread)
            run.fresh -= {(key, made) for key in self.watched}
            return self._act(run, graph, node, thread)
        if node.action is not Action.WRITE or node.key not in self.watched or node.obj is None or node.where is not None:
            return self._act(run, graph, node, thread)
        obj = self._value(graph, node, "obj", run, thread)
        cell = self.memory.base[node.key] + obj
        before = run.heap[cell]
        self._act(run, graph, node, thread)
        fresh = (node.key, obj) in run.fresh
        run.fresh.discard((node.key, obj))
        if fresh or run.heap[cell] != before:
            run.changes.append(Change(node.key, obj, before, run.heap[cell], run.whole(node.context.stack), fresh))
        return True

    def _finished(self, run: Lone, frame: Frame, returned: int | None) -> Ran:
        assert isinstance(run.heap, list)
        stacks = frozenset(run.stacks)
        return Ran(self.memory.frozen(run.heap), frame, returned, run.remarks, stacks, tuple(run.changes), tuple(run.faults))
