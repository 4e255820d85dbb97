"""Houdini: of many candidate clauses, the largest set that is inductive for any number of objects.

In go a system and groups of candidate clauses; out come the clauses that are left when they hold initially and no step of any
transition can violate one of them while all of them hold before.  Hypotheses are instantiated on the objects that the
transition and the question name, so a query has no quantifier but those of guards: Z3 answers in milliseconds, and what it cannot
refute is dropped, which is always sound.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import permutations

import z3

from checker.inference.grammar import Clause, Group
from checker.language import terms
from checker.language.sorts import RefSort
from checker.language.terms import FieldKey, Term
from checker.symbolic.facts import Fact, violation
from checker.symbolic.unbounded import Encoder, after, initially
from checker.system import Transition, TransitionSystem

Say = Callable[[str], None]
Member = tuple[int, Clause]
"""A clause and the number of its group."""


EFFORT = 4_000_000
"""What Z3 may spend on one query, in its own units: unlike a time limit the same on every machine."""


@dataclass(frozen=True)
class Query:
    """Which clauses of ``group`` can ``transition`` violate?  About its own process if ``own``, else about any other object."""

    transition: Transition
    group: int
    own: bool = False


@dataclass(frozen=True)
class Posed:
    """A question to Z3, and the groups whose clauses are among its hypotheses."""

    solver: z3.Solver
    told: set[int] = field(default_factory=set)


class Houdini:
    """Candidates under consideration: ``alive[i]`` are the clauses of group i not dropped so far."""

    def __init__(self, system: TransitionSystem, groups: Sequence[Group], axioms: Sequence[Fact], effort: int = EFFORT) -> None:
        self.system = system
        self.groups = groups
        self.effort = effort
        self.queries = 0
        self.encoder = Encoder(system)
        self.axioms = [self.encoder.closed(f.params, f.formula) for f in axioms]
        self.alive = [[c for c in g.clauses if self._starts(g, c)] for g in groups]
        self.located = {g.location: i for i, g in enumerate(groups) if g.location}
        self.objects = [i for i, g in enumerate(groups) if not g.location and g.other is None]
        self.pairs = [i for i, g in enumerate(groups) if g.other is not None]
        self.other = terms.var("other!", system.thread)
        self._fields: dict[Term, list[FieldKey]] = {}
        self._instances: dict[tuple[int, tuple[Term, ...]], z3.BoolRef] = {}
        self._after: dict[tuple[str, Term], Term] = {}
        self._bases: dict[str, list[Term]] = {}
        self._switches: dict[Member, z3.BoolRef] = {}

    def _starts(self, group: Group, clause: Clause) -> bool:
        """Whether ``clause`` holds initially: all processes are idle, and every field has its first value."""
        idle = self.system.pc_sort.members[self.system.vars_by_key[self.system.pc_key].initial]
        return group.location not in ("", idle) or initially(self.system, terms.disj(*clause)) == terms.TRUE

    # -- the fixpoint -------------------------------------------------------------------------------------------

    def run(self, say: Say = lambda _: None) -> None:
        """Drop clauses until no query drops any.  A question is asked again when a clause that its answer needed is gone."""
        settled: dict[Query, frozenset[Member]] = {}
        work = list(self.all_queries())
        dropped: set[Member] = set()
        rounds, changed = 0, True
        while changed:
            rounds, changed = rounds + 1, False
            for done, query in enumerate(work):
                if query not in settled or settled[query] & dropped:
                    lost, core = self.settle(query)
                    dropped |= lost
                    changed = changed or bool(lost)
                    settled[query] = core
                if done % 20 == 0:
                    say(f"round {rounds}: {done} of {len(work)} questions, {sum(map(len, self.alive))} clauses left")

    def all_queries(self) -> Iterator[Query]:
        """Every question whose answer is not clear by frame."""
        for t in self.system.transitions:
            if t.target in self.located:
                yield Query(t, self.located[t.target], own=True)
            # A question about a process anywhere at all exceeds what Z3 may spend, and true clauses fall.
            yield from (Query(t, i) for i in (*self.located.values(), *self.objects, *self.pairs))

    def asked(self, query: Query) -> list[Member]:
        """The clauses that the transition might violate: those that read what it writes, or all where its process arrives."""
        t, thread = query.transition, self.system.thread
        mine = bool(self.groups[query.group].location) and not query.own  # then what the process does to itself is no matter
        written = {
            u.key for u in self.system.updates(t) if not (mine and u.obj == self.system.self_var and u.key[0] == thread.name)
        }
        alive = [(query.group, c) for c in self.alive[query.group]]
        if query.own and t.source != t.target:
            return alive
        return [(i, c) for i, c in alive if any(k in written for a in c for k in self._reads(a))]

    def _reads(self, atom: Term) -> list[FieldKey]:
        if atom not in self._fields:
            self._fields[atom] = terms.fields_of(atom)
        return self._fields[atom]

    def settle(self, query: Query) -> tuple[set[Member], frozenset[Member]]:
        """Drop the clauses that the transition can violate: which they are, and what preserves the others."""
        asked = self.asked(query)
        if not asked:
            return set(), frozenset()
        posed, claims = self.pose(query, asked)
        lost: set[int] = set()
        core: frozenset[Member] = frozenset()
        while len(lost) < len(claims):
            posed.solver.add(self._any([z3.Not(c) for i, c in enumerate(claims) if i not in lost]))
            answer, core = self.ask(posed)
            if answer == z3.unsat:
                break
            left = [i for i in range(len(claims)) if i not in lost]
            lost.update(self._false_in_model(posed.solver, claims, left) or self._refutable(posed, claims, left))
        gone = {asked[i] for i in lost}
        for group, clause in gone:
            self.alive[group].remove(clause)
        return gone, core

    @staticmethod
    def _false_in_model(solver: z3.Solver, claims: Sequence[z3.BoolRef], left: Sequence[int]) -> list[int]:
        """Claims that are false in the state that the solver has in mind, though it may not be sure of its quantifiers."""
        try:
            model = solver.model()
        except z3.Z3Exception:
            return []
        return [i for i in left if z3.is_false(model.eval(claims[i], model_completion=True))]

    def _refutable(self, posed: Posed, claims: Sequence[z3.BoolRef], left: Sequence[int]) -> list[int]:
        """Claims that the solver does not prove one by one; all, if each by itself is proved but not all together."""
        found = []
        for i in left:
            posed.solver.push()
            posed.solver.add(z3.Not(claims[i]))
            if self.ask(posed)[0] != z3.unsat:
                found.append(i)
            posed.solver.pop()
        return found or list(left)

    def ask(self, posed: Posed) -> tuple[z3.CheckSatResult, frozenset[Member]]:
        """The answer of a solver that knows the clauses left, and if it is ``unsat`` those it needed."""
        self.queries += 1
        switches = {self.switch((i, c)): (i, c) for i in sorted(posed.told) for c in self.alive[i]}
        answer = posed.solver.check(*switches)
        return answer, frozenset(switches[x] for x in posed.solver.unsat_core()) if answer == z3.unsat else frozenset()

    # -- one query ------------------------------------------------------------------------------------------------

    def pose(self, query: Query, asked: Sequence[Member]) -> tuple[Posed, list[z3.BoolRef]]:
        """A solver that knows hypotheses and guard, and each clause after the step."""
        system, t, group = self.system, query.transition, self.groups[query.group]
        located = bool(group.location)
        elsewhere = located and not query.own  # the process asked about is not the one that moves
        me = system.self_var if query.own else self.other if located else self._any_of(query.group)
        second = self._second_of(query.group, me)
        named = [system.self_var, *t.choices, *second.values(), me, *self.bases(t.source, system.self_var)]
        if elsewhere:
            named += self.bases(group.location, me)
        following = [[self._next(t, a, {group.param: me, **second}) for a in c] for _, c in asked]
        posed = self.posed(t, [*named, *(a for c in following for a in c)])
        solver = posed.solver
        for v in (me, *second.values()):
            solver.add(*self.encoder.not_null(v))
            if v.sort == system.thread and not located:
                self._tell_where(posed, v)
        solver.add(*(self.encoder.encode(terms.negate(terms.eq(me, v))) for v in second.values()))
        if elsewhere:
            solver.add(self.encoder.encode(terms.negate(terms.eq(me, system.self_var))), self._at(me, group.location))
            self._tell(posed, query.group, me)
        return posed, [self._any([self.encoder.encode(a) for a in atoms]) for atoms in following]

    def pose_fact(self, t: Transition | None, fact: Fact, others: Sequence[Fact] = ()) -> Posed:
        """A solver that knows all clauses and ``others``, and that ``t`` violates ``fact``; without ``t``, that it is false."""
        if t is None:
            return self._denial(fact, others)
        claims, variables = violation(self.system, fact, t)
        processes = [v for v in variables if v.sort == self.system.thread and v != self.system.self_var]
        named = [*variables, *(x for p in processes for where in (t.source, *self.located) for x in self.bases(where, p))]
        posed = self.posed(t, [*named, *claims])
        for v in variables:
            posed.solver.add(*self.encoder.not_null(v))
        for p in processes:
            self._tell_where(posed, p)
        posed.solver.add(*(self.encoder.closed(f.params, f.formula) for f in (fact, *others)))
        posed.solver.add(*(self.encoder.encode(c) for c in claims))
        return posed

    def _denial(self, fact: Fact, others: Sequence[Fact]) -> Posed:
        """All clauses and ``others``, and that ``fact`` is false."""
        claim, variables = terms.negate(fact.formula), fact.params
        processes = [v for v in variables if v.sort == self.system.thread]
        named = [*variables, *(x for p in processes for where in self.located for x in self.bases(where, p)), claim]
        posed = self._empty()
        for v in variables:
            posed.solver.add(*self.encoder.not_null(v))
        self._about_all(posed, [*named, *(y for x in ground(named) for y in self._further(x))])
        for p in processes:
            self._tell_where(posed, p)
        posed.solver.add(*(self.encoder.closed(f.params, f.formula) for f in others))
        posed.solver.add(self.encoder.encode(claim))
        return posed

    def _tell(self, posed: Posed, group: int, *objects: Term) -> None:
        """Make the clauses of ``group`` about ``objects`` hypotheses."""
        posed.solver.add(self.about(group, *objects))
        posed.told.add(group)

    def _tell_where(self, posed: Posed, process: Term) -> None:
        """What holds of ``process`` wherever it is."""
        for i in self.located.values():
            self._tell(posed, i, process)

    def _further(self, x: Term) -> list[Term]:
        """The references in the fields of ``x``."""
        return [
            self.system.read(v.key, x)
            for v in self.system.state_vars
            if v.record == x.sort.name and isinstance(v.sort, RefSort) and not v.owner_root
        ]

    def _empty(self) -> Posed:
        solver = z3.SimpleSolver(ctx=self.encoder.context)
        solver.set("rlimit", self.effort)
        solver.add(*self.axioms)
        return Posed(solver)

    def _about_all(self, posed: Posed, used: Iterable[Term]) -> None:
        objects = ground(used)
        for g in objects:
            for i in self.objects:
                if self.groups[i].param.sort == g.sort:
                    self._tell(posed, i, g)
        for i in self.pairs:
            mine = [g for g in objects if g.sort == self.groups[i].param.sort]
            for g, h in permutations(mine, 2):
                self._tell(posed, i, g, h)

    def posed(self, t: Transition, used: Iterable[Term]) -> Posed:
        """The guard of ``t``, and the clauses about its process and about every object named in ``t`` and ``used``."""
        system, encoder = self.system, self.encoder
        posed = self._empty()
        for v in (system.self_var, *t.choices):
            posed.solver.add(*encoder.not_null(v))
        posed.solver.add(encoder.encode(system.guard(t)))
        if t.source in self.located:
            self._tell(posed, self.located[t.source], system.self_var)
        self._about_all(posed, [*system.terms_of(t), *used])
        return posed

    def _any_of(self, group: int) -> Term:
        return terms.var(f"any {self.groups[group].param.data}!", self.groups[group].param.sort)

    def _at(self, process: Term, location: str) -> z3.BoolRef:
        return self.encoder.encode(self.system.at(process, location))

    def _second_of(self, group: int, me: Term) -> dict[Term, Term]:
        """The other object of a pair."""
        other = self.groups[group].other
        return {} if other is None else {other: terms.var(f"second {me.data}", me.sort)}

    def _next(self, t: Transition, atom: Term, about: Mapping[Term, Term]) -> Term:
        key = (t.name, terms.substitute(atom, dict(about)))
        if key not in self._after:
            self._after[key] = after(self.system, t, key[1])
        return self._after[key]

    def bases(self, location: str, process: Term) -> list[Term]:
        """The references that ``process`` has at ``location``."""
        if location not in self._bases:
            names = self.system.locations_by_name[location].names
            local = dict.fromkeys(x for _, _, x in names if isinstance(x.sort, RefSort))
            own = [v for v in self.system.state_vars if v.record == self.system.thread.name and not v.owner_root]
            fields = [self.system.read(v.key, self.system.self_var) for v in own if isinstance(v.sort, RefSort)]
            self._bases[location] = [*local, *fields]
        return [terms.substitute(x, {self.system.self_var: process}) for x in self._bases[location]]

    def switch(self, member: Member) -> z3.BoolRef:
        """A truth value that makes a clause a hypothesis."""
        if member not in self._switches:
            self._switches[member] = z3.Bool(f"clause {len(self._switches)}", ctx=self.encoder.context)
        return self._switches[member]

    def about(self, group: int, *objects: Term) -> z3.BoolRef:
        """The clauses of ``group`` about ``objects``, each behind its switch.

        Nothing about NULL, about a process that is elsewhere, or about a pair that is one object.
        """
        if (group, objects) not in self._instances:
            kind = self.groups[group]
            unless = [self.encoder.encode(terms.eq(g, terms.const(0, g.sort))) for g in objects if g.op != "var"]
            if kind.location and objects[0] != self.system.self_var:
                unless.append(z3.Not(self._at(objects[0], kind.location)))
            if kind.other is not None:
                unless.append(self.encoder.encode(terms.eq(*objects)))
            about = dict(zip((kind.param, *([kind.other] if kind.other else [])), objects, strict=True))
            parts = []
            for clause in self.alive[group]:
                atoms = [self.encoder.encode(terms.substitute(a, about)) for a in clause]
                parts.append(self._any([z3.Not(self.switch((group, clause))), *unless, *atoms]))
            self._instances[group, objects] = self._all(parts)
        return self._instances[group, objects]

    # z3.And and z3.Or look at every argument several times; there are many here.

    def _any(self, parts: Sequence[z3.BoolRef]) -> z3.BoolRef:
        context = self.encoder.context
        return z3.BoolRef(z3.Z3_mk_or(context.ref(), len(parts), (z3.Ast * len(parts))(*(p.as_ast() for p in parts))), context)

    def _all(self, parts: Sequence[z3.BoolRef]) -> z3.BoolRef:
        context = self.encoder.context
        return z3.BoolRef(z3.Z3_mk_and(context.ref(), len(parts), (z3.Ast * len(parts))(*(p.as_ast() for p in parts))), context)


def ground(formulas: Iterable[Term]) -> list[Term]:
    """The references in ``formulas`` that no quantifier binds, each once."""
    found: dict[Term, None] = {}
    for formula in formulas:
        bound = {n.data for n in terms.subterms(formula) if n.op in ("exists", "forall")}
        for n in terms.subterms(formula):
            if (
                isinstance(n.sort, RefSort)
                and n.op in ("var", "field", "object")
                and not (bound and bound & set(terms.subterms(n)))
            ):
                found[n] = None
    return list(found)


__all__ = ["Houdini", "Query", "ground"]
