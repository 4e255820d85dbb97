"""The root causes behind the outcomes of one program: the same names that the race matrix gives its findings."""

from __future__ import annotations

from collections.abc import Callable, Collection

from checker.language.terms import FieldKey
from checker.races.cause import cause
from checker.races.findings import functions, slug_of
from checker.races.pair import lost_in
from checker.races.reach import Results, reach
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
    causes = [cause(search, reached, mask, reached.ends[n], atomic) for n in bad if wanted(reached.outcomes[n])]
    lost = lost_in(search, wanted)
    return tuple(sorted({*(slug_of(functions(why)) for why in causes), *(slug_of(functions(why)) for why in lost)}))


def _seen(search: Search, results: Results) -> Results:
    """What of an outcome is compared with sequential orders."""
    return results[:-2] if search.scenario.observe == "results" else results
