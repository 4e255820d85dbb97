"""Mutants of locks: not taken at all, or released before the last access inside.

A lock that is held over several steps has an ACQUIRE node, RELEASE nodes, and its name in the context of all nodes between;
a spin lock whose body takes no other lock is an atomic region, a number in the context.  Movers are judged by the context, so
nodes that lose a lock lose it there too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from checker.language.graph import Action, Lock
from checker.mutation.moves import Block, block_ending, exchange, walk
from checker.mutation.sites import SHARED, Copy, Patch, Shape


def without_lock(shapes: Sequence[Shape], copies: Iterable[Copy]) -> Patch:
    """What was protected by the locks or regions that begin at ``copies`` is not any more."""
    patch = Patch(shapes)
    for copy in copies:
        region = patch.node(copy).context.region
        if region:
            for index in region_nodes(patch.shapes[copy[0]], copy[1]):
                _leave_region(patch, (copy[0], index))
            continue
        lock = patch.node(copy).lock
        assert lock is not None
        inside, releases, acquires = _paired(patch.shapes[copy[0]], copy[1])
        for index in (*acquires, *releases):
            patch.change((copy[0], index), action=Action.NOTE, text="", lock=None)
        for index in (*inside, *releases):
            _unhold(patch, (copy[0], index), lock)
    return patch


def without_early(shapes: Sequence[Shape], copies: Iterable[Copy]) -> Patch:
    """The last access before each release happens behind it; where several paths meet in a release, it stays."""
    patch = Patch(shapes)
    for copy in copies:
        shape = patch.shapes[copy[0]]
        if patch.node(copy).context.region:
            _shorten_region(patch, shape, copy)
            continue
        lock = patch.node(copy).lock
        assert lock is not None
        for release in sorted(section(shape, copy[1]).releases):
            first = _unlocking(shape, release)
            ends = [b for b in shape.before[first] if not _comes_back(shape, b)]
            last = block_ending(shape, ends[0]) if len(ends) == 1 else None
            if last is not None and shape.node(last.last).successors == [first]:
                exchange(patch, shape, last, Block(first, release))
                for index in walk(shape, last):
                    _unhold(patch, (copy[0], index), lock)
    return patch


@dataclass
class Section:
    """What an ACQUIRE begins: the nodes inside, the RELEASEs, and ACQUIREs that take the lock again after a pause in it."""

    inside: dict[int, None] = field(default_factory=dict)
    releases: dict[int, None] = field(default_factory=dict)
    again: dict[int, None] = field(default_factory=dict)


def section(shape: Shape, acquire: int) -> Section:
    """Walk from an ACQUIRE until the lock is released for good.

    Calls of subroutines are stepped over: those say themselves which lock their caller holds.
    """
    found = Section()
    first = shape.node(acquire)
    depth = len(first.context.stack)
    work = [(s, True) for s in first.successors]
    seen = set(work)
    while work:
        index, inside = work.pop()
        node = shape.node(index)
        if not inside and node.context.stack[:depth] != first.context.stack:
            continue
        if node.lock == first.lock and node.action is Action.RELEASE:
            found.releases[index] = None
            inside = False
        elif node.lock == first.lock and node.action is Action.ACQUIRE:
            found.again[index] = None
            inside = True
        elif inside:
            found.inside[index] = None
        if index in shape.returns:
            back = shape.node(shape.returns[index])
            if inside:
                found.inside[back.index] = None
            onwards = back.successors[:1]
        else:
            onwards = node.successors
        for following in onwards:
            if (following, inside) not in seen:
                seen.add((following, inside))
                work.append((following, inside))
    return found


def _paired(shape: Shape, acquire: int) -> tuple[list[int], list[int], list[int]]:
    """The nodes that lose the lock with an ACQUIRE, the RELEASEs that only go with it, and ACQUIREs that go, too.

    What other ACQUIREs lead to, as well, still has to be released.
    """
    lock, mine = shape.node(acquire).lock, section(shape, acquire)
    gone = {acquire, *mine.again}
    others = [n.index for n in shape.graph.nodes if n.action is Action.ACQUIRE and n.lock == lock and n.index not in gone]
    kept = {r for other in others for r in section(shape, other).releases}
    return list(mine.inside), sorted(r for r in mine.releases if r not in kept), sorted(gone)


def region_nodes(shape: Shape, entry: int) -> list[int]:
    """The nodes of the atomic region that ``entry`` is in."""
    region = shape.node(entry).context.region
    return [n.index for n in shape.graph.nodes if n.context.region == region]


def _shorten_region(patch: Patch, shape: Shape, copy: Copy) -> None:
    """Leave the last statement that touches memory outside the region, if it is not the only one."""
    region = shape.node(copy[1]).context.region
    inside = [shape.node(i) for i in region_nodes(shape, copy[1])]
    touching = [n for n in inside if n.action in SHARED or n.action in (Action.BRANCH, Action.CHOOSE)]
    last = [n for n in touching if n.action in SHARED and all(_leads_out(shape, s, region) for s in n.successors)]
    lines = {n.place.line for n in last}
    if not last or {n.place.line for n in touching} == lines:
        return
    for node in inside:
        if node.place.line in lines and node.index != copy[1]:
            _leave_region(patch, (copy[0], node.index))


def _leads_out(shape: Shape, index: int, region: int) -> bool:
    node = shape.node(index)
    while node.context.region == region and node.action in (Action.NOTE, Action.GHOST):
        node = shape.node(node.successors[0])
    return node.context.region != region


def _unlocking(shape: Shape, release: int) -> int:
    """Where releasing begins: at the test for pending work, if the lock has any."""
    lock = shape.node(release).lock
    assert lock is not None
    if lock.pending is None:
        return release
    (test,) = shape.before[release]
    (head,) = shape.before[test]
    return head


def _comes_back(shape: Shape, index: int) -> bool:
    """Whether a node is the end of a subroutine: to a release only the one for pending work leads."""
    return shape.node(index).action is Action.BRANCH and not shape.node(index).text


def _leave_region(patch: Patch, copy: Copy) -> None:
    patch.change(copy, context=replace(patch.node(copy).context, region=0))


def _unhold(patch: Patch, copy: Copy, lost: Lock) -> None:
    context = patch.node(copy).context
    held = tuple(lock for lock in context.held if lock != lost)
    if held != context.held:
        patch.change(copy, context=replace(context, held=held))
