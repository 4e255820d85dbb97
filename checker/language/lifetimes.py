"""Which nodes touch objects that are freed, and may be allocated again, and what joining steps takes of them.

Freeing and allocating write every field of an object.  Two kinds of nodes are told apart: those that *search* for the object,
by a condition over all of them or by an argument that the caller chose, and those that follow a reference to it.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from typing import TYPE_CHECKING

from checker.language.declare import Kind
from checker.language.graph import Action, Graph, Node, on_every_path
from checker.language.model import Model
from checker.language.sorts import RefSort
from checker.language.terms import FieldKey, Term

if TYPE_CHECKING:
    from checker.language.movers import Access


class Freed(enum.Enum):
    """Who may still follow a reference to an object when it is freed.

    ``NOBODY``: the claim ``no_dangling`` holds.  ``ASKED``: the claim is what is asked; no step goes on to touch an
    object once it has committed itself, so whoever is about to is seen between steps.  ``ANYBODY``: the claim does not hold.
    """

    NOBODY = "nobody"
    ASKED = "asked"
    ANYBODY = "anybody"


def freed_records(graphs: Iterable[Graph]) -> frozenset[str]:
    """The records some of whose objects are freed."""
    return frozenset(n.obj.sort.name for g in graphs for n in g.nodes if n.action is Action.FREE and n.obj is not None)


def refers(model: Model, key: FieldKey, records: frozenset[str]) -> bool:
    """Whether a field holds references to objects of ``records``."""
    variable = model.fields.get(key[0], {}).get(key[1])
    return variable is not None and isinstance(variable.sort, RefSort) and variable.sort.name in records


def touching(model: Model, graph: Graph, accesses: Iterable[Access], records: frozenset[str]) -> set[int]:
    """The nodes that access fields of objects of ``records``, or fields that refer to such objects."""
    found = {n.index for n in graph.nodes if _managed(n) in records}
    return found | {a.node for a in accesses if a.key[0] in records or refers(model, a.key, records)}


def searching(model: Model, graph: Graph, accesses: Iterable[Access], records: frozenset[str]) -> set[int]:
    """The nodes that look at objects of ``records`` nobody gave them a reference to.

    Of an argument of a call or event that is so of the first look; from then on the process has a reference.
    """
    called = model.functions[graph.root].declaration.kind is Kind.KERNEL
    chosen_outside = frozenset() if called else graph.lazy
    local = frozenset(k for k, v in graph.locals.items() if isinstance(v.sort, RefSort) and v.sort.name in records)
    objects: dict[int, set[FieldKey]] = {n.index: set() for n in graph.nodes}
    found: set[int] = set()
    for a in accesses:
        if a.key[0] in records:
            _note(objects[a.node], a.obj)
            if a.quantified:
                found.add(a.node)
    for node in graph.nodes:
        if _managed(node) in records:
            _note(objects[node.index], node.lock.obj if node.lock else node.obj)
    looked_at = [local & objects[node.index] for node in graph.nodes]
    known = on_every_path(graph, local - chosen_outside, lambda n, k: _known_behind(n, k, looked_at[n.index], local))
    for node in graph.nodes:
        chosen = {node.target.key} if node.action is Action.CHOOSE and node.target else set()
        if not looked_at[node.index] <= known[node.index] or objects[node.index] & chosen:
            found.add(node.index)
    return found


def _known_behind(
    node: Node, known: frozenset[FieldKey], looked_at: frozenset[FieldKey], local: frozenset[FieldKey]
) -> frozenset[FieldKey]:
    """Those of the references ``local`` that hold no object nobody has looked at yet."""
    if node.target is not None and node.target.key in local - looked_at:
        copied = node.value is not None and node.value.op == "field" and node.action is Action.ASSIGN
        unknown = node.action is Action.CHOOSE or (copied and node.value is not None and node.value.data not in known)
        known = known - {node.target.key} if unknown else known | {node.target.key}
    return known | looked_at


def _note(objects: set[FieldKey], obj: Term | None) -> None:
    if obj is not None and obj.op == "field":
        objects.add(obj.data)


def _managed(node: Node) -> str:
    """The record of the object that a node makes, frees, copies, locks or unlocks."""
    if node.action is Action.NEW and node.record is not None:
        return node.record.name
    if node.action in (Action.FREE, Action.COPY) and node.obj is not None:
        return node.obj.sort.name
    return node.lock.users[0] if node.lock else ""
