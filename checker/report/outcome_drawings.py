"""Outcome tables as state diagrams: of a function, of a kind of object, and of one field with who moves it.

In go tabulated outcomes; out come graphviz graphs.  What leads from nearly everywhere to one place is told in the caption
instead of drawn.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence

import graphviz
import networkx as nx

from checker.report.outcome_sheets import RACE_MARK, joined_moves, row_names
from checker.report.statediagram import state_diagram
from checker.scenario.outcomes import ROW, WAITS, Class, Outcome, Tabulated

MANY = 8
"""Beyond so many rows a diagram of a kind leaves the last column out; up to so many states everything is drawn."""
FEW = 4
"""An edge names the variants of a call that lead there if they are fewer."""
LARGE = 40
"""A diagram of a function with more lines than this leaves the last column out."""
WIDE = 40
"""Up to so many edges a diagram of a function goes from left to right."""
MOST = 0.6
"""What leads from this part of all states to one state is told in the caption."""
NEW = "(new)"
CAPTION = 48
LABEL = 36
"""Characters on one line of captions, and of labels that list results."""

Edge = tuple[Class, Class]


def function_diagram(table: Tabulated, name: str, outcomes: Sequence[Outcome]) -> graphviz.Digraph | None:
    """What one call, event or function moves; None if it moves nothing."""
    graph = _moves_of(table, name, outcomes, len(row_names(table)))
    return graph if graph is None or len(graph.body) <= LARGE else _moves_of(table, name, outcomes, len(row_names(table)) - 1)


def _moves_of(table: Tabulated, name: str, outcomes: Sequence[Outcome], width: int) -> graphviz.Digraph | None:
    several = len({o.action.name for o in outcomes}) > 1
    tried: dict[tuple[Class, str], set[str]] = {}
    hows: dict[tuple[Edge, str], dict[str, dict[str, None]]] = {}
    unmoved: set[str] = set()
    for o in outcomes:
        if o.situation or o.result == WAITS or (o.events and not o.action.event):
            continue
        before, after = table.part(o.before, ROW)[:width], table.part(o.after, ROW)[:width]
        tried.setdefault((before, o.action.name), set()).add(o.action.how)
        if before == after:
            unmoved.add(o.result)
        else:
            hows.setdefault(((before, after), o.action.name), {}).setdefault(o.result, {})[o.action.how] = None
    edges: dict[Edge, dict[str, None]] = {}
    for (edge, call), results in hows.items():
        edges.setdefault(edge, {})[_label(call if several else "", results, len(tried[edge[0], call]))] = None
    if not edges:
        return None
    rest = sorted(label for label in unmoved if label)
    told = [f"no change: {', '.join(rest)}"] if rest and not several else []
    told += _told(edges)
    return _diagram(table, edges, [f"{name} ({table.kind})", *told], width, "LR" if len(edges) <= WIDE else "TB")


def _label(call: str, results: Mapping[str, Mapping[str, None]], tried: int) -> str:
    """The results of one call on an edge, with the variants that have them if those are few and not all."""
    shown = []
    for result, hows in sorted(results.items()):
        variants = " / ".join(hows) if not call and len(hows) < min(tried, FEW) else ""
        shown.append(f"{variants}: {result}" if variants and result else variants or result)
    told = " / ".join(word for word in shown if word)
    if call and told in ("", "0"):
        return call
    return "\n".join(textwrap.wrap(f"{call} = {told}" if call else told, LABEL))


def kind_diagram(table: Tabulated) -> graphviz.Digraph:
    """All moves of one kind of object; what a call waits for is drawn as the events that they are."""
    width = len(row_names(table)) - (len(table.rows(ROW)) > MANY)
    edges: dict[Edge, dict[str, None]] = {}
    for o in table.outcomes:
        before, after = table.part(o.before, ROW)[:width], table.part(o.after, ROW)[:width]
        if before != after and not o.situation and not o.events and o.result != WAITS:
            edges.setdefault((before, after), {})[o.action.name] = None
    told = _told(edges)
    return _diagram(table, edges, [f"{table.kind} sockets", *told], width, "TB")


def _told(edges: dict[Edge, dict[str, None]]) -> list[str]:
    """Take out of ``edges`` what leads from nearly everywhere to the same, and say so.

    The same is one word in the first two columns, one in the first column, or one in the second while the first one stays.
    """
    nodes = {node for edge in edges for node in edge}
    if len(nodes) <= MANY:
        return []
    into: dict[tuple[str, str], list[Edge]] = {}
    for edge, labels in edges.items():
        before, after = edge
        targets = [" ".join(after[:2]), after[0] if before[0] != after[0] else f"... {after[1]}"]
        for label in labels:
            for target in targets:
                into.setdefault((label, target), []).append(edge)
    told = []
    for (label, target), found in into.items():
        left = [edge for edge in found if label in edges.get(edge, ())]
        sources = {before for before, _ in left}
        if len(sources) >= MOST * len(nodes):
            told.append(f"{label}: from {len(sources)} of {len(nodes)} states to {target}")
            for edge in left:
                del edges[edge][label]
                if not edges[edge]:
                    del edges[edge]
    return told


def _diagram(
    table: Tabulated, edges: dict[Edge, dict[str, None]], titles: Sequence[str], width: int, rankdir: str
) -> graphviz.Digraph:
    graph = nx.MultiDiGraph()
    for before, after in edges:
        for node in (before, after):
            graph.add_node(node, label=_shown(table, node, width))
    for (before, after), labels in edges.items():
        graph.add_edge(before, after, causes=sorted(labels))
    order = {row[:width]: n for n, row in reversed(list(enumerate(table.rows(ROW))))}
    initial = min(graph, key=lambda node: order[node])
    return state_diagram(graph, initial, "\n".join(titles), row_names(table)[:width], rankdir=rankdir, caption=CAPTION)


def _shown(table: Tabulated, node: Class, width: int) -> tuple[str, ...]:
    raced = all(row in table.raced_rows for row in table.rows(ROW) if row[:width] == node)
    words = [word for word in node if word != "-"]
    words = [w if w[0].isalpha() else f"{row_names(table)[n]} {w if '=' in w else '= ' + w}" for n, w in enumerate(words)]
    return (words[0] + RACE_MARK * raced, *words[1:])


def move_diagram(tables: Sequence[Tabulated], what: str) -> graphviz.Digraph:
    """Who moves one field from where to where."""
    edges: dict[Edge, dict[str, None]] = {}
    for (before, after), moves in joined_moves(tables, what).items():
        edges[(what, before), (what, after)] = {m.who + RACE_MARK * m.raced: None for m in moves}
    told = _told(edges)
    graph = nx.MultiDiGraph()
    for edge, labels in edges.items():
        (_, before), (_, after) = edge
        for node in (before, after):
            graph.add_node(node, label=(node,))
        graph.add_edge(before, after, causes=list(labels))
    return state_diagram(graph, NEW, "\n".join([f"who moves {what}", *told]), caption=CAPTION)
