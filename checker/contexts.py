"""Where a process can be, and whom its shared functions return to: its way through locations, all other tests left open."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from checker.language import terms
from checker.language.builder import CALL_SITES
from checker.language.terms import FieldKey, Term
from checker.system import IDLE, Transition, TransitionSystem

Context = tuple[str, tuple[int, ...]]
"""A location, and for each of :func:`returns` the call it goes back to."""

Ways = Mapping[Context, list[tuple[Transition, Context]]]
"""What a process may do in each context it can come to, and where it is then."""


def returns(system: TransitionSystem) -> tuple[Term, ...]:
    """The locals of the acting process that say whom a shared function returns to."""
    return tuple(system.read(v.key, system.self_var) for v in system.state_vars if v.sort == CALL_SITES)


def ways(system: TransitionSystem, without: Collection[str] = ()) -> Ways:
    """All contexts and ways on, for a process that never takes one of the transitions ``without``."""
    backs = returns(system)
    start: Context = (IDLE, tuple(0 for _ in backs))
    found: dict[Context, list[tuple[Transition, Context]]] = {start: []}
    work = [start]
    while work:
        here = work.pop()
        known = {back: terms.const(n, CALL_SITES) for back, n in zip(backs, here[1], strict=True)}
        for t in system.leaving.get(here[0], ()):
            if t.name in without or terms.substitute(t.guard, known) == terms.FALSE:
                continue
            after = (t.target, _behind(t, backs, known))
            found[here].append((t, after))
            if after not in found:
                found[after] = []
                work.append(after)
    return found


def _behind(t: Transition, backs: Iterable[Term], known: dict[Term, Term]) -> tuple[int, ...]:
    """Whom the shared functions return to once ``t`` has been taken."""
    written = {(u.key, u.obj): u.value for u in t.updates if u.where is None}
    return tuple(terms.substitute(written.get((back.data, back.args[0]), back), known).data for back in backs)


def needed(system: TransitionSystem, found: Ways) -> dict[Context, frozenset[FieldKey]]:
    """The locals of a process that it may read before it sets them, in every context it can come to."""
    effects = {t.name: _effect(system, t) for t in system.transitions}
    before: dict[Context, list[Context]] = {here: [] for here in found}
    for here, on in found.items():
        for _, after in on:
            before[after].append(here)
    need: dict[Context, frozenset[FieldKey]] = dict.fromkeys(found, frozenset())
    work = list(found)
    while work:
        here = work.pop()
        now: set[FieldKey] = set()
        for t, after in found[here]:
            read, written = effects[t.name]
            now |= read | (need[after] - written)
        if now != need[here]:
            need[here] = frozenset(now)
            work += before[here]
    return need


def _effect(system: TransitionSystem, t: Transition) -> tuple[frozenset[FieldKey], frozenset[FieldKey]]:
    """The variables of the acting process that ``t`` reads, and those it sets."""
    own = (system.self_var,)
    parts = [*t.parts(), *([t.returns] if t.returns is not None else [])]
    read = {x.data for part in parts for x in terms.subterms(part) if x.op == "field" and x.args == own}
    return frozenset(read), frozenset(u.key for u in t.updates if u.where is None and u.obj == system.self_var)
