"""The root causes behind the outcomes of one program, by the names the race matrix gives its findings; the code it runs."""

from __future__ import annotations

from collections.abc import Callable, Collection

from checker.language.terms import FieldKey
from checker.races.cause import cause
from checker.races.findings import functions, slug_of
from checker.races.pair import lost_in
from checker.races.reach import Results, reach
from checker.races.result import Conflict, Lost
from checker.scenario.explore import Search


def roots(
    search: Search, orders: Search, wanted: Callable[[Results], bool], atomic: Collection[FieldKey] = ()
) -> tuple[str, ...]:
    """The slugs of what decided the ``wanted`` outcomes, alphabetically: those that none of ``orders`` has, and lost wake-ups.

    Both searches have run, ``search`` on a machine that watches, ``orders`` on the sequential one.
    """
    serial = {_seen(orders, orders.results_of(end)) for end in orders.ends}
    reached = reach(search)
    bad = [n for n, results in enumerate(reached.outcomes) if _seen(search, results) not in serial]
    mask = sum(1 << n for n in bad)
    why: list[Conflict | Lost] = [*lost_in(search, wanted)]
    why += [cause(search, reached, mask, reached.ends[n], atomic) for n in bad if wanted(reached.outcomes[n])]
    return tuple(sorted({slug_of(functions(one)) for one in why}))


def executed(search: Search) -> frozenset[str]:
    """The functions that run somewhere in a search that has run."""
    done = (e.move.did.done for edges in search.edges for e in edges if e.move.did is not None)
    return frozenset(name for nodes in done for node in nodes for name in (node.function, *node.context.stack))


def _seen(search: Search, results: Results) -> Results:
    """What of an outcome is compared with sequential orders."""
    return results[:-2] if search.scenario.observe == "results" else results
