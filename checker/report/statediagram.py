"""State diagrams: which combinations of a few values are reachable, and which functions lead from one to another.

In goes a quotient graph (nodes are value tuples, edges carry ``causes``); out comes a graphviz graph.
"""

from __future__ import annotations

import textwrap
from collections.abc import Hashable, Sequence
from typing import Any

import graphviz
import networkx as nx

from checker.errors import UsageError
from checker.system import Transition, TransitionSystem

PAD = "0.4"
"""Inches around the drawing: fonts wider than the one ``dot`` measured must not be cut."""
PER_LINE = 2
"""Function names on one line of an edge label."""
CAPTION = 32
"""Characters on one line of the title: it must not be wider than the smallest drawing."""


def state_diagram(
    graph: nx.MultiDiGraph[Any],
    initial: Hashable,
    title: str = "",
    names: Sequence[str] = (),
    *,
    rankdir: str = "TB",
    caption: int = CAPTION,
) -> graphviz.Digraph:
    """The diagram of ``graph``, started at ``initial``.

    A node shows its attribute ``label`` (strings) or itself; ``names`` say what the values are of, such as
    ``("sk->state", "sock->state")``; ``rankdir`` is graphviz' direction of the drawing, ``caption`` how many characters
    a line of the title has.  Parallel edges are merged and their ``causes`` joined.  Raises UsageError if ``initial`` is no node.
    """
    if initial not in graph:
        raise UsageError("unknown-state", f"the diagram has no state {initial}", "start it at a reachable state")
    labels = {node: tuple(map(str, data.get("label", node))) for node, data in graph.nodes(data=True)}
    order = sorted(labels, key=lambda node: (node != initial, labels[node]))
    ids = {node: f"s{i}" for i, node in enumerate(order)}
    drawn = graphviz.Digraph(
        title or "states",
        graph_attr={"rankdir": rankdir, "nodesep": "0.8", "ranksep": "0.7", "pad": PAD},
        node_attr={"shape": "box", "style": "filled,rounded", "fillcolor": "#eff6ff", "fontname": "Helvetica", "fontsize": "12"},
        edge_attr={"fontname": "Courier", "fontsize": "10", "fontcolor": "#374151", "color": "#6b7280"},
    )
    told = [*title.split("\n"), " × ".join(names)]
    wrapped = [piece for line in told for piece in textwrap.wrap(line, caption)]
    drawn.attr(label="\n".join(wrapped), labelloc="t", fontname="Helvetica-Bold", fontsize="14")
    drawn.node("start", "", shape="circle", width="0.15", style="filled", fillcolor="#111827")
    for node in order:
        extra = {"penwidth": "2", "fillcolor": "#dcfce7"} if node == initial else {}
        drawn.node(ids[node], "\n".join(labels[node]), **extra)
    drawn.edge("start", ids[initial])
    for (before, after), causes in _merged(graph, order).items():
        drawn.edge(ids[before], ids[after], label=_lines(sorted(causes)))
    return drawn


def name_writers(graph: nx.MultiDiGraph[Any], system: TransitionSystem, fields: Sequence[str]) -> nx.MultiDiGraph[Any]:
    """``graph`` with ``causes`` replaced by the functions whose statement writes one of ``fields``.

    A transition may end in another function than the one that made the change; edges name theirs in ``transitions``.
    """
    by_name = {t.name: t for t in system.transitions}
    named = graph.copy()
    for _, _, data in named.edges(data=True):
        data["causes"] = sorted({_writer(by_name[name], fields) for name in data["transitions"]})
    return named


def _writer(t: Transition, fields: Sequence[str]) -> str:
    """The function of the last statement that assigns one of ``fields``; else the one that made or freed the object."""
    writes = [s for s in t.steps if s.kind == "access"]
    assigning = [s for s in writes if any(f".{name} = " in s.text for name in fields)]
    return (assigning or writes or t.steps)[-1].function if t.steps else t.name


def _merged(graph: nx.MultiDiGraph[Any], order: list[Any]) -> dict[tuple[Any, Any], set[str]]:
    """The causes of each pair of states, in the order of the states."""
    rank = {node: i for i, node in enumerate(order)}
    joined: dict[tuple[Any, Any], set[str]] = {}
    for before, after, data in graph.edges(data=True):
        joined.setdefault((before, after), set()).update(data.get("causes", ()))
    return {pair: joined[pair] for pair in sorted(joined, key=lambda pair: (rank[pair[0]], rank[pair[1]]))}


def _lines(causes: list[str]) -> str:
    """Names on few lines, with room between them and the edges on both sides."""
    return "\n".join(f"  {', '.join(causes[i : i + PER_LINE])}  " for i in range(0, len(causes), PER_LINE))
