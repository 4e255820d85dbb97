"""Which locals of a graph are still to be read, and which arguments have been."""

from __future__ import annotations

from collections.abc import Iterator

from checker.language import terms
from checker.language.graph import Action, Graph, Node, reads_of
from checker.language.terms import FieldKey


def _locals_read(graph: Graph, node: Node) -> set[FieldKey]:
    return {t.data for part in reads_of(node) for t in terms.subterms(part) if t.op == "field" and t.data in graph.locals}


def _read_before(graph: Graph, node: Node) -> set[FieldKey]:
    """The locals a node reads whose value was there before it: a choice reads the one it chooses itself."""
    return _locals_read(graph, node) - ({node.target.key} if node.target and node.action is Action.CHOOSE else set())


def live_locals(graph: Graph) -> list[frozenset[FieldKey]]:
    """Per node, the locals whose value may still be read from there on."""
    bit = {key: 1 << n for n, key in enumerate(graph.locals)}
    reads = [sum(bit[key] for key in _read_before(graph, n)) for n in graph.nodes]
    kept = [~bit.get(n.target.key, 0) if n.target is not None else ~0 for n in graph.nodes]
    users: list[list[int]] = [[] for _ in graph.nodes]
    for node in graph.nodes:
        for s in node.successors:
            users[s].append(node.index)
    live = [0] * len(graph.nodes)
    work = [n.index for n in graph.nodes]
    waiting = set(work)
    while work:
        index = work.pop()
        waiting.discard(index)
        now = 0
        for s in graph.nodes[index].successors:
            now |= live[s]
        now = now & kept[index] | reads[index]
        if now != live[index]:
            live[index] = now
            new = [u for u in users[index] if u not in waiting]
            work += new
            waiting.update(new)
    names = tuple(graph.locals)
    sets = {bits: frozenset(names[n] for n in _ones(bits)) for bits in set(live)}
    return [sets[bits] for bits in live]


def _ones(bits: int) -> Iterator[int]:
    """The places of the ones in a number."""
    while bits:
        yield (bits & -bits).bit_length() - 1
        bits &= bits - 1


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
