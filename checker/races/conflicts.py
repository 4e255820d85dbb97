"""Conflicting accesses: states where two processes are both about to access the same cell, one writes, and no lock is common.

Each is judged by what the order of the two steps decides: nothing (benign), which outcomes are possible (value-changing), or
whether an outcome is possible that no sequential order gives (harmful).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from itertools import combinations

from checker.language.graph import Node
from checker.language.terms import FieldKey, field_text
from checker.races.reach import Reach
from checker.races.result import Conflict, Site, Verdict
from checker.scenario.explore import Search
from checker.scenario.states import Edge, Process
from checker.scenario.steps import Touch

GRAVITY = (Verdict.BENIGN, Verdict.VALUE_CHANGING, Verdict.HARMFUL)
SOFTIRQ = "softirq"

Pair = tuple[FieldKey, str, int, str, int, Process, Process]
"""The field, the functions and lines, and who is there."""

Meeting = tuple[int, tuple[Process, list[Edge]], tuple[Process, list[Edge]], list[tuple[Touch, Touch]]]
"""A state by number, two processes with the steps they can take there, and what conflicts in these."""


@dataclass
class _Seen:
    """A conflict with the worst that was seen of it."""

    state: int
    touches: tuple[Touch, Touch]
    processes: tuple[Process, Process]
    verdict: Verdict = Verdict.BENIGN
    first: int = 0
    second: int = 0


def conflicts(
    search: Search, reach: Reach, bad: int, describe: Callable[[int], str], atomic: Collection[FieldKey]
) -> list[Conflict]:
    """The conflicts of a search that has run, on a machine that watches; ``bad`` are the outcomes that are harmful.

    Each has a shortest schedule to a state where it is as grave as it gets.  ``describe`` says what an outcome
    is; accesses to fields that are ``atomic`` need no lock.
    """
    found: dict[Pair, _Seen] = {}
    for number, (p, mine), (q, theirs), touching in meetings(search, atomic):
        first, second = _both_orders(search, reach, mine, theirs, p, q)
        verdict = _judge(first, second, bad)
        for a, b in touching:
            pair = (a.key, a.node.function, a.node.place.line, b.node.function, b.node.place.line, p, q)
            seen = found.setdefault(pair, _Seen(number, (a, b), (p, q), verdict, first, second))
            if GRAVITY.index(verdict) > GRAVITY.index(seen.verdict):
                found[pair] = _Seen(number, (a, b), (p, q), verdict, first, second)
    return [_conflict(search, reach, bad, describe, seen) for seen in found.values()]


def meetings(search: Search, atomic: Collection[FieldKey]) -> Iterator[Meeting]:
    """The states of a search that has run where two processes are both about to make conflicting accesses."""
    for number, state in enumerate(search.states):
        if state.phase != 1 or len(search.edges[number]) < 2:
            continue
        by_process: dict[Process, list[Edge]] = {}
        for edge in search.edges[number]:
            if edge.move.touched:
                by_process.setdefault(edge.move.process, []).append(edge)
        for one, other in combinations(by_process.items(), 2):
            if one[0][0] == other[0][0]:
                continue  # A thread and the softirq of its own CPU do not run at the same time.
            touching = [(a, b) for a, b in conflicting(one[1], other[1]) if a.key not in atomic and not is_lock(a, b)]
            if touching:
                yield number, one, other, touching


def met(search: Search, atomic: Collection[FieldKey]) -> frozenset[str]:
    """Which accesses meet in a search that has run, whatever comes of it: the field, and both places with their callers."""
    pairs = {(a.key, frozenset((_told(a), _told(b)))) for *_, touching in meetings(search, atomic) for a, b in touching}
    return frozenset(f"{field_text(key)} {' and '.join(sorted(both))}" for key, both in pairs)


def _told(touch: Touch) -> str:
    node = touch.node
    callers = " > ".join(dict.fromkeys((*node.context.stack, node.function)))
    return f"{'written' if touch.write else 'read'} in {callers} ({node.place})"


def conflicting(mine: list[Edge], theirs: list[Edge]) -> list[tuple[Touch, Touch]]:
    """The pairs of accesses that conflict, each once."""
    by_cell: dict[int, list[Touch]] = {}
    for edge in mine:
        for touch in edge.move.touched:
            by_cell.setdefault(touch.cell, []).append(touch)
    pairs: dict[tuple[int, int, int], tuple[Touch, Touch]] = {}
    for edge in theirs:
        for other in edge.move.touched:
            for touch in by_cell.get(other.cell, ()):
                if (touch.write or other.write) and not touch.locks & other.locks:
                    key = (touch.cell, id(touch.node), id(other.node))
                    known = pairs.get(key)
                    if known is None or (touch.write, other.write) > (known[0].write, known[1].write):
                        pairs[key] = (touch, other)
    return list(pairs.values())


def is_lock(*touches: Touch) -> bool:
    """Whether the cell is a lock that one of them takes or releases: that orders accesses and is none itself."""
    return any(t.node.lock is not None for t in touches)


def _both_orders(search: Search, reach: Reach, mine: list[Edge], theirs: list[Edge], p: Process, q: Process) -> tuple[int, int]:
    """What can come of it if ``p`` goes first and ``q`` right after it, and the other way round."""

    def then(firsts: list[Edge], process: Process) -> int:
        bits = 0
        for edge in firsts:
            after = [e for e in search.edges[edge.target] if e.move.process == process]
            for target in [e.target for e in after] or [edge.target]:
                bits |= reach.of_state[target]
        return bits

    return then(mine, q), then(theirs, p)


def _judge(first: int, second: int, bad: int) -> Verdict:
    if first == second:
        return Verdict.BENIGN
    return Verdict.HARMFUL if (first ^ second) & bad else Verdict.VALUE_CHANGING


def _conflict(search: Search, reach: Reach, bad: int, describe: Callable[[int], str], seen: _Seen) -> Conflict:
    a, b = (site(search, t, p) for t, p in zip(seen.touches, seen.processes, strict=True))
    parts = []
    for bits, who in ((seen.first & ~seen.second, a.who), (seen.second & ~seen.first, b.who)):
        wanted = bits & bad if seen.verdict is Verdict.HARMFUL else bits
        parts += [f"only if {who} is first: {describe(n)}" for n in reach.named(wanted)[:1]]
    evidence = "; ".join(parts) or "the same outcomes in both orders"
    return Conflict(field_text(seen.touches[0].key), a, b, seen.verdict, evidence, search.schedule(seen.state))


def site(search: Search, touch: Touch, process: Process) -> Site:
    """One access as one end of a conflict."""
    client, irq = process
    node = touch.node
    function = node.lock.name if node.lock is not None else node.function
    locks = tuple(sorted(_lock_name(node, key) for key, _ in touch.locks))
    return Site(
        SOFTIRQ if irq else search.titles[client],
        function,
        str(node.place),
        node.text,
        touch.write,
        locks,
        node.context.stack,
    )


def _lock_name(node: Node, key: FieldKey) -> str:
    return next((lock.name for lock in node.context.held if lock.users == key), key[1])
