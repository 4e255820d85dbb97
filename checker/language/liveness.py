"""Which locals of a graph are still to be read, and which arguments have been."""

from __future__ import annotations

from checker.language import terms
from checker.language.graph import Action, Graph, Node, reads_of
from checker.language.terms import FieldKey


def _locals_read(graph: Graph, node: Node) -> set[FieldKey]:
    return {t.data for part in reads_of(node) for t in terms.subterms(part) if t.op == "field" and t.data in graph.locals}


def live_locals(graph: Graph) -> list[frozenset[FieldKey]]:
    """Per node, the locals whose value may still be read from there on."""
    reads = [_locals_read(graph, n) - ({n.target.key} if n.target and n.action is Action.CHOOSE else set()) for n in graph.nodes]
    users: list[list[int]] = [[] for _ in graph.nodes]
    for node in graph.nodes:
        for s in node.successors:
            users[s].append(node.index)
    live: list[frozenset[FieldKey]] = [frozenset()] * len(graph.nodes)
    work = [n.index for n in graph.nodes]
    waiting = set(work)
    while work:
        index = work.pop()
        waiting.discard(index)
        node = graph.nodes[index]
        after: set[FieldKey] = set().union(*(live[s] for s in node.successors))
        if node.target is not None:
            after.discard(node.target.key)
        now = frozenset(after | reads[index])
        if now != live[index]:
            live[index] = now
            new = [u for u in users[index] if u not in waiting]
            work += new
            waiting.update(new)
    return live


def may_have_read(graph: Graph) -> list[frozenset[FieldKey]]:
    """Per node, the lazy arguments that some path from the entry has read before it."""
    before: list[frozenset[FieldKey]] = [frozenset()] * len(graph.nodes)
    work = [0]
    seen = {0}
    while work:
        index = work.pop()
        node = graph.nodes[index]
        after = before[index] | (frozenset(_locals_read(graph, node)) & graph.lazy)
        if node.target is not None and node.target.key in graph.lazy:
            after |= {node.target.key}
        for s in node.successors:
            if s not in seen or not after <= before[s]:
                seen.add(s)
                before[s] |= after
                work.append(s)
    return before
