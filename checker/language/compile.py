"""From the modules of a specification to a transition system, its properties and its lemmas."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from types import ModuleType
from typing import Any

from checker.errors import SpecError, UsageError
from checker.language import declare, terms
from checker.language.claims import exclusive_claims
from checker.language.client import Client, choose_roots, expected_of, freed_by, restrict
from checker.language.compact import Compactor
from checker.language.dangling import NO_DANGLING, dangling_claims
from checker.language.declare import Kind
from checker.language.expressions import Expressions, single_expression
from checker.language.flow import Analysis
from checker.language.graph import Graph
from checker.language.lifetimes import Freed
from checker.language.lower import lower
from checker.language.model import Model, load
from checker.language.movers import classify
from checker.language.newborn import fold_newborn
from checker.language.placed import NOBODY, PlacedExpressions, PlacelessExpressions
from checker.language.sorts import BOOL, EnumSort
from checker.language.source import Source
from checker.language.specialise import specialise
from checker.language.terms import FieldKey, Term
from checker.language.valuesets import Values
from checker.system import IDLE, Location, Property, StateVar, Transition, TransitionSystem


@dataclass(frozen=True)
class Compiled:
    """A model ready to be explored and proved, as ``client`` uses it (None: all of it, with any arguments).

    ``graphs`` are specialised to the client; ``values`` are what the shared variables may hold; ``variant`` names the patch.
    """

    model: Model
    system: TransitionSystem
    properties: tuple[Property, ...]
    graphs: tuple[Graph, ...] = field(repr=False)
    values: Mapping[FieldKey, Values] = field(repr=False, default_factory=dict)
    client: Client | None = None
    variant: str = ""

    @property
    def asks_dangling(self) -> bool:
        """Whether its steps are those of which ``no_dangling`` is asked."""
        return any(p.name == NO_DANGLING for p in self.properties)

    def property(self, name: str) -> Property:
        """The property called ``name``.  Raises UsageError with the names there are."""
        for p in self.properties:
            if p.name == name:
                return p
        known = ", ".join(p.name for p in self.properties)
        raise UsageError("unknown-property", f"there is no property {name}", f"choose one of {known}")


def compile_model(
    name: str,
    modules: list[ModuleType],
    *,
    overrides: dict[str, Callable[..., Any]] | None = None,
    reduce: bool = True,
    client: Client | None = None,
    prune: bool = True,
    freed: Freed | None = None,
) -> Compiled:
    """Compile a specification for one client (None: every root with any arguments).

    ``reduce`` merges commuting steps and ``prune`` removes what the client cannot reach: verdicts are the same without.
    ``freed`` is who may use an object when it is freed: what the client says, if None; if that is what is asked, the claim
    ``no_dangling`` is one of the properties.
    Raises SpecError, with file and line, for anything outside the language, UsageError for a client that names what is not there.
    """
    model, graphs = lower_model(name, modules, overrides=overrides, client=client)
    return compile_graphs(model, graphs, reduce=reduce, client=client, prune=prune, freed=freed)


def lower_model(
    name: str,
    modules: list[ModuleType],
    *,
    overrides: dict[str, Callable[..., Any]] | None = None,
    client: Client | None = None,
) -> tuple[Model, list[Graph]]:
    """The declarations of a specification, and the graphs of the roots a client uses, restricted to its arguments.

    Raises SpecError and UsageError as :func:`compile_model` does.
    """
    model = load(name, modules, overrides)
    process = terms.var("self", model.thread)
    roots = model.of_kind(Kind.SYSCALL, Kind.SOFTIRQ)
    if not roots:
        raise SpecError("no-syscall", f"{name} has no system call", "decorate at least one function with @syscall")
    chosen = choose_roots(client, [root.name for root in roots])
    graphs = [lower(model, root, process) for root in roots if root.name in chosen]
    for graph in graphs:
        restrict(client, model, graph)
    return model, graphs


def compile_graphs(
    model: Model,
    graphs: list[Graph],
    *,
    reduce: bool = True,
    client: Client | None = None,
    prune: bool = True,
    freed: Freed | None = None,
) -> Compiled:
    """The second half of :func:`compile_model`: from graphs to transitions and properties."""
    process = terms.var("self", model.thread)
    values: Mapping[FieldKey, Values] | None = None
    if prune:
        known, _ = specialise(model, graphs, process)
        again, values = specialise(model, fold_newborn(model, known), process)
        # An assertion that is never reached because of what new objects hold is still asked.
        graphs = [replace(graph, traps=before.traps) for graph, before in zip(again, known, strict=True)]
    return _stepwise(model, graphs, client, values, reduce, freed or freed_by(client))


def with_steps(compiled: Compiled, freed: Freed) -> Compiled:
    """``compiled``, reduced and pruned, in other steps: ``freed`` is who may use an object when it is freed."""
    again = _stepwise(compiled.model, list(compiled.graphs), compiled.client, compiled.values, True, freed)
    return replace(again, variant=compiled.variant)


def _stepwise(
    model: Model,
    graphs: list[Graph],
    client: Client | None,
    values: Mapping[FieldKey, Values] | None,
    reduce: bool,
    freed: Freed,
) -> Compiled:
    """What happens between one step and the next: graphs that are specialised become transitions, and properties are placed."""
    process = terms.var("self", model.thread)
    asked = [s for s in model.of_kind(Kind.ALWAYS, Kind.SOMETIMES) if _asked_of(s, client)]
    traps = _traps(graphs)
    read = [*(_property(s, PlacelessExpressions(model, s, {}, NOBODY)) for s in asked), *traps]
    system = _assemble(model, process, graphs, _visible(read), reduce, freed, values)
    bare = Compiled(model, system, (), tuple(graphs), values or {}, client)
    placed = [_property(s, PlacedExpressions(bare, s, {})) for s in asked]
    asked_of_all = (*placed, *traps, *exclusive_claims(model, system, graphs))
    claimed = dangling_claims(model, system, graphs) if freed is Freed.ASKED else []
    return replace(bare, properties=(*expected_of(client, asked_of_all), *claimed))


def compile_function(compiled: Compiled, name: str, *, reduce: bool = True, prune: bool = False) -> TransitionSystem:
    """The transitions of one kernel function called by itself with any arguments (``sockproof show``).

    With ``prune`` only what it can do among the calls of the client ``compiled`` is for.
    Raises UsageError if there is no such kernel function.
    """
    model = compiled.model
    kinds = (Kind.KERNEL, Kind.SYSCALL, Kind.SOFTIRQ)
    if name not in model.functions or model.functions[name].declaration.kind not in kinds:
        known = ", ".join(s.name for s in model.of_kind(*kinds))
        raise UsageError("unknown-function", f"there is no kernel function {name}", f"choose one of {known}")
    graph = lower(model, model.functions[name], compiled.system.self_var, standalone=True)
    if prune:
        ((graph,), _) = specialise(model, [graph], compiled.system.self_var, compiled.values)
    visible = _visible(compiled.properties)
    others = [g for g in compiled.graphs if g.root != name]
    classes = classify(model, [*others, graph], visible, reduce=reduce, freed=freed_by(compiled.client))
    values = compiled.values if prune else None
    possible = _possible(model, graph, compiled.system.self_var, values)
    locations, transitions = Compactor(model, graph, classes, compiled.system.self_var, possible).run()
    return _system(model, compiled.system.self_var, [graph], locations, transitions)


def calls(compiled: Compiled, name: str) -> bool:
    """Whether the client of ``compiled`` ever runs the function ``name``."""
    return any(name in node.context.stack for graph in compiled.graphs for node in graph.nodes)


def _asked_of(source: Source, client: Client | None) -> bool:
    """Whether a property is asked of ``client``; every one is asked of the whole model."""
    chosen = source.declaration.clients
    return client is None or not chosen or client.name in chosen


def _visible(properties: Iterable[Property]) -> set[FieldKey]:
    """The variables properties read."""
    return {k for p in properties for k in (*terms.fields_of(p.formula), *terms.fields_of(p.antecedent))}


def _assemble(
    model: Model,
    process: Term,
    graphs: list[Graph],
    visible: set[FieldKey],
    reduce: bool,
    freed: Freed,
    values: Mapping[FieldKey, Values] | None,
) -> TransitionSystem:
    """The system of ``graphs``; with ``values`` of the shared variables, without what those exclude."""
    classes = classify(model, graphs, visible, reduce=reduce, freed=freed)
    locations: list[Location] = []
    transitions: list[Transition] = []
    for graph in graphs:
        more, steps = Compactor(model, graph, classes, process, _possible(model, graph, process, values)).run()
        locations += more
        transitions += steps
    return _system(model, process, graphs, locations, transitions)


def _possible(
    model: Model, graph: Graph, process: Term, values: Mapping[FieldKey, Values] | None
) -> Callable[[int, Term], bool] | None:
    """What tells the compactor of ``graph`` whether a guard may hold where a node begins, given ``values`` of what is shared."""
    if values is None:
        return None
    analysis = Analysis(model, [graph], process, values)
    analysis.run()
    return partial(analysis.possible, 0)


def _system(
    model: Model, process: Term, graphs: list[Graph], locations: list[Location], transitions: list[Transition]
) -> TransitionSystem:
    pc = EnumSort("Location", (IDLE, *(loc.name for loc in locations)))
    used = {u.key for t in transitions for u in t.updates}
    local_vars = [v for g in graphs for v in g.locals.values() if v.key in used]
    traps = [trap.variable for g in graphs for trap in g.traps.values()]
    fields = [v for record in model.fields.values() for v in record.values()]
    state_vars = (StateVar(model.thread.name, "pc", pc), *fields, *dict.fromkeys(traps), *local_vars)
    idle = Location(IDLE, "", "", IDLE, ())
    return TransitionSystem(
        model.name,
        state_vars,
        (idle, *locations),
        tuple(transitions),
        tuple(model.records.values()),
        model.thread,
        process,
        pc,
        tuple(g.root for g in graphs),
    )


def _traps(graphs: list[Graph]) -> list[Property]:
    """One property per trap: it is never set."""
    traps = {key: trap for g in graphs for key, trap in g.traps.items()}
    return [
        Property(
            trap.variable.name,
            "always",
            (),
            terms.negate(terms.field(trap.variable.key, BOOL)),
            terms.TRUE,
            trap.stands_for,
            "holds",
            trap.because,
            trap.place,
        )
        for trap in traps.values()
    ]


def _property(source: Source, scope: Expressions) -> Property:
    """A property as ``scope`` reads its formula."""
    declaration = source.declaration
    expected = {Kind.ALWAYS: ("holds", "violated"), Kind.SOMETIMES: ("reachable", "unreachable")}[declaration.kind]
    if declaration.expected not in expected:
        raise source.error(
            source.tree,
            "wrong-expectation",
            f"{source.name} cannot be expected to be {declaration.expected!r}",
            f"write {' or '.join(expected)}",
        )
    params = {a.arg: terms.var(a.arg, scope.parameter_sort(source, a.arg)) for a in source.tree.args.args}
    reader = scope.nested(source, dict(params))
    body = single_expression(source)
    formula = reader.condition(body)
    antecedent = terms.TRUE
    if isinstance(body, ast.Call) and reader._is(body.func, declare.implies):
        antecedent = reader.condition(body.args[0])
    return Property(
        source.name,
        declaration.kind.value,
        tuple(params.values()),
        formula,
        antecedent,
        declaration.stands_for,
        declaration.expected,
        declaration.because,
        source.place(source.tree),
        declaration.uses,
    )
