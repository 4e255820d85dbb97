"""A concrete machine: runs control-flow graphs on a flat memory, from one point of possible interference to the next.

This is a second reading of the graphs that :mod:`checker.language.compact` turns into transitions: nodes run one after the other
on real values, and a step ends where the reduction says that other processes may come in between.  What the environment
decides (may an allocation fail, does a timer expire) is asked of a policy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from checker.errors import LimitError
from checker.language.graph import Action, Graph, Lock, Node
from checker.language.liveness import live_locals
from checker.language.membership import member_fields
from checker.language.movers import Mover, guarding_choices, must_end, region_classes, region_locks
from checker.language.terms import FieldKey
from checker.scenario.footprints import Choice, Footprints, Looked, choice
from checker.scenario.heap import Code, Heap, Memory, Written

IDLE = -1
Frame = tuple[int, int, tuple[int, ...]]
"""Which graph, which node is next, and the values of the locals alive there."""

NO_FRAME: Frame = (IDLE, 0, ())
USE_AFTER_FREE = "use after free"
DOUBLE_FREE = "double free"


class Touch(NamedTuple):
    """An access to one cell of shared memory: where it is made, and the locks held there with their objects."""

    node: Node
    key: FieldKey
    cell: int
    write: bool
    locks: frozenset[tuple[FieldKey, int]]


@dataclass(frozen=True, eq=False)
class Did:
    """One way a step can end: the frame that goes on (NO_FRAME if the root returned), the result, what was done."""

    frame: Frame
    returned: int | None
    done: tuple[Node, ...]
    faults: tuple[str, ...]
    touched: tuple[Touch, ...] = ()

    @cached_property
    def told(self) -> str:
        """What is done to memory others can see, in the words of the specification."""
        shown = [f"{n.function}: {n.text}" for n in self.done if n.action not in (Action.READ, Action.CHOOSE) and n.text]
        if not shown:
            shown = [f"{n.function}: {n.text}" for n in self.done if n.text][-1:]
        return "; ".join(dict.fromkeys(shown))


class Way(NamedTuple):
    """What a step does to memory, and what else."""

    written: Mapping[int, int]
    did: Did


class After(NamedTuple):
    """The memory after a step, and what else came of it."""

    heap: Heap
    did: Did


@dataclass
class Run:
    """One step under way."""

    heap: Written
    locals: dict[int, int]
    done: list[Node] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    visited: set[int] = field(default_factory=set)
    committed: bool = False
    moved: bool = False
    region: int = 0
    touched: list[Touch] = field(default_factory=list)

    def fork(self) -> Run:
        return Run(
            copy(self.heap),
            dict(self.locals),
            list(self.done),
            list(self.faults),
            set(self.visited),
            self.committed,
            self.moved,
            self.region,
            list(self.touched),
        )


Policy = Callable[[Node, int], Choice]
"""The values a choice of a thread may have, which may not depend on memory."""


class Program:
    """The graphs of a model made ready to be run: numbered locals, which are alive where, how nodes commute."""

    def __init__(self, graphs: tuple[Graph, ...], classes: dict[tuple[str, int], Mover]) -> None:
        self.graphs = graphs
        self.number = {g.root: i for i, g in enumerate(graphs)}
        self.classes = [[classes[g.root, n.index] for n in g.nodes] for g in graphs]
        self.slots: list[dict[FieldKey, int]] = [{key: i for i, key in enumerate(g.locals)} for g in graphs]
        self.live = [_numbered(live_locals(g), slots) for g, slots in zip(graphs, self.slots, strict=True)]
        self.regions = [region_classes(g, c) for g, c in zip(graphs, self.classes, strict=True)]
        self.guarding = [guarding_choices(g) for g in graphs]

    @cached_property
    def members(self) -> frozenset[FieldKey]:
        """The fields by which objects are searched."""
        return member_fields(self.graphs)

    @cached_property
    def spin_locks(self) -> list[dict[int, list[FieldKey]]]:
        """Of each graph the spin lock of each atomic region."""
        return [region_locks(g) for g in self.graphs]

    @cached_property
    def locks(self) -> tuple[FieldKey, ...]:
        """Every lock that the code takes somewhere, sorted."""
        return tuple(sorted({n.lock.users for g in self.graphs for n in g.nodes if n.lock is not None}))


class Machine:
    """Executes a program.  ``sleep_points`` makes steps end where C may sleep, as a uniprocessor needs it."""

    def __init__(self, memory: Memory, program: Program, *, sleep_points: bool) -> None:
        self.memory = memory
        self.program = program
        self.graphs = program.graphs
        self.slots, self.live = program.slots, program.live
        self.sleep_points = sleep_points
        self.code: dict[tuple[int, int, str], Code] = {}
        self.footprints: Footprints[tuple[Frame, int], list[Way]] = Footprints()
        allocated = [name for name, record in memory.model.records.items() if not record.key]
        self.live_base = {name: memory.base[name, "live"] for name in allocated if (name, "live") in memory.base}

    def enter(self, root: str, arguments: Mapping[str, int]) -> Frame:
        """The frame of a call about to start."""
        graph = self.program.number[root]
        slots = self.slots[graph]
        values = {slots[key]: arguments[key[1].rsplit(".", 1)[1]] for key in self.graphs[graph].lazy}
        return (graph, 0, tuple(values.get(s, 0) for s in self.live[graph][0]))

    def node(self, frame: Frame) -> Node | None:
        """What a process does next."""
        return None if frame[0] == IDLE else self.graphs[frame[0]].nodes[frame[1]]

    def step(self, heap: Heap, frame: Frame, thread: int, policy: Policy) -> list[After]:
        """Every way in which ``thread`` can go on from ``frame``; none if it is blocked."""
        nodes = self.graphs[frame[0]].nodes
        ways = self.footprints.recall((frame, thread), heap, lambda index: policy(nodes[index], thread))
        if ways is None:
            looked = Looked(heap)

            def decide(node: Node, thread: int) -> Choice:
                allowed = looked.seen[choice(node.index)] = policy(node, thread)
                return allowed

            ways = list(self.ways(looked, frame, thread, decide))
            self.footprints.note((frame, thread), looked.seen, ways)
        return [After(self.memory.changed(heap, way.written), way.did) for way in ways]

    def ways(self, looked: Looked, frame: Frame, thread: int, policy: Policy) -> Iterator[Way]:
        """The same ways, worked out anew."""
        graph, pc, values = frame
        run = Run(looked, dict(zip(self.live[graph][pc], values, strict=True)))
        yield from self._go(run, graph, pc, thread, policy)

    def _go(self, run: Run, graph: int, pc: int, thread: int, policy: Policy) -> Iterator[Way]:
        nodes = self.graphs[graph].nodes
        while True:
            node = nodes[pc]
            nowhere = node.action is Action.WAIT and not node.successors
            if nowhere and not run.visited:
                return
            if nowhere or self._must_stop(run, graph, node):
                frame = (graph, pc, tuple(run.locals.get(s, 0) for s in self.live[graph][pc]))
                yield _ended(run, frame, None)
                return
            run.visited.add(pc)
            run.region = node.context.region
            self._notice(run, graph, node, thread)
            if node.action is Action.RETURN:
                returned = self._value(graph, node, "value", run, thread) if node.value is not None else 0
                yield _ended(run, NO_FRAME, int(returned))
                return
            if node.action is Action.BRANCH:
                pc = node.successors[0 if self._value(graph, node, "value", run, thread) else 1]
                continue
            if node.action is Action.CHOOSE:
                yield from self._choose(run, graph, node, thread, policy)
                return
            if not self._act(run, graph, node, thread):
                return
            pc = node.successors[0]

    def _notice(self, run: Run, graph: int, node: Node, thread: int) -> None:
        """For machines that watch: ``node`` is about to be done."""

    def _must_stop(self, run: Run, graph: int, node: Node) -> bool:
        """The rule of the compactor, with what really happened on this path."""
        if node.context.region and node.context.region == run.region and run.visited:
            return False
        if node.index in run.visited:
            return True
        if node.action is Action.MAY_SLEEP:
            return self.sleep_points and bool(run.visited)
        mover = self.program.classes[graph][node.index]
        if node.context.region:
            mover = self.program.regions[graph].get(node.context.region, Mover.LOCAL)
        return must_end(run, node, mover, guarding=node.index in self.program.guarding[graph])

    def _value(self, graph: int, node: Node, part: str, run: Run, thread: int) -> int:
        key = (graph, node.index, part)
        if key not in self.code:
            self.code[key] = self.memory.compile(getattr(node, part), self.slots[graph])
        found: int = self.code[key](run.heap, run.locals, thread)
        return found

    def _choose(self, run: Run, graph: int, node: Node, thread: int, policy: Policy) -> Iterator[Way]:
        assert node.target is not None
        slot = self.slots[graph][node.target.key]
        allowed = policy(node, thread)
        run.done.append(node)
        for value in self.memory.domain(node.target.sort) if allowed is None else allowed:
            other = run.fork()
            other.locals[slot] = value
            if self._value(graph, node, "value", other, thread):
                yield from self._go(other, graph, node.successors[0], thread, policy)

    # -- what nodes do ------------------------------------------------------------------------------------------

    def _act(self, run: Run, graph: int, node: Node, thread: int) -> bool:
        """Do one thing; False if it cannot be done now."""
        heap = run.heap
        match node.action:
            case Action.ASSIGN:
                assert node.target is not None
                run.locals[self.slots[graph][node.target.key]] = self._value(graph, node, "value", run, thread)
                return True
            case Action.NOTE | Action.MAY_SLEEP:
                return True
            case Action.READ:
                assert node.target is not None and node.key is not None
                run.locals[self.slots[graph][node.target.key]] = heap[self._cell(run, graph, node, thread)]
            case Action.WRITE if node.where is not None:
                self._write_each(run, graph, node, thread)
            case Action.WRITE:
                heap[self._cell(run, graph, node, thread)] = self._value(graph, node, "value", run, thread)
            case Action.GHOST:
                if node.key is not None and node.key[0] == "" and self._value(graph, node, "value", run, thread):
                    run.faults.append(node.key[1])
                return True
            case Action.WAIT:
                if not self._value(graph, node, "value", run, thread):
                    return False
            case Action.ACQUIRE | Action.RELEASE:
                if not self._lock(run, graph, node, thread):
                    return False
            case Action.NEW | Action.FREE | Action.COPY:
                self._memory(run, graph, node, thread)
        run.done.append(node)
        return True

    def _cell(self, run: Run, graph: int, node: Node, thread: int) -> int:
        """The cell a read or write touches; touching NULL or a freed object is a fault."""
        assert node.key is not None
        if node.obj is None:
            return self.memory.base[node.key]
        obj = self._value(graph, node, "obj", run, thread)
        alive = self.live_base.get(node.key[0])
        if not obj:
            run.faults.append(f"NULL dereference: {node.text} ({node.place})")
        elif alive is not None and not run.heap[alive + obj]:
            run.faults.append(f"{USE_AFTER_FREE}: {node.text} ({node.place})")
        return self.memory.base[node.key] + obj

    def _write_each(self, run: Run, graph: int, node: Node, thread: int) -> None:
        assert node.key is not None and node.obj is not None and node.where is not None and node.value is not None
        key = (graph, node.index, "each")
        if key not in self.code:
            names = {node.obj: "x"}
            where, value = (self.memory.source(t, self.slots[graph], names) for t in (node.where, node.value))
            domain = self.memory.instance.objects(node.obj.sort)
            source = f"lambda h, L, me: [(x, {value}) for x in range({domain.start}, {domain.stop}) if {where}]"
            self.code[key] = eval(source)  # noqa: S307 - made from terms, not from input
        base = self.memory.base[node.key]
        for obj, value in self.code[key](run.heap, run.locals, thread):
            run.heap[base + obj] = value

    def _lock(self, run: Run, graph: int, node: Node, thread: int) -> bool:
        lock = node.lock
        assert lock is not None
        obj = self._lock_object(run, graph, node, lock, thread)
        cell = self.memory.base[lock.users] + obj
        if node.action is Action.ACQUIRE and run.heap[cell]:
            return False
        taking = int(node.action is Action.ACQUIRE)
        run.heap[cell] = taking
        if lock.also is not None:
            run.heap[self.memory.base[lock.also] + obj] = taking
        return True

    def _lock_object(self, run: Run, graph: int, node: Node, lock: Lock, thread: int) -> int:
        if lock.obj is None:
            return 0
        key = (graph, node.index, "lock")
        if key not in self.code:
            self.code[key] = self.memory.compile(lock.obj, self.slots[graph])
        found: int = self.code[key](run.heap, run.locals, thread)
        return found

    def _memory(self, run: Run, graph: int, node: Node, thread: int) -> None:
        heap = run.heap
        if node.action is Action.NEW:
            assert node.record is not None and node.target is not None
            name = node.record.name
            alive = self.live_base[name]
            # From either end, by turns: whichever of two threads allocates first, the memory afterwards is the same.
            numbers = range(1, self.memory.count(name) + 1)
            free = (i for i in (reversed(numbers) if thread > 1 and thread % 2 else numbers) if not heap[alive + i])
            made = next(free, 0)
            if not made:
                raise LimitError("instance-too-small", f"no {name} is left for {node.text}", "run the scenario with more of them")
            run.locals[self.slots[graph][node.target.key]] = made
            self._clear(heap, name, made, alive=1)
            return
        assert node.obj is not None
        obj = self._value(graph, node, "obj", run, thread)
        name = node.obj.sort.name
        if not obj or not heap[self.live_base[name] + obj]:
            run.faults.append(f"{'NULL dereference' if not obj else DOUBLE_FREE}: {node.text} ({node.place})")
            return
        if node.action is Action.FREE:
            self._clear(heap, name, obj, alive=0)
            return
        source = self._value(graph, node, "value", run, thread)
        for key, base in self.memory.base.items():
            if key[0] == name and key[1] != "live":
                heap[base + obj] = heap[base + source]

    def _clear(self, heap: Written, record: str, obj: int, *, alive: int) -> None:
        for key, base in self.memory.base.items():
            if key[0] == record:
                heap[base + obj] = self.memory.variables[key].initial
        heap[self.live_base[record] + obj] = alive


def _numbered(sets: Sequence[frozenset[FieldKey]], slots: Mapping[FieldKey, int]) -> list[tuple[int, ...]]:
    """Sets of locals, of which most are equal, as sorted numbers."""
    found = {keys: tuple(sorted(slots[key] for key in keys)) for keys in set(sets)}
    return [found[keys] for keys in sets]


def _ended(run: Run, frame: Frame, returned: int | None) -> Way:
    """One end of a step."""
    assert isinstance(run.heap, Looked)
    return Way(run.heap.written, Did(frame, returned, tuple(run.done), tuple(run.faults), tuple(run.touched)))
