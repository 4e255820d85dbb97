"""Facts about the frames of a call, made of what :mod:`proofs.frames` finds: which locals name one object, whose lock is held.

The proof does not trust what was found: what is claimed is checked like any other fact.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from math import prod

from checker.language import terms
from checker.language.terms import FieldKey, Term
from checker.symbolic.facts import Fact
from checker.system import TransitionSystem
from proofs.frames import NULL, OWNER, SHARED, SOCKETS, Backs, Frames, Knowledge, Place, local_name
from proofs.structure import at_any, exists, owned


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


def null_facts(system: TransitionSystem, names: Sequence[str]) -> list[Fact]:
    """``forgets``: where the references of a thread by these names are NULL."""
    claims = _Claims(Frames(system, names))
    return [Fact("forgets", (claims.t,), claims.everywhere(claims.nowhere), reason="a call leaves nothing behind")]


def there_fact(system: TransitionSystem, names: Sequence[str], uses: tuple[str, ...]) -> Fact:
    """``there``: what functions know by these names is not NULL where a thread may yet read it."""
    known = {local_name(x.data[1]) for loc in system.locations for f, name, x in loc.names if f"{f}.{name}" in names}
    claims = _Claims(Frames(system, sorted(known)), short=True)
    formula = terms.conj(claims.returns(), claims.everywhere(claims.there))
    return Fact("there", (claims.t,), formula, uses, "it is looked for, and what is not found is not kept")


class _Claims:
    """What is known everywhere, as formulas about the thread ``t``.

    Formulas name where something is not known, and shared functions one by one, if that is shorter; ``short`` ones name the ways
    on which it is not known, if these are fewer.
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
                yield exists(reference)
        for a, b in known.apart:
            if a in first and b in first:
                yield terms.negate(terms.eq(first[a], first[b]))

    def there(self, place: Place, known: Knowledge) -> Iterator[Term]:
        """That the references are not NULL that are read by somebody."""
        for reference, n in self._named(place, known):
            if n != NULL:
                yield exists(reference)

    def owned(self, place: Place, known: Knowledge) -> Iterator[Term]:
        """The locks that are held."""
        done: set[int] = set()
        for sk, n in self._named(place, known):
            if n in known.owned and n not in done:
                done.add(n)
                yield terms.conj(exists(sk), owned(self.system, sk, self.t))

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
            terms.conj(at_any(self.system, self.t, where), way, terms.eq(self.system.read(key, self.t), self.sk))
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
        return terms.conj(*(terms.implies(terms.conj(self._at_any(where), way), claim) for (way, claim), where in places.items()))

    def _at_any(self, where: list[str]) -> Term:
        """That ``t`` is at one of the places, or at none of the others if these are fewer."""
        others = [loc.name for loc in self.system.locations if loc.name not in where]
        few = self.short or len(where) <= len(others)
        return at_any(self.system, self.t, where) if few else terms.negate(at_any(self.system, self.t, others))

    def returns(self) -> Term:
        """Where the shared functions at work return to."""
        found: dict[Term, list[str]] = {}
        for location, ways in self.frames.known.items():
            found.setdefault(self._one_of(location, list(ways)), []).append(location)
        return terms.conj(*(terms.implies(at_any(self.system, self.t, where), ways) for ways, where in found.items()))

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
        return self._one_of(location, among)

    def _one_of(self, location: str, among: list[Backs]) -> Term:
        """That the way is one of ``among``: each shared function for itself, if any goes with any."""
        exactly = dict.fromkeys(self._exactly(location, w) for w in among)
        values: dict[Term, set[int]] = {}
        for way in among:
            for key, n in self._needed(location, way):
                values.setdefault(self.backs[key], set()).add(n)
        each = [terms.disj(*(terms.eq(back, terms.const(n, back.sort)) for n in sorted(found))) for back, found in values.items()]
        alike = len({frozenset(key for key, _ in self._needed(location, way)) for way in among}) == 1
        any_with_any = not self.short and alike and len(exactly) == prod(map(len, values.values()))
        return terms.conj(*each) if any_with_any else terms.disj(*exactly)

    def _exactly(self, location: str, way: Backs) -> Term:
        return terms.conj(
            *(terms.eq(self.backs[key], terms.const(n, self.backs[key].sort)) for key, n in self._needed(location, way))
        )

    def _needed(self, location: str, way: Backs) -> list[tuple[FieldKey, int]]:
        """Whom those shared functions return to that still have to return."""
        needed = self.frames.needed.get((location, way), ())
        return [(key, n) for key, n in zip(self.backs, way, strict=True) if key in needed]
