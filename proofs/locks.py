"""Facts about the locks of a large system: where a thread holds which, and by which of its references it knows them.

Frames are followed as for a small system, but only what the proofs need is claimed of them: which references name one object,
which name two, and whose lock is held.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass

from checker.language import terms
from checker.language.terms import FieldKey, Term
from checker.symbolic.facts import Fact
from checker.system import TransitionSystem
from proofs.frames import NULL, OWNER, SHARED, Backs, Frames, Knowledge, local_name
from proofs.structure import at_any, exists, owned

CARRIER = ("Sock", "carrier")

Pair = tuple[str, str]
Holds = Callable[[str, Backs, Knowledge], bool]
"""Whether something is known at a location, for a way on which a thread came there."""


@dataclass(frozen=True)
class Names:
    """The references that are followed, each by its function and its name there; both roots may have one.

    ``alike`` name one object and ``apart`` two, wherever it is known and both are still needed; the first of a pair ``empty``
    names none, where that is known and the second is needed.  Of each group in ``locked`` the
    first one that is needed says whose lock is held; ``alive`` are of no orphan, if a system call holds their lock.  ``through``
    are the shared functions whose callers differ; while a variable ``inside`` is needed, so is every name of its call.
    """

    alike: Sequence[Pair]
    apart: Sequence[Pair]
    empty: Sequence[Pair]
    locked: Sequence[Sequence[str]]
    alive: Sequence[str]
    through: Sequence[str]
    inside: Sequence[str]

    def all(self) -> list[str]:
        """Every name, once."""
        pairs = [name for pair in (*self.alike, *self.apart, *self.empty) for name in pair]
        return sorted({*pairs, *(name for group in self.locked for name in group)})


class Locks:
    """What is known of ``names``, as formulas about a thread ``t`` and a sock ``sk``; see ``only`` for ``root``."""

    root = ""

    def __init__(self, system: TransitionSystem, names: Names, mark: FieldKey = OWNER, marked: Term | None = None) -> None:
        self.system = system
        self.names = names
        self.mark = mark
        self.frames = Frames(system, names.all(), names.through, mark, marked)
        self.place_of = {key: i for i, key in enumerate(self.frames.references)}
        self.t = terms.var("t", system.thread)
        self.sk = terms.var("sk", next(r for r in system.records if r.name == "Sock"))
        self.backs = [system.read(key, self.t) for key in self.frames.returns]

    def roots(self) -> list[str]:
        """The calls and softirqs that have references of their own."""
        return list(dict.fromkeys(_root(key) for key in self.frames.references if _root(key)))

    def only(self, root: str) -> Locks:
        """What is known of the references of one call or softirq."""
        part = copy(self)
        part.root = root
        return part

    def same(self) -> Term:
        """Which references name one object, and which two."""
        there = [
            (self._there(key), exists(self._read(key)))
            for group in self.names.locked
            for name in group
            for key in self._keys(name)
        ]
        alike = [(self._equal(a, b), terms.eq(self._read(a), self._read(b))) for a, b in self._pairs(self.names.alike)]
        empty = [(self._empty(a, b), terms.negate(exists(self._read(a)))) for a, b in self._pairs(self.names.empty)]
        return terms.conj(*self._callers(), self._wherever([*there, *alike, *self._apart(), *empty]))

    def _apart(self) -> Iterator[tuple[Holds, Term]]:
        """Which references name two objects."""
        for a, b in self._pairs(self.names.apart):
            yield self._different(a, b), terms.negate(terms.eq(self._read(a), self._read(b)))

    def _callers(self) -> Iterator[Term]:
        """Whom a shared function returns to; nobody is where no transition leads."""
        yield from (
            terms.negate(self.system.at(self.t, x.name)) for x in self.system.locations if x.name not in self.frames.known
        )
        for i, (key, back) in enumerate(zip(self.frames.returns, self.backs, strict=True)):
            if self.root not in ("", _root(key)):
                continue
            places: dict[frozenset[int], list[str]] = {}
            for location, ways in self.frames.known.items():
                if all(key in self.frames.needed.get((location, way), ()) for way in ways):
                    places.setdefault(frozenset(way[i] for way in ways), []).append(location)
            for found, where in places.items():
                yield terms.implies(
                    at_any(self.system, self.t, where),
                    terms.disj(*(terms.eq(back, terms.const(n, back.sort)) for n in sorted(found))),
                )

    def held(self) -> Term:
        """Whose lock ``t`` holds where, and that those that only threads take are of no orphan."""
        return self._wherever([(holds, self._owned(key)) for key, holds in self._holding()])

    def marked(self) -> Term:
        """Which objects ``t`` has marked, and which of its references name two."""
        mark = terms.substitute(self.frames.marked, {self.system.self_var: self.t})
        mine = [
            (holds, terms.conj(exists(self._read(key)), terms.eq(self.system.read(self.mark, self._read(key)), mark)))
            for key, holds in self._holding()
        ]
        return self._wherever([*mine, *self._apart()])

    def owners(self) -> Term:
        """That the owner of ``sk`` is where it holds it, and by which reference; or where nothing goes on."""
        owner = self.system.read(OWNER, self.sk)
        here = terms.substitute(self._knowing(self.sk), {self.t: owner})
        return terms.implies(self.system.read(("Sock", "users"), self.sk), terms.conj(exists(owner), here))

    def marking(self, obj: Term) -> Term:
        """That whoever has marked ``obj`` is where it has it marked, and by which reference; or where nothing goes on."""
        thread = self.system.read(self.mark, obj)
        return terms.implies(exists(thread), terms.substitute(self._knowing(obj), {self.t: thread}))

    def _knowing(self, obj: Term) -> Term:
        """That ``t`` is where one of its references says that it has marked ``obj``, or where nothing goes on."""
        knows = self._places([(holds, terms.eq(self._read(key), obj)) for key, holds in self._holding()])
        known = [
            terms.conj(at_any(self.system, self.t, where), terms.disj(*(terms.conj(*x) for x in by)))
            for where, by in knows.items()
        ]
        going = {x.source for x in self.system.transitions}
        stuck = at_any(self.system, self.t, [loc.name for loc in self.system.locations if loc.name not in going])
        return terms.disj(*known, stuck)

    def _owned(self, key: FieldKey) -> Term:
        sk = self._read(key)
        mine = terms.conj(exists(sk), owned(self.system, sk, self.t))
        by_call = _root(key) == "system_call" and _local(key) in self.names.alive
        return terms.conj(mine, terms.negate(self.system.read(("Sock", "dead"), sk))) if by_call else mine

    def _holding(self) -> Iterator[tuple[FieldKey, Holds]]:
        """The references, and where they say whose lock is held."""
        for group in self.names.locked:
            keys = [key for name in group for key in self._keys(name)]
            yield from ((key, self._first(key, keys[:i])) for i, key in enumerate(keys))

    def _keys(self, name: str) -> list[FieldKey]:
        """The references of a name: of the call asked for, if one is."""
        roots = ("", self.root) if self.root else ("", *self.system.roots)
        return [key for key in self.frames.references if _local(key) == name and _root(key) in roots]

    def _pairs(self, pairs: Sequence[Pair]) -> Iterator[tuple[FieldKey, FieldKey]]:
        for a, b in pairs:
            for x in self._keys(a):
                for y in self._keys(b):
                    if _root(x) == _root(y) or not _root(x) or not _root(y):
                        yield x, y

    def _read(self, key: FieldKey) -> Term:
        return self.system.read(key, self.t)

    def _number(self, key: FieldKey, known: Knowledge) -> int:
        return known.values[self.place_of[key]]

    def _needed(self, key: FieldKey, location: str, way: Backs) -> bool:
        needed = self.frames.needed.get((location, way), frozenset())
        return key in SHARED or key in needed or any(_root(k) == _root(key) and _local(k) in self.names.inside for k in needed)

    def _equal(self, a: FieldKey, b: FieldKey) -> Holds:
        def holds(location: str, way: Backs, known: Knowledge) -> bool:
            used = self._needed(a, location, way) and self._needed(b, location, way)
            return used and self._number(a, known) == self._number(b, known) != NULL

        return holds

    def _different(self, a: FieldKey, b: FieldKey) -> Holds:
        def holds(location: str, way: Backs, known: Knowledge) -> bool:
            m, n = sorted((self._number(a, known), self._number(b, known)))
            used = self._needed(a, location, way) and self._needed(b, location, way)
            return used and m != NULL and (m, n) in known.apart

        return holds

    def _there(self, key: FieldKey) -> Holds:
        def holds(location: str, way: Backs, known: Knowledge) -> bool:
            n = self._number(key, known)
            return self._needed(key, location, way) and n not in known.owned and (NULL, n) in known.apart

        return holds

    def _empty(self, key: FieldKey, other: FieldKey) -> Holds:
        def holds(location: str, way: Backs, known: Knowledge) -> bool:
            return self._number(key, known) == NULL and other in self.frames.needed.get((location, way), ())

        return holds

    def _first(self, key: FieldKey, before: Sequence[FieldKey]) -> Holds:
        def owns(key: FieldKey, location: str, way: Backs, known: Knowledge) -> bool:
            return self._number(key, known) in known.owned and self._needed(key, location, way)

        def holds(location: str, way: Backs, known: Knowledge) -> bool:
            return owns(key, location, way, known) and not any(owns(other, location, way, known) for other in before)

        return holds

    def _wherever(self, claims: Sequence[tuple[Holds, Term]]) -> Term:
        """The claims, each where it holds; those of the same places together."""
        placed = self._places(claims)
        return terms.conj(
            *(
                terms.implies(at_any(self.system, self.t, where), terms.conj(*(terms.implies(*x) for x in by)))
                for where, by in placed.items()
            )
        )

    def _places(self, claims: Sequence[tuple[Holds, Term]]) -> dict[tuple[str, ...], list[tuple[Term, Term]]]:
        """What is claimed at which places, on which ways there."""
        found: dict[tuple[str, ...], list[tuple[Term, Term]]] = {}
        for holds, claim in claims:
            places: dict[Term, list[str]] = {}
            for location, ways in self.frames.known.items():
                good = [w for w, known in ways.items() if holds(location, w, known)]
                if good:
                    places.setdefault(self._way(good, [w for w in ways if w not in good]), []).append(location)
            for way, where in places.items():
                if way != terms.FALSE:
                    found.setdefault(tuple(where), []).append((way, claim))
        return found

    def _way(self, good: list[Backs], others: list[Backs]) -> Term:
        """What tells the ways ``good`` from the others: one way back if that is enough.  FALSE if nothing short does."""
        if not others:
            return terms.TRUE
        for i, back in enumerate(self.backs):
            inside = {w[i] for w in good}
            if not any(w[i] in inside for w in others):
                return terms.disj(*(terms.eq(back, terms.const(n, back.sort)) for n in sorted(inside)))
        return terms.FALSE


def _local(key: FieldKey) -> str:
    return local_name(key[1])


def _root(key: FieldKey) -> str:
    """The call a variable of a thread belongs to, if any."""
    return key[1].split("/")[0] if "/" in key[1] else ""


def marked_facts(
    name: str,
    reason: str,
    uses: Mapping[str, tuple[str, ...]],
    system: TransitionSystem,
    names: Names,
    mark: FieldKey,
    marked: Term | None = None,
) -> list[Fact]:
    """Which objects a thread has marked where, by its references ``names``: per call."""
    known = Locks(system, names, mark, marked)
    return [Fact(f"{name} in {root}", (known.t,), known.only(root).marked(), uses[name], reason) for root in known.roots()]


def lock_facts(system: TransitionSystem, names: Names, carrying: Names, uses: Mapping[str, tuple[str, ...]]) -> list[Fact]:
    """``carrying``, ``same_sock`` and ``locked`` per call, and ``owners``, from what is followed and what each fact uses."""
    locks = Locks(system, names)
    calls = "a call starts with the arguments it is given, and its caller waits for it"
    lock = "whoever takes a free lock becomes its owner, and only the owner gives it free"
    owner = "a lock is taken by a thread, which goes on from there"
    carried = Locks(system, carrying, CARRIER)
    hand = "what nobody else can reach yet, or was taken from a queue, is in the hands of one thread"
    return [
        Fact("carrying", (carried.t,), carried.marked(), uses["carrying"], hand),
        *(Fact(f"same_sock in {root}", (locks.t,), locks.only(root).same(), uses["same_sock"], calls) for root in locks.roots()),
        *(Fact(f"locked in {root}", (locks.t,), locks.only(root).held(), uses["locked"], lock) for root in locks.roots()),
        Fact("owners", (locks.sk,), locks.owners(), uses["owners"], owner),
    ]
