"""Straight pieces of a graph, and exchanging two of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from checker.language import terms
from checker.language.graph import Action, Node, reads_of
from checker.language.model import Model
from checker.language.movers import Mover, classify
from checker.language.terms import FieldKey
from checker.mutation.sites import SHARED, STRAIGHT, Copy, Patch, Shape, Site, site


@dataclass(frozen=True)
class Block:
    """The nodes of one statement (or one atomic region), from ``first`` to ``last``; nothing leads into its middle."""

    first: int
    last: int


def block_ending(shape: Shape, last: int) -> Block | None:
    """The statement that ends with the node ``last``, if it is straight and touches shared memory."""
    if shape.node(last).action not in STRAIGHT:
        return None
    first = last
    while len(shape.before[first]) == 1 and _together(shape.node(shape.before[first][0]), shape.node(first)):
        first = shape.before[first][0]
    touches = any(shape.node(i).action in SHARED for i in walk(shape, Block(first, last)))
    return Block(first, last) if touches and first else None


def _together(previous: Node, node: Node) -> bool:
    """Whether two nodes in a row belong to one statement: a ghost assignment belongs to what is before it."""
    if previous.action not in STRAIGHT or previous.context.stack != node.context.stack:
        return False
    if node.context.region or previous.context.region:
        return node.context.region == previous.context.region
    return node.action is Action.GHOST or previous.place.line == node.place.line


def walk(shape: Shape, block: Block) -> Iterator[int]:
    """The nodes of a block, in order."""
    index = block.first
    yield index
    while index != block.last:
        index = shape.node(index).successors[0]
        yield index


def exchange(patch: Patch, shape: Shape, one: Block, other: Block) -> None:
    """Let ``other``, which follows ``one``, come first."""
    root = shape.graph.root
    behind = shape.node(other.last).successors[-1:]
    for index in shape.before[one.first]:
        patch.redirect((root, index), one.first, other.first)
    for index in behind:
        patch.redirect((root, other.last), index, one.first)
        patch.redirect((root, one.last), other.first, index)


def swaps(model: Model, shapes: Sequence[Shape], visible: set[FieldKey]) -> Iterator[tuple[Site, str, Patch]]:
    """Two statements in a row, done in the other order; both touch shared memory and at least one writes it.

    Left out are pairs whose order nobody can see: inside one atomic region, or if they touch different fields and one of them
    commutes with everything others do (``visible`` are the fields that properties read).  So are pairs of which the second uses
    a local variable that the first computes.
    """
    classes = classify(model, [s.graph for s in shapes], visible, reduce=True)
    groups: dict[tuple[object, ...], list[tuple[Shape, Block, Block]]] = {}
    for shape in shapes:
        for node in shape.graph.nodes:
            pair = _pair(shape, node.index)
            if pair:
                a, b = shape.node(pair[0].last), shape.node(pair[1].first)
                key = (a.function, a.place.file, a.place.line, b.place.line)
                groups.setdefault(key, []).append((shape, *pair))
    for group in groups.values():
        if all(_commute(shape, one, other, classes) for shape, one, other in group):
            continue
        patch = Patch(shapes)
        for shape, one, other in group:
            exchange(patch, shape, one, other)
        shape, one, other = group[0]
        where = site(model, _named(shape, one), [(s.graph.root, a.first) for s, a, _ in group])
        yield where, f"`{_named(shape, one).text}` comes after `{_named(shape, other).text}`", patch


def _pair(shape: Shape, last: int) -> tuple[Block, Block] | None:
    """The statement ending at ``last`` and the one behind it, if they can be exchanged."""
    node = shape.node(last)
    if node.action not in STRAIGHT or len(node.successors) != 1 or shape.before[node.successors[0]] != [last]:
        return None
    following = shape.node(node.successors[0])
    if following.action is Action.GHOST or _together(node, following):
        return None
    one = block_ending(shape, last)
    other = _block_from(shape, following.index)
    if one is None or other is None:
        return None
    first, second = ([shape.node(i) for i in walk(shape, b)] for b in (one, other))
    if first[-1].context.stack != second[0].context.stack or first[-1].context.held != second[0].context.held:
        return None
    if not any(n.action is Action.WRITE for n in (*first, *second)):
        return None
    computed = {n.target.key for n in first if n.target is not None}
    used = {t.data for n in second for part in reads_of(n) for t in terms.subterms(part) if t.op == "field"}
    return None if computed & used else (one, other)


def _commute(shape: Shape, one: Block, other: Block, classes: dict[Copy, Mover]) -> bool:
    """Whether two statements touch different fields, and one of them moves freely."""
    fields, moves = [], []
    for block in (one, other):
        nodes = [shape.node(i) for i in walk(shape, block)]
        found = {t.data for n in nodes for part in reads_of(n) for t in terms.subterms(part) if t.op == "field"}
        fields.append(found | {n.key for n in nodes if n.key is not None})
        free = (Mover.BOTH, Mover.LOCAL, Mover.FUSED)
        moves.append(all(classes[shape.graph.root, n.index] in free for n in nodes))
    copies = any(shape.node(i).action is Action.COPY for b in (one, other) for i in walk(shape, b))
    locals_ = set(shape.graph.locals)
    return any(moves) and not copies and not (fields[0] & fields[1]) - locals_


def _block_from(shape: Shape, first: int) -> Block | None:
    """The statement that begins with the node ``first``, if it is straight to its end."""
    last = first
    while True:
        node = shape.node(last)
        if node.action not in STRAIGHT or len(node.successors) != 1:
            return None
        following = shape.node(node.successors[0])
        if len(shape.before[following.index]) != 1 or not _together(node, following):
            break
        last = following.index
    found = block_ending(shape, last)
    return found if found is not None and found.first == first else None


def _named(shape: Shape, block: Block) -> Node:
    """The node of a block that says best what it does: its last access."""
    nodes = [shape.node(i) for i in walk(shape, block)]
    written = [n for n in nodes if n.action is Action.WRITE]
    return (written or [n for n in nodes if n.action in SHARED])[-1]
