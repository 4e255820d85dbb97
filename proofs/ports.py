"""Facts about the ports of UDP sockets, made from the transitions: what is written to num, and how sport follows.

get_port writes num and hashes the socket in one step; its callers read num and write sport in two more.  The places in
between are found in the transition system, so that they are exactly the window in which the two differ.
"""

from __future__ import annotations

from collections.abc import Iterator

from checker.language import terms
from checker.language.compile import Compiled
from checker.language.terms import Term
from checker.symbolic.facts import Fact
from checker.system import IDLE, Transition, TransitionSystem, Update

NUM, SPORT, HASHED = ("Sock", "num"), ("Sock", "sport"), ("Sock", "hashed")


def port_facts(compiled: Compiled) -> list[Fact]:
    """How sport follows num.

    ``port_taken``: get_port takes no port 0; ``port_read``: what was read of num stays; ``sport_cleared``: sport is cleared
    of sockets that have no port; ``sport_owed``: the window.
    """
    system = compiled.system
    return [port_taken(system), port_read(system), sport_cleared(system), sport_owed(system)]


def port_taken(system: TransitionSystem) -> Fact:
    """What a thread is about to write to num is not 0, as long as it is a port it chose."""
    t = terms.var("t", system.thread)
    claims = [
        terms.implies(system.at(t, transition.source), terms.negate(terms.eq(_by(system, update.value, t), _zero(update.value))))
        for transition, update in _writes(system, NUM)
        if update.value.op == "field"
    ]
    why = "a caller that gives 0 gets one of the local range"
    return Fact("port_taken", (t,), terms.conj(*claims), ("udp_rover", "local_port_range"), why)


def port_read(system: TransitionSystem) -> Fact:
    """Between reading num and writing it to sport, num stays what was read, or the socket is not hashed."""
    t = terms.var("t", system.thread)
    claims = []
    for transition, update in _writes(system, SPORT):
        for local in terms.subterms(update.value):
            if local.op == "field" and update.obj is not None:
                sk = _by(system, update.obj, t)
                kept = terms.eq(system.read(NUM, sk), _by(system, local, t))
                claims.append(terms.implies(system.at(t, transition.source), terms.disj(_unhashed(system, sk), kept)))
    uses = ("lock_held", "references", "udp_num_iff_hashed")
    why = "a port is taken only under the lock, and given up together with the place in the hash table"
    return Fact("port_read", (t,), terms.conj(*claims), uses, why)


def sport_cleared(system: TransitionSystem) -> Fact:
    """Whoever is about to clear sport under the lock has unhashed the socket."""
    t = terms.var("t", system.thread)
    claims = [
        terms.implies(system.at(t, transition.source), _unhashed(system, _by(system, update.obj, t)))
        for transition, update in _clearing(system)
        if update.obj is not None and system.locations_by_name[transition.source].held
    ]
    uses = ("lock_held", "references", "udp_num_iff_hashed")
    return Fact("sport_cleared", (t,), terms.conj(*claims), uses, "a socket is hashed under its lock only")


def sport_owed(system: TransitionSystem) -> Fact:
    """Where num and sport of a hashed socket differ, the owner of its lock is in the window, or a disconnect wrote 0 too late."""
    sk = terms.var("sk", next(r for r in system.records if r.name == "Sock"))
    sport, owner = system.read(SPORT, sk), system.read(("Sock", "owner"), sk)
    locations = system.locations_by_name
    here = [
        terms.conj(system.at(owner, loc.name), terms.eq(_by(system, loc.held[0], owner), sk))
        for loc in system.locations
        if loc.name in window(system)
    ]
    somebody = terms.negate(terms.eq(owner, _zero(owner)))
    owed = terms.conj(system.read(("Sock", "users"), sk), somebody, terms.disj(*here))
    locked = [bool(locations[transition.source].held) for transition, _ in _clearing(system)]
    erased = terms.FALSE if all(locked) else terms.eq(sport, _zero(sport))
    same = terms.eq(sport, terms.htons(system.read(NUM, sk), sport.sort))
    uses = ("lock_held", "port_read", *(["sport_cleared"] if any(locked) else []))
    why = "get_port runs under the lock, which is kept until sport is written"
    return Fact("sport_owed", (sk,), terms.disj(_unhashed(system, sk), same, erased, owed), uses, why)


def window(system: TransitionSystem) -> set[str]:
    """The locations behind a successful get_port and before the write of sport."""
    found: set[str] = set()
    work = [transition.target for transition, update in _writes(system, NUM) if update.value.op == "field"]
    while work:
        name = work.pop()
        if name not in found and name != IDLE:
            found.add(name)
            work += [t.target for t in system.transitions if t.source == name and all(u.key != SPORT for u in t.updates)]
    return found


def _writes(system: TransitionSystem, key: tuple[str, str]) -> Iterator[tuple[Transition, Update]]:
    """Writes of a field by a thread that is in a call."""
    for transition in system.transitions:
        for update in transition.updates:
            if update.key == key and transition.source != IDLE:
                yield transition, update


def _clearing(system: TransitionSystem) -> Iterator[tuple[Transition, Update]]:
    """Writes of 0 to sport by a thread that is in a call; freeing a sock, which clears every field, is none."""
    for transition, update in _writes(system, SPORT):
        if update.value == _zero(update.value) and all(u.key != HASHED for u in transition.updates):
            yield transition, update


def _by(system: TransitionSystem, term: Term, t: Term) -> Term:
    """``term`` as the thread ``t`` sees it."""
    return terms.substitute(term, {system.self_var: t})


def _zero(term: Term) -> Term:
    return terms.const(0, term.sort)


def _unhashed(system: TransitionSystem, sk: Term) -> Term:
    hashed = system.read(HASHED, sk)
    return terms.eq(hashed, _zero(hashed))
