"""Straight pieces of a control-flow graph as Python functions: what one process does between two nodes that need care.

In goes a graph; out comes, for any node, a function on memory and locals that runs from there to the next branch, or to a
node it leaves to the machine: a choice, a return, an allocation, a watched write, the call of a shared function, a lock or
condition that does not let the process pass, and any access that would be a fault.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from checker.language.graph import Action, Graph, Node
from checker.language.terms import FALSE, FieldKey, Term
from checker.scenario.heap import Memory, Written

BACK = ".$back"
LONGEST = 80
"""How many nodes a piece has at most."""


@dataclass(frozen=True)
class Exit:
    """How a piece ends: at node ``pc``, which the machine does if ``careful``; ``stacks`` are those of the nodes done."""

    pc: int
    careful: bool
    stacks: frozenset[tuple[str, ...]]


def called(node: Node) -> str:
    """The shared function that is called once ``node`` has stored where to return to, else nothing."""
    name = node.target.name if node.target is not None else ""
    return name.removesuffix(BACK).rsplit("/", 1)[-1] if name.endswith(BACK) else ""


Piece = Callable[[Written, dict[int, int], int], Exit]


class Pieces:
    """The pieces of one graph, made when first needed.  ``live`` are the cells that say whether an object exists."""

    def __init__(
        self, memory: Memory, graph: Graph, slots: dict[FieldKey, int], live: dict[str, int], watched: Collection[FieldKey]
    ) -> None:
        self.memory = memory
        self.graph = graph
        self.slots = slots
        self.live = live
        self.watched = watched
        self.made: dict[int, Piece] = {}

    def at(self, pc: int) -> Piece:
        """The piece that begins with node ``pc``."""
        piece = self.made.get(pc)
        if piece is None:
            piece = self.made[pc] = self._make(pc)
        return piece

    def _make(self, pc: int) -> Piece:
        lines: list[str] = []
        exits: dict[str, Exit] = {}
        stacks: set[tuple[str, ...]] = set()

        def leave(target: int, careful: bool) -> str:
            name = f"e{len(exits)}"
            exits[name] = Exit(target, careful, frozenset(stacks))
            return name

        for _ in range(LONGEST):
            node = self.graph.nodes[pc]
            if node.action is Action.BRANCH:
                if node.text:  # Without text it asks whether to return here: not a statement of this function.
                    stacks.add(node.context.stack)
                yes, no = (leave(s, False) for s in node.successors[:2])
                lines.append(f"return {yes} if {self._term(node.value)} else {no}")
                break
            done = self._lines(node, leave(pc, True))
            if done is None:
                lines.append(f"return {leave(pc, True)}")
                break
            lines += done
            stacks.add(node.context.stack)
            pc = node.successors[0]
        else:
            lines.append(f"return {leave(pc, False)}")
        body = "\n    ".join(lines)
        space: dict[str, object] = dict(exits)
        exec(f"def piece(h, L, me):\n    {body}", space)  # noqa: S102 - made from terms, not from input
        piece = space["piece"]
        assert callable(piece)
        return piece

    def _term(self, t: Term | None) -> str:
        assert t is not None
        return self.memory.source(t, self.slots, {})

    def _lines(self, node: Node, careful: str) -> list[str] | None:
        """``node`` as Python; None if only the machine can do it."""
        match node.action:
            case Action.ASSIGN:
                assert node.target is not None
                if called(node):
                    return None
                return [f"L[{self.slots[node.target.key]}] = {self._term(node.value)}"]
            case Action.READ:
                assert node.target is not None
                return [*self._object(node, careful), f"L[{self.slots[node.target.key]}] = h[{self._cell(node)}]"]
            case Action.WRITE if node.where is None and node.key not in self.watched:
                return [*self._object(node, careful), f"h[{self._cell(node)}] = {self._term(node.value)}"]
            case Action.NOTE | Action.MAY_SLEEP:
                return []
            case Action.GHOST:
                return [f"if {self._term(node.value)}: return {careful}"] if node.key is not None and node.key[0] == "" else []
            case Action.WAIT if node.value != FALSE:
                return [f"if not {self._term(node.value)}: return {careful}"]
            case Action.ACQUIRE | Action.RELEASE:
                return self._lock(node, careful)
        return None

    def _object(self, node: Node, careful: str) -> list[str]:
        """Work out the object, and leave an access that is a fault to the machine."""
        assert node.key is not None
        if node.obj is None:
            return []
        alive = self.live.get(node.key[0])
        freed = f" or not h[{alive} + o]" if alive is not None else ""
        return [f"o = {self._term(node.obj)}", f"if not o{freed}: return {careful}"]

    def _cell(self, node: Node) -> str:
        assert node.key is not None
        base = self.memory.base[node.key]
        return str(base) if node.obj is None else f"{base} + o"

    def _lock(self, node: Node, careful: str) -> list[str]:
        lock = node.lock
        assert lock is not None
        taking = int(node.action is Action.ACQUIRE)
        cell = f"{self.memory.base[lock.users]} + o"
        lines = [f"o = {self._term(lock.obj) if lock.obj is not None else 0}"]
        lines += [f"if h[{cell}]: return {careful}"] if taking else []
        lines.append(f"h[{cell}] = {taking}")
        return lines + ([f"h[{self.memory.base[lock.also]} + o] = {taking}"] if lock.also is not None else [])
