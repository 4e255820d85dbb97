"""Reads of new objects: a field that nobody can have set yet is 0."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from checker.language import terms
from checker.language.graph import Action, Graph, Node, on_every_path
from checker.language.membership import fresh_objects, holds, member_fields
from checker.language.model import Model
from checker.language.terms import FieldKey


def fold_newborn(model: Model, graphs: Iterable[Graph]) -> list[Graph]:
    """The graphs with 0 in place of reads, of objects no other process can reach, of fields the process has not written itself.

    The graphs must be all that run together.
    """
    graphs = list(graphs)
    members = member_fields(graphs)
    allocated = {n.record.name for g in graphs for n in g.nodes if n.action is Action.NEW and n.record is not None}
    fields = {name: frozenset(v.key for v in model.fields[name].values()) - {(name, "live")} for name in allocated}
    return [_folded(model, graph, members, fields) for graph in graphs]


def _folded(model: Model, graph: Graph, members: frozenset[FieldKey], fields: Mapping[str, frozenset[FieldKey]]) -> Graph:
    fresh = fresh_objects(model, graph, members)
    every = frozenset[FieldKey]().union(*fields.values())
    zero = on_every_path(graph, every, lambda node, known: known - _written(node, fields))

    def folded(node: Node) -> Node:
        if node.action is not Action.READ or not holds(node.obj, fresh[node.index]) or node.key not in zero[node.index]:
            return node
        assert node.target is not None
        return replace(node, action=Action.ASSIGN, key=None, obj=None, value=terms.const(0, node.target.sort))

    return replace(graph, nodes=[folded(node) for node in graph.nodes])


def _written(node: Node, fields: Mapping[str, frozenset[FieldKey]]) -> frozenset[FieldKey]:
    """The fields a node may set, of whichever objects."""
    if node.action is Action.COPY and node.obj is not None:
        return fields.get(node.obj.sort.name, frozenset())
    keys = [node.key] if node.action in (Action.WRITE, Action.GHOST) else []
    if node.lock is not None:
        keys += [node.lock.users, node.lock.also, node.lock.owner.key if node.lock.owner else None]
    return frozenset(key for key in keys if key is not None)
