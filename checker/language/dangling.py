"""The claim ``no_dangling``: no reference that somebody may follow leads to an object that is freed.

Joining steps relies on it: then freeing an object, or allocating it again, conflicts with nobody who follows a reference to it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from checker.contexts import needed, returns, ways
from checker.errors import Place
from checker.language import terms
from checker.language.graph import Action, Graph, Node, reads_of
from checker.language.lifetimes import freed_records
from checker.language.model import Model
from checker.language.movers import is_local
from checker.language.sorts import BOOL, BoolSort, RefSort
from checker.language.terms import FALSE, TRUE, FieldKey, Term
from checker.system import Property, StateVar, Transition, TransitionSystem

NO_DANGLING = "no_dangling"

Sites = tuple[int, ...]
"""Whom the shared functions return to."""


def dangling_claims(model: Model, system: TransitionSystem, graphs: list[Graph]) -> list[Property]:
    """The property ``no_dangling``, if objects are freed at all; ``system`` are the steps between which it is asked."""
    records = freed_records(graphs)
    places = [n.place for g in graphs for n in g.nodes if n.action is Action.FREE]
    if not records:
        return []
    used, searched = followed(graphs), _written_by_search(graphs)
    followed_vars = [v for v in system.state_vars if _holds(v, records) and v.key in used]
    matters = {**_still_read(system), **_seen_by_others(model, system, followed_vars)}
    parts = [
        *(_leads_to_live(v, model, matters) for v in followed_vars),
        *(_clean(v, model) for v in system.state_vars if v.key in searched and v.record in records),
        *_chosen(model, system, records),
    ]
    return [_claim(terms.conj(*parts), places[0])]


def _claim(formula: Term, place: Place) -> Property:
    return Property(
        NO_DANGLING,
        "always",
        (),
        formula,
        terms.TRUE,
        "free(...): merging steps relies on it",
        "holds",
        "whoever frees an object is the last to have a reference to it",
        place,
    )


def _holds(variable: StateVar, records: frozenset[str]) -> bool:
    return isinstance(variable.sort, RefSort) and variable.sort.name in records and not variable.ghost


def _live(obj: Term) -> Term:
    return terms.field((obj.sort.name, "live"), BOOL, obj)


def _leads_to_live(variable: StateVar, model: Model, matters: Mapping[FieldKey, Term]) -> Term:
    """What a variable refers to is not free, whosever variable it is, where that ``matters``."""
    if not variable.record:
        here = terms.field(variable.key, variable.sort)
        return terms.disj(terms.eq(here, terms.const(0, variable.sort)), _live(here))
    holder = terms.var("holder", model.records[variable.record])
    here = terms.field(variable.key, variable.sort, holder)
    where = matters.get(variable.key, FALSE if is_local(model, variable.key) else TRUE)
    fine = terms.disj(terms.eq(here, terms.const(0, variable.sort)), _live(here))
    return terms.forall(holder, terms.implies(where, fine))


def _still_read(system: TransitionSystem) -> dict[FieldKey, Term]:
    """Per local of the process ``holder``, where it may be read before it is set again.

    What a shared function does behind its return is done by the one who called it, so it matters who did.
    """
    holder = terms.var("holder", system.thread)
    backs = [terms.substitute(t, {system.self_var: holder}) for t in returns(system)]
    places: dict[FieldKey, dict[str, list[Sites]]] = {}
    contexts: dict[str, list[Sites]] = {}
    for (location, sites), keys in needed(system, ways(system)).items():
        contexts.setdefault(location, []).append(sites)
        for key in keys:
            places.setdefault(key, {}).setdefault(location, []).append(sites)

    def reading(here: dict[str, list[Sites]]) -> Term:
        among: dict[Term, list[Term]] = {}
        for location, called in here.items():
            among.setdefault(_told_apart(backs, called, contexts[location]), []).append(system.at(holder, location))
        return terms.disj(*(terms.conj(terms.disj(*at), called) for called, at in among.items()))

    return {key: reading(here) for key, here in places.items()}


def _told_apart(backs: Sequence[Term], called: Sequence[Sites], possible: Sequence[Sites]) -> Term:
    """That it is to ``called``, of all that is ``possible``: by one of the shared functions if that is enough."""
    others = [sites for sites in possible if sites not in called]
    if not others:
        return TRUE
    for i, back in enumerate(backs):
        mine = {sites[i] for sites in called}
        if not any(sites[i] in mine for sites in others):
            return terms.disj(*(terms.eq(back, terms.const(site, back.sort)) for site in sorted(mine)))
    return terms.disj(
        *(terms.conj(*(terms.eq(b, terms.const(site, b.sort)) for b, site in zip(backs, sites, strict=True))) for sites in called)
    )


def _seen_by_others(model: Model, system: TransitionSystem, variables: list[StateVar]) -> dict[FieldKey, Term]:
    """Per field that processes set without reading it: unless whoever is about to has the object ``holder`` alone."""
    searched = {x.data for t in system.transitions for x in _reads(t) if x.args and x.args[0].op == "var"}
    found: dict[FieldKey, Term] = {}
    for v in variables:
        published = [k for k in sorted(model.publications) if k[0] == v.record]
        if published and v.key not in searched:
            holder, t = terms.var("holder", model.records[v.record]), terms.var("setter", system.thread)
            setting = [
                terms.conj(system.at(t, place), terms.eq(terms.substitute(x, {system.self_var: t}), holder))
                for place, x in _about_to_set(system, v.key)
            ]
            hidden = [terms.negate(system.read(key, holder)) for key in published]
            others = [_elsewhere(w, model, holder, t) for w in variables if w.sort == holder.sort]
            if setting:
                found[v.key] = terms.negate(terms.exists(t, terms.conj(terms.disj(*setting), *hidden, *others)))
    return found


def _about_to_set(system: TransitionSystem, key: FieldKey) -> Iterator[tuple[str, Term]]:
    """Where a process next sets the field, of the object that this local of its own holds, without reading it."""
    for location in system.locations:
        on = system.leaving.get(location.name, ())
        objects = [{u.obj for u in t.updates if u.key == key and u.where is None} for t in on]
        if on and not any(x.data == key for t in on for x in _reads(t)):
            yield from ((location.name, x) for x in set.intersection(*objects) if x is not None and x.args == (system.self_var,))


def _reads(t: Transition) -> Iterator[Term]:
    return (x for part in t.parts() for x in terms.subterms(part) if x.op == "field")


def _elsewhere(variable: StateVar, model: Model, obj: Term, but: Term) -> Term:
    """Nothing refers to ``obj`` by this variable, unless it is one of the process ``but``."""
    if not variable.record:
        return terms.negate(terms.eq(terms.field(variable.key, variable.sort), obj))
    other = terms.var("other", model.records[variable.record])
    apart = terms.negate(terms.eq(terms.field(variable.key, variable.sort, other), obj))
    return terms.forall(other, terms.disj(terms.eq(other, but), apart) if other.sort == but.sort else apart)


def _clean(variable: StateVar, model: Model) -> Term:
    """What is written to every object for which something holds is not written to free ones."""
    obj = terms.var("spare", model.records[variable.record])
    unset = terms.eq(terms.field(variable.key, variable.sort, obj), terms.const(variable.initial, variable.sort))
    return terms.forall(obj, terms.disj(_live(obj), unset))


def _written_by_search(graphs: list[Graph]) -> set[FieldKey]:
    return {n.key for g in graphs for n in g.nodes if n.action is Action.WRITE and n.where is not None and n.key is not None}


def _chosen(model: Model, system: TransitionSystem, records: frozenset[str]) -> Iterator[Term]:
    """Objects that a step finds by searching, and does more with than to look whether they are published, are not free."""
    found: dict[Term, None] = {}
    holder = terms.var("holder", system.thread)
    for t in system.transitions:
        for choice in (c for c in t.choices if isinstance(c.sort, RefSort) and c.sort.name in records):
            known = {choice, system.self_var}
            told = [p for p in terms.conjuncts(t.guard) if {x for x in terms.subterms(p) if x.op == "var"} <= known]
            made = terms.negate(_live(choice)) in told
            if not made and _used_in(t, choice, model.publications):
                premise = terms.substitute(terms.conj(system.at(system.self_var, t.source), *told), {system.self_var: holder})
                found[terms.forall(holder, terms.forall(choice, terms.implies(premise, _live(choice))))] = None
    yield from found


def _used_in(t: Transition, choice: Term, publications: set[FieldKey]) -> bool:
    stored = any(choice in (u.obj, u.value) for u in t.updates)
    read = {x.data for x in _reads(t) if x.args == (choice,)}
    return stored or not read <= publications


def followed(graphs: list[Graph]) -> set[FieldKey]:
    """The variables whose references somebody may follow: to read or write, lock, copy or free what they lead to."""
    found: set[FieldKey] = set()
    sources: dict[FieldKey, set[FieldKey]] = {}
    for node in (n for g in graphs for n in g.nodes if n.action is not Action.GHOST):
        for obj in _dereferenced(node):
            found |= _heads(obj)
        target = node.target.key if node.target is not None else node.key
        given = {node.key} if node.action is Action.READ else _heads(node.value) if node.value is not None else set()
        if target is not None and node.action in (Action.ASSIGN, Action.READ, Action.WRITE):
            sources.setdefault(target, set()).update(key for key in given if key is not None)
    work = list(found)
    while work:
        new = sources.get(work.pop(), set()) - found
        found |= new
        work += new
    return found


def _dereferenced(node: Node) -> Iterator[Term]:
    for part in reads_of(node):
        yield from (t.args[0] for t in terms.subterms(part) if t.op == "field" and t.args)
    if node.action in (Action.READ, Action.WRITE, Action.COPY, Action.FREE) and node.obj is not None:
        yield node.obj
    if node.action is Action.COPY and node.value is not None:
        yield node.value
    if node.lock is not None and node.lock.obj is not None:
        yield node.lock.obj


def _heads(t: Term) -> set[FieldKey]:
    """The variables one of whose values a reference is."""
    if t.op == "field":
        return {t.data}
    return {key for a in t.args for key in _heads(a)} if not isinstance(t.sort, BoolSort) else set()


__all__ = ["NO_DANGLING", "dangling_claims", "followed"]
