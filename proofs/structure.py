"""Facts that hold for every model of this shape, made from its locations: locks held, references not NULL."""

from __future__ import annotations

from checker.language import terms
from checker.language.compile import Compiled
from checker.language.sorts import RefSort
from checker.language.terms import Term
from checker.symbolic.inductive import Fact
from checker.system import TransitionSystem

OWNERSHIP = ("references", "sk_held", "linked", "closing", "open_has_sk", "file_held")


def structural_facts(compiled: Compiled) -> list[Fact]:
    """``references``: the objects a thread works on exist; ``lock_held``: inside ``with lock_sock(x)`` it owns the lock of x."""
    system = compiled.system
    t = terms.var("t", system.thread)
    references: dict[Term, list[str]] = {}
    locks: dict[Term, list[str]] = {}
    for loc in system.locations:
        for obj in loc.held:
            locks.setdefault(obj, []).append(loc.name)
        for local in dict.fromkeys(x for _, _, x in loc.names):
            if isinstance(local.sort, RefSort) and not local.sort.key:
                references.setdefault(local, []).append(loc.name)
    exist = [terms.implies(_at(system, t, places), _exists(_of(system, x, t))) for x, places in references.items()]
    owned = [terms.implies(_at(system, t, places), _owned(system, _of(system, x, t), t)) for x, places in locks.items()]
    return [
        Fact(
            "references",
            (t,),
            terms.conj(*exist),
            ("open_has_sk", "releaser_shut", "file_held"),
            "a call only starts on an open socket",
        ),
        Fact("lock_held", (t,), terms.conj(*owned), OWNERSHIP, "lock_sock waits for users == 0, and only the owner releases"),
    ]


def _at(system: TransitionSystem, t: Term, places: list[str]) -> Term:
    return terms.disj(*(system.at(t, p) for p in places))


def _of(system: TransitionSystem, local: Term, t: Term) -> Term:
    return terms.substitute(local, {system.self_var: t})


def _exists(obj: Term) -> Term:
    return terms.negate(terms.eq(obj, terms.const(0, obj.sort)))


def _owned(system: TransitionSystem, obj: Term, t: Term) -> Term:
    record = obj.sort.name
    return terms.conj(system.read((record, "users"), obj), terms.eq(system.read((record, "owner"), obj), t))
