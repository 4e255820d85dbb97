"""Mutation operators over control-flow graphs: each makes one small, systematic change at one site.

Guards: ``if-true``, ``if-false``, ``if-not`` (a test taken as true, as false, negated), ``no-part`` (one operand of an ``and`` or
``or`` left out), ``no-wait`` (what is waited for).  Memory: ``no-assign``, ``swap`` (two adjacent steps), ``nobody`` and
``everybody`` (a step that writes to every object for which something holds: a wake-up).  Locks: ``no-lock``, ``early-release``
(before the last access inside).  Results: ``no-error`` (success instead of an errno).

A mutant is named after the function, the line within it and the operator: ``tcp_listen_start+13 no-assign``; several of one
name are numbered in the order of the graphs.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from checker.errors import Place
from checker.language import terms
from checker.language.graph import Action, Graph, Node
from checker.language.model import Model
from checker.language.sorts import BOOL, EnumSort
from checker.language.terms import FieldKey, Term
from checker.mutation.locks import without_early, without_lock
from checker.mutation.moves import swaps
from checker.mutation.sites import Copy, Patch, Shape, Site, find_sites, patched, site

Spot = tuple[Place, str]
"""A piece of source text: its line, and its own text."""


@dataclass(frozen=True)
class Mutant:
    """One change of the model: ``copies`` are the nodes it starts at, ``nodes`` what it puts in their place."""

    name: str
    function: str
    place: Place
    operator: str
    what: str
    text: str
    copies: tuple[Copy, ...]
    nodes: Mapping[str, Mapping[int, Node]]

    @property
    def spot(self) -> Spot:
        """The source text it changes."""
        return self.place, self.text

    def apply(self, graphs: Sequence[Graph]) -> list[Graph]:
        """The graphs with this change; they must be those the mutant was made from."""
        return patched(graphs, {root: dict(nodes) for root, nodes in self.nodes.items()})


@dataclass(frozen=True)
class _Change:
    """A mutant before it has a name."""

    operator: str
    site: Site
    what: str
    patch: Patch


def mutants(model: Model, graphs: Sequence[Graph], visible: Iterable[FieldKey] = ()) -> list[Mutant]:
    """All mutants, in the order of the graphs; ``visible`` are the fields properties read."""
    shapes = [Shape(g) for g in graphs]
    taken: Counter[str] = Counter()
    found = []
    for change in _changes(model, shapes, set(visible)):
        if not change.patch.nodes:
            continue
        base = f"{change.site.label} {change.operator}"
        taken[base] += 1
        name = base if taken[base] == 1 else f"{base} {taken[base]}"
        where, nodes = change.site, change.patch.nodes
        found.append(Mutant(name, where.function, where.place, change.operator, change.what, where.text, where.copies, nodes))
    return found


def sample(every: Sequence[Mutant], count: int, seed: int) -> list[Mutant]:
    """``count`` of the mutants in their order, the same ones for the same ``seed``; a larger sample contains a smaller one."""
    names = [m.name for m in every]
    random.Random(seed).shuffle(names)
    chosen = set(names[:count])
    return [m for m in every if m.name in chosen]


def _changes(model: Model, shapes: Sequence[Shape], visible: set[FieldKey]) -> Iterator[_Change]:
    errors = _error_sorts(shapes)
    for where, node in find_sites(model, shapes):
        if _is_made(model, shapes, where, node):
            continue
        for operator, what, alter in _replacements(node, errors):
            patch = Patch(shapes)
            for copy in where.copies:
                alter(patch, copy)
            yield _Change(operator, where, what, patch)
        yield from _lock_changes(shapes, where, node)
    yield from _parts(model, shapes)
    for site_, what, patch in swaps(model, shapes, visible):
        yield _Change("swap", site_, what, patch)


Alter = Callable[[Patch, Copy], None]


def _replacements(node: Node, errors: set[EnumSort]) -> Iterator[tuple[str, str, Alter]]:
    """The changes that give a node another value or leave it out."""
    match node.action:
        case Action.BRANCH if node.text:
            yield "if-true", f"`{node.text}` is taken as true", lambda p, c: p.change(c, value=terms.TRUE)
            yield "if-false", f"`{node.text}` is taken as false", lambda p, c: p.change(c, value=terms.FALSE)
            yield "if-not", f"`{node.text}` is negated", _negated
        case Action.WAIT if node.successors and node.value not in (terms.FALSE, terms.TRUE):
            yield "no-wait", f"`{node.text}` does not wait", _left_out
        case Action.WRITE if node.where is not None:
            yield "nobody", f"`{node.text}` reaches nobody", _left_out
            yield "everybody", f"`{node.text}` reaches everybody", lambda p, c: p.change(c, where=terms.TRUE)
        case Action.WRITE:
            yield "no-assign", f"`{node.text}` is left out", _left_out
        case Action.ASSIGN if node.text and not node.text.endswith("= argument") and node.target is not None:
            yield "no-assign", f"`{node.text}` is left out", _left_out_if_assigned
    value = node.value
    if (
        node.action in (Action.WRITE, Action.ASSIGN)
        and value is not None
        and value.op == "const"
        and value.sort in errors
        and value.data
    ):
        yield "no-error", f"{terms.show(value)} becomes success", lambda p, c: p.change(c, value=terms.const(0, value.sort))


def _negated(patch: Patch, copy: Copy) -> None:
    value = patch.node(copy).value
    assert value is not None
    patch.change(copy, value=terms.negate(value))


def _left_out(patch: Patch, copy: Copy) -> None:
    patch.change(copy, action=Action.NOTE, text="", target=None, key=None, obj=None, value=None, where=None)


def _left_out_if_assigned(patch: Patch, copy: Copy) -> None:
    """A local has no value before its first assignment: there is nothing to keep."""
    node = patch.node(copy)
    assert node.target is not None
    if node.target.key in patch.shapes[copy[0]].assigned[copy[1]]:
        _left_out(patch, copy)


def _is_made(model: Model, shapes: Sequence[Shape], where: Site, node: Node) -> bool:
    """Whether a test is the compiler's: which function table a call goes through, or whether a release has work to do."""
    if node.action is not Action.BRANCH or node.value is None:
        return False
    shape = next(s for s in shapes if s.graph.root == where.copies[0][0])
    behind = [shape.node(s) for s in node.successors]
    if any(n.action is Action.RELEASE and n.lock is not None and n.lock.pending is not None for n in behind):
        return True
    tables = tuple(model.operations.values())
    return node.value.op == "eq" and node.value.args[0].sort in tables and node.text not in node.place.text


def _error_sorts(shapes: Sequence[Shape]) -> set[EnumSort]:
    """The enumerations that calls return, as far as their first member is success."""
    values = [n.value for s in shapes for n in s.graph.nodes if n.action is Action.RETURN and n.value is not None]
    return {v.sort for v in values if isinstance(v.sort, EnumSort) and v.sort.zero}


def _lock_changes(shapes: Sequence[Shape], where: Site, node: Node) -> Iterator[_Change]:
    opens_region = node.action is Action.NOTE and node.context.region and node.text
    if node.action is not Action.ACQUIRE and not opens_region:
        return
    yield _Change("no-lock", where, f"`{node.text}` is not taken", without_lock(shapes, where.copies))
    yield _Change(
        "early-release", where, f"`{node.text}` ends before the last access inside", without_early(shapes, where.copies)
    )


# -- parts of conditions --------------------------------------------------------------------------------------------------


def _parts(model: Model, shapes: Sequence[Shape]) -> Iterator[_Change]:
    """One operand of an ``and`` or ``or`` left out, of conditions that are evaluated as a whole."""
    groups: dict[tuple[object, ...], list[tuple[Copy, Node]]] = {}
    for shape in shapes:
        for node in shape.graph.nodes:
            shown = tuple((t.op, len(t.args)) for t in _connectives(_condition(node)))
            if shown and node.text:
                key = (node.function, node.place.file, node.place.line, node.text, shown)
                groups.setdefault(key, []).append(((shape.graph.root, node.index), node))
    for group in groups.values():
        first = group[0][1]
        where = site(model, first, [copy for copy, _ in group])
        for number, connective in enumerate(_connectives(_condition(first))):
            for position, part in enumerate(connective.args):
                patch = Patch(shapes)
                for copy, node in group:
                    patch.change(copy, **_without_part(node, number, position))
                yield _Change("no-part", where, f"without `{_readable(part)}` in `{first.text}`", patch)


def _condition(node: Node) -> Term:
    """The condition a node has: what is tested, waited for, chosen or computed, or to which objects it writes."""
    if node.where is not None:
        return node.where
    computes = node.action in (Action.BRANCH, Action.WAIT, Action.CHOOSE, Action.ASSIGN, Action.WRITE)
    return node.value if computes and node.value is not None and node.value.sort == BOOL else terms.TRUE


def _connectives(t: Term) -> list[Term]:
    """The ``and`` and ``or`` in a term, each once."""
    return [s for s in terms.subterms(t) if s.op in ("and", "or")]


def _without_part(node: Node, number: int, position: int) -> dict[str, Term]:
    whole = _condition(node)
    connective = _connectives(whole)[number]
    left = tuple(a for i, a in enumerate(connective.args) if i != position)
    smaller = left[0] if len(left) == 1 else replace(connective, args=left)
    changed = terms.substitute(whole, {connective: smaller})
    return {"where": changed} if node.where is not None else {"value": changed}


def _readable(part: Term) -> str:
    """A term with locals by their source names; what the compiler made has none."""

    def name(t: Term) -> str | None:
        if t.op != "field" or "/" not in t.data[1]:
            return None
        source = str(t.data[1].rsplit(".", 1)[1])
        return "it" if source.startswith("$") else source

    return terms.show(part, name)
