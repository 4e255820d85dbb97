"""What ``with exclusive(...)`` claims, as a property: the reduction relies on it, so it is proved and not assumed."""

from __future__ import annotations

from checker.language import terms
from checker.language.graph import Action, Graph, Node, reads_of
from checker.language.model import Model
from checker.language.sorts import RefSort
from checker.language.terms import Term
from checker.system import Property, TransitionSystem


def exclusive_claims(model: Model, system: TransitionSystem, graphs: list[Graph]) -> list[Property]:
    """The property ``exclusive``: whoever is inside ``with exclusive(x)`` is alone with ``x``.

    No other process holds ``x`` to read or write its fields, and no step can begin with it (a call whose argument it is).
    A local that is only compared with others, as the sleepers of a wait queue are found, does not matter.
    """
    blocks = [n for g in graphs for n in g.nodes if n.context.exclusive]
    if not blocks:
        return []
    t1, t2 = terms.var("t1", model.thread), terms.var("t2", model.thread)
    used = _dereferenced(system)
    mine: dict[Term, list[Term]] = {}
    held: dict[Term, list[Term]] = {}
    for loc in system.locations:
        for obj in loc.exclusive:
            mine.setdefault(obj, []).append(system.at(t1, loc.name))
        for t in dict.fromkeys(t for _, _, t in loc.names if t in used):
            held.setdefault(t, []).append(system.at(t2, loc.name))
    clauses = [
        terms.implies(
            terms.conj(terms.disj(*here), terms.disj(*there)),
            terms.negate(terms.eq(terms.field(a.data, a.sort, t1), terms.field(b.data, b.sort, t2))),
        )
        for a, here in mine.items()
        for b, there in held.items()
        if a.sort == b.sort
    ]
    beginnings = _beginnings(system, graphs)
    closed = [
        terms.implies(terms.disj(*here), terms.negate(terms.substitute(premise, {start: terms.field(a.data, a.sort, t1)})))
        for a, here in mine.items()
        for start, premise in beginnings
        if a.sort == start.sort
    ]
    return [
        Property(
            "exclusive",
            "always",
            (t1, t2),
            terms.conj(terms.implies(terms.negate(terms.eq(t1, t2)), terms.conj(*clauses)), *closed),
            terms.disj(*(place for places in mine.values() for place in places)),
            "with exclusive(...): merging steps relies on it",
            "holds",
            "whoever drops the last reference to a file is alone with its socket",
            blocks[0].place,
        )
    ]


def _beginnings(system: TransitionSystem, graphs: list[Graph]) -> list[tuple[Term, Term]]:
    """Objects that transitions choose and touch at once, in fields that are used exclusively elsewhere.

    Each comes with what the guard demands of it alone.
    """
    fields = {
        x.data
        for g in graphs
        for n in g.nodes
        for x in (*(t for part in reads_of(n) for t in terms.subterms(part)), *_written(n))
        if x.op == "field" and x.args and x.args[0] in n.context.exclusive
    }
    found: dict[Term, set[frozenset[Term]]] = {}
    for t in system.transitions:
        read = {(x.data, x.args[0]) for part in t.parts() for x in terms.subterms(part) if x.op == "field" and x.args}
        touched = {obj for key, obj in (*read, *((u.key, u.obj) for u in t.updates)) if key in fields}
        for choice in (c for c in t.choices if c in touched):
            about = (p for p in terms.conjuncts(t.guard) if {x for x in terms.subterms(p) if x.op == "var"} == {choice})
            found.setdefault(choice, set()).add(frozenset(about))
    return [(choice, terms.conj(*least)) for choice, sets in found.items() for least in _least(sets)]


def _least(sets: set[frozenset[Term]]) -> list[list[Term]]:
    """The conditions that no other of them implies, each in a fixed order."""
    least = [one for one in sets if not any(other < one for other in sets)]
    return sorted((sorted(one, key=terms.show) for one in least), key=lambda one: [terms.show(t) for t in one])


def _written(node: Node) -> tuple[Term, ...]:
    """What a node writes, as a term."""
    if node.action is not Action.WRITE or node.key is None or node.value is None:
        return ()
    return (terms.field(node.key, node.value.sort, node.obj),)


def _dereferenced(system: TransitionSystem) -> set[Term]:
    """The objects through which a field is read or written, or that are stored somewhere: all that are not only compared."""
    found: set[Term] = set()
    for t in system.transitions:
        parts = [t.guard, *(part for u in t.updates for part in (u.value, *u.parts(), u.obj) if part is not None)]
        found.update(parts)
        found.update(a for part in parts for n in terms.subterms(part) if n.op != "eq" for a in n.args)
    return {x for x in found if isinstance(x.sort, RefSort) and not x.sort.key}
