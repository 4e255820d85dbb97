"""Lipton movers: which nodes commute with everything other processes do.

A shared access is a *both-mover* if every conflicting access elsewhere is excluded while it runs: because both
hold the lock of the object, because the object is not published yet, because it is exclusive, or because nobody
writes the field.  Taking a lock moves right, releasing it moves left, everything else does not move.  A write that a
property can see never moves, so merging hides no state from any property.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from typing import Protocol

from checker.language.graph import Action, Graph, Node, reads_of
from checker.language.lifetimes import Freed, freed_records, searching, touching
from checker.language.membership import fresh_objects, holds, member_fields
from checker.language.model import Model
from checker.language.terms import FieldKey, Term, subterms

SPIN_LOCK = re.compile(r"spin_lock(?:_bh)?\((\w+)\)")


class Mover(enum.Enum):
    """How a node commutes."""

    LOCAL = "local"
    BOTH = "both"
    RIGHT = "right"
    LEFT = "left"
    NONE = "none"
    FUSED = "fused"


class Progress(Protocol):
    """What a transition under way has done: ``moved`` if it did more than read, ``committed`` after its left or non-mover."""

    moved: bool
    committed: bool


def must_end(progress: Progress, node: Node, mover: Mover, *, guarding: bool) -> bool:
    """Whether a transition must end before ``node``; if not, ``progress`` takes it in.

    The rule is right movers, at most one non-mover, left movers (Lipton, CACM 1975); what blocks can only come first, and a
    choice that guards (``guarding``) before anything has moved.
    """
    if guarding and (progress.moved or progress.committed):
        return True
    if mover in (Mover.LOCAL, Mover.FUSED):
        return False
    if node.action in (Action.ACQUIRE, Action.WAIT) and progress.moved:
        return True
    if mover in (Mover.RIGHT, Mover.NONE) and progress.committed:
        return True
    progress.moved = progress.moved or node.action is not Action.READ
    progress.committed = progress.committed or mover in (Mover.NONE, Mover.LEFT)
    return False


@dataclass(frozen=True)
class Access:
    """One access to shared memory, with what protects it."""

    root: str
    node: int
    key: FieldKey
    obj: Term | None
    write: bool
    quantified: bool
    locked: bool
    kernel_locks: frozenset[FieldKey]
    fresh: bool
    exclusive: bool

    @property
    def own(self) -> bool:
        """Whether it is to the record of the process itself."""
        return self.obj is not None and self.obj.op == "var" and self.obj.data == "self"

    @property
    def manner(self) -> tuple[object, ...]:
        """All that :func:`conflict` asks of accesses to one variable."""
        return self.write, self.quantified, self.locked, self.kernel_locks, self.fresh, self.exclusive, self.own and self.obj


def is_local(model: Model, key: FieldKey) -> bool:
    """Whether a state variable is a compiler-made local."""
    return key[0] == model.thread.name and key[1] not in model.fields[model.thread.name]


def accesses(model: Model, graph: Graph, fresh: list[frozenset[FieldKey]]) -> list[Access]:
    """Every shared access of a graph; ghost assignments and allocation have none.  ``fresh`` are its fresh objects."""
    process = None
    found: list[Access] = []
    for node in graph.nodes:
        if node.action in (Action.GHOST, Action.ACQUIRE, Action.RELEASE, Action.NEW, Action.FREE):
            continue
        touched: list[tuple[FieldKey, Term | None, bool]] = []
        if node.action in (Action.READ, Action.WRITE):
            assert node.key is not None
            touched.append((node.key, node.obj, node.action is Action.WRITE))
        if node.action is Action.COPY:
            assert node.obj is not None and node.value is not None
            for variable in model.fields[node.obj.sort.name].values():
                touched += [(variable.key, node.obj, True), (variable.key, node.value, False)]
        for part in reads_of(node):
            touched += [(t.data, t.args[0] if t.args else None, False) for t in subterms(part) if t.op == "field"]
        for key, obj, write in touched:
            if is_local(model, key):
                continue
            context = node.context
            found.append(
                Access(
                    graph.root,
                    node.index,
                    key,
                    obj,
                    write,
                    obj is not None and obj.op == "var" and obj != process and obj.data != "self",
                    any(lock.obj is not None and lock.obj == obj for lock in context.held),
                    frozenset(lock.users for lock in context.held if lock.obj is None),
                    holds(obj, fresh[node.index]),
                    obj in context.exclusive,
                )
            )
    return found


def conflict(a: Access, b: Access) -> bool:
    """Whether two processes could run ``a`` and ``b`` on the same object at the same time, one of them writing."""
    if a.key != b.key or not (a.write or b.write) or a.fresh or b.fresh:
        return False
    if (a.exclusive or b.exclusive) and not (a.quantified or b.quantified):
        return False
    if a.kernel_locks & b.kernel_locks:
        return False
    own = a.own and b.obj == a.obj
    return not own and not (a.locked and b.locked)


def classify(
    model: Model, graphs: list[Graph], visible: set[FieldKey], *, reduce: bool, freed: Freed = Freed.NOBODY
) -> dict[tuple[str, int], Mover]:
    """The mover class of every node of every graph, by ``(root, node index)``.

    ``visible`` are the variables properties read.  Without ``reduce`` nothing shared is taken to move.  ``freed`` says who may
    use an object when it is freed.
    """
    members = member_fields(graphs)
    fresh = {g.root: fresh_objects(model, g, members) for g in graphs}
    every = [a for g in graphs for a in accesses(model, g, fresh[g.root])]
    by_key: dict[FieldKey, dict[object, Access]] = {}
    for a in every:
        by_key.setdefault(a.key, {}).setdefault(a.manner, a)
    moving: dict[tuple[str, int], bool] = {}
    for a in every:
        seen = a.write and a.key in visible and not a.fresh
        moves = reduce and not seen and not any(conflict(a, b) for b in by_key[a.key].values())
        moving[a.root, a.node] = moving.get((a.root, a.node), True) and moves
    # Whoever looks at a lock without taking it sees when it is taken and released.
    visible = visible | {n.lock.users for g in graphs for n in g.nodes if n.lock and n.lock.users in by_key}
    classes: dict[tuple[str, int], Mover] = {}
    for graph in graphs:
        for node in graph.nodes:
            place = (graph.root, node.index)
            if node.action is Action.FREE and reduce and holds(node.obj, fresh[graph.root][node.index]):
                classes[place] = Mover.BOTH
            else:
                classes[place] = _class(node, moving.get(place), visible, reduce)
    if reduce:
        records = freed_records(graphs)
        by_root: dict[str, list[Access]] = {g.root: [] for g in graphs}
        for a in every:
            by_root[a.root].append(a)
        for graph in graphs:
            _constrain(model, graph, by_root[graph.root], classes, records, freed)
    return classes


def _constrain(
    model: Model,
    graph: Graph,
    every: list[Access],
    classes: dict[tuple[str, int], Mover],
    records: frozenset[str],
    freed: Freed,
) -> None:
    """Take back what does not commute with freeing and allocating objects of ``records``.

    Who searches may come upon the object before and after; a reference leads there only before it is freed, unless it dangles.
    """
    for index in searching(model, graph, every, records):
        classes[graph.root, index] = Mover.NONE
    for index in touching(model, graph, every, records) if freed is not Freed.NOBODY else ():
        place = (graph.root, index)
        if freed is Freed.ANYBODY or classes[place] is Mover.LEFT or graph.nodes[index].action is Action.FREE:
            classes[place] = Mover.NONE
        elif classes[place] is Mover.BOTH:
            classes[place] = Mover.RIGHT


def _class(node: Node, moves: bool | None, visible: set[FieldKey], reduce: bool) -> Mover:
    match node.action:
        case Action.GHOST:
            return Mover.FUSED
        case Action.ACQUIRE | Action.RELEASE:
            assert node.lock is not None
            if not reduce or node.lock.users in visible:
                return Mover.NONE
            return Mover.RIGHT if node.action is Action.ACQUIRE else Mover.LEFT
        case Action.NEW:
            return Mover.RIGHT if reduce else Mover.NONE
        case Action.FREE:
            return Mover.NONE
        case Action.WAIT if moves is None:
            return Mover.NONE
    if moves is None:
        return Mover.LOCAL
    return Mover.BOTH if moves else Mover.NONE


def region_classes(graph: Graph, classes: list[Mover]) -> dict[int, Mover]:
    """How each atomic region as a whole commutes; ``classes`` has one entry per node."""
    found: dict[int, Mover] = {}
    for node, mover in zip(graph.nodes, classes, strict=True):
        region = node.context.region
        if region and mover not in (Mover.LOCAL, Mover.FUSED):
            known = found.get(region, mover)
            found[region] = mover if known in (mover, Mover.BOTH) else known if mover is Mover.BOTH else Mover.NONE
    return found


def region_locks(graph: Graph) -> dict[int, list[FieldKey]]:
    """The spin lock of each atomic region, which the note at its beginning names."""
    found: dict[int, list[FieldKey]] = {}
    for node in graph.nodes:
        name = SPIN_LOCK.fullmatch(node.text)
        if node.action is Action.NOTE and name:
            found[node.context.region] = [("", name[1])]
    return found


def guarding_choices(graph: Graph) -> frozenset[int]:
    """Choices that a wait follows: one that cannot go on must not have been made, so they start a step together."""
    local = (Action.ASSIGN, Action.NOTE, Action.BRANCH, Action.CHOOSE, Action.GHOST)
    found: set[int] = set()
    for node in graph.nodes:
        if node.action is Action.CHOOSE:
            seen: set[int] = set()
            work = list(node.successors)
            while work:
                index = work.pop()
                if index in seen:
                    continue
                seen.add(index)
                follower = graph.nodes[index]
                if follower.action in (Action.WAIT, Action.ACQUIRE):
                    found.add(node.index)
                    break
                if follower.action in local:
                    work += follower.successors
    return frozenset(found)
