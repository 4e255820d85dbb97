"""Graphs to guarded transitions: each transition is one path between two program points.

A path runs symbolically: locals and written fields become terms over the state before it, branches become its
guard.  It ends where the next node would need another commit point: a transition matches
``(right | both)* none? (left | both)*``, so by Lipton's theorem every interleaving of nodes is equivalent to
one of transitions.  A node that can block only starts a transition, so deadlocks stay visible.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from checker.language import terms
from checker.language.client import permitted, simplify_guard
from checker.language.graph import Action, Graph, Node
from checker.language.liveness import live_locals, may_have_read
from checker.language.merging import merge
from checker.language.model import Model
from checker.language.movers import Mover, guarding_choices, must_end, region_classes
from checker.language.sorts import BOOL, Sort
from checker.language.terms import FALSE, FieldKey, Term
from checker.system import IDLE, Location, StateVar, Step, Transition, Update

ENTRY = -1
"""The point before a call: an idle process."""


@dataclass
class Path:
    """What one path has done so far."""

    start: int
    locals: dict[FieldKey, Term] = field(default_factory=dict)
    writes: list[Update] = field(default_factory=list)
    guard: list[Term] = field(default_factory=list)
    known: dict[Term, Term] = field(default_factory=dict)
    choices: list[Term] = field(default_factory=list)
    arguments: list[tuple[str, Term]] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    visited: frozenset[int] = frozenset()
    committed: bool = False
    moved: bool = False
    region: int = 0
    before_reads: tuple[Path, int] | None = None

    def copy(self) -> Path:
        return Path(
            self.start,
            dict(self.locals),
            list(self.writes),
            list(self.guard),
            dict(self.known),
            list(self.choices),
            list(self.arguments),
            list(self.steps),
            self.visited,
            self.committed,
            self.moved,
            self.region,
            self.before_reads,
        )


class Compactor:
    """Turns one graph into locations and transitions; ``possible`` says whether a guard may hold where a node begins."""

    def __init__(
        self,
        model: Model,
        graph: Graph,
        classes: dict[tuple[str, int], Mover],
        process: Term,
        possible: Callable[[int, Term], bool] | None = None,
    ) -> None:
        self.model = model
        self.graph = graph
        self.process = process
        self.classes = [classes[graph.root, n.index] for n in graph.nodes]
        self.live = live_locals(graph)
        self.read_before = may_have_read(graph)
        self.regions = region_classes(graph, self.classes)
        self.guarding = guarding_choices(graph)
        self.possible = possible
        self.names: dict[int, str] = {ENTRY: IDLE}
        self.transitions: list[Transition] = []
        self.work: list[int] = []

    def run(self) -> tuple[list[Location], list[Transition]]:
        """Explore all paths from the entry; locations come in order of discovery."""
        self.work = [ENTRY]
        done: list[int] = []
        while self.work:
            point = self.work.pop(0)
            done.append(point)
            self._follow(Path(point), 0 if point == ENTRY else point)
        return [self._location(p) for p in done if p != ENTRY], merge(self.transitions)

    # -- walking ------------------------------------------------------------------------------------------------

    def _follow(self, path: Path, index: int) -> None:
        node = self.graph.nodes[index]
        if node.action is Action.WAIT and not node.successors:
            if path.visited:
                self._finish(path, index, None)  # Behind a call through NULL the thread stays where it is.
            return
        if self._must_stop(path, node):
            # Reads behind the last effect move to the next transition: they commute, and need no local there.
            path, index = path.before_reads or (path, index)
            self._finish(path, index, None)
            return
        path.visited |= {index}
        path.region = node.context.region
        if node.action is Action.RETURN:
            returns = self._now(path, node.value) if node.value is not None else None
            path.steps.append(self._step(node, "return", "return"))
            self._finish(path, ENTRY, returns)
            return
        if node.action is Action.BRANCH:
            self._branch(path, node)
            return
        if node.action is Action.READ and path.moved and not path.region:
            path.before_reads = path.before_reads or (path.copy(), index)
        elif node.action not in (Action.ASSIGN, Action.NOTE, Action.MAY_SLEEP):
            path.before_reads = None
        if self._act(path, node):
            self._follow(path, node.successors[0])

    def _must_stop(self, path: Path, node: Node) -> bool:
        mover = self.classes[node.index]
        if node.index in path.visited:
            return True
        if node.context.region and node.context.region == path.region and path.visited:
            return False
        if node.context.region:
            mover = self.regions.get(node.context.region, Mover.LOCAL)
        return must_end(path, node, mover, guarding=node.index in self.guarding)

    def _branch(self, path: Path, node: Node) -> None:
        assert node.value is not None
        condition = self._now(path, node.value)
        for slot, outcome in enumerate((condition, terms.negate(condition))):
            branch = path.copy()
            if self._assume(branch, outcome):
                if condition.op != "const":
                    word = "" if slot == 0 else "not "
                    branch.steps.append(self._step(node, "test", f"{word}({node.text})" if word else node.text))
                    branch.before_reads = None
                self._follow(branch, node.successors[slot])

    def _assume(self, path: Path, condition: Term) -> bool:
        condition = terms.substitute(condition, path.known)
        if condition == FALSE:
            return False
        for part in terms.conjuncts(condition):
            if part != terms.TRUE:
                path.guard.append(part)
            if part.op == "eq" and part.args[1].op == "const":
                path.known[part.args[0]] = part.args[1]
            elif part.op == "not":
                path.known[part.args[0]] = FALSE
            elif part.op != "const":
                path.known[part] = terms.TRUE
        return True

    def _act(self, path: Path, node: Node) -> bool:
        """Do what ``node`` does; False if it can never get past it."""
        match node.action:
            case Action.ASSIGN:
                assert node.target and node.value is not None
                path.locals[node.target.key] = self._now(path, node.value)
            case Action.READ:
                assert node.target and node.key
                path.locals[node.target.key] = self._now(path, terms.field(node.key, node.target.sort, node.obj))
            case Action.WRITE | Action.GHOST:
                assert node.key and node.value is not None
                obj = self._now(path, node.obj) if node.obj is not None else None
                where = self._now(path, node.where) if node.where is not None else None
                path.writes.append(Update(node.key, obj, self._now(path, node.value), where))
                if node.action is Action.WRITE:
                    path.steps.append(self._step(node, "access", node.text))
            case Action.CHOOSE:
                assert node.target and node.value is not None
                path.locals[node.target.key] = self._fresh(path, node.target.name.rsplit(".", 1)[1], node.target.sort)
                self._assume(path, self._now(path, node.value))
                path.steps.append(self._step(node, "choice", node.text))
            case Action.WAIT:
                assert node.value is not None
                path.steps.append(self._step(node, "wait", node.text))
                return self._assume(path, self._now(path, node.value))
            case Action.COPY:
                self._copy(path, node)
            case Action.ACQUIRE | Action.RELEASE:
                self._lock(path, node)
            case Action.NEW | Action.FREE:
                self._memory(path, node)
            case Action.NOTE:
                if node.context.region:
                    path.steps.append(self._step(node, "region", node.text))
        return True

    def _copy(self, path: Path, node: Node) -> None:
        assert node.obj is not None and node.value is not None
        to, source = self._now(path, node.obj), self._now(path, node.value)
        for name, variable in self._changing(to.sort.name):
            if name != "live":
                value = self._memory_read(path, terms.field(variable.key, variable.sort, source))
                path.writes.append(Update(variable.key, to, value))
        path.steps.append(self._step(node, "access", node.text))

    def _lock(self, path: Path, node: Node) -> None:
        lock = node.lock
        assert lock is not None
        obj = self._now(path, lock.obj) if lock.obj is not None else None
        users = terms.field(lock.users, BOOL, obj)
        taking = node.action is Action.ACQUIRE
        if taking:
            self._assume(path, terms.negate(self._memory_read(path, users)))
        for key in (lock.users, lock.also):
            if key is not None:
                path.writes.append(Update(key, obj, terms.boolean(taking)))
        if lock.owner is not None:
            holder = self.process if taking else terms.const(0, lock.owner.sort)
            path.writes.append(Update(lock.owner.key, obj, holder))
        kind = "acquire" if taking else "release"
        path.steps.append(self._step(node, kind, node.text, lock.name))

    def _memory(self, path: Path, node: Node) -> None:
        path.steps.append(self._step(node, "access", node.text))
        if node.action is Action.NEW:
            assert node.target and node.record
            obj = self._fresh(path, node.record.name.lower(), node.record)
            path.locals[node.target.key] = obj
            record = node.record.name
            self._assume(path, terms.negate(terms.field((record, "live"), BOOL, obj)))
        else:
            assert node.obj is not None
            obj = self._now(path, node.obj)
            record = obj.sort.name
        for name, variable in self._changing(record):
            value = int(name == "live" and node.action is Action.NEW)
            path.writes.append(Update(variable.key, obj, terms.const(value, variable.sort)))

    def _changing(self, record: str) -> list[tuple[str, StateVar]]:
        """The fields of a record that may ever hold another value."""
        return [(name, v) for name, v in self.model.fields[record].items() if v.key not in self.graph.constant]

    # -- terms over the state before the path -----------------------------------------------------------------------

    def _now(self, path: Path, term: Term) -> Term:
        """``term``, read now, as a term over the state in which the path started."""
        memo: dict[Term, Term] = {}

        def walk(t: Term) -> Term:
            if t not in memo:
                if t.op == "field" and t.data in self.graph.locals and t.args == (self.process,):
                    memo[t] = self._local(path, t)
                else:
                    memo[t] = self._memory_read(path, terms.rebuild(t, tuple(walk(a) for a in t.args)))
            return memo[t]

        return terms.substitute(walk(term), path.known)

    def _local(self, path: Path, t: Term) -> Term:
        key = t.data
        if key in path.locals:
            return path.locals[key]
        chosen_before = path.start != ENTRY and key in self.read_before[path.start]
        if key in self.graph.lazy and not chosen_before:
            name = key[1].rsplit(".", 1)[1]
            path.locals[key] = self._fresh(path, name, t.sort)
            path.arguments.append((name, path.locals[key]))
            if key in self.graph.restrictions:
                self._assume(path, permitted(path.locals[key], self.graph.restrictions[key]))
            return path.locals[key]
        return t

    def _memory_read(self, path: Path, t: Term) -> Term:
        if t.op != "field":
            return t
        obj = t.args[0] if t.args else None
        value = t
        for write in path.writes:
            if write.key == t.data:
                value = write.at(obj, value)
        return value

    def _fresh(self, path: Path, name: str, sort: Sort) -> Term:
        taken = {c.data for c in path.choices}
        unique = name.lstrip("$")
        unique = f"choice{unique}" if unique.isdigit() else unique
        while unique in taken or unique == "self":
            unique += "_"
        made = terms.var(unique, sort)
        path.choices.append(made)
        return made

    # -- results ------------------------------------------------------------------------------------------------

    def _finish(self, path: Path, target: int, returns: Term | None) -> None:
        live = self.live[target] if target != ENTRY else frozenset()
        source_live = self.live[path.start] if path.start != ENTRY else frozenset()
        if target != ENTRY:
            self._choose_pending(path, target, live)
        for key, allowed in self.graph.restrictions.items():
            if key in path.locals:
                path.guard = simplify_guard(path.guard, path.locals[key], allowed)
        if FALSE in path.guard or not self._may_begin(path):
            return
        updates = list(path.writes)
        for key, variable in self.graph.locals.items():
            if key in live:
                if key in path.locals and path.locals[key] != terms.field(key, variable.sort, self.process):
                    updates.append(Update(key, self.process, path.locals[key]))
            elif key in source_live:
                updates.append(Update(key, self.process, terms.const(variable.initial, variable.sort)))
        source = self._name(path.start)
        self.transitions.append(
            Transition(
                f"{self.graph.root if path.start == ENTRY else source}/{sum(t.source == source for t in self.transitions) + 1}",
                source,
                self._name(target),
                tuple(path.choices),
                terms.conj(*path.guard),
                tuple(_last_writes(updates, path.known)),
                tuple(path.steps),
                returns,
                tuple(path.arguments),
            )
        )

    def _may_begin(self, path: Path) -> bool:
        """Whether its tests may have these outcomes together, for all that is known of where the path starts."""
        return path.start == ENTRY or self.possible is None or self.possible(path.start, terms.conj(*path.guard))

    def _choose_pending(self, path: Path, target: int, live: frozenset[FieldKey]) -> None:
        for key in self.graph.lazy:
            unread_here = path.start == ENTRY or key not in self.read_before[path.start]
            if key in live and key in self.read_before[target] and unread_here and key not in path.locals:
                self._local(path, terms.field(key, self.graph.locals[key].sort, self.process))

    def _name(self, point: int) -> str:
        if point not in self.names:
            node = self.graph.nodes[point]
            source = self.model.functions[node.function]
            base = f"{self.graph.root}:{node.function}+{node.place.line - source.first_line}"
            name, copies = base, 1
            while name in self.names.values():
                copies += 1
                name = f"{base}.{copies}"
            self.names[point] = name
            self.work.append(point)
        return self.names[point]

    def _location(self, point: int) -> Location:
        node = self.graph.nodes[point]
        context = node.context
        live = self.live[point]
        visible = tuple(
            (f, n, t)
            for f, n, t in context.names
            if f in context.stack and t.op == "field" and t.data in live and self._chosen(t.data, point)
        )
        held, exclusive = tuple(lock.obj for lock in context.held if lock.obj is not None), context.exclusive
        if not node.successors:
            held, exclusive = (), ()  # Locals that nobody reads again are forgotten here.
        return Location(
            self.names[point], self.graph.root, node.function, context.statement, context.stack, held, visible, exclusive
        )

    def _chosen(self, key: FieldKey, point: int) -> bool:
        return key not in self.graph.lazy or key in self.read_before[point]

    def _step(self, node: Node, kind: str, text: str, lock: str = "") -> Step:
        return Step(node.function, node.place, text, kind, node.context.stack, lock)


def _last_writes(updates: list[Update], known: dict[Term, Term]) -> list[Update]:
    """Drop writes that a later one to the same object overwrites, and those that change nothing."""
    last = {(u.key, u.obj): i for i, u in enumerate(updates) if u.where is None}
    kept = [u for i, u in enumerate(updates) if u.where is not None or last[u.key, u.obj] == i]

    def changes(u: Update) -> bool:
        alone = u.where is None and sum(v.key == u.key for v in kept) == 1
        before = terms.field(u.key, u.value.sort, u.obj)
        return not (alone and u.value in (before, known.get(before)))

    return [u for u in kept if changes(u)]
