"""What a client can reach: values of fields, values of locals at each node, edges that may be taken.

A conditional constant propagation over sets of values.  Fields have one set for all objects: what they hold at first, and
whatever a reachable node may store.  Locals have one set per node: what some path from the entry gives them, narrowed by the
tests on it; and two locals that hold the same on every path, as one was copied from the other, are known to be equal.  All
this is the least solution together: an edge counts only once its condition may hold.
:mod:`checker.language.specialise` says why this is sound and what is made of it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from heapq import heappop, heappush

from checker.errors import InternalError
from checker.language import terms
from checker.language.builder import CALL_SITES
from checker.language.graph import Action, Graph, Node, reads_of
from checker.language.liveness import live_locals
from checker.language.model import Model
from checker.language.terms import FieldKey, Term
from checker.language.valuesets import NO, YES, ZERO, Evaluator, Values, abstract, everything, objects
from checker.system import StateVar

Same = frozenset[tuple[FieldKey, FieldKey]]
"""Locals with the same value, each pair both ways round."""


@dataclass(frozen=True)
class Env:
    """What a process knows of its live locals at one node: what each may hold, and which hold the same."""

    values: Mapping[FieldKey, Values]
    same: Same = frozenset()

    def assigned(self, key: FieldKey, values: Values) -> Env:
        """Behind an assignment to the local ``key``."""
        return Env({**self.values, key: values}, frozenset(pair for pair in self.same if key not in pair))

    def copied(self, key: FieldKey, source: FieldKey) -> Env:
        """Behind an assignment to ``key`` of what the local ``source``, another one, holds."""
        after = self.assigned(key, self.values[source])
        equal = {source, *(b for a, b in after.same if a == source)}
        return Env(after.values, after.same | {pair for other in equal for pair in ((key, other), (other, key))})

    def narrowed(self, left: Mapping[FieldKey, Values]) -> Env:
        """Behind a test that leaves only some values of some locals."""
        return Env({**self.values, **left}, self.same)

    def of(self, live: Collection[FieldKey]) -> Env:
        """What is known of the locals that are needed."""
        return Env(
            {key: values for key, values in self.values.items() if key in live},
            frozenset(pair for pair in self.same if pair[0] in live and pair[1] in live),
        )

    def joined(self, other: Env) -> Env:
        """What holds where a process may come with either."""
        values = {key: found | other.values[key] for key, found in self.values.items()}
        return Env(values, self.same & other.same)


Edge = tuple[int, Env]
"""A successor slot that may be taken, and the locals behind it."""

Left = tuple[int, Mapping[FieldKey, Values]]
"""A successor slot that may be taken, and what a test leaves of the values of locals."""

Known = tuple[tuple[Values | None, ...], Same]
"""The values of the variables of a term, and which of them are equal."""


class Analysis:
    """Finds the least sets of values.  With ``given``, those of the fields are known already and nothing adds to them."""

    def __init__(self, model: Model, graphs: list[Graph], process: Term, given: Mapping[FieldKey, Values] | None = None) -> None:
        self.model = model
        self.graphs = graphs
        self.process = process
        self.given = given is not None
        self.shared = dict(given) if given is not None else {v.key: initial_values(v) for v in shared_variables(model, graphs)}
        self.live = [live_locals(g) for g in graphs]
        self.envs: list[list[Env | None]] = [[None] * len(g.nodes) for g in graphs]
        self.readers: dict[FieldKey, list[tuple[int, int]]] = {}
        for number, graph in enumerate(graphs):
            for node in graph.nodes:
                for key in shared_reads(graph, node):
                    self.readers.setdefault(key, []).append((number, node.index))
        self.work: list[tuple[int, int]] = []
        self.waiting: set[tuple[int, int]] = set()
        self.fields: dict[Term, list[FieldKey]] = {}
        self.evaluated: dict[tuple[Term, Known], Values] = {}
        self.tested: dict[tuple[Term, Known], list[Left]] = {}

    def run(self) -> None:
        """Find the least solution: ``shared``, and ``envs`` per graph and node, None where no process ever is."""
        for number, graph in enumerate(self.graphs):
            self._join(number, 0, Env({key: first_values(graph, key) for key in graph.locals}))
        while self.work:
            number, index = place = heappop(self.work)
            self.waiting.discard(place)
            env = self.envs[number][index]
            assert env is not None
            node = self.graphs[number].nodes[index]
            for slot, after in self.step(self.graphs[number], node, env):
                self._join(number, node.successors[slot], after)

    def _join(self, number: int, index: int, env: Env) -> None:
        """A process may come to a node with ``env``."""
        old = self.envs[number][index]
        new = env.of(self.live[number][index])
        if old is not None:
            new = new.joined(old)
        if new != old:
            self.envs[number][index] = new
            self._again(number, index)

    def _again(self, number: int, index: int) -> None:
        """A node has to be looked at; those nearest to an entry come first."""
        if (number, index) not in self.waiting:
            self.waiting.add((number, index))
            heappush(self.work, (number, index))

    def store(self, key: FieldKey, values: Values) -> None:
        """A field may be given ``values``."""
        if not self.given and not values <= self.shared[key]:
            self.shared[key] |= values
            for number, index in self.readers.get(key, ()):
                if self.envs[number][index] is not None:
                    self._again(number, index)

    def possible(self, number: int, index: int, condition: Term) -> bool:
        """Whether ``condition`` may hold for a process that comes to a node."""
        env = self.envs[number][index]
        return env is not None and 1 in self.evaluator(self.graphs[number], env).values(condition)

    # -- one node -----------------------------------------------------------------------------------------------------

    def evaluator(self, graph: Graph, env: Env) -> Evaluator:
        """What terms may be when a process at a node with ``env`` reads them."""

        def read(t: Term) -> Values:
            if t.data in graph.locals:
                known = env.values.get(t.data) if t.args == (self.process,) else None
                return everything(t.sort) if known is None else known
            return self.shared.get(t.data, everything(t.sort))

        def local(key: FieldKey) -> Term:
            return terms.field(key, graph.locals[key].sort, self.process)

        return Evaluator(read, given={terms.eq(local(a), local(b)): YES for a, b in env.same})

    def _source(self, graph: Graph, value: Term) -> FieldKey | None:
        """The local of the process that ``value`` is, if it is one."""
        key: FieldKey | None = value.data if value.op == "field" and value.args == (self.process,) else None
        return key if key in graph.locals else None

    def step(self, graph: Graph, node: Node, env: Env) -> list[Edge]:
        """Store what ``node`` may store; the edges it may take.  Raises InternalError for an action this module does not know."""
        match node.action:
            case Action.NOTE | Action.MAY_SLEEP | Action.COPY:  # a copy gives a field values it has already
                pass
            case Action.RETURN:
                return []
            case Action.ASSIGN:
                assert node.target and node.value is not None
                source = self._source(graph, node.value)
                if source is None:
                    env = env.assigned(node.target.key, self.values(graph, env, node.value))
                elif source != node.target.key:
                    env = env.copied(node.target.key, source)
            case Action.READ:
                assert node.target and node.key
                env = env.assigned(node.target.key, self.shared[node.key])
            case Action.WRITE | Action.GHOST:
                assert node.key and node.value is not None
                if node.where is None or 1 in self.values(graph, env, node.where):
                    self.store(node.key, self.values(graph, env, node.value))
            case Action.BRANCH:
                assert node.value is not None
                return self.outcomes(graph, env, node.value)
            case Action.WAIT:
                assert node.value is not None
                return [edge for edge in self.outcomes(graph, env, node.value) if edge[0] == 0]
            case Action.CHOOSE:
                assert node.target and node.value is not None
                env = env.assigned(node.target.key, objects(node.target.sort))
                return [edge for edge in self.outcomes(graph, env, node.value) if edge[0] == 0]
            case Action.ACQUIRE | Action.RELEASE:
                assert node.lock
                taking = node.action is Action.ACQUIRE
                for key in (node.lock.users, node.lock.also, node.lock.owner.key if node.lock.owner else None):
                    if key is not None:
                        self.store(key, YES if taking else NO)
            case Action.NEW:
                assert node.target and node.record
                env = env.assigned(node.target.key, objects(node.target.sort))
                self.store((node.record.name, "live"), YES)
            case Action.FREE:
                pass  # zeroes what may be zero anyway
            case _:
                raise InternalError("specialise", f"{node.place}: specialisation does not know {node.action.value}")
        return [(0, env)]

    def values(self, graph: Graph, env: Env, term: Term) -> Values:
        """What ``term`` may be for a process with ``env``."""
        question = (term, self._known(graph, env, term))
        if question not in self.evaluated:
            self.evaluated[question] = self.evaluator(graph, env).values(term)
        return self.evaluated[question]

    def outcomes(self, graph: Graph, env: Env, condition: Term) -> list[Edge]:
        """The edges of a test, true first; behind each the locals tested have only the values that lead there."""
        question = (condition, self._known(graph, env, condition))
        if question not in self.tested:
            self.tested[question] = self._test(graph, env, condition)
        return [(slot, env.narrowed(left)) for slot, left in self.tested[question]]

    def _known(self, graph: Graph, env: Env, term: Term) -> Known:
        if term not in self.fields:
            self.fields[term] = terms.fields_of(term)
        fields = self.fields[term]
        values = tuple(env.values.get(k) if k in graph.locals else self.shared.get(k) for k in fields)
        return values, frozenset((a, b) for a, b in env.same if a in fields and b in fields)

    def _test(self, graph: Graph, env: Env, condition: Term) -> list[Left]:
        """The possible outcomes of a test, each with what it tells of locals."""
        e = self.evaluator(graph, env)
        outcomes = e.values(condition)
        own = (self.process,)
        tested = [t for t in terms.subterms(condition) if t.op == "field" and t.data in graph.locals and t.args == own]
        cases = {t.data: {v: e.pin(t, frozenset({v})).values(condition) for v in e.values(t)} for t in tested}
        edges: list[Left] = []
        for slot, outcome in enumerate((1, 0)):
            left = {key: frozenset(v for v, found in by_value.items() if outcome in found) for key, by_value in cases.items()}
            if outcome in outcomes and all(left.values()):
                edges.append((slot, left))
        return edges


def shared_variables(model: Model, graphs: Iterable[Graph]) -> list[StateVar]:
    """The variables that are no locals: fields, variables of the kernel, traps."""
    fields = [v for record in model.fields.values() for v in record.values()]
    return [*fields, *(trap.variable for g in graphs for trap in g.traps.values())]


def initial_values(variable: StateVar) -> Values:
    """What a shared variable holds before anything runs; objects hold 0 again when they are made, and NULL reads as 0."""
    if variable.rigid:
        return everything(variable.sort)
    first = frozenset({abstract(variable.initial, variable.sort)})
    return first | {ZERO} if variable.record else first


def first_values(graph: Graph, key: FieldKey) -> Values:
    """What a local holds at the entry: an argument, anything the client allows; another local, its initial value.

    Where a subroutine returns to has no value: it is stored before the subroutine runs, and read nowhere else.
    """
    variable = graph.locals[key]
    if variable.sort == CALL_SITES:
        return frozenset()
    if key not in graph.lazy:
        return frozenset({abstract(variable.initial, variable.sort)})
    if key in graph.restrictions:
        return frozenset(abstract(value.data, variable.sort) for value in graph.restrictions[key])
    return objects(variable.sort)


def shared_reads(graph: Graph, node: Node) -> list[FieldKey]:
    """The shared variables whose values matter at ``node``."""
    found = [k for part in reads_of(node) for k in terms.fields_of(part) if k not in graph.locals]
    return list(dict.fromkeys([*found, node.key] if node.action is Action.READ and node.key else found))


__all__ = ["Analysis", "Edge", "Env", "shared_variables"]
