"""Control-flow graphs: the program points of a function and the guarded transitions between them.

In goes a compiled system and a function; out comes a graphviz graph.  Points reached with a lock held are drawn in a
shaded cluster named after the lock.  Ghost fields and the bookkeeping of locks are left to the table of transitions.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from dataclasses import replace
from html import escape

import graphviz

from checker.language import terms
from checker.language.terms import FieldKey, Term
from checker.report.locks import lock_fields
from checker.report.pretty import Pretty
from checker.report.transitions import short_name, target_name, transitions_of
from checker.system import IDLE, Location, Transition, TransitionSystem

LINE = 50
LONGEST = 48
"""Lines of the longest label that spells every case out."""
GUARD, UPDATE, LOCK, QUIET = "#1d4ed8", "#9a3412", "#b45309", "#6b7280"
SHADES = ("#fff7ed", "#fef3c7", "#fde68a")


def flow_graph(system: TransitionSystem, function: str = "") -> graphviz.Digraph:
    """The graph of a system call, of the transitions through a function, or of all without ``function``.

    Raises UsageError if there is no such function.
    """
    chosen = transitions_of(system, function)
    title = function or (system.roots[0] if len(system.roots) == 1 else system.name)
    graph = graphviz.Digraph(title, node_attr=_font(shape="box", style="filled,rounded", fillcolor="white"), edge_attr=_font())
    graph.attr(label=title, labelloc="t", fontname="Helvetica-Bold", fontsize="18")
    graph.attr(rankdir="TB", nodesep="0.4", ranksep="0.7", pad="0.4")
    used = {name for t in chosen for name in (t.source, t.target)}
    locations = [loc for loc in system.locations if loc.name in used and loc.name != IDLE]
    _nodes(graph, system, locations, {t.target for t in chosen}, {t.source for t in chosen})
    ids = {loc.name: f"l{i}" for i, loc in enumerate(system.locations)}
    hidden = lock_fields(system)
    for (source, target), group in _parallel(chosen).items():
        tail = "entry" if source == IDLE else ids[source]
        tip = "exit" if target == IDLE else ids[target]
        graph.edge(tail, tip, label=_edge_label(system, group, hidden))
    return graph


def _font(**others: str) -> dict[str, str]:
    return {"fontname": "Courier", "fontsize": "11", **others}


def _parallel(chosen: tuple[Transition, ...]) -> dict[tuple[str, str], list[Transition]]:
    """Transitions by source and target, in order."""
    groups: dict[tuple[str, str], list[Transition]] = {}
    for t in chosen:
        groups.setdefault((t.source, t.target), []).append(t)
    return groups


# -- nodes ------------------------------------------------------------------------------------------------------------


def _nodes(
    graph: graphviz.Digraph, system: TransitionSystem, locations: list[Location], targets: set[str], sources: set[str]
) -> None:
    if IDLE in sources:
        graph.node("entry", "entry", shape="circle", fillcolor="#dcfce7")
    if IDLE in targets:
        graph.node("exit", "return", shape="doublecircle", fillcolor="#fee2e2")
    ids = {loc.name: f"l{i}" for i, loc in enumerate(system.locations)}
    sections: dict[tuple[str, ...], list[Location]] = {}
    for loc in locations:
        sections.setdefault(_held(system, loc), []).append(loc)
    for i, (held, inside) in enumerate(sections.items()):
        if not held:
            _section(graph, system, inside, ids)
            continue
        with graph.subgraph(name=f"cluster_{i}") as cluster:
            shade = SHADES[min(len(held), len(SHADES)) - 1]
            cluster.attr(label=f"holding {', '.join(held)}", style="filled,rounded", fillcolor=shade, color=LOCK)
            cluster.attr(labelloc="t", fontname="Helvetica-Bold", fontsize="12", fontcolor=LOCK)
            _section(cluster, system, inside, ids)


def _section(graph: graphviz.Digraph, system: TransitionSystem, inside: list[Location], ids: dict[str, str]) -> None:
    for loc in inside:
        text = "".join(f"{escape(line)}<BR ALIGN='LEFT'/>" for line in _wrapped(loc.text, ""))
        graph.node(ids[loc.name], f"<<B>{escape(short_name(system, loc.name))}</B><BR ALIGN='LEFT'/>{text}>")


def _held(system: TransitionSystem, loc: Location) -> tuple[str, ...]:
    """The locks held at ``loc``, named as the statement that took them: ``lock_sock(sk)``."""
    taken = dict.fromkeys(s.lock for t in system.transitions for s in t.steps if s.kind == "acquire")
    names = []
    for obj in loc.held:
        name = Pretty(system).term(obj)
        names.append(next((lock for lock in taken if lock.endswith(f"({name})")), f"lock of {name}"))
    return tuple(names)


# -- edges ------------------------------------------------------------------------------------------------------------


def _edge_label(system: TransitionSystem, group: list[Transition], hidden: frozenset[FieldKey]) -> str:
    """The transitions of one edge: guards and effects, each wrapped, in colours; those that do the same share the effect."""
    effects: dict[tuple[tuple[str, str], ...], list[tuple[Term, ...]]] = {}
    for t in group:
        effects.setdefault(tuple(_effect(system, t, hidden)), []).append(_condition(system, t, hidden))
    pretty = Pretty(system)
    rows: list[str] = []
    for effect, conditions in effects.items():
        if rows:
            rows.append(_row("· · ·", QUIET))
        for i, condition in enumerate(_joined(conditions)):
            rows += [_row(line, GUARD) for line in _guard(pretty, condition, "when " if i == 0 else "or when ")]
        rows += _effect_rows(effect)
    if len(rows) > LONGEST:
        rows = _summary(pretty, effects)
    return f"<{''.join(rows)}>" if rows else ""


def _effect_rows(effect: Iterable[tuple[str, str]]) -> list[str]:
    return [_row(line, color) for text, color in effect for line in _wrapped(text, "  ")]


def _summary(pretty: Pretty, effects: dict[tuple[tuple[str, str], ...], list[tuple[Term, ...]]]) -> list[str]:
    """A label for many transitions: what all of them test and do, and what only some do; the table has each."""
    conditions = [c for group in effects.values() for c in group]
    shared = tuple(p for p in conditions[0] if all(p in c for c in conditions))
    everything = dict.fromkeys(line for effect in effects for line in effect)
    always = [line for line in everything if all(line in effect for effect in effects)]
    rows = [_row(f"{len(conditions)} cases (see the table)", QUIET)]
    rows += [_row(line, GUARD) for line in _guard(pretty, shared, "when ")]
    rows += _effect_rows(always)
    some = [line for line in everything if line not in always]
    return [*rows, _row("and in some cases", QUIET), *_effect_rows(some)] if some else rows


def _row(text: str, color: str) -> str:
    return f"<FONT COLOR='{color}'>&#160;{escape(text)}</FONT><BR ALIGN='LEFT'/>"


def _condition(system: TransitionSystem, t: Transition, hidden: frozenset[FieldKey]) -> tuple[Term, ...]:
    """The conjuncts of a guard; that a lock to be taken is free goes without saying."""
    kept = [p for p in terms.conjuncts(t.guard) if not _is_free(p, hidden)]
    whole = terms.substitute(terms.conj(*kept), Pretty(system).choices(t)[1])
    return () if whole == terms.TRUE else terms.conjuncts(whole)


def _is_free(part: Term, hidden: frozenset[FieldKey]) -> bool:
    return part.op == "not" and part.args[0].op == "field" and part.args[0].data in hidden


def _joined(conditions: list[tuple[Term, ...]]) -> list[tuple[Term, ...]]:
    """The same cases with fewer words: two that differ in one test, true in one and false in the other, become one."""
    result = list(dict.fromkeys(conditions))
    for i, one in enumerate(result):
        for other in result[i + 1 :]:
            only, rest = [p for p in one if p not in other], [p for p in other if p not in one]
            if len(only) == len(rest) == 1 and only[0] == terms.negate(rest[0]):
                merged = tuple(p for p in one if p in other)
                return _joined([*(merged if c == one else c for c in result if c != other)])
    return result


def _guard(pretty: Pretty, condition: tuple[Term, ...], word: str) -> list[str]:
    parts = pretty.conjuncts(terms.conj(*condition))
    return [line for i, part in enumerate(parts) for line in _wrapped(f"{word if i == 0 else '  and '}{part}", "    ")]


def _effect(system: TransitionSystem, t: Transition, hidden: frozenset[FieldKey]) -> list[tuple[str, str]]:
    """Locks taken, updates the kernel can notice, locks released, and the result."""
    found = [(s.text, LOCK) for s in t.steps if s.kind in ("acquire", "region")]
    kernel = tuple(u for u in t.updates if u.key not in hidden and not system.vars_by_key[u.key].ghost)
    found += [(text, UPDATE) for text in Pretty(system).updates(replace(t, updates=kernel))]
    found += [(s.text, LOCK) for s in t.steps if s.kind == "release"]
    if t.target == IDLE:
        found.append((target_name(system, t), "#111827"))
    return found


def _wrapped(text: str, indent: str) -> list[str]:
    return textwrap.wrap(text, LINE, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False) or [""]
