"""What decided outcomes of one program: two accesses, or nothing, if a sequential order has them as well; the code it runs."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from checker.language.terms import FieldKey
from checker.races.cause import cause
from checker.races.findings import functions, slug_of
from checker.races.pair import lost_in
from checker.races.reach import Results, reach
from checker.races.result import Conflict, Lost
from checker.scenario.explore import Search
from checker.scenario.program import Step


@dataclass(frozen=True)
class Decided:
    """What decided some outcomes of a program.

    ``causes``: the accesses that decided those which no sequential order has, and lost wake-ups.  ``order``: the schedule of a
    sequential order that ends with one of the others, of which no two accesses decide: they are right or wrong in any order.
    """

    causes: tuple[Conflict | Lost, ...]
    order: tuple[Step, ...] = ()

    @property
    def slugs(self) -> tuple[str, ...]:
        """The causes by the names the race matrix gives its findings, alphabetically."""
        return tuple(sorted({slug_of(functions(one)) for one in self.causes}))


def decided(search: Search, orders: Search, wanted: Callable[[Results], bool], atomic: Collection[FieldKey] = ()) -> Decided:
    """What decided the ``wanted`` outcomes.

    Both searches have run, ``search`` on a machine that watches, ``orders`` on the sequential one.
    """
    serial: dict[Results, int] = {}
    for end in orders.ends:
        serial.setdefault(_seen(orders, orders.results_of(end)), end)
    reached = reach(search)
    bad = [n for n, results in enumerate(reached.outcomes) if _seen(search, results) not in serial]
    mask = sum(1 << n for n in bad)
    why: list[Conflict | Lost] = [*lost_in(search, wanted)]
    why += [cause(search, reached, mask, reached.ends[n], atomic) for n in bad if wanted(reached.outcomes[n])]
    usual = [n for n in range(len(reached.outcomes)) if n not in bad and wanted(reached.outcomes[n])]
    orderly = [orders.schedule(serial[_seen(search, reached.outcomes[n])]) for n in usual]
    return Decided(tuple(why), tuple(min(orderly, key=lambda steps: len(tuple(steps)), default=())))


def executed(search: Search) -> frozenset[str]:
    """The functions that run somewhere in a search that has run."""
    done = (e.move.did.done for edges in search.edges for e in edges if e.move.did is not None)
    return frozenset(name for nodes in done for node in nodes for name in (node.function, *node.context.stack))


def _seen(search: Search, results: Results) -> Results:
    """What of an outcome is compared with sequential orders."""
    return results[:-2] if search.scenario.observe == "results" else results
