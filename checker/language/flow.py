"""What a client can reach: values of fields, values of locals at each node, edges that may be taken.

A conditional constant propagation over sets of values.  Fields have one set for all objects: what they hold at first, and
whatever a reachable node may store.  Locals have one set per node: what some path from the entry gives them, narrowed by the
tests on it.  Sets and reachable nodes are the least solution together: an edge counts only once its condition may hold.
:mod:`checker.language.specialise` says why this is sound and what is made of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from checker.errors import InternalError
from checker.language import terms
from checker.language.compact import live_locals
from checker.language.graph import Action, Graph, Node
from checker.language.model import Model
from checker.language.movers import reads_of
from checker.language.terms import FieldKey, Term
from checker.language.valuesets import NO, YES, ZERO, Evaluator, Values, abstract, everything, objects
from checker.system import StateVar

Env = dict[FieldKey, Values]
"""What the live locals of a process may hold at one node."""

Edge = tuple[int, Env]
"""A successor slot that may be taken, and the locals behind it."""


@dataclass(frozen=True)
class Facts:
    """The solution: the values of every shared variable, and per graph the locals at each node (None: never reached)."""

    shared: Mapping[FieldKey, Values]
    locals: tuple[tuple[Env | None, ...], ...]


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
        self.work: dict[tuple[int, int], None] = {}

    def run(self) -> Facts:
        """The least solution."""
        for number, graph in enumerate(self.graphs):
            self._join(number, 0, {key: first_values(graph, key) for key in graph.locals})
        while self.work:
            number, index = place = next(iter(self.work))
            del self.work[place]
            env = self.envs[number][index]
            assert env is not None
            node = self.graphs[number].nodes[index]
            for slot, after in self.step(self.graphs[number], node, env):
                self._join(number, node.successors[slot], after)
        return Facts(self.shared, tuple(tuple(envs) for envs in self.envs))

    def _join(self, number: int, index: int, env: Env) -> None:
        kept = {key: values for key, values in env.items() if key in self.live[number][index]}
        old = self.envs[number][index]
        if old is not None:
            kept = {key: values | old[key] for key, values in kept.items()}
        if kept != old:
            self.envs[number][index] = kept
            self.work[number, index] = None

    def store(self, key: FieldKey, values: Values) -> None:
        """A field may be given ``values``."""
        if not self.given and not values <= self.shared[key]:
            self.shared[key] |= values
            self.work.update(dict.fromkeys(p for p in self.readers.get(key, ()) if self.envs[p[0]][p[1]] is not None))

    # -- one node -----------------------------------------------------------------------------------------------------

    def evaluator(self, graph: Graph, env: Env) -> Evaluator:
        """What terms may be when a process at a node with ``env`` reads them."""

        def read(t: Term) -> Values:
            if t.data in graph.locals:
                known = env.get(t.data) if t.args == (self.process,) else None
                return everything(t.sort) if known is None else known
            return self.shared.get(t.data, everything(t.sort))

        return Evaluator(read)

    def step(self, graph: Graph, node: Node, env: Env) -> list[Edge]:
        """Store what ``node`` may store; the edges it may take.  Raises InternalError for an action this module does not know."""
        e = self.evaluator(graph, env)
        match node.action:
            case Action.NOTE | Action.MAY_SLEEP | Action.COPY:  # a copy gives a field values it has already
                pass
            case Action.RETURN:
                return []
            case Action.ASSIGN:
                assert node.target and node.value is not None
                env = {**env, node.target.key: e.values(node.value)}
            case Action.READ:
                assert node.target and node.key
                env = {**env, node.target.key: self.shared[node.key]}
            case Action.WRITE | Action.GHOST:
                assert node.key and node.value is not None
                if node.where is None or 1 in e.values(node.where):
                    self.store(node.key, e.values(node.value))
            case Action.BRANCH:
                assert node.value is not None
                return self._outcomes(graph, e, env, node.value)
            case Action.WAIT:
                assert node.value is not None
                return [edge for edge in self._outcomes(graph, e, env, node.value) if edge[0] == 0]
            case Action.CHOOSE:
                assert node.target and node.value is not None
                choice = terms.field(node.target.key, node.target.sort, self.process)
                env = {**env, node.target.key: objects(node.target.sort)}
                possible = self._outcomes(graph, self.evaluator(graph, env), env, node.value, choice)
                return [edge for edge in possible if edge[0] == 0]
            case Action.ACQUIRE | Action.RELEASE:
                assert node.lock
                taking = node.action is Action.ACQUIRE
                for key in (node.lock.users, node.lock.also, node.lock.owner.key if node.lock.owner else None):
                    if key is not None:
                        self.store(key, YES if taking else NO)
            case Action.NEW:
                assert node.target and node.record
                env = {**env, node.target.key: objects(node.target.sort)}
                self.store((node.record.name, "live"), YES)
            case Action.FREE:
                pass  # zeroes what may be zero anyway
            case _:
                raise InternalError("specialise", f"{node.place}: specialisation does not know {node.action.value}")
        return [(0, env)]

    def _outcomes(self, graph: Graph, e: Evaluator, env: Env, condition: Term, choice: Term | None = None) -> list[Edge]:
        """The edges of a test, true first; behind each the locals tested have only the values that lead there."""
        outcomes = e.values(condition)
        own = (self.process,)
        tested = [t for t in terms.subterms(condition) if t.op == "field" and t.data in graph.locals and t.args == own]
        cases = {t: {v: e.pin(t, frozenset({v})).values(condition) for v in e.values(t)} for t in dict.fromkeys(tested)}
        edges: list[Edge] = []
        for slot, outcome in enumerate((1, 0)):
            left = {t.data: frozenset(v for v, found in by_value.items() if outcome in found) for t, by_value in cases.items()}
            if outcome in outcomes and all(left.values()):
                edges.append((slot, {**env, **left}))
        if edges or choice is not None:
            return edges
        return [(slot, env) for slot, outcome in enumerate((1, 0)) if outcome in outcomes]


def shared_variables(model: Model, graphs: Iterable[Graph]) -> list[StateVar]:
    """The variables that are no locals: fields, variables of the kernel, traps."""
    fields = [v for record in model.fields.values() for v in record.values()]
    return [*fields, *(trap for g in graphs for trap, _, _ in g.traps.values())]


def initial_values(variable: StateVar) -> Values:
    """What a shared variable holds before anything runs; objects hold 0 again when they are made, and NULL reads as 0."""
    if variable.rigid:
        return everything(variable.sort)
    first = frozenset({abstract(variable.initial, variable.sort)})
    return first | {ZERO} if variable.record else first


def first_values(graph: Graph, key: FieldKey) -> Values:
    """What a local holds at the entry: an argument, anything the client allows; another local, its initial value."""
    variable = graph.locals[key]
    if key not in graph.lazy:
        return frozenset({abstract(variable.initial, variable.sort)})
    if key in graph.restrictions:
        return frozenset(abstract(value.data, variable.sort) for value in graph.restrictions[key])
    return objects(variable.sort)


def shared_reads(graph: Graph, node: Node) -> list[FieldKey]:
    """The shared variables whose values matter at ``node``."""
    found = [k for part in reads_of(node) for k in terms.fields_of(part) if k not in graph.locals]
    return list(dict.fromkeys([*found, node.key] if node.action is Action.READ and node.key else found))


__all__ = ["Analysis", "Edge", "Env", "Facts", "shared_variables"]
