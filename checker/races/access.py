"""A machine that watches: which cells of shared memory each step accesses, and which locks are held there.

Only nodes that do not commute are watched.  The others are accesses that nothing can conflict with: whoever else accesses the
same field holds the same lock, or cannot reach the object.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from checker.language.graph import Action, Node, reads_of
from checker.language.membership import fresh_objects
from checker.language.movers import Mover, accesses, is_local
from checker.language.terms import FieldKey, Term, subterms
from checker.scenario.heap import Cells, Code, Memory
from checker.scenario.steps import Machine, Program, Run, Touch

Accessed = Callable[[Cells, dict[int, int], int], Sequence[int]]
LOCKING = (Action.ACQUIRE, Action.RELEASE)
SYNCHRONISING = (Action.NEW, Action.GHOST)
"""What orders accesses, or is none."""


class Watching(Machine):
    """Executes a program and notes the accesses that do not commute.

    With ``everything`` it notes all accesses to objects that others can reach.
    """

    def __init__(self, memory: Memory, program: Program, *, sleep_points: bool, everything: bool = False) -> None:
        super().__init__(memory, program, sleep_points=sleep_points)
        self.plans: dict[tuple[int, int], list[tuple[FieldKey, bool, Accessed]]] = {}
        self.everything = everything
        self.exempt = self._unreachable() if everything else frozenset()
        self.held: dict[tuple[int, int], list[tuple[FieldKey, Code]]] = {}

    def _notice(self, run: Run, graph: int, node: Node, thread: int) -> None:
        plan = self.plans.get((graph, node.index))
        if plan is None:
            plan = self.plans[graph, node.index] = self._plan(graph, node)
        if not plan:
            return
        locks = frozenset((key, code(run.heap, run.locals, thread)) for key, code in self._held(graph, node))
        for key, write, cells in plan:
            run.touched += [Touch(node, key, cell, write, locks) for cell in cells(run.heap, run.locals, thread)]

    def _plan(self, graph: int, node: Node) -> list[tuple[FieldKey, bool, Accessed]]:
        moves = self.program.classes[graph][node.index] is not Mover.NONE and not self.everything
        if moves or node.action in SYNCHRONISING:
            return []
        wanted: dict[tuple[FieldKey, bool, Term | None], None] = {}
        if node.action in LOCKING:
            assert node.lock is not None
            wanted[node.lock.users, True, node.lock.obj] = None
        if node.action in (Action.READ, Action.WRITE):
            assert node.key is not None
            wanted[node.key, node.action is Action.WRITE, None if node.where is not None else node.obj] = None
        if node.action in (Action.FREE, Action.COPY):
            assert node.obj is not None
            fields = [key for key in self.memory.base if key[0] == node.obj.sort.name]
            wanted |= {(key, True, node.obj): None for key in fields}
            if node.action is Action.COPY:
                wanted |= {(key, False, node.value): None for key in fields}
        for part in reads_of(node) if node.action not in LOCKING else ():
            for t in subterms(part):
                if t.op == "field" and t.data in self.memory.base and not is_local(self.memory.model, t.data):
                    wanted[t.data, False, t.args[0] if t.args else None] = None
        wanted = {(k, w, o): None for k, w, o in wanted if k in self.memory.base and (graph, node.index, k) not in self.exempt}
        return [(key, write, self._cells(graph, node, key, obj)) for key, write, obj in wanted]

    def _unreachable(self) -> frozenset[tuple[int, int, FieldKey]]:
        """Accesses to objects that no other process can reach there: which graph, which node, which field."""
        model, members = self.memory.model, self.program.members
        found = ((n, a) for n, g in enumerate(self.graphs) for a in accesses(model, g, fresh_objects(model, g, members)))
        return frozenset((n, a.node, a.key) for n, a in found if a.fresh or a.exclusive)

    def _cells(self, graph: int, node: Node, key: FieldKey, obj: Term | None) -> Accessed:
        """The cells of ``key`` for the object ``obj``; all there are if it stands for any, or is still to be chosen."""
        base = self.memory.base[key]
        if not key[0]:
            return lambda h, values, me: (base,)
        chosen = node.target.key if node.action is Action.CHOOSE and node.target else None
        if obj is None or any((t.op == "var" and t.data != "self") or t.data == chosen for t in subterms(obj) if t.data):
            every = range(base + 1, base + 1 + self.memory.count(key[0]))
            return lambda h, values, me: every
        code = self.memory.compile(obj, self.slots[graph])

        def one(h: Cells, values: dict[int, int], me: int) -> Sequence[int]:
            found = code(h, values, me)
            return (base + found,) if found else ()

        return one

    def _held(self, graph: int, node: Node) -> list[tuple[FieldKey, Code]]:
        """The locks held at ``node``; not those whose object the code has forgotten because nobody will release them there."""
        found = self.held.get((graph, node.index))
        if found is None:
            slots, live = self.slots[graph], self.live[graph][node.index]
            found = self.held[graph, node.index] = []
            if node.context.region:
                found += [(key, _no_object) for key in self.program.spin_locks[graph].get(node.context.region, ())]
            for lock in node.context.held:
                if lock.obj is None:
                    found.append((lock.users, _no_object))
                elif all(slots[t.data] in live for t in subterms(lock.obj) if t.op == "field" and t.data in slots):
                    found.append((lock.users, self.memory.compile(lock.obj, slots)))
        return found


def _no_object(heap: Cells, locals_: dict[int, int], me: int) -> int:
    return 0
