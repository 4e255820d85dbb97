"""Facts that hold for every model of this shape, made from its locations: locks held, references not NULL."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from checker.language import terms
from checker.language.compile import Compiled
from checker.language.sorts import RefSort
from checker.language.terms import FieldKey, Term
from checker.symbolic.facts import Fact
from checker.system import IDLE, Transition, TransitionSystem

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
    exist = [terms.implies(at_any(system, t, places), exists(_of(system, x, t))) for x, places in references.items()]
    held = [terms.implies(at_any(system, t, places), owned(system, _of(system, x, t), t)) for x, places in locks.items()]
    return [
        Fact(
            "references",
            (t,),
            terms.conj(*exist),
            ("open_has_sk", "releaser_shut", "file_held"),
            "a call only starts on an open socket",
        ),
        Fact("lock_held", (t,), terms.conj(*held), OWNERSHIP, "lock_sock waits for users == 0, and only the owner releases"),
    ]


def at_any(system: TransitionSystem, t: Term, places: Iterable[str]) -> Term:
    """That ``t`` is at one of the places."""
    return terms.disj(*(system.at(t, p) for p in places))


def _of(system: TransitionSystem, local: Term, t: Term) -> Term:
    return terms.substitute(local, {system.self_var: t})


def exists(obj: Term) -> Term:
    """That a reference is not NULL."""
    return terms.negate(terms.eq(obj, terms.const(0, obj.sort)))


def owned(system: TransitionSystem, obj: Term, t: Term) -> Term:
    """That ``t`` has the lock of ``obj``."""
    record = obj.sort.name
    return terms.conj(system.read((record, "users"), obj), terms.eq(system.read((record, "owner"), obj), t))


def read_under_lock(system: TransitionSystem, keys: Sequence[FieldKey], uses: tuple[str, ...]) -> Fact:
    """``read_under_lock``: what a statement has read of the object it has locked, and not yet used, is what is there.

    ``keys`` are the fields it speaks of; ``uses`` what it rests on besides who has the lock.
    """
    t = terms.var("t", system.thread)
    held = {loc.name: _of(system, loc.held[0], t) for loc in system.locations if len(loc.held) == 1}
    claims = {
        terms.implies(system.at(t, step.target), terms.eq(system.read(u.key, t), system.read(u.value.data, held[step.target])))
        for step in system.transitions
        for u in step.updates
        if u.value.op == "field" and u.value.data in keys and u.obj == system.self_var and step.target in held
    }
    return Fact(
        "read_under_lock",
        (t,),
        terms.conj(*sorted(claims, key=terms.show)),
        (*OWNERSHIP, "lock_held", *uses),
        "whoever writes it has the lock",
    )


def queued_facts(system: TransitionSystem, function: str) -> Fact:
    """``queued``: behind ``add_wait_queue(sk.sleep)`` in ``function`` and before remove_wait_queue, a thread is in that queue."""
    t = terms.var("t", system.thread)
    key = (system.thread.name, "waits_on")
    there = {loc.name: loc.name != IDLE for loc in system.locations}
    changed = True
    while changed:
        changed = False
        for step in system.transitions:
            added = [u.value.op != "const" for u in step.updates if u.key == key and u.obj == system.self_var]
            if there[step.target] and not (added[0] if added else there[step.source]):
                there[step.target], changed = False, True
    waiting: dict[Term, list[str]] = {}
    for loc in system.locations:
        if there[loc.name]:
            for sk in (x for f, name, x in loc.names if (f, name) == (function, "sk")):
                waiting.setdefault(_of(system, sk, t), []).append(loc.name)
    queue, exclusive = system.read(key, t), system.read((system.thread.name, "exclusive"), t)
    claims = [
        terms.implies(
            at_any(system, t, places),
            terms.conj(exists(queue), terms.negate(exclusive), terms.eq(queue, system.read(("Sock", "sleep"), sk))),
        )
        for sk, places in waiting.items()
    ]
    return Fact(
        "queued",
        (t,),
        terms.conj(*claims),
        (*OWNERSHIP, "sleeps_on_socket", "never_exclusive"),
        "nobody else takes it out of the queue",
    )


def values_to_store(system: TransitionSystem) -> Fact:
    """``values_to_store``: a value that was computed from constants alone, and is stored in the next step, is one of them."""
    t = terms.var("t", system.thread)
    entering: dict[str, list[Transition]] = {}
    for step in system.transitions:
        entering.setdefault(step.target, []).append(step)
    own = [v.key for v in system.state_vars if v.record == system.thread.name and v.name.rpartition(".")[2].startswith("$")]
    claims = []
    for place, steps in entering.items():
        for key in own:
            written = [_constants(u.value) for step in steps for u in step.updates if u.key == key]
            if len(written) == len(steps) and all(written):
                known = [terms.eq(system.read(key, t), value) for value in sorted(set().union(*written), key=terms.show)]
                claims.append(terms.implies(system.at(t, place), terms.disj(*known)))
    return Fact("values_to_store", (t,), terms.conj(*claims), reason="nobody else writes a thread's locals")


def _constants(value: Term) -> set[Term]:
    """The constants ``value`` chooses from; none if it is anything else."""
    if value.op == "const":
        return {value}
    if value.op != "ite":
        return set()
    parts = [_constants(part) for part in value.args[1:]]
    return set().union(*parts) if all(parts) else set()
