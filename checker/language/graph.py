"""Control-flow graphs of system calls, one primitive action per node, with callees inlined.

A node does one thing: computes with locals, reads or writes one piece of shared memory, takes or
releases a lock, chooses.  What may be merged into one transition is decided later, by :mod:`checker.language.movers`.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass, field
from heapq import heappop, heappush

from checker.errors import Place
from checker.language.sorts import RefSort
from checker.language.terms import FieldKey, Term
from checker.system import StateVar


class Action(enum.Enum):
    """What a node does."""

    ASSIGN = "assign"
    READ = "read"
    WRITE = "write"
    GHOST = "ghost"
    BRANCH = "branch"
    CHOOSE = "choose"
    ACQUIRE = "acquire"
    RELEASE = "release"
    NEW = "new"
    FREE = "free"
    COPY = "copy"
    WAIT = "wait"
    MAY_SLEEP = "may sleep"
    NOTE = "note"
    RETURN = "return"


@dataclass(frozen=True)
class Trap:
    """A boolean of the kernel that is set for good when something happens that never should; ``because`` says why not."""

    variable: StateVar
    place: Place
    stands_for: str
    because: str


@dataclass(frozen=True)
class Lock:
    """A lock as a node takes it: the boolean ``users`` of ``obj`` (or of the kernel) and its ghost ``owner``.

    ``also`` is another boolean of ``obj``, set while the lock is held this way.
    """

    name: str
    users: FieldKey
    owner: StateVar | None
    obj: Term | None
    also: FieldKey | None = None
    pending: StateVar | None = None
    drain: str = ""


@dataclass(frozen=True)
class Context:
    """Where a node stands: active functions, names in scope, locks held, exclusive objects, atomic region.

    ``bh_off`` says that softirqs cannot interrupt here.
    """

    stack: tuple[str, ...]
    names: tuple[tuple[str, str, Term], ...]
    held: tuple[Lock, ...]
    exclusive: tuple[Term, ...]
    region: int
    statement: str
    bh_off: bool = False


@dataclass
class Node:
    """A node of the graph; ``successors`` has two entries for a branch (true, false), none for a return.

    ``target`` is the local assigned; ``key``/``obj`` the shared variable touched; ``value`` what is assigned, tested, waited
    for or returned; for a choice, the condition on the value, which appears in it as ``target``.  A write with ``where`` is done
    to every object for which that holds: ``obj`` is the variable that stands for it.  A copy goes from the object ``value`` to
    ``obj``.
    """

    index: int
    action: Action
    place: Place
    text: str
    context: Context
    target: StateVar | None = None
    key: FieldKey | None = None
    obj: Term | None = None
    value: Term | None = None
    lock: Lock | None = None
    record: RefSort | None = None
    where: Term | None = None
    successors: list[int] = field(default_factory=list)

    @property
    def function(self) -> str:
        return self.context.stack[-1]


@dataclass
class Graph:
    """The graph of one system call; node 0 is its entry.  ``lazy`` locals are arguments, chosen when first read.

    ``restrictions`` are the constants a client allows for some of them; ``constant`` are fields that never change.
    """

    root: str
    nodes: list[Node]
    locals: dict[FieldKey, StateVar]
    lazy: frozenset[FieldKey]
    traps: dict[FieldKey, Trap]
    restrictions: dict[FieldKey, tuple[Term, ...]] = field(default_factory=dict)
    constant: frozenset[FieldKey] = frozenset()


def reads_of(node: Node) -> list[Term]:
    """The terms a node reads."""
    parts = [node.value, node.obj, node.where, node.lock.obj if node.lock else None]
    return [p for p in parts if p is not None]


def on_every_path(
    graph: Graph, first: frozenset[FieldKey], behind: Callable[[Node, frozenset[FieldKey]], frozenset[FieldKey]]
) -> list[frozenset[FieldKey]]:
    """Per node, what is true of these keys on every path to it, before it runs.

    ``first`` is true at the entry, ``behind`` says what is true behind a node; nodes that no path leads to have nothing.
    """
    known: list[frozenset[FieldKey] | None] = [None] * len(graph.nodes)
    known[0] = first
    work = [0]
    waiting = {0}
    while work:
        index = heappop(work)  # What leads to a node has mostly a lower number, and is best known before.
        waiting.discard(index)
        here = known[index]
        assert here is not None
        after = behind(graph.nodes[index], here)
        for successor in graph.nodes[index].successors:
            old = known[successor]
            merged = after if old is None else old & after
            if merged != old:
                known[successor] = merged
                if successor not in waiting:
                    waiting.add(successor)
                    heappush(work, successor)
    return [k or frozenset() for k in known]
