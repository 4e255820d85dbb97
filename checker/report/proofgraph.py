"""The lemma dependency graph of a proof: which facts the obligations of each fact need.

In go the facts of a minimal proof; out comes a graphviz graph, the goal on top.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

import graphviz

from checker.symbolic.facts import Fact

WIDTH = 34
GOAL, LEMMA, ASSUMED = "#dcfce7", "#eff6ff", "#fef3c7"


def proof_graph(facts: Sequence[Fact], goal: str) -> graphviz.Digraph:
    """The graph: an arrow leads from a fact to each fact it uses, drawn once with two heads if both use each other.

    Assumptions are yellow, and the goal is green.
    """
    graph = graphviz.Digraph(
        goal,
        graph_attr={"rankdir": "TB", "nodesep": "0.35", "ranksep": "0.7", "pad": "0.4"},
        node_attr={"shape": "box", "style": "filled,rounded", "fontname": "Helvetica", "fontsize": "11"},
        edge_attr={"color": "#6b7280", "arrowsize": "0.7"},
    )
    graph.attr(label=f"what {goal} rests on", labelloc="t", fontname="Helvetica-Bold", fontsize="14")
    ids = {f.name: f"f{i}" for i, f in enumerate(facts)}
    uses = {f.name: f.uses for f in facts}
    for f in facts:
        color = GOAL if f.name == goal else ASSUMED if f.assumed else LEMMA
        label = "\n".join([*textwrap.wrap(f.name, WIDTH), "", *textwrap.wrap(f.reason, WIDTH)])
        graph.node(ids[f.name], label, fillcolor=color, **({"penwidth": "2"} if f.name == goal else {}))
    for f in facts:
        for used in f.uses:
            mutual = f.name in uses[used]
            if not mutual or ids[f.name] < ids[used]:
                graph.edge(ids[f.name], ids[used], **({"dir": "both", "color": "#1d4ed8"} if mutual else {}))
    return graph


__all__ = ["proof_graph"]
