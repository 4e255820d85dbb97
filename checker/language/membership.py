"""Which objects no other process can reach yet, and the fields whose setting lets them be found by searching.

Hash tables and lists are fields here: who looks for a socket searches all of them for those whose fields say that they are in the
table.  A search finds no object that leaves one of its conditions unmet; those that a new object, all of whose fields
are 0, does not meet are its *gates*.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from checker.language.graph import Action, Graph, Node, on_every_path, reads_of
from checker.language.model import Model
from checker.language.sorts import RefSort
from checker.language.terms import FieldKey, Term, conjuncts, negate, subterms


def member_fields(graphs: Iterable[Graph]) -> frozenset[FieldKey]:
    """Fields one of which must be set before any search finds an object: per search a gate, or all it looks at.

    A search for those that refer to an object is taken never to look for NULL.
    """
    searches = sorted(
        {_gates(bound, condition) for g in graphs for n in g.nodes for bound, condition in _searches(n)}, key=sorted
    )
    often = Counter(key for gates in searches for key in gates)
    chosen: set[FieldKey] = set()
    for gates in searches:
        if gates and not gates & chosen:
            chosen.add(min(gates, key=lambda key: (-often[key], key)))
    return frozenset(chosen)


def _searches(node: Node) -> Iterator[tuple[Term, Term]]:
    """The variable that stands for every object, and what those are like that a node finds."""
    if node.where is not None and node.obj is not None:
        yield node.obj, node.where
    for part in reads_of(node):
        for t in subterms(part):
            if t.op in ("exists", "forall"):
                yield t.data, t.args[0] if t.op == "exists" else negate(t.args[0])


def _gates(bound: Term, condition: Term) -> frozenset[FieldKey]:
    """The fields that a new object does not have as ``condition`` wants them; all it looks at if there is none."""
    parts = conjuncts(condition)
    gates = {key for part in parts for key in _set(bound, part)}
    looked_at = {t.data for t in subterms(condition) if t.op == "field" and t.args == (bound,)}
    return frozenset(gates or looked_at)


def _set(bound: Term, part: Term) -> Iterator[FieldKey]:
    """The field of ``bound`` that must not be 0 if ``part`` is to hold."""
    if part.op == "field" and part.args == (bound,) and part.data[1] != "live":
        yield part.data
    for this, other in (part.args, part.args[::-1]) if part.op == "eq" else ():
        set_ = other.data if other.op == "const" else isinstance(other.sort, RefSort)
        if this.op == "field" and this.args == (bound,) and set_:
            yield this.data


def fresh_objects(model: Model, graph: Graph, members: frozenset[FieldKey]) -> list[frozenset[FieldKey]]:
    """Per node, the locals that hold an object no other process can reach yet (before the node runs).

    ``members`` are the fields whose setting lets any process find the object by searching; setting one to NULL does not.  An
    object that is stored where others may look takes all along that it may refer to.
    """
    found = members | model.publications
    known = on_every_path(graph, graph.lazy, _known_behind)

    def behind(node: Node, fresh: frozenset[FieldKey]) -> frozenset[FieldKey]:
        here = known[node.index]
        if node.target is not None:
            return _holding(node, fresh, node.action is Action.NEW)
        stored = _may_be_new(node.value, here) and not holds(node.obj, fresh)
        announced = node.key in found and _may_be_new(node.obj, here)
        if node.action is Action.WRITE and not _null(node.value) and (stored or announced):
            return frozenset()
        listed = node.action is Action.COPY and _listed(graph, node, found)
        return frozenset() if listed else fresh

    return on_every_path(graph, frozenset(), behind)


def _known_behind(node: Node, known: frozenset[FieldKey]) -> frozenset[FieldKey]:
    """The locals that hold an object others can reach: chosen or found among all there are, or read in one that they reach."""
    reached = node.action is Action.READ and not _may_be_new(node.obj, known)
    return _holding(node, known, reached or node.action is Action.CHOOSE) if node.target is not None else known


def _holding(node: Node, holding: frozenset[FieldKey], gets: bool) -> frozenset[FieldKey]:
    """The locals with a property of objects behind an assignment, which gives it by itself (``gets``) or copies it."""
    assert node.target is not None
    copied = node.action is Action.ASSIGN and (_null(node.value) or holds(node.value, holding))
    return holding | {node.target.key} if gets or copied else holding - {node.target.key}


def holds(term: Term | None, holding: frozenset[FieldKey]) -> bool:
    """Whether a term is one of these locals."""
    return term is not None and term.op == "field" and term.data in holding


def _may_be_new(term: Term | None, known: frozenset[FieldKey]) -> bool:
    """Whether a term may be an object that others cannot reach; processes and kernel variables they can."""
    return term is not None and isinstance(term.sort, RefSort) and term.op != "var" and not holds(term, known)


def _null(value: Term | None) -> bool:
    return value is not None and value.op == "const" and not value.data


def _listed(graph: Graph, copy: Node, found: frozenset[FieldKey]) -> bool:
    """Whether searches may find a copy as they find its original: a field by which they do is not set in the same step."""
    region = copy.context.region
    own = {
        n.key
        for n in graph.nodes
        if region and n.context.region == region and n.action is Action.WRITE and n.obj == copy.obj and _null(n.value)
    }
    assert copy.obj is not None
    return any(key[0] == copy.obj.sort.name and key not in own for key in found)
