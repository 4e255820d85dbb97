"""Where an outcome was decided: the step after which no sequential outcome is left, and the step of the rival it came before.

On the shortest schedule of a non-serial outcome there is a first state from which only such outcomes can come.  The step into it,
and a step of another process that would have kept a sequential outcome possible, are where to look.  If these two access nothing
in common, the root cause is the first access of what the two processes do next that conflicts, be it under a lock.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import islice

from checker.language.terms import FieldKey, field_text
from checker.races.conflicts import SOFTIRQ, conflicting, is_lock, site
from checker.races.reach import Reach
from checker.races.result import Conflict, Site, Verdict
from checker.scenario.explore import Search
from checker.scenario.program import Step
from checker.scenario.states import PASSING, Edge, Move, Process
from checker.scenario.steps import Touch

AHEAD = 60
"""How many steps of each process are looked at."""


def cause(search: Search, reach: Reach, bad: int, end: int, atomic: Collection[FieldKey] = ()) -> Conflict:
    """The two accesses that decide the outcome of state ``end``; without ``field`` if there is nothing in common."""
    path = [end]
    while path[-1]:
        path.append(search.parents[path[-1]][0])
    path.reverse()
    at = next(n for n in range(1, len(path)) if not reach.of_state[path[n]] & ~bad)
    before, move = search.parents[path[at]]
    rivals = [
        e
        for e in search.edges[before]
        if e.move is not PASSING and e.move.process != move.process and reach.of_state[e.target] & ~bad
    ]
    schedule = search.schedule(before)
    for edge in rivals:
        for a, b in conflicting([Edge(path[at], move)], [edge]):
            if a.key not in atomic and not is_lock(a, b):
                told = "after the first, before the second, no sequential outcome is possible any more"
                return _conflict(search, a, move.process, b, edge.move.process, told, schedule)
    mine = [t for m in _going_on(search, path[at:], move.process) for t in m.touched]
    for edge in rivals:
        theirs = [t for m in islice(_alone(search, edge), AHEAD) for t in m.touched]
        found = _first_in_common(search, mine, theirs, atomic)
        if found is not None:
            told = "what the first does before the second leaves no sequential outcome"
            return _conflict(search, found[0], move.process, found[1], edge.move.process, told, schedule)
    other = rivals[0].move if rivals else move
    told = "their order decides, though they access nothing in common"
    return Conflict("", _last(search, move), _last(search, other), Verdict.HARMFUL, told, schedule)


def _going_on(search: Search, path: list[int], process: Process) -> Iterator[Move]:
    """What ``process`` does on the rest of a schedule, at most AHEAD steps."""
    moves = (search.parents[number][1] for number in path)
    return islice((m for m in moves if m.process == process), AHEAD)


def _alone(search: Search, edge: Edge) -> Iterator[Move]:
    """What a process does from ``edge`` on if nobody else does anything, one of the ways."""
    following: Edge | None = edge
    while following is not None:
        yield following.move
        process = following.move.process
        following = next((e for e in search.edges[following.target] if e.move.process == process), None)


def _first_in_common(
    search: Search, mine: list[Touch], theirs: list[Touch], atomic: Collection[FieldKey]
) -> tuple[Touch, Touch] | None:
    """The first conflicting accesses, whatever locks are held.

    Two that take one lock are no cause, but one that looks who has it is; what processes say of themselves comes last.
    """
    process = search.machine.memory.model.thread.name
    pairs = [
        (a.key[0] == process, i + j, i, j)
        for i, a in enumerate(mine)
        for j, b in enumerate(theirs)
        if a.cell == b.cell and (a.write or b.write) and a.key not in atomic and not (is_lock(a) and is_lock(b))
    ]
    if not pairs:
        return None
    *_, i, j = min(pairs)
    return mine[i], theirs[j]


def _conflict(search: Search, a: Touch, p: Process, b: Touch, q: Process, evidence: str, schedule: tuple[Step, ...]) -> Conflict:
    return Conflict(field_text(a.key), site(search, a, p), site(search, b, q), Verdict.HARMFUL, evidence, schedule)


def _last(search: Search, move: Move) -> Site:
    """The last thing a step does that others can see; of a call that needs no kernel code, the call."""
    if move is PASSING:
        return Site("nobody", "end", "", "nothing more happens", False, ())
    who = SOFTIRQ if move.irq else search.titles[move.client]
    if move.did is None:
        return Site(who, move.about.split()[0], "", move.about, False, ())
    if move.did.touched:
        return site(search, move.did.touched[-1], move.process)
    node = next((n for n in reversed(move.did.done) if n.text), move.did.done[-1])
    return Site(who, node.function, str(node.place), node.text, False, (), node.context.stack)
