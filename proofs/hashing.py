"""Facts about hash tables, made from the transitions: what holds wherever a socket is about to be hashed or closed."""

from __future__ import annotations

from checker.language import terms
from checker.language.terms import Term
from checker.symbolic.facts import Fact
from checker.system import IDLE, Transition, TransitionSystem, Update

NOT_HASHED = 0


def sport_ready(system: TransitionSystem) -> Fact:
    """In tcp_v4_connect, wherever the socket is yet to be hashed, sport is what num says."""
    t = terms.var("t", system.thread)
    inside = {loc.name for loc in system.locations if "tcp_v4_connect" in loc.stack}
    claims = []
    for key, sk in dict.fromkeys((u.key, u.obj) for x in system.transitions for u in x.updates if _hashes(x, u)):
        places = {x.source for x in system.transitions if any(u.key == key and u.obj == sk and _hashes(x, u) for u in x.updates)}
        work = list(places)
        while work:
            target = work.pop()
            before = {x.source for x in system.transitions if x.target == target and x.source in inside} - places
            places |= before
            work += before
        assert sk is not None
        mine = terms.substitute(sk, {system.self_var: t})
        sport, num = system.read(("Sock", "sport"), mine), system.read(("Sock", "num"), mine)
        here = terms.disj(*(system.at(t, p) for p in sorted(places)))
        claims.append(terms.implies(here, terms.eq(sport, terms.htons(num, sport.sort))))
    why = "connect is called with a port, whose sport was written before the lock was released, or just now"
    return Fact("sport_ready", (t,), terms.conj(*claims), ("locked", "frames", "sport_kept", "freed_unlocked", "users_live"), why)


def _hashes(transition: Transition, update: Update) -> bool:
    return update.key == ("Sock", "hashed") and update.value.data != NOT_HASHED and transition.source != IDLE


def closing_unhashed(system: TransitionSystem) -> Fact:
    """Whoever is about to write TCP_CLOSE to the state of a socket has taken it out of its hash table."""
    t = terms.var("t", system.thread)
    places: dict[Term, dict[str, None]] = {}
    for transition in system.transitions:
        written = {u.key for u in transition.updates}
        for u in transition.updates:
            if (
                u.key == ("Sock", "state")
                and u.value == terms.const(0, u.value.sort)
                and ("Sock", "live") not in written
                and transition.source != IDLE
            ):
                assert u.obj is not None
                places.setdefault(terms.substitute(u.obj, {system.self_var: t}), {})[transition.source] = None
    claims = []
    for sk, sources in places.items():
        hashed = system.read(("Sock", "hashed"), sk)
        here = terms.disj(*(system.at(t, p) for p in sources))
        claims.append(terms.implies(here, terms.eq(hashed, terms.const(0, hashed.sort))))
    why = "tcp_set_state takes a socket out of its hash table before it writes TCP_CLOSE"
    return Fact("closing_unhashed", (t,), terms.conj(*claims), ("locked", "frames", "not_hashed"), why)
