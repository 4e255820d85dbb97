"""Outcome tables as state diagrams: of a function, of a kind of object, and of one field with who moves it.

In go tabulated outcomes; out come graphviz graphs.  What leads from nearly everywhere to one place is told in the caption
instead of drawn.
"""

from __future__ import annotations

from collections.abc import Sequence

import graphviz
import networkx as nx

from checker.report.outcome_sheets import RACE_MARK, is_raced, joined_moves, row_names
from checker.report.statediagram import state_diagram
from checker.scenario.outcomes import ROW, WAITS, Class, Outcome, Tabulated

MANY = 8
"""Beyond so many rows a diagram of a kind leaves the last column out."""
MOST = 0.6
"""What leads from this part of all states to one state is told in the caption."""
NEW = "(new)"

Edge = tuple[Class, Class]


def function_diagram(table: Tabulated, name: str, outcomes: Sequence[Outcome]) -> graphviz.Digraph | None:
    """What one call, event or function moves; None if it moves nothing."""
    several = len({o.action.name for o in outcomes}) > 1
    edges: dict[Edge, dict[str, None]] = {}
    failing: dict[str, set[Class]] = {}
    for o in outcomes:
        before, after = table.part(o.before, ROW), table.part(o.after, ROW)
        if o.situation or o.result == WAITS:
            continue
        label = _label(o, several)
        if before != after or o.result.startswith("0"):
            edges.setdefault((before, after), {})[label] = None
        else:
            failing.setdefault(label, set()).add(before)
    if all(before == after for before, after in edges):
        return None
    drawn = {node for edge in edges for node in edge}
    rest = sorted({label for label, nodes in failing.items() if label and nodes - drawn})
    told = [f"elsewhere: {', '.join(rest)}"] if rest else []
    return _diagram(table, edges, [f"{name} ({table.kind})", *told], len(row_names(table)))


def _label(o: Outcome, several: bool) -> str:
    """A result; before it the call, if there are several."""
    if not several:
        return o.result or o.action.name
    return o.action.name if o.result in ("", "0") else f"{o.action.name} = {o.result}"


def kind_diagram(table: Tabulated) -> graphviz.Digraph:
    """All moves of one kind of object."""
    width = len(row_names(table)) - (len(table.rows(ROW)) > MANY)
    edges: dict[Edge, dict[str, None]] = {}
    for o in table.outcomes:
        before, after = table.part(o.before, ROW)[:width], table.part(o.after, ROW)[:width]
        if before != after and not o.situation and o.result != WAITS:
            edges.setdefault((before, after), {})[o.action.name] = None
    told = _told(edges)
    return _diagram(table, edges, [f"{table.kind} sockets", *told], width)


def _told(edges: dict[Edge, dict[str, None]]) -> list[str]:
    """Take out of ``edges`` what leads from nearly everywhere to one place, and say so."""
    nodes = {node for edge in edges for node in edge}
    into: dict[tuple[str, Class], list[Edge]] = {}
    for edge, labels in edges.items():
        for label in labels:
            into.setdefault((label, edge[1]), []).append(edge)
    told = []
    for (label, target), found in into.items():
        if len(found) >= MOST * len(nodes):
            told.append(f"{label}: from {len(found)} of {len(nodes)} states to {' '.join(target)}")
            for edge in found:
                del edges[edge][label]
    for edge in [edge for edge, labels in edges.items() if not labels]:
        del edges[edge]
    return told


def _diagram(table: Tabulated, edges: dict[Edge, dict[str, None]], titles: Sequence[str], width: int) -> graphviz.Digraph:
    graph = nx.MultiDiGraph()
    for before, after in edges:
        for node in (before, after):
            graph.add_node(node, label=_shown(table, node, width))
    for (before, after), labels in edges.items():
        graph.add_edge(before, after, causes=sorted(labels))
    order = {row[:width]: n for n, row in reversed(list(enumerate(table.rows(ROW))))}
    initial = min(graph, key=lambda node: order[node])
    return state_diagram(graph, initial, "\n".join(titles), row_names(table)[:width])


def _shown(table: Tabulated, node: Class, width: int) -> tuple[str, ...]:
    raced = all(is_raced(table, row) for row in table.rows(ROW) if row[:width] == node)
    words = [word for word in node if word != "-"]
    words = [w if w[0].isalpha() else f"{row_names(table)[n]} {w if '=' in w else '= ' + w}" for n, w in enumerate(words)]
    return (words[0] + RACE_MARK * raced, *words[1:])


def move_diagram(tables: Sequence[Tabulated], what: str) -> graphviz.Digraph:
    """Who moves one field from where to where."""
    graph = nx.MultiDiGraph()
    for (before, after), moves in joined_moves(tables, what).items():
        graph.add_edge(before, after, causes=[m.who + RACE_MARK * m.raced for m in moves])
    return state_diagram(graph, NEW, f"who moves {what}")
