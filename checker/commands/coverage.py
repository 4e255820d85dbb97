"""``sockproof coverage``: which transitions fire, and why the others do not; ``check`` asks the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from checker.commands.console import out_console, working
from checker.commands.dead import Silent, proved_dead
from checker.commands.engines import Say, silent
from checker.commands.model import Scope, compile_package, load_package, make_instance
from checker.coverage import Covered, Reason, check_reasons, judge, matching, measure, total
from checker.errors import EXIT_AS_EXPECTED, EXIT_DIFFERS, UsageError
from checker.explicit.explore import Exploration
from checker.explicit.wander import wander
from checker.instance import Instance
from checker.language.client import Client
from checker.language.compile import Compiled
from checker.language.lemmas import compile_waypoints
from checker.report.coverage import coverage_summary, coverage_table, print_problems
from checker.symbolic.dead import unreached
from checker.system import Property


@dataclass(frozen=True)
class Search:
    """An instance and where its search stops: after ``states``, or, if ``steps`` is given, so deep with so many states a level.

    ``tables`` name some of the ``TABLES`` of the package: what the environment says there.  Only a search that has ``steps``
    begins with more than one, and may go several ``rounds``.
    """

    scope: Scope
    states: int
    tables: tuple[str, ...] = ()
    steps: int = 0
    rounds: int = 1


@dataclass(frozen=True)
class Plan:
    """How the transitions of one client are covered: searches, and reasons for what cannot fire."""

    searches: tuple[Search, ...]
    reasons: tuple[Reason, ...]


Entry = tuple[Any, ...]
Table = Mapping[str, Sequence[Entry]] | Sequence[Entry]

DEFAULT_SEARCHES = (Search(Scope(1, 2, 1, 1), 5_000_000), Search(Scope(2, 1, 1, 1), 5_000_000))

SHAPES = {
    "SEARCHES": "write (threads, sockets, ports, addresses, states), all greater than 0, and perhaps the name of one of TABLES",
    "WALKS": "write (threads, sockets, ports, addresses, states of a level, levels or (levels, rounds)), all greater than 0,"
    " and perhaps such names",
    "UNFIRED": "write (function, (fragment, ...), why)",
    "UNRUN": "write (function, text, why)",
}
"""What an entry of each list looks like."""

UNREACHED = "proved, any size: only what is proved dead leads there"


def run_coverage(spec: str, *, unfired: bool, client: str) -> int:
    """Print the table for one client, only what never fires with ``unfired``; returns 1 unless all transitions are explained.

    Raises UsageError for an unknown client, or one for which the package lists no searches.
    """
    package = load_package(spec, "PROOFS")
    compiled = compile_package(package, client=client)
    with working("coverage") as say:
        covered = cover(package, compiled, say)
    console = out_console()
    console.print(coverage_table(covered, compiled.system, unfired=unfired))
    for search in covered.searches:
        console.print(search)
    console.print(coverage_summary(covered))
    print_problems(covered, console)
    return EXIT_AS_EXPECTED if covered.complete else EXIT_DIFFERS


def cover(package: ModuleType, compiled: Compiled, say: Say = silent) -> Covered:
    """The coverage of a model by the searches its package lists, and by proof.

    The proofs may use every fact that the properties of ``check`` rest on (if one of them does not hold, ``check`` says so),
    and the others, which are proved here if any use is made of them.  What a reason excludes is not proved besides.
    """
    planned = plan(package, compiled.client)
    searches, reasons = planned.searches, planned.reasons
    if not searches:
        raise UsageError(
            "no-searches",
            f"{package.__name__}.coverage lists no searches for the client {compiled.client.name if compiled.client else ''}",
            "add them to SEARCHES or WALKS",
        )
    check_reasons(compiled.system, reasons)
    waypoints = waypoints_of(package, compiled)
    explorations, told = [], []
    for search in searches:
        title = "; ".join([str(search.scope), *search.tables])
        say(f"coverage: {title}")
        explored = run_search(compiled, instances_of(package, search, compiled.client), search, waypoints)
        explorations.append(explored)
        told.append(f"{title}: {_seen(explored, search)}, down to depth {explored.depth}")
    fired = total(explorations, compiled.system)
    silent_ones = [t for t in compiled.system.transitions if not fired[t.name].fired]
    facts = {f.name: f for f in import_module(package.PROOFS).facts(compiled)}
    about = matching(compiled.system, reasons)
    listed = {t.name for t in silent_ones if about[t.name]}
    open_ones = [t for t in silent_ones if t.name not in listed]
    dead = proved_dead(compiled, Silent(open_ones, fired, listed), facts, say)
    shown = {name: _told(core) for name, core in dead.items()}
    shown |= {name: UNREACHED for name in unreached(compiled.system, dead)}
    rows, stale = judge(compiled.system, fired, shown, reasons, unreached(compiled.system, listed | set(dead)))
    return Covered(rows, tuple(told), stale)


def instances_of(package: ModuleType, search: Search, client: Client | None) -> list[Instance]:
    """The instance of a search, with each of its tables.  Raises UsageError for a table that the package does not have."""
    instance = make_instance(package, search.scope, client)
    if not search.tables:
        return [instance]
    tables = getattr(import_module(f"{package.__name__}.coverage"), "TABLES", {})
    for name in search.tables:
        if name not in tables:
            known = ", ".join(tables) or "none"
            raise UsageError("coverage-entry", f"a search names the table {name!r}, which is not there", f"there are {known}")
    return [replace(instance, tables=(*instance.tables, *tables[name])) for name in search.tables]


def waypoints_of(package: ModuleType, compiled: Compiled) -> tuple[Property, ...]:
    """What ``PACKAGE.waypoints`` declares for the client of ``compiled``; nothing if there is no such module."""
    name = f"{package.__name__}.waypoints"
    return compile_waypoints(compiled, import_module(name)) if find_spec(name) is not None else ()


def run_search(
    compiled: Compiled, instances: Sequence[Instance], search: Search, waypoints: tuple[Property, ...] = ()
) -> Exploration:
    """Search instances of the whole system; one that goes several rounds by ``waypoints``."""
    if search.steps:
        passed = waypoints if search.rounds > 1 else ()
        return wander(compiled.system, instances, search.states, search.steps, search.rounds, passed)
    (instance,) = instances
    return measure(compiled.system, instance, search.states)


def _seen(explored: Exploration, search: Search) -> str:
    """How much of an instance a search saw."""
    part = "all" if explored.complete else "a choice of" if search.steps else "the first"
    return f"{part} {explored.states:,} states"


def plan(package: ModuleType, client: Client | None = None) -> Plan:
    """What ``PACKAGE.coverage`` lists; without it, two searches, no reasons.

    ``SEARCHES`` has ``(threads, sockets, ports, addresses, states)`` and perhaps a name of ``TABLES``, ``WALKS`` has
    ``(threads, sockets, ports, addresses, states of a level, levels)`` and perhaps several, with ``(levels, rounds)`` in place
    of levels if there are several rounds, ``UNFIRED`` has ``(function, fragments, why)``; in a package with clients each
    maps their names to such tuples, and a client without searches has no coverage.
    Raises UsageError if they look different.
    """
    name = f"{package.__name__}.coverage"
    if find_spec(name) is None:
        return Plan(DEFAULT_SEARCHES, ())
    module = import_module(name)

    def listed(table: str, good: Callable[[Entry], bool], needed: bool = True) -> Sequence[Entry]:
        if not needed and not hasattr(module, table):
            return ()
        return shaped(name, _of_client(name, getattr(module, table), table, client), table, good)

    searches = [Search(Scope(*entry[:4]), entry[4], entry[5:]) for entry in listed("SEARCHES", _is_search, needed=False)]
    walks = [_walk(entry) for entry in listed("WALKS", _is_walk, needed=False)]
    return Plan((*searches, *walks), tuple(Reason(*entry) for entry in listed("UNFIRED", _is_reason)))


def _of_client(module: str, listed: Table, table: str, client: Client | None) -> Sequence[Entry]:
    """What a table of ``coverage`` lists for ``client``, or without clients."""
    if isinstance(listed, Mapping) != (client is not None):
        fix = f"make it {{{client.name!r}: ...}}" if client else "make it a tuple"
        raise UsageError("coverage-entry", f"{module}.{table} is not what it should be for the clients there are", fix)
    if isinstance(listed, Mapping):
        return listed.get(client.name, ()) if client else ()
    return listed


def shaped(module: str, entries: Sequence[Entry], name: str, good: Callable[[Entry], bool]) -> Sequence[Entry]:
    """``entries`` of a list called ``name``.  Raises UsageError for one that is not ``good``."""
    for entry in entries:
        if not good(entry):
            raise UsageError("coverage-entry", f"{module}.{name} has the entry {entry!r}", SHAPES[name])
    return entries


def _is_search(entry: object) -> bool:
    return _has_sizes(entry, 5) and isinstance(entry, tuple) and len(entry) <= 6


def _walk(entry: Entry) -> Search:
    steps, rounds = entry[5] if isinstance(entry[5], tuple) else (entry[5], 1)
    return Search(Scope(*entry[:4]), entry[4], entry[6:], steps, rounds)


def _is_walk(entry: object) -> bool:
    if isinstance(entry, tuple) and len(entry) > 5 and isinstance(entry[5], tuple) and len(entry[5]) == 2:
        return _has_sizes((*entry[:5], *entry[5], *entry[6:]), 7)
    return _has_sizes(entry, 6)


def _has_sizes(entry: object, count: int) -> bool:
    """Whether an entry is so many positive numbers, and names of tables."""
    if not (isinstance(entry, tuple) and len(entry) >= count):
        return False
    return all(isinstance(n, int) and n > 0 for n in entry[:count]) and all(isinstance(name, str) for name in entry[count:])


def _is_reason(entry: object) -> bool:
    if not (isinstance(entry, tuple) and len(entry) == 3):
        return False
    function, fragments, why = entry
    texts = isinstance(fragments, tuple) and all(isinstance(f, str) for f in fragments)
    return isinstance(function, str) and isinstance(why, str) and texts


def _told(core: tuple[str, ...]) -> str:
    return f"proved, any size: it contradicts {', '.join(core)}" if core else "proved, any size: its guard contradicts itself"
