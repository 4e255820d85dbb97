"""Outcomes as rows people read: classes with the same outcomes in one row, told apart only by what makes a difference.

For one call and one row of the overview, the variants of the call and the detail columns are split like a decision tree, on
whatever tells most, until all that is left has the same outcomes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from checker.scenario.outcomes import DETAIL, ROW, WAITS, Class, Outcome, Tabulated

Point = tuple[str, ...]
"""A variant of the call, and the words of the detail columns."""

Result = tuple[tuple[str, ...], tuple[str, ...], str, Class, Class]
"""Circumstances, events during a wait, the result, the row afterwards, the row of an object made."""

Function = Mapping[Point, frozenset[Result]]


@dataclass(frozen=True)
class Line:
    """One outcome: of ``call`` from ``row``, where ``only`` says in which column only which words have it.

    ``changes`` are those of detail columns.
    """

    row: Class
    situation: str
    call: str
    how: tuple[str, ...]
    only: tuple[tuple[str, tuple[str, ...]], ...]
    when: tuple[str, ...]
    events: tuple[str, ...]
    result: str
    after: Class
    made: Class
    changes: tuple[str, ...]


def lines(table: Tabulated, outcomes: Sequence[Outcome]) -> list[Line]:
    """All of ``outcomes`` in as few lines as tell everything that tables show, sorted."""
    grouped: dict[tuple[Class, str, str], list[Outcome]] = {}
    for o in outcomes:
        grouped.setdefault((table.part(o.before, ROW), o.situation, o.action.name), []).append(o)
    names = list(dict.fromkeys(o.action.name for o in table.outcomes))
    order = sorted(grouped, key=lambda key: (table.rank(key[0], ROW), key[1], names.index(key[2])))
    return [line for key in order for line in _lines_of(table, key, grouped[key])]


def _lines_of(table: Tabulated, key: tuple[Class, str, str], outcomes: Sequence[Outcome]) -> list[Line]:
    columns = ("", *(c.name for c in table.columns if c.role == DETAIL))
    results: dict[Point, set[Result]] = {}
    by_result: dict[tuple[Point, Result], list[Outcome]] = {}
    for o in outcomes:
        point = (o.action.how, *table.part(o.before, DETAIL))
        result = (o.when, o.events, o.result, table.part(o.after, ROW), table.part(o.made, ROW) if o.made else ())
        results.setdefault(point, set()).add(result)
        by_result.setdefault((point, result), []).append(o)
    function = {point: frozenset(found) for point, found in results.items()}
    order = {result: n for n, result in enumerate(dict.fromkeys(r for _, r in by_result))}
    hows = tuple(dict.fromkeys(o.action.how for o in outcomes))
    rows: list[Line] = []
    for only, leaf in split(function, ()):
        words = {columns[c]: values for c, values in only}
        how = tuple(h for h in hows if h in words.get("", hows))
        told = tuple((name, words[name]) for name in columns[1:] if name in words)
        for result in sorted({r for found in leaf.values() for r in found}, key=lambda r: order[r]):
            when, events, got, after, made = result
            for same_how, changed in _by_changes(table, [o for p in leaf for o in by_result.get((p, result), ())], how):
                shown_how = same_how if len(same_how) < len(hows) else ()
                rows.append(Line(*key, shown_how, told, when, events, got, after, made, changed))
    return sorted(rows, key=lambda line: (line.how != (), [hows.index(h) for h in line.how], bool(line.events)))


def _by_changes(
    table: Tabulated, outcomes: Sequence[Outcome], hows: tuple[str, ...]
) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """The variants that change the same, with what they change."""
    found: dict[tuple[str, ...], list[str]] = {}
    for how in hows:
        of_how = [o for o in outcomes if o.action.how == how]
        if of_how:
            found.setdefault(changes(table, of_how), []).append(how)
    return [(tuple(same), changed) for changed, same in found.items()]


Split = tuple[int, tuple[str, ...]]


def split(function: Function, path: tuple[Split, ...]) -> list[tuple[tuple[Split, ...], Function]]:
    """The leaves of the decision tree of ``function``: what leads to each, and the points there.

    >>> f = {("a", "x"): frozenset({1}), ("a", "y"): frozenset({2}), ("b", "x"): frozenset({1}), ("b", "y"): frozenset({2})}
    >>> [only for only, leaf in split(f, ())]
    [((1, ('x',)),), ((1, ('y',)),)]
    """
    if len(set(function.values())) <= 1:
        return [(path, function)]
    width = len(next(iter(function)))
    candidates = [(c, groups(function, c)) for c in range(width)]
    column, best = min(
        ((c, g) for c, g in candidates if len(g) > 1),
        key=lambda cg: (sum(len(set(part.values())) for _, part in cg[1]), len(cg[1]), cg[0]),
    )
    return [leaf for values, part in best for leaf in split(part, _narrowed(path, column, values))]


def _narrowed(path: tuple[Split, ...], column: int, values: tuple[str, ...]) -> tuple[Split, ...]:
    return (*(s for s in path if s[0] != column), (column, values))


def groups(function: Function, column: int) -> list[tuple[tuple[str, ...], Function]]:
    """The points by their word in ``column``; words that make no difference where both occur stand together."""
    parts: dict[str, dict[Point, frozenset[Result]]] = {}
    for point, results in function.items():
        rest = (*point[:column], *point[column + 1 :])
        parts.setdefault(point[column], {})[rest] = results
    joined: list[tuple[list[str], dict[Point, frozenset[Result]]]] = []
    for word, part in parts.items():
        home = next((j for j in joined if all(j[1].get(rest, results) == results for rest, results in part.items())), None)
        if home is None:
            joined.append(([word], dict(part)))
        else:
            home[0].append(word)
            home[1].update(part)
    return [(tuple(words), {p: r for p, r in function.items() if p[column] in words}) for words, _ in joined]


def changes(table: Tabulated, outcomes: Sequence[Outcome]) -> tuple[str, ...]:
    """What becomes of the detail columns: ``err: ECONNRESET``, or ``err: 0 -> ECONNRESET`` if that depends on what it was."""
    found = []
    for n, column in enumerate(table.columns):
        pairs = {(o.before[n], o.after[n]) for o in outcomes}
        moved = [(b, a) for b, a in pairs if a != b and "-" not in (a, b)]
        if column.role != DETAIL or not moved:
            continue
        if len({a for _, a in pairs}) == 1:
            found.append(f"{column.name}: {moved[0][1]}")
        else:
            ranked = sorted(moved, key=lambda pair: (column.values.index(pair[0]), column.values.index(pair[1])))
            found.append(f"{column.name}: {', '.join(f'{b} -> {a}' for b, a in ranked)}")
    return tuple(found)


def overview(table: Tabulated, row: Class, call: str, rare: Sequence[str] = ()) -> list[tuple[str, Class]]:
    """What ``call`` can result in at once, or that it waits, and the row afterwards; nothing for unusual arguments.

    Outcomes with a circumstance of ``rare`` are left out too.
    """
    found: dict[tuple[str, Class], None] = {}
    for o in table.by_row.get((row, call), ()):
        if o.action.usual and not o.events and not any(word in rare for word in o.when):
            found[o.result, table.part(o.after, ROW)] = None
    return sorted(found, key=lambda pair: (pair[0] == WAITS, not pair[0].startswith("0"), pair[0], table.rank(pair[1], ROW)))


def calls(table: Tabulated, *, events: bool = False) -> list[str]:
    """The names of all calls, or of all events."""
    return list(dict.fromkeys(o.action.name for o in table.outcomes if o.action.event == events))


def chosen(table: Tabulated, name: str) -> list[Outcome]:
    """The outcomes of the call or event ``name``, or those in which the function ``name`` is entered."""
    of_call = [o for o in table.outcomes if o.action.name == name]
    return of_call or [o for o in table.outcomes if name in o.functions]


def names(tables: Sequence[Tabulated]) -> tuple[list[str], list[str]]:
    """Everything that can be asked for: calls and events, and functions."""
    actions = dict.fromkeys(o.action.name for t in tables for o in t.outcomes)
    functions = {f for t in tables for o in t.outcomes for f in o.functions}
    return list(actions), sorted(functions)
