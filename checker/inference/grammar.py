"""The grammar of candidate lemmas: clauses of a few atoms over one process at one location, or over one object.

In go a system and samples of reached states; out come Groups of clauses.  An atom is a truth value; membership of an
enumeration in the values seen; a reference, address or number that is 0; or an equation of two expressions of one sort.  Clauses
that some sampled state refutes, or that follow from a shorter one, are not made.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from checker.inference.sample import Rows, Sample, pairs_of, rows_of
from checker.language import terms
from checker.language.sorts import BOOL, BoolSort, EnumSort, RefSort, ScalarSort, Sort, WordSort
from checker.language.terms import Term
from checker.system import Location, StateVar, TransitionSystem

Clause = tuple[Term, ...]


@dataclass(frozen=True)
class Group:
    """Clauses about ``param``: a process at ``location``, or any object of its record if that is empty.

    With ``other`` they are about two objects that are not the same.
    """

    param: Term
    location: str
    clauses: tuple[Clause, ...]
    other: Term | None = None


@dataclass(frozen=True)
class Limits:
    """How many atoms a clause may have: about a process at a location; about an object, and if there are ``few`` atoms about it.

    ``guards``: an equation may depend on so many flags of the object (see guarded).
    ``pairs`` adds clauses about two objects or processes, the order of numbers, and the kernel's variables everywhere.
    """

    located: int = 1
    objects: int = 2
    small: int = 3
    few: int = 30
    guards: int = 2
    pairs: bool = False


def candidates(system: TransitionSystem, samples: Sequence[Sample], limits: Limits) -> list[Group]:
    """Every clause of the grammar that holds in all samples."""
    written = {u.key for t in system.transitions for u in t.updates}
    grammar = _Grammar(system, tuple(v for v in system.state_vars if v.key in written and not v.owner_root), limits.pairs)
    found = []
    t = terms.var("t", system.thread)
    if not limits.pairs:
        statics = tuple(clauses(rows_of(samples, system, t), list(grammar.static_atoms()), 1))
        found.append(Group(t, "", statics))
    for record in system.records:
        r = terms.var(record.name.lower(), record)
        atoms = list(grammar.of_object(r))
        if atoms:
            rows = rows_of(samples, system, r)
            shortest = list(clauses(rows, atoms, limits.objects, limits))
            found.append(Group(r, "", (*shortest, *guarded(rows, list(grammar.own_atoms(r)), limits.guards, shortest))))
    everywhere = {g.param: set(g.clauses) for g in found}
    for location in system.locations:
        rows = rows_of(samples, system, t, location.name)
        if not any(len(r.states) for r in rows):
            found.append(Group(t, location.name, ((),)))  # nobody is ever seen there: that nobody ever is
            continue
        atoms = list(grammar.located(t, location))
        here = list(clauses(rows, atoms, limits.located))
        here += [*guarded(rows, atoms, 0, here), *_flag_pairs(rows, atoms)]
        found.append(Group(t, location.name, tuple(c for c in dict.fromkeys(here) if not _instance(c, everywhere))))
    if limits.pairs:
        found += [_object_pairs(grammar, samples, r) for r in system.records if r != system.thread]
        found.append(_process_pairs(grammar, samples))
    return [g for g in found if g.clauses]


def _object_pairs(grammar: _Grammar, samples: Sequence[Sample], record: RefSort) -> Group:
    """What is never true of two objects of one record at once: one atom about each."""
    a, b = terms.var("a", record), terms.var("b", record)
    rows = pairs_of(samples, a, b)
    own = list(grammar.own_atoms(a))
    sides = [x for atom in own for x in (atom, terms.negate(atom))]
    found = [(x, terms.substitute(y, {a: b})) for i, x in enumerate(sides) for y in sides[i:]]
    return Group(a, "", tuple(c for c in found if all(_always(r, c) for r in rows)), b)


def _process_pairs(grammar: _Grammar, samples: Sequence[Sample]) -> Group:
    """Where two processes are never at once, and how what they hold differs where they are."""
    system = grammar.system
    a, b = terms.var("a", system.thread), terms.var("b", system.thread)
    rows = pairs_of(samples, a, b)
    found: list[Clause] = []
    for i, here in enumerate(system.locations):
        for there in system.locations[i:]:
            apart = (terms.negate(system.at(a, here.name)), terms.negate(system.at(b, there.name)))
            if all(_always(r, apart) for r in rows):
                found.append(apart)
            else:
                cross = grammar.cross_atoms(a, here, b, there)
                sides = [x for atom in cross for x in (atom, terms.negate(atom))]
                found += [(*apart, x) for x in sides if all(_always(r, (*apart, x)) for r in rows)]
    return Group(a, "", tuple(found), b)


def _always(rows: Rows, clause: Clause) -> bool:
    return bool(rows.value(terms.disj(*clause)).all())


def _instance(clause: Clause, everywhere: Mapping[Term, set[Clause]]) -> bool:
    """Whether ``clause`` says of some object, or of the kernel's variables, only what holds everywhere."""
    if any(clause in known for known in everywhere.values()):
        return True
    through = dict.fromkeys(n.args[0] for a in clause for n in terms.subterms(a) if n.op == "field" and n.args)
    return any(
        tuple(terms.substitute(a, {x: param}) for a in clause) in known
        for x in through
        for param, known in everywhere.items()
        if x.sort == param.sort
    )


@dataclass(frozen=True)
class _Grammar:
    """The expressions and atoms over the fields that transitions write."""

    system: TransitionSystem
    fields: tuple[StateVar, ...]
    wide: bool = False

    def located(self, t: Term, location: Location) -> Iterator[Term]:
        """Atoms about ``t`` at ``location``: its locals, its fields, one field further, and the kernel's variables."""
        own = {self.system.self_var: t}
        local = dict.fromkeys(terms.substitute(x, own) for _, _, x in location.names)
        fields = [self.system.read(v.key, t) for v in self.fields if v.record == t.sort.name and v.key != self.system.pc_key]
        statics = [self.system.read(v.key) for v in self.fields if not v.record]
        bases = [x for x in (*local, *fields) if x.op == "field"]
        further = [y for x in local if x.op == "field" for y in self._fields_of(x)]
        yield from self._atoms([*bases, *statics, *further], t)

    def of_object(self, r: Term) -> Iterator[Term]:
        """Atoms about ``r``: its fields, and theirs."""
        own = [self.system.read(v.key, r) for v in self.fields if v.record == r.sort.name and v.key != self.system.pc_key]
        statics = [self.system.read(v.key) for v in self.fields if not v.record] if self.wide else []
        yield from self._atoms([*own, *statics, *(y for x in own for y in self._fields_of(x))], r)

    def static_atoms(self) -> Iterator[Term]:
        """Atoms about the kernel's variables alone."""
        for v in self.fields:
            if not v.record:
                yield from self._values(self.system.read(v.key))

    def own_atoms(self, r: Term) -> Iterator[Term]:
        """Atoms about the fields of ``r`` alone."""
        yield from self._atoms([self.system.read(v.key, r) for v in self.fields if v.record == r.sort.name], r)

    def cross_atoms(self, a: Term, here: Location, b: Term, there: Location) -> list[Term]:
        """Equations and order between a local of ``a`` at one location, one of ``b`` at another, and the kernel's variables."""
        mine, theirs = (
            [terms.substitute(x, {self.system.self_var: p}) for x in dict.fromkeys(x for _, _, x in loc.names) if x.op == "field"]
            for p, loc in ((a, here), (b, there))
        )
        statics = [self.system.read(v.key) for v in self.fields if not v.record]
        related = [*((x, y) for x in mine for y in theirs), *((x, y) for x in (*mine, *theirs) for y in statics)]
        equations = [atom for x, y in related if self._comparable(x.sort, y.sort) for atom in self._related(x, y)]
        return [*equations, *(x for x in statics if x.sort == BOOL)]

    def _related(self, x: Term, y: Term) -> list[Term]:
        ordered = self.wide and isinstance(x.sort, WordSort)
        return [terms.eq(x, y), *([terms.lt(x, y), terms.lt(y, x)] if ordered else [])]

    def _fields_of(self, x: Term) -> list[Term]:
        if not isinstance(x.sort, RefSort) or x.sort == self.system.thread:
            return []
        return [self.system.read(v.key, x) for v in self.fields if v.record == x.sort.name]

    def _atoms(self, expressions: list[Term], me: Term) -> Iterator[Term]:
        for e in expressions:
            yield from self._values(e)
        for a, b in combinations([*expressions, me], 2):
            if self._comparable(a.sort, b.sort):
                yield from self._related(a, b)
        for a, b in combinations(expressions, 2):
            if _parent(a) == _parent(b):
                yield from self._converted(a, b)

    @staticmethod
    def _values(e: Term) -> Iterator[Term]:
        """What ``e`` may be: true, some value of its enumeration, or 0."""
        match e.sort:
            case BoolSort():
                yield e
            case EnumSort(members=members):
                yield from (terms.eq(e, terms.member(e.sort, m)) for m in members)
            case _:
                yield terms.eq(e, terms.const(0, e.sort))

    @staticmethod
    def _comparable(a: Sort, b: Sort) -> bool:
        return a == b and isinstance(a, (RefSort, WordSort, ScalarSort))

    @staticmethod
    def _converted(a: Term, b: Term) -> Iterator[Term]:
        """Fields of one object that hold one number in two ways."""
        for x, y in ((a, b), (b, a)):
            if isinstance(x.sort, RefSort) and x.sort.key == y.sort.name:
                yield terms.eq(x, terms.indexed(y, x.sort))
            if isinstance(x.sort, WordSort) and x.sort.swapped == y.sort.name:
                yield terms.eq(x, terms.htons(y, x.sort))


def _parent(e: Term) -> Term | None:
    return e.args[0] if e.args else None


def clauses(rows: Sequence[Rows], atoms: Sequence[Term], longest: int, limits: Limits = Limits()) -> Iterator[Clause]:
    """The shortest disjunctions of at most ``longest`` atoms and negated atoms that are true in all rows.

    A clause that reads a field through a reference also holds if that is NULL: it says so unless it never is.
    """
    literals, table = _truth(rows, list(dict.fromkeys(atoms)))
    if not table.size:
        return
    always = [i for i, row in enumerate(table) if row.all()]
    known = {literals[i] for i in always}
    left = [i for i, x in enumerate(literals) if x not in known and terms.negate(x) not in known]
    left = [i for i in left if not _said_otherwise(literals[i], {literals[j] for j in left})]
    names = [literals[i] for i in left]
    found: list[Clause] = [(literals[i],) for i in always]
    found += _value_sets(names)
    near = [i for i in left if not list(_null_paths((literals[i],)))]
    if longest >= 2 and near:
        near, ties = _representatives(near, literals, table)
        found += ties
        names, false = [literals[i] for i in near], ~table[near]
        pairs = _never_both(false)
        both = zip(*np.nonzero(np.triu(pairs, 1)), strict=True)
        found += [(names[i], names[j]) for i, j in both if _says_something(names[i], names[j])]
        if len(near) <= limits.few and limits.small >= 3:
            found += _triples(names, false, pairs)
    for clause in found:
        if not (len(clause) == 1 and _other_value(clause[0])):
            yield (*(x for x in _null_paths(clause) if terms.negate(x) not in known and x not in clause), *clause)


def guarded(rows: Sequence[Rows], atoms: Sequence[Term], most: int, known: Sequence[Clause]) -> Iterator[Clause]:
    """Equations that hold unless one side is 0 or absent, and unless one of at most ``most`` flags is as said.

    A number may be owed while somebody has a lock, and may stay behind when an object dies: so what is remembered twice agrees
    up to flags of the object.  The fewest flags are found for each; ``known`` are clauses that need not be said again.
    """
    literals, table = _truth(rows, list(dict.fromkeys(atoms)))
    if not table.size:
        return
    row = dict(zip(literals, table, strict=True))
    always = {x for x in literals if row[x].all()}
    said = [frozenset(c) for c in known]
    flags = [x for x in literals if _is_flag(x) and x not in always and terms.negate(x) not in always]
    for equation in literals:
        for zero in _absences(equation):
            core = (zero, equation) if zero in row and zero != equation else (equation,)
            missing = ~np.logical_or.reduce([row[x] for x in core])
            for guards in _fewest(flags, row, missing, most):
                clause = (*guards, *core)
                full = (*(x for x in _null_paths(clause) if terms.negate(x) not in always and x not in clause), *clause)
                if not any(k <= set(full) for k in said):
                    yield full


def _fewest(
    flags: Sequence[Term], row: Mapping[Term, NDArray[np.bool_]], missing: NDArray[np.bool_], most: int
) -> Iterator[tuple[Term, ...]]:
    """The smallest sets of at most ``most`` flags one of which is true wherever ``missing`` is."""
    found: list[set[Term]] = []
    for count in range(most + 1):
        for chosen in combinations(flags, count):
            if len({_positive(x) for x in chosen}) == count and not any(f <= set(chosen) for f in found):
                if (missing & ~_either([row[x] for x in chosen], missing)).any():
                    continue
                found.append(set(chosen))
                yield chosen


def _either(rows: Sequence[NDArray[np.bool_]], like: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return np.asarray(np.logical_or.reduce(rows)) if rows else np.zeros_like(like)


def _is_flag(literal: Term) -> bool:
    """A truth value of an object, or its negation."""
    atom = _positive(literal)
    return atom.op == "field" and atom.sort == BOOL and bool(atom.args)


def _positive(literal: Term) -> Term:
    return literal.args[0] if literal.op == "not" else literal


def _absences(equation: Term) -> Iterator[Term]:
    """For an equation of two expressions, that either is 0; for anything else nothing."""
    if equation.op == "eq" and all(x.op != "const" for x in equation.args):
        sides = [x.args[0] if x.op in ("htons", "object") else x for x in equation.args]
        yield from (terms.eq(x, terms.const(0, x.sort)) for x in sides if x.op == "field")


def _flag_pairs(rows: Sequence[Rows], atoms: Sequence[Term]) -> Iterator[Clause]:
    """Two flags of one object one of which is always as said."""
    flags = [a for a in dict.fromkeys(atoms) if _is_flag(a)]
    parents = dict.fromkeys(a.args[0] for a in flags)
    for parent in parents:
        yield from (c for c in clauses(rows, [a for a in flags if a.args[0] == parent], 2, Limits(small=2)) if len(c) > 1)


def _representatives(chosen: Sequence[int], literals: Sequence[Term], table: NDArray[np.bool_]) -> tuple[list[int], list[Clause]]:
    """Of the literals that are true in the same states the first ones, and clauses that say that the others equal them."""
    first: dict[bytes, int] = {}
    ties: list[Clause] = []
    for i in chosen:
        like = first.setdefault(table[i].tobytes(), i)
        if like != i:
            ties.append((terms.negate(literals[like]), literals[i]))  # the other direction is that of the negations
    return list(first.values()), ties


def _said_otherwise(literal: Term, others: set[Term]) -> bool:
    """Whether ``literal`` denies one value of an enumeration that has one other only: saying that one is as good."""
    if literal.op != "not" or literal.args[0].op != "eq" or not isinstance(literal.args[0].args[0].sort, EnumSort):
        return False
    e = literal.args[0].args[0]
    return sum(x.op == "eq" and x.args[0] == e and x.args[1].op == "const" for x in others) == 2


def _null_paths(clause: Clause) -> Iterator[Term]:
    """That the references a clause goes through are NULL."""
    through = dict.fromkeys(
        n.args[0] for atom in clause for n in terms.subterms(atom) if n.op == "field" and n.args and n.args[0].op == "field"
    )
    yield from (terms.eq(x, terms.const(0, x.sort)) for x in through)


def _other_value(literal: Term) -> bool:
    """Whether ``literal`` says that an enumeration has not a certain value, of the many it never has."""
    if literal.op != "not" or literal.args[0].op != "eq":
        return False
    return isinstance(literal.args[0].args[0].sort, EnumSort)


def _truth(rows: Sequence[Rows], atoms: list[Term]) -> tuple[list[Term], NDArray[np.bool_]]:
    """The atoms and their negations, and in which different ways they are true together; a column per way."""
    blocks = [np.array([side for a in atoms for side in _both_sides(r, a)]) for r in rows if len(r.states)]
    if not blocks or not atoms:
        return [], np.zeros((0, 0), bool)
    literals = [side for a in atoms for side in (a, terms.negate(a))]
    return literals, np.unique(np.concatenate(blocks, axis=1), axis=1)


def _both_sides(rows: Rows, atom: Term) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Where ``atom`` is true, and where its negation is: both, where it reads a field of NULL."""
    true = rows.value(atom).astype(bool)
    nowhere = np.zeros_like(true)
    for null in _null_paths((atom,)):
        nowhere |= rows.value(null).astype(bool)
    return true | nowhere, ~true | nowhere


def _never_both(false: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which pairs are never false together."""
    counts = false.astype(np.float32)
    return np.asarray(counts @ counts.T == 0)


def _says_something(a: Term, b: Term) -> bool:
    """Not ``x or not x``, and no two values of one expression, which are never both true."""
    if a == terms.negate(b):
        return False
    parts = [x.args[0] for x in (a, b) if x.op == "not" and x.args[0].op == "eq" and x.args[0].args[1].op == "const"]
    return len(parts) < 2 or parts[0].args[0] != parts[1].args[0]


def _triples(names: list[Term], false: NDArray[np.bool_], pairs: NDArray[np.bool_]) -> Iterator[Clause]:
    """Three atoms one of which is always true, no two of which are enough."""
    for i in range(len(names)):
        rest = [j for j in range(i + 1, len(names)) if not pairs[i, j]]
        here = false[rest][:, false[i]]
        never = _never_both(here)
        for a, b in zip(*np.nonzero(np.triu(never, 1)), strict=True):
            if not pairs[rest[a], rest[b]]:
                yield (names[i], names[rest[a]], names[rest[b]])


def _value_sets(names: list[Term]) -> Iterator[Clause]:
    """For each enumeration of which only some values are seen, the disjunction of those."""
    seen: dict[Term, list[Term]] = {}
    for a in names:
        if a.op == "eq" and isinstance(a.args[0].sort, EnumSort) and a.args[1].op == "const":
            seen.setdefault(a.args[0], []).append(a)
    for e, values in seen.items():
        assert isinstance(e.sort, EnumSort)
        if 1 < len(values) < len(e.sort.members):
            yield tuple(values)


__all__ = ["Clause", "Group", "Limits", "candidates", "clauses"]
