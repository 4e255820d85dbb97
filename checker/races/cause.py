"""Where an outcome was decided: the step after which no sequential outcome is left, and the step of the rival it came before.

On the shortest schedule of a non-serial outcome there is a first state from which only such outcomes can come.  The step into it,
and a step of another process that would have kept a sequential outcome possible, are the root cause.
"""

from __future__ import annotations

from checker.races.conflicts import Process, conflicting, site
from checker.races.reach import Reach
from checker.races.result import Conflict, Site, Verdict
from checker.scenario.explore import Edge, Move, Search


def cause(search: Search, reach: Reach, bad: int, end: int) -> Conflict:
    """The two steps that decide the outcome of state ``end``; without ``field`` if they access nothing in common."""
    number = end
    while not reach.of_state[search.parents[number][0]] & ~bad:
        number = search.parents[number][0]
    before, move = search.parents[number]
    rivals = [
        e
        for e in search.edges[before]
        if (e.move.client, e.move.irq) != (move.client, move.irq) and reach.of_state[e.target] & ~bad and e.move.after
    ]
    schedule = search.schedule(before)
    for edge in rivals:
        touching = conflicting([Edge(number, move)], [edge])
        if touching:
            a, b = touching[0]
            evidence = "after the first, before the second, no sequential outcome is possible any more"
            return Conflict(
                ".".join(filter(None, a.key)),
                site(search, a, _process(move)),
                site(search, b, _process(edge.move)),
                Verdict.HARMFUL,
                evidence,
                schedule,
            )
    other = rivals[0].move if rivals else move
    evidence = "their order decides, though they access nothing in common without a lock"
    return Conflict("", _last(search, move), _last(search, other), Verdict.HARMFUL, evidence, schedule)


def _process(move: Move) -> Process:
    return move.client, move.irq


def _last(search: Search, move: Move) -> Site:
    """The last thing a step does that others can see."""
    assert move.after is not None
    if move.after.touched:
        return site(search, move.after.touched[-1], _process(move))
    node = next((n for n in reversed(move.after.done) if n.text), move.after.done[-1])
    who = "softirq" if move.irq else search.titles[move.client]
    return Site(who, node.function, str(node.place), node.text, False, (), node.context.stack)
