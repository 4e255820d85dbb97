"""Projections: what the explored graph looks like if one only watches a few terms of one object.

In goes a Projection (``sk`` and ``sk.state``, ``sk.socket.state``), out comes the set of value tuples any object
reaches and of changes between them, with the transitions that cause each; from that the quotient graph to draw.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import networkx as nx

from checker.instance import Instance
from checker.language import terms
from checker.language.sorts import BOOL
from checker.language.terms import Term

Values = tuple[int, ...]


@dataclass(frozen=True)
class Projection:
    """``terms`` over ``param``, a variable that stands for every object of its record."""

    name: str
    param: Term
    terms: tuple[Term, ...]

    def tuples(self, instance: Instance) -> int:
        """How many value tuples there could be."""
        return prod(instance.cardinality(t.sort) for t in self.terms)

    def decode(self, code: int, instance: Instance) -> Values:
        """The value tuple numbered ``code``, the first term being the most significant digit."""
        values: list[int] = []
        for t in reversed(self.terms):
            code, value = divmod(code, instance.cardinality(t.sort))
            values.append(value)
        return tuple(reversed(values))

    def formula(self) -> Term:
        """A term that reads what the projection reads, for the cone of influence."""
        return terms.conj(*(Term("eq", BOOL, (t, t)) for t in self.terms))


@dataclass(frozen=True, order=True)
class Edge:
    """Some object went from ``before`` to ``after`` by ``transition``, in kernel function ``function``."""

    before: Values
    after: Values
    transition: str
    function: str


@dataclass(frozen=True)
class Projected:
    """All value tuples reached and all changes between them, both sorted."""

    projection: Projection
    instance: Instance
    reached: tuple[Values, ...]
    edges: tuple[Edge, ...]

    def label(self, values: Values) -> tuple[str, ...]:
        """``values`` as people read them."""
        return tuple(self.instance.show_value(t.sort, v) for t, v in zip(self.projection.terms, values, strict=True))


def quotient_graph(projected: Projected) -> nx.MultiDiGraph[Values]:
    """The graph of a projection: nodes are value tuples, one edge per change.

    Nodes carry ``label`` (the values as text), edges ``causes`` (kernel functions) and ``transitions``, all sorted.
    """
    graph: nx.MultiDiGraph[Values] = nx.MultiDiGraph(name=projected.projection.name)
    for values in projected.reached:
        graph.add_node(values, label=projected.label(values))
    grouped: dict[tuple[Values, Values], list[Edge]] = {}
    for edge in projected.edges:
        grouped.setdefault((edge.before, edge.after), []).append(edge)
    for (before, after), edges in grouped.items():
        graph.add_edge(
            before, after, causes=sorted({e.function for e in edges}), transitions=sorted({e.transition for e in edges})
        )
    return graph
