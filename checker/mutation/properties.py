"""The property question: what the explicit engine says of every property of some clients, on small instances.

A client's programs run few functions: of a mutant only those clients are asked that run the function it changes, and only if
its transitions differ from the plain ones as far as the properties can see.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from checker.errors import InternalError, LimitError
from checker.explicit.explore import explore
from checker.instance import Instance
from checker.language import terms
from checker.language.compile import Compiled
from checker.language.graph import Graph
from checker.language.terms import FieldKey, Term
from checker.mutation.operators import Mutant
from checker.slice import slice_system
from checker.system import Property, StateVar, TransitionSystem, Update

Verdicts = dict[str, str]
Seen = tuple[tuple[StateVar, ...], tuple[tuple[str, str, Term, tuple[Update, ...]], ...], tuple[tuple[str, str, Term, Term], ...]]
"""All that verdicts depend on: variables, transitions, properties."""


@dataclass(frozen=True)
class PropertyTest:
    """The verdicts of the plain model for one client on some instances.

    ``functions`` are those that programs of the client run, ``visible`` the fields that properties read.
    """

    client: str
    graphs: tuple[Graph, ...]
    compile: Callable[[Sequence[Graph]], Compiled]
    instances: tuple[Instance, ...]
    max_states: int
    expected: Mapping[Instance, Mapping[str, str]] = field(default_factory=dict)
    functions: frozenset[str] = frozenset()
    visible: frozenset[FieldKey] = frozenset()
    plain: Seen = ((), (), ())

    @property
    def title(self) -> str:
        """The client and the instances."""
        return f"{self.client or 'all programs'} on {' and '.join(map(str, self.instances))}"

    def asks(self, mutant: Mutant) -> bool:
        """Whether programs of the client run the function that is changed."""
        return mutant.function in self.functions

    def difference(self, mutant: Mutant) -> str:
        """The first property whose verdict is another one than the plain model's."""
        compiled = self.compile(mutant.apply(self.graphs))
        system = relevant(compiled)
        if seen(system, compiled.properties) == self.plain:
            return ""
        for instance in self.instances:
            try:
                found = verdicts(system, compiled.properties, instance, self.max_states)
            except LimitError as problem:
                return f"{self.client}: does not end ({problem.code})".removeprefix(": ")
            how = first_difference(found, self.expected[instance])
            if how:
                return f"{how} ({', '.join(filter(None, (self.client, str(instance))))})"
        return ""


def make_properties(test: PropertyTest, of: Sequence[Graph], say: Callable[[str], None]) -> PropertyTest:
    """The property question with the verdicts of the plain model filled in.

    ``of`` are the graphs that mutants are made from: those of the client have the same nodes.
    """
    _require_same(test.graphs, of)
    compiled = test.compile(test.graphs)
    system = relevant(compiled)
    expected = {}
    for instance in test.instances:
        say(f"exploring the plain model: {test.client} {instance}")
        expected[instance] = verdicts(system, compiled.properties, instance, test.max_states)
    visible = {k for p in compiled.properties for k in (*terms.fields_of(p.formula), *terms.fields_of(p.antecedent))}
    functions = {f for g in compiled.graphs for n in g.nodes for f in (n.function, *n.context.stack)}
    return replace(
        test,
        expected=expected,
        functions=frozenset(functions),
        visible=frozenset(visible),
        plain=seen(system, compiled.properties),
    )


def _require_same(graphs: Iterable[Graph], of: Iterable[Graph]) -> None:
    """A mutant says by root and number which nodes it changes: they must be the same everywhere."""
    known = {g.root: g for g in of}
    for graph in graphs:
        texts, others = ([(n.function, n.place, n.action, n.text) for n in g.nodes] for g in (graph, known[graph.root]))
        if texts != others:
            raise InternalError("mutant", f"the graph {graph.root} of a client is not the one that mutants are made from")


def relevant(compiled: Compiled) -> TransitionSystem:
    """What of a system can decide its properties."""
    return slice_system(compiled.system, tuple(f for p in compiled.properties for f in (p.formula, p.antecedent))).system


def seen(system: TransitionSystem, properties: Iterable[Property]) -> Seen:
    """All that verdicts depend on."""
    steps = tuple((t.source, t.target, t.guard, t.updates) for t in system.transitions)
    return system.state_vars, steps, tuple((p.name, p.kind, p.formula, p.antecedent) for p in properties)


def first_difference(found: Mapping[str, str], expected: Mapping[str, str]) -> str:
    """The first property that both know and answer differently."""
    for name, verdict in found.items():
        if name in expected and verdict != expected[name]:
            return f"{name}: {verdict}, not {expected[name]}"
    return ""


def verdicts(system: TransitionSystem, properties: tuple[Property, ...], instance: Instance, max_states: int) -> Verdicts:
    """What the explicit engine says of each property on one instance."""
    result = explore(system, instance, properties, max_states=max_states, until_answered=True)
    found = {}
    for p in properties:
        hit = result.found[p.name] is not None
        if p.kind == "always":
            held = "holds" if result.antecedents[p.name] else "holds for want of cases"
            found[p.name] = "violated" if hit else held
        else:
            found[p.name] = "reachable" if hit else "unreachable"
    return found
