"""Sites: what one piece of source text became in the control-flow graphs, everywhere it was inlined.

In go graphs; out come sites in order of first appearance, and for each graph who leads to which node.  A mutant changes all
copies of a site alike, as an edit of the source would.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from checker.errors import Place
from checker.language.builder import CALL_SITES
from checker.language.graph import Action, Graph, Node, on_every_path
from checker.language.model import Model
from checker.language.terms import FieldKey

Copy = tuple[str, int]
"""A node: the root of its graph and its index."""

SHARED = (Action.READ, Action.WRITE, Action.COPY, Action.FREE)
"""What touches memory others can see."""

STRAIGHT = (*SHARED, Action.ASSIGN, Action.NOTE, Action.GHOST)
"""What neither branches, blocks nor chooses."""


@dataclass(frozen=True)
class Site:
    """One piece of source text; ``offset`` is its line within the function."""

    function: str
    offset: int
    place: Place
    text: str
    copies: tuple[Copy, ...]

    @property
    def label(self) -> str:
        """How names of mutants begin: as locations are called."""
        return f"{self.function}+{self.offset}"


@dataclass(frozen=True)
class Shape:
    """A graph, and for each node those that lead to it."""

    graph: Graph

    @cached_property
    def before(self) -> list[list[int]]:
        found: list[list[int]] = [[] for _ in self.graph.nodes]
        for node in self.graph.nodes:
            for successor in node.successors:
                found[successor].append(node.index)
        return found

    @cached_property
    def assigned(self) -> list[frozenset[FieldKey]]:
        """Per node, the locals that every path to it has given a value."""

        def behind(node: Node, here: frozenset[FieldKey]) -> frozenset[FieldKey]:
            return here | {node.target.key} if node.target is not None else here

        return on_every_path(self.graph, self.graph.lazy, behind)

    @cached_property
    def returns(self) -> dict[int, int]:
        """For each node that calls a subroutine, the test that comes back to it: the call stores its number, the end tests it."""
        ends = {}
        for node in self.graph.nodes:
            if node.action is Action.BRANCH and node.value is not None and node.value.op == "eq":
                by_op = {t.op: t for t in node.value.args if t.sort == CALL_SITES}
                if len(by_op) == 2:
                    ends[by_op["field"].data, by_op["const"]] = node.index
        found = {}
        for node in self.graph.nodes:
            if node.target is not None and node.target.sort == CALL_SITES and node.value is not None:
                end = ends.get((node.target.key, node.value))
                if end is not None:
                    found[node.index] = end
        return found

    def node(self, index: int) -> Node:
        """The node ``index``."""
        return self.graph.nodes[index]


class Patch:
    """Changed nodes of some graphs, by root and index."""

    def __init__(self, shapes: Iterable[Shape]) -> None:
        self.shapes = {s.graph.root: s for s in shapes}
        self.nodes: dict[str, dict[int, Node]] = {}

    def node(self, copy: Copy) -> Node:
        """A node as it is now."""
        root, index = copy
        return self.nodes.get(root, {}).get(index) or self.shapes[root].node(index)

    def change(self, copy: Copy, **parts: Any) -> None:
        """Give a node other ``parts``."""
        root, index = copy
        self.nodes.setdefault(root, {})[index] = replace(self.node(copy), **parts)

    def redirect(self, copy: Copy, old: int, new: int) -> None:
        """Let ``copy`` lead to ``new`` where it led to ``old``."""
        self.change(copy, successors=[new if s == old else s for s in self.node(copy).successors])


def patched(graphs: Iterable[Graph], nodes: dict[str, dict[int, Node]]) -> list[Graph]:
    """The graphs with some nodes replaced."""
    found = []
    for graph in graphs:
        mine = nodes.get(graph.root, {})
        found.append(replace(graph, nodes=[mine.get(n.index, n) for n in graph.nodes]) if mine else graph)
    return found


def find_sites(model: Model, shapes: Sequence[Shape]) -> list[tuple[Site, Node]]:
    """Every site, with the first of its nodes."""
    groups: dict[Hashable, list[tuple[Copy, Node]]] = {}
    for shape in shapes:
        for node in shape.graph.nodes:
            key = (node.function, node.place.file, node.place.line, node.action, node.text, node.key, _target(node))
            groups.setdefault(key, []).append(((shape.graph.root, node.index), node))
    return [(site(model, node, [copy for copy, _ in group]), node) for group in groups.values() for node in [group[0][1]]]


def site(model: Model, node: Node, copies: Iterable[Copy]) -> Site:
    """The site of ``node`` with these copies."""
    offset = node.place.line - model.functions[node.function].first_line
    return Site(node.function, offset, node.place, node.text, tuple(copies))


def _target(node: Node) -> str:
    """The source name of what is assigned; compiler-made names are numbered and differ between copies."""
    name = node.target.name.rsplit(".", 1)[1] if node.target is not None else ""
    return "$" if name.startswith("$") else name
