"""Facts about the frames of a call, made from the transitions: which locals name the same object, and whose lock is held.

A function that is compiled once and called from several places keeps its arguments in locals of its own and remembers its
caller.  That the caller's socket is the callee's, and is still locked when it returns, is found by following every transition
from the idle thread.  The proof does not trust this: what is claimed is checked like any other fact.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from checker.language import terms
from checker.language.sorts import EnumSort, RefSort
from checker.language.terms import FieldKey, Term
from checker.symbolic.inductive import Fact
from checker.system import IDLE, Transition, TransitionSystem, Update

OWNER = ("Sock", "owner")
LIVE = ("Sock", "live")
SHARED = {("Thread", name) for name in ("file", "held_sk", "rx_sk", "rx_child")}
"""References of a thread that others read."""

SOCKETS = ("file", "system_call.sock", "sys_accept.newsock", "sock_release.sock")
"""The references to a struct socket in calls that make and release one."""

NULL = 0

Backs = tuple[int, ...]
"""Whom each shared function returns to."""

Place = tuple[str, Backs]


@dataclass(frozen=True)
class Knowledge:
    """What a thread knows at a place.

    ``values`` number the objects its references name, in the order of the references: equal numbers are one object, 0 is
    NULL.  ``apart`` are numbers of different objects, ``owned`` those it has locked.
    """

    values: tuple[int, ...]
    apart: frozenset[tuple[int, int]]
    owned: frozenset[int]

    def join(self, other: Knowledge) -> Knowledge:
        """What is known on both ways to a place."""
        numbers: dict[tuple[int, int], int] = {(NULL, NULL): NULL}
        values = tuple(numbers.setdefault(pair, len(numbers)) for pair in zip(self.values, other.values, strict=True))
        owned = frozenset(n for (a, b), n in numbers.items() if a in self.owned and b in other.owned)
        apart = frozenset(
            (m, n)
            for (a, b), m in numbers.items()
            for (c, d), n in numbers.items()
            if m < n and _pair(a, c) in self.apart and _pair(b, d) in other.apart
        )
        return Knowledge(values, apart, owned)


def _pair(a: int, b: int) -> tuple[int, int]:
    return min(a, b), max(a, b)


class Frames:
    """Follows the transitions of a system; ``known`` says what holds at every location, per way back.

    With ``among`` it follows only those references of a thread, and with ``through`` only the ways back of those functions.
    ``mark`` is the field by which an object says who owns it.
    """

    def __init__(
        self, system: TransitionSystem, among: Sequence[str] = (), through: Sequence[str] = (), mark: FieldKey = OWNER
    ) -> None:
        self.system = system
        self.mark = mark
        own = [v for v in system.state_vars if v.record == system.thread.name]
        references = [v for v in own if isinstance(v.sort, RefSort) and v.sort.name in ("Sock", "Socket")]
        returns = [v for v in own if v.name.endswith("$back") and isinstance(v.sort, EnumSort)]
        self.references = {v.key: v.sort for v in references if not among or _local(v.name) in among}
        self.returns = {v.key: v.sort for v in returns if not through or _local(v.name).removesuffix(".$back") in through}
        self.known: dict[str, dict[Backs, Knowledge]] = {}
        self.edges: dict[Place, dict[Place, list[Transition]]] = {}
        self._explore()
        self.needed = self._needed()

    def _explore(self) -> None:
        leaving: dict[str, list[Transition]] = {}
        for t in self.system.transitions:
            leaving.setdefault(t.source, []).append(t)
        start = (0,) * len(self.returns)
        self.known[IDLE] = {start: Knowledge((NULL,) * len(self.references), frozenset(), frozenset())}
        work = [(IDLE, start)]
        while work:
            location, backs = work.pop()
            for t in leaving.get(location, ()):
                after = _Step(self, backs, self.known[location][backs]).take(t)
                if after is None:
                    continue
                ways = self.known.setdefault(t.target, {})
                returning, found = after
                self.edges.setdefault((location, backs), {}).setdefault((t.target, returning), []).append(t)
                joined = ways[returning].join(found) if returning in ways else found
                if ways.get(returning) != joined:
                    ways[returning] = joined
                    work.append((t.target, returning))

    def _needed(self) -> dict[Place, frozenset[FieldKey]]:
        """The variables of the thread that are still read on some way from a place."""
        local = {*self.references, *self.returns}
        reads: dict[str, set[FieldKey]] = {}
        for t in self.system.transitions:
            parts = [t.guard, *(part for u in t.updates for part in u.parts())]
            reads[t.name] = {n.data for part in parts for n in terms.subterms(part) if n.op == "field"} & local
        before: dict[Place, set[Place]] = {}
        for place, targets in self.edges.items():
            for target in targets:
                before.setdefault(target, set()).add(place)
        needed: dict[Place, frozenset[FieldKey]] = {}
        work = list(self.edges)
        while work:
            place = work.pop()
            found: set[FieldKey] = set()
            for target, transitions in self.edges.get(place, {}).items():
                for t in transitions:
                    written = {u.key for u in t.updates if u.where is None and u.obj == self.system.self_var}
                    found |= reads[t.name] | (needed.get(target, frozenset()) - written)
            if found != needed.get(place, frozenset()):
                needed[place] = frozenset(found)
                work += before.get(place, ())
        return needed


class _Step:
    """One transition from a place at which ``knowledge`` is there."""

    def __init__(self, frames: Frames, backs: Backs, knowledge: Knowledge) -> None:
        system = frames.system
        self.self_var = system.self_var
        self.mark = frames.mark
        self.references = [system.read(key, system.self_var) for key in frames.references]
        self.backs = {system.read(key, system.self_var): n for key, n in zip(frames.returns, backs, strict=True)}
        self.numbers = dict(zip(self.references, knowledge.values, strict=True))
        self.fresh = max(knowledge.values, default=NULL)
        self.apart = set(knowledge.apart)
        self.owned = set(knowledge.owned)

    def take(self, t: Transition) -> tuple[Backs, Knowledge] | None:
        """Where the transition returns to and what is known then; None if it cannot be taken here."""
        if not all(self._possible(literal) for literal in terms.conjuncts(t.guard)):
            return None
        backs = dict(self.backs)
        values = {reference: self.numbers[reference] for reference in self.references}
        for update in t.updates:
            written = Term("field", update.value.sort, (update.obj,), update.key) if update.obj is not None else update.value
            if written in values and update.where is None:
                values[written] = self._number(update.value)
            elif written in backs and update.value.op == "const":
                backs[written] = update.value.data
        freed = {u.obj for u in t.updates if u.key == LIVE and u.value == terms.FALSE}
        for update in t.updates:
            if update.key == self.mark and update.obj not in freed:
                self._lock(update)
        return tuple(backs.values()), self._knowledge([values[r] for r in self.references])

    def _possible(self, literal: Term) -> bool:
        """Whether ``literal`` of a guard may hold; what it says of references is noted."""
        positive = literal.op != "not"
        equation = literal if positive else literal.args[0]
        if equation.op != "eq":
            return True
        a, b = equation.args
        for x, y in ((a, b), (b, a)):
            if x in self.backs and y.op == "const":
                return (self.backs[x] == y.data) is positive
        if not isinstance(a.sort, RefSort) or a.sort.key:
            return True
        m, n = self._number(a), self._number(b)
        if not positive:
            self.apart.add(_pair(m, n))
            return m != n
        if _pair(m, n) in self.apart:
            return False
        self._merge(m, n)
        return True

    def _merge(self, m: int, n: int) -> None:
        keep, drop = _pair(m, n)
        self.numbers = {x: keep if k == drop else k for x, k in self.numbers.items()}
        self.apart = {_pair(*(keep if k == drop else k for k in pair)) for pair in self.apart}
        self.owned = {keep if k == drop else k for k in self.owned}

    def _number(self, value: Term) -> int:
        """The number of the object that ``value`` is before the step."""
        if value.op == "const":
            return NULL
        if value not in self.numbers:
            self.fresh += 1
            self.numbers[value] = self.fresh
            if value.op == "var":
                self.apart.add((NULL, self.fresh))
        return self.numbers[value]

    def _lock(self, update: Update) -> None:
        """Note that the lock of an object is taken, or given free with every object that may be the same."""
        if update.obj is None or update.where is not None:
            self.owned.clear()
            return
        n = self._number(update.obj)
        if update.value == self.self_var:
            self.apart |= {_pair(n, m) for m in self.owned if m != n}
            self.owned.add(n)
        else:
            self.owned = {m for m in self.owned if m != n and _pair(m, n) in self.apart}

    def _knowledge(self, values: list[int]) -> Knowledge:
        """With the numbers of what is still named, in order."""
        names = {NULL: NULL}
        renumbered = tuple(names.setdefault(n, len(names)) for n in values)
        apart = frozenset(_pair(names[a], names[b]) for a, b in self.apart if a in names and b in names)
        return Knowledge(renumbered, apart, frozenset(names[n] for n in self.owned if n in names))


def frame_facts(system: TransitionSystem) -> list[Fact]:
    """``frames``: which references of a thread name the same object where; ``locked``: whose locks it holds."""
    frames = Frames(system)
    claims = _Claims(frames)
    ways = "a call starts with the arguments it is given, and its caller waits for it"
    lock = "whoever takes a free lock becomes its owner, and only the owner gives it free"
    return [
        Fact("frames", (claims.t,), terms.conj(claims.returns(), claims.everywhere(claims.same)), reason=ways),
        Fact(
            "locked",
            (claims.t,),
            claims.everywhere(claims.owned),
            ("frames", "freed_unlocked", "users_live", "sk_there", "open_has_sk", "file_open"),
            lock,
        ),
        Fact("reset", (claims.t,), claims.everywhere(claims.null), ("frames",), "a call leaves nothing behind"),
        Fact(
            "owners",
            (claims.sk,),
            claims.owners(),
            (
                "frames",
                "locked",
                "users_live",
                "tcp_only",
                "closing",
                "sk_held",
                "sk_there",
                "linked",
                "file_open",
                "open_has_sk",
            ),
            "a lock is taken by a thread, which goes on from there",
        ),
    ]


def separate_frame_facts(system: TransitionSystem) -> list[Fact]:
    """Frames in parts, each about a few references, as a large system needs it.

    ``ways``: where the functions that keep a struct socket return to; ``same_socket``: which references name it where, and
    where there is none.
    """
    frames = Frames(system, SOCKETS, ("__release_sock", "sock_release"))
    claims = _Claims(frames, short=True)
    return [
        Fact("ways", (claims.t,), claims.returns(), reason="a shared function returns to where it was called"),
        Fact(
            "same_socket",
            (claims.t,),
            terms.conj(claims.everywhere(claims.same), claims.everywhere(claims.nowhere)),
            ("ways",),
            "a call starts with the arguments it is given, its caller waits for it, and it leaves nothing behind",
        ),
    ]


def _local(name: str) -> str:
    """The name of a variable of a thread without the call it belongs to."""
    return name.split("/")[-1]


def _exists(reference: Term) -> Term:
    return terms.negate(terms.eq(reference, terms.const(NULL, reference.sort)))


class _Claims:
    """What is known everywhere, as formulas about the thread ``t``.

    ``short`` formulas name the ways on which something is not known, if these are fewer.
    """

    def __init__(self, frames: Frames, short: bool = False) -> None:
        self.short = short
        system = frames.system
        self.frames = frames
        self.system = system
        self.t = terms.var("t", system.thread)
        self.sk = terms.var("sk", next(r for r in system.records if r.name == "Sock"))
        self.references = [system.read(key, self.t) for key in frames.references]
        self.backs = {key: system.read(key, self.t) for key in frames.returns}

    def same(self, place: Place, known: Knowledge) -> Iterator[Term]:
        """The references that name one object, and those that name two."""
        first: dict[int, Term] = {}
        for reference, n in self._named(place, known):
            if n != NULL and first.setdefault(n, reference) != reference:
                yield terms.eq(first[n], reference)
            elif (NULL, n) in known.apart:
                yield _exists(reference)
        for a, b in known.apart:
            if a in first and b in first:
                yield terms.negate(terms.eq(first[a], first[b]))

    def owned(self, place: Place, known: Knowledge) -> Iterator[Term]:
        """The locks that are held."""
        done: set[int] = set()
        for sk, n in self._named(place, known):
            if n in known.owned and n not in done:
                done.add(n)
                users, owner = self.system.read(("Sock", "users"), sk), self.system.read(OWNER, sk)
                yield terms.conj(_exists(sk), users, terms.eq(owner, self.t))

    def null(self, place: Place, known: Knowledge) -> Iterator[Term]:
        """The references by which owners know what they have locked, where they are NULL."""
        by = set(self.known_by.values())
        for key, reference, n in zip(self.frames.references, self.references, known.values, strict=True):
            if n == NULL and key in by:
                yield terms.eq(reference, terms.const(NULL, reference.sort))

    def nowhere(self, place: Place, known: Knowledge) -> Iterator[Term]:
        """The references that are NULL."""
        for reference, n in zip(self.references, known.values, strict=True):
            if n == NULL:
                yield terms.eq(reference, terms.const(NULL, reference.sort))

    @cached_property
    def known_by(self) -> dict[Place, FieldKey]:
        """The reference by which the thread knows what it has locked: the same one at as many places as possible."""
        holding: dict[Place, list[FieldKey]] = {}
        for location, ways in self.frames.known.items():
            for backs, known in ways.items():
                if keys := [k for k in self.frames.references if self._owns((location, backs), known, k)]:
                    holding[location, backs] = keys
        often = Counter(key for keys in holding.values() for key in keys)
        return {place: max(keys, key=lambda key: often[key]) for place, keys in holding.items()}

    def owners(self) -> Term:
        """Where the owner of ``sk`` is, and by which of its references it knows it."""
        places: dict[tuple[FieldKey, Term], list[str]] = {}
        for location, ways in self.frames.known.items():
            among: dict[FieldKey, list[Backs]] = {}
            for backs in ways:
                if (location, backs) in self.known_by:
                    among.setdefault(self.known_by[location, backs], []).append(backs)
            for key, found in among.items():
                places.setdefault((key, self._returning(location, found)), []).append(location)
        owner = self.system.read(OWNER, self.sk)
        ways_known = [
            terms.conj(self._at(where), way, terms.eq(self.system.read(key, self.t), self.sk))
            for (key, way), where in places.items()
        ]
        here = terms.substitute(terms.disj(*ways_known), {self.t: owner})
        nobody = terms.const(NULL, owner.sort)
        return terms.implies(
            self.system.read(("Sock", "users"), self.sk), terms.conj(terms.negate(terms.eq(owner, nobody)), here)
        )

    def _owns(self, place: Place, known: Knowledge, key: FieldKey) -> bool:
        """Whether the thread has the lock of what the reference ``key`` names."""
        number = known.values[list(self.frames.references).index(key)]
        return number in known.owned and (key in SHARED or key in self.frames.needed.get(place, ()))

    def _named(self, place: Place, known: Knowledge) -> Iterator[tuple[Term, int]]:
        """The references that are read by somebody, with their numbers."""
        for key, reference, n in zip(self.frames.references, self.references, known.values, strict=True):
            if key in SHARED or key in self.frames.needed.get(place, ()):
                yield reference, n

    def everywhere(self, claims: Callable[[Place, Knowledge], Iterator[Term]]) -> Term:
        """The claims, each at the places where it holds."""
        places: dict[tuple[Term, Term], list[str]] = {}
        for location, ways in self.frames.known.items():
            among: dict[Term, list[Backs]] = {}
            for backs, known in ways.items():
                for claim in claims((location, backs), known):
                    among.setdefault(claim, []).append(backs)
            for claim, holding in among.items():
                places.setdefault((self._returning(location, holding), claim), []).append(location)
        return terms.conj(*(terms.implies(terms.conj(self._at(where), way), claim) for (way, claim), where in places.items()))

    def returns(self) -> Term:
        """Where the shared functions at work return to."""
        found: dict[Term, list[str]] = {}
        for location, ways in self.frames.known.items():
            found.setdefault(terms.disj(*(self._exactly(location, w) for w in ways)), []).append(location)
        return terms.conj(*(terms.implies(self._at(where), ways) for ways, where in found.items()))

    def _at(self, places: list[str]) -> Term:
        return terms.disj(*(self.system.at(self.t, p) for p in places))

    def _returning(self, location: str, among: list[Backs]) -> Term:
        """A condition that holds of ``among`` and of no other way at the location: of one shared function if that is enough.

        FALSE if it needs a way back that is forgotten by then.
        """
        others = [w for w in self.frames.known[location] if w not in among]
        if not others:
            return terms.TRUE
        for i, (key, back) in enumerate(self.backs.items()):
            inside = {w[i] for w in among}
            if not any(w[i] in inside for w in others) and all(key in self.frames.needed[location, w] for w in (*among, *others)):
                return terms.disj(*(terms.eq(back, terms.const(n, back.sort)) for n in sorted(inside)))
        exactly = {self._exactly(location, w) for w in others}
        if any(self._exactly(location, w) in exactly for w in among):
            return terms.FALSE
        if self.short and len(exactly) < len({self._exactly(location, w) for w in among}):
            return terms.negate(terms.disj(*(self._exactly(location, w) for w in others)))
        return terms.disj(*(self._exactly(location, w) for w in among))

    def _exactly(self, location: str, way: Backs) -> Term:
        needed = self.frames.needed.get((location, way), ())
        return terms.conj(
            *(
                terms.eq(back, terms.const(n, back.sort))
                for (key, back), n in zip(self.backs.items(), way, strict=True)
                if key in needed
            )
        )
