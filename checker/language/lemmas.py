"""The lemmas, waypoints and assumptions of a specification: formulas over the locations of a compiled model."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType
from typing import Any

from checker.errors import Place
from checker.language import terms
from checker.language.compile import Compiled
from checker.language.declare import Kind
from checker.language.expressions import Expressions, single_expression
from checker.language.placed import NOBODY, PlacedExpressions
from checker.language.terms import Term
from checker.system import Property


@dataclass(frozen=True)
class Lemma:
    """A formula of an inductive proof, with the reason it holds and the lemmas it needs."""

    name: str
    params: tuple[Term, ...]
    formula: Term
    reason: str
    place: Place
    uses: tuple[str, ...]


def compile_lemmas(compiled: Compiled, modules: list[ModuleType]) -> tuple[Lemma, ...]:
    """The ``@lemma`` functions of ``modules``, over the locations of a compiled model."""
    return tuple(_lemma(compiled, function) for module in modules for function in _declared(module, Kind.LEMMA))


def compile_waypoints(compiled: Compiled, module: ModuleType) -> tuple[Property, ...]:
    """The ``@waypoint`` functions of ``module`` for the client of a compiled model."""
    found = []
    for function in _declared(module, Kind.WAYPOINT):
        clients = function.__declaration__.clients
        if not clients or (compiled.client is not None and compiled.client.name in clients):
            x = _lemma(compiled, function)
            found.append(Property(x.name, "sometimes", x.params, x.formula, terms.TRUE, "", "reachable", x.reason, x.place))
    return tuple(found)


def _declared(module: ModuleType, kind: Kind) -> list[Any]:
    """The functions of a kind that a module defines itself."""
    functions = [value for value in vars(module).values() if getattr(value, "__declaration__", None) is not None]
    return [f for f in functions if f.__declaration__.kind is kind and f.__module__ == module.__name__]


def assumptions(compiled: Compiled) -> tuple[Lemma, ...]:
    """What the specification assumes of the tables of every instance.  Raises SpecError if one speaks of what can change."""
    found = []
    for source in compiled.model.of_kind(Kind.ASSUMPTION):
        formula = Expressions(compiled.model, source, {}, NOBODY).condition(single_expression(source))
        variables = {v.key: v for record in compiled.model.fields.values() for v in record.values()}
        changing = [k[1] for k in terms.fields_of(formula) if not variables[k].rigid]
        if changing:
            raise source.error(source.tree, "assumption-changes", f"{changing[0]} can change", "speak of Rigid fields only")
        found.append(Lemma(source.name, (), formula, source.declaration.because, source.place(source.tree), ()))
    return tuple(found)


def _lemma(compiled: Compiled, function: Any) -> Lemma:
    from checker.language.source import read

    source = read(function)
    scope = Expressions(compiled.model, source, {}, NOBODY)
    params = {a.arg: terms.var(a.arg, scope.parameter_sort(source, a.arg)) for a in source.tree.args.args}
    formula = PlacedExpressions(compiled, source, dict(params)).condition(single_expression(source))
    return Lemma(source.name, tuple(params.values()), formula, source.doc, source.place(source.tree), source.declaration.uses)
