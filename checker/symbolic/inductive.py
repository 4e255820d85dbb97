"""Inductive proofs for any size: initiation, consecution per transition, implication of the property.

Each obligation is an unsatisfiability query that gets only the lemmas it declares; an obligation whose transition
writes nothing the lemma reads, or leads to where it says nothing of the process, is discharged by frame.  Consecutions
that need the same lemmas are asked for together: that no step by any of some transitions violates the fact is one query,
and only if it is not settled are there more.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import lru_cache

import z3

from checker.errors import UsageError
from checker.language import terms
from checker.language.sorts import EnumSort
from checker.language.terms import Term
from checker.symbolic.unbounded import Encoder, after, initially
from checker.system import Transition, TransitionSystem

EASY = 200_000
"""What Z3 may spend, in its own units, on a question before it is asked with more facts, or of a solver with tactics."""

FAIR = 10 * EASY
"""What it may spend on whether a fact follows from others: if it is not seen soon, the fact is proved by induction."""

TOGETHER = 8
"""How many transitions are asked about in one question."""


@dataclass(frozen=True)
class Fact:
    """A named universally quantified formula; ``uses`` are the facts its consecution needs besides itself.

    An ``assumed`` one is an axiom about what never changes.
    """

    name: str
    params: tuple[Term, ...]
    formula: Term
    uses: tuple[str, ...] = ()
    reason: str = ""
    assumed: bool = False


@dataclass(frozen=True)
class Obligation:
    """One query: ``unsat`` proves it; ``frame`` needs none.

    ``kind`` is ``implication`` (the fact follows from those it uses), ``initiation``, ``consecution`` or ``assumption``.
    ``smtlib`` is the query as Z3 got it, if it is not discharged; ``effort`` is what Z3 spent, in its own units.
    """

    fact: str
    kind: str
    transition: str
    result: str
    seconds: float
    smtlib: str = field(repr=False, default="")
    model: str = field(repr=False, default="")
    effort: int = 0

    @property
    def discharged(self) -> bool:
        return self.result in ("unsat", "frame", "assumed")


@dataclass(frozen=True)
class Proof:
    """The obligations of a set of facts."""

    facts: tuple[Fact, ...]
    obligations: tuple[Obligation, ...]
    seconds: float

    @property
    def complete(self) -> bool:
        return all(o.discharged for o in self.obligations)

    def failed(self) -> list[Obligation]:
        """The obligations that were not discharged."""
        return [o for o in self.obligations if not o.discharged]


def closure(facts: dict[str, Fact], names: Iterable[str]) -> list[Fact]:
    """The facts ``names`` rest on, themselves included, in the order of ``facts``."""
    needed: set[str] = set()
    work = list(names)
    while work:
        name = work.pop()
        if name not in needed:
            needed.add(name)
            work += facts[name].uses
    return [f for f in facts.values() if f.name in needed]


def prove(
    system: TransitionSystem,
    facts: list[Fact],
    *,
    seconds: float = 10.0,
    seed: int = 0,
    progress: Callable[[str], None] | None = None,
) -> Proof:
    """Check that the conjunction of ``facts`` is inductive.  ``seconds`` limits each obligation."""
    started = time.perf_counter()
    if not facts:
        return Proof((), (), 0.0)  # Encoding a large system takes seconds.
    prover = Prover(system, facts, seconds, seed)
    obligations: list[Obligation] = []
    for fact in facts:
        if progress:
            progress(fact.name)
        obligations += prover.obligations(fact)
    return Proof(tuple(facts), tuple(obligations), time.perf_counter() - started)


class Prover:
    """Poses the obligations of facts about one system.  Raises UsageError if a fact uses one that is not given."""

    def __init__(self, system: TransitionSystem, facts: list[Fact], seconds: float, seed: int) -> None:
        self.encoder = Encoder(system, exact=False)
        self.facts = {f.name: f for f in facts}
        for fact in facts:
            if missing := set(fact.uses) - set(self.facts):
                raise UsageError(
                    "unknown-lemma", f"{fact.name} uses {', '.join(sorted(missing))}, not given", "give every fact it uses"
                )
        self.closed = {f.name: self.encoder.closed(f.params, f.formula) for f in facts}
        self.seconds = seconds
        self.seed = seed
        self.implied: set[str] = set()
        self.own: dict[tuple[str, str], z3.BoolRef] = {}
        self.views = Views(system)
        self.solver: z3.Solver | None = None
        self.known: list[int] = []
        self.spent = self.total = 0

    def _rests_on(self, name: str, fact: str) -> bool:
        """Whether ``name`` was itself implied, directly or not, by ``fact``: then it cannot imply it."""
        uses = [u for u in self.facts[name].uses if u != name]
        return name in self.implied and any(u == fact or self._rests_on(u, fact) for u in uses)

    def obligations(self, fact: Fact) -> list[Obligation]:
        """One implication if it goes through, else initiation and one consecution per transition."""
        if fact.assumed:
            return [Obligation(fact.name, "assumption", "", "assumed", 0.0)]
        implied = self.implication(fact)
        if implied is not None and implied.discharged:
            self.implied.add(fact.name)
            return [implied]
        return [self._initiation(fact), *self._consecutions(fact)]

    def implication(self, fact: Fact) -> Obligation | None:
        """Whether the facts it uses imply ``fact``; None if it uses none, or one that was itself implied by it."""
        others = self._others(fact)
        if not others or any(self._rests_on(n, fact.name) for n in fact.uses):
            return None
        return self._check(fact, "implication", "", others, [terms.negate(fact.formula)], list(fact.params), limit=FAIR)

    def _others(self, fact: Fact) -> list[z3.BoolRef]:
        return [self.closed[n] for n in dict.fromkeys(fact.uses) if n != fact.name]

    def _initiation(self, fact: Fact) -> Obligation:
        claim = terms.negate(initially(self.encoder.system, fact.formula))
        if claim == terms.FALSE:
            return Obligation(fact.name, "initiation", "", "frame", 0.0)
        return self._check(fact, "initiation", "", [], [claim], list(fact.params))

    def _consecutions(self, fact: Fact) -> list[Obligation]:
        """One per transition; those of which the same facts tell something are asked for together."""
        found: dict[str, Obligation] = {}
        alike: dict[tuple[bool, tuple[str, ...]], list[Transition]] = {}
        for t in self.encoder.system.transitions:
            if touches(self.encoder.system, t, fact):
                alone, telling = self.views.changes_own(fact, t), (fact.name, *self._telling(fact, t))
                given = tuple(n for n in telling if not (alone and self.views.about_one(self.facts[n])))
                alike.setdefault((alone, given), []).append(t)
            else:
                found[t.name] = _framed(fact, t)
        for (alone, given), transitions in alike.items():
            hypotheses = [self.closed[n] for n in given]
            for n in range(0, len(transitions), TOGETHER):
                found.update(self._together(fact, transitions[n : n + TOGETHER], hypotheses, alone))
        return [found[t.name] for t in self.encoder.system.transitions]

    def _together(
        self, fact: Fact, transitions: list[Transition], hypotheses: list[z3.BoolRef], alone: bool = False
    ) -> dict[str, Obligation]:
        """The consecutions of some transitions, from one question if that is enough; what it took is shared out evenly.

        If they concern the process ``alone`` that acts, they are first asked for with what facts about one process say of it.
        """
        if len(transitions) == 1 and not alone:
            return {t.name: self.consecution(fact, t) for t in transitions}
        started = time.perf_counter()
        kept = self._knowing(hypotheses)
        kept.push()
        steps = [z3.And(*(self._alone(fact, t) if alone else self._violation(fact, t))) for t in transitions]
        result = self._ask(kept, [z3.Or(*steps)], EASY * (len(steps) + 1) // 2)
        kept.pop()
        if result == "unsat":
            effort = self._spent() // len(steps)
            seconds = (time.perf_counter() - started) / len(steps)
            return {t.name: Obligation(fact.name, "consecution", t.name, result, seconds, effort=effort) for t in transitions}
        everything = [self.closed[fact.name], *self._others(fact)]
        if alone or result == "sat" and len(hypotheses) < len(everything):
            return self._together(fact, transitions, everything)
        half = len(transitions) // 2
        parts = (transitions[:half], transitions[half:])
        return {name: o for part in parts for name, o in self._together(fact, part, hypotheses).items()}

    def _violation(self, fact: Fact, t: Transition) -> list[z3.BoolRef]:
        return self._claimed(*violation(self.encoder.system, fact, t))

    def _alone(self, fact: Fact, t: Transition) -> list[z3.BoolRef]:
        """That ``t`` violates ``fact`` of the process that acts, of which facts about one process hold where it starts."""
        names = [fact.name, *self._telling(fact, t)]
        known = [self._own(n, t.source) for n in names if self.views.about_one(self.facts[n])]
        said = terms.substitute(self.views.of_self(fact, t.target), primed(fact))
        claims = [self.encoder.system.guard(t), terms.negate(after(self.encoder.system, t, said))]
        return [*known, *self._claimed(claims, [*primed(fact).values(), self.encoder.system.self_var, *t.choices])]

    def _own(self, name: str, location: str) -> z3.BoolRef:
        """What a fact about one process says of the one that acts if that is at ``location``."""
        if (name, location) not in self.own:
            fact = self.facts[name]
            others = tuple(p for p in fact.params if p.sort != self.encoder.system.thread)
            self.own[name, location] = self.encoder.closed(others, self.views.of_self(fact, location))
        return self.own[name, location]

    def _telling(self, fact: Fact, t: Transition) -> tuple[str, ...]:
        """The facts it uses that say anything of a process about to take ``t``."""
        others = [n for n in dict.fromkeys(fact.uses) if n != fact.name]
        return tuple(n for n in others if self.views.tells(self.facts[n], t))

    def consecution(self, fact: Fact, t: Transition) -> Obligation:
        """Whether ``t`` preserves ``fact``; it may be a changed transition of the system."""
        hypotheses = [self.closed[fact.name], *self._others(fact)]
        if not touches(self.encoder.system, t, fact):
            return _framed(fact, t)
        claimed = violation(self.encoder.system, fact, t)
        telling = [self.closed[n] for n in (fact.name, *self._telling(fact, t))]
        if len(telling) == len(hypotheses):
            return self._check(fact, "consecution", t.name, hypotheses, *claimed)
        first = self._check(fact, "consecution", t.name, telling, *claimed, limit=None)
        if first.discharged:
            return first
        found = self._check(fact, "consecution", t.name, hypotheses, *claimed)
        return replace(found, seconds=first.seconds + found.seconds, effort=first.effort + found.effort)

    def always(self, t: Transition, claim: Term, facts: Iterable[str]) -> bool:
        """Whether ``claim`` holds whenever ``t`` fires in a state in which ``facts`` hold."""
        nameless = Fact(t.name, (), claim)
        hypotheses = [self.closed[n] for n in facts]
        variables = [self.encoder.system.self_var, *t.choices]
        claims = [self.encoder.system.guard(t), terms.negate(claim)]
        return self._check(nameless, "implication", t.name, hypotheses, claims, variables).discharged

    def _check(
        self,
        fact: Fact,
        kind: str,
        transition: str,
        hypotheses: list[z3.BoolRef],
        claims: list[Term],
        variables: list[Term],
        limit: int | None = 0,
    ) -> Obligation:
        """Ask, and if that is not easy ask again what may spend ``limit`` (0 for anything, None for nothing)."""
        started = time.perf_counter()
        claimed = self._claimed(claims, variables)
        solver = self._knowing(hypotheses)
        solver.push()
        result = self._ask(solver, claimed, EASY)
        model, smtlib = ("", "") if result == "unsat" or limit is None else _answered(solver, result)
        solver.pop()
        if result == "unknown" and limit is not None:
            # A fresh one, that nobody pushed: only so are the tactics used.
            fresh = self._told(z3.Solver(ctx=self.encoder.context), hypotheses)
            result = self._ask(fresh, claimed, limit)
            model, smtlib = ("", "") if result == "unsat" else _answered(fresh, result)
        seconds = time.perf_counter() - started
        return Obligation(fact.name, kind, transition, result, seconds, smtlib, model, self._spent())

    def _claimed(self, claims: list[Term], variables: list[Term]) -> list[z3.BoolRef]:
        return [g for v in variables for g in self.encoder.not_null(v)] + [self.encoder.encode(c) for c in claims]

    def _ask(self, solver: z3.Solver, claimed: list[z3.BoolRef], effort: int) -> str:
        """What ``solver`` says to ``claimed`` besides what it was told, within an effort if it is not 0."""
        solver.set("rlimit", effort)
        solver.add(*claimed)
        result = str(solver.check())
        self.total = solver.statistics().get_key_value("rlimit count")  # of all queries of the context
        return result

    def _spent(self) -> int:
        """What Z3 spent since this was last asked."""
        spent, self.spent = self.spent, self.total
        return self.spent - spent

    def _knowing(self, hypotheses: list[z3.BoolRef]) -> z3.Solver:
        """A solver that was told ``hypotheses``: the last one if they are the same, as for most transitions from one location.

        It has no tactics: on what is easy they take longer than they spare.
        """
        known = [h.get_id() for h in hypotheses]
        if self.solver is None or known != self.known:
            self.known, self.solver = known, self._told(z3.SimpleSolver(ctx=self.encoder.context), hypotheses)
        return self.solver

    def _told(self, solver: z3.Solver, hypotheses: list[z3.BoolRef]) -> z3.Solver:
        solver.set("timeout", int(self.seconds * 1000))
        solver.set("random_seed", self.seed)
        solver.add(*hypotheses)
        return solver


def _framed(fact: Fact, t: Transition) -> Obligation:
    return Obligation(fact.name, "consecution", t.name, "frame", 0.0)


def _answered(solver: z3.Solver, result: str) -> tuple[str, str]:
    """What ``solver`` says besides the ``result``: the model it found, if any, and the query."""
    return str(solver.model()) if result == "sat" else "", solver.to_smt2()


def primed(fact: Fact) -> dict[Term, Term]:
    """The parameters of ``fact`` as one violation of it names them, apart from every variable of a transition."""
    return {p: terms.var(f"{p.data}!", p.sort) for p in fact.params}


@lru_cache(maxsize=2)
def _renamed(fact: Fact) -> Term:
    """The formula of ``fact`` about its primed parameters: one is asked for with every transition, fact after fact."""
    return terms.substitute(fact.formula, primed(fact))


def violation(system: TransitionSystem, fact: Fact, t: Transition) -> tuple[list[Term], list[Term]]:
    """What is claimed of a step of ``t`` that violates ``fact``, and the variables of the claim."""
    claim = terms.negate(after(system, t, _renamed(fact)))
    return [system.guard(t), claim], [*primed(fact).values(), system.self_var, *t.choices]


def touches(system: TransitionSystem, t: Transition, fact: Fact) -> bool:
    """Whether ``t`` can make ``fact`` false where it holds.

    It writes a field read there, or moves between locations of which the formula says different things, and does not
    lead to where it says nothing of the process while it says of others what it said before.
    """
    view = _view(system.pc_key, system.pc_sort, fact.params, fact.formula)
    if not view.reads.intersection(u.key for u in t.updates):
        if t.source == t.target or view.seen_from(t.source) == view.seen_from(t.target):
            return False
    return not (view.changes_own(system, t) and set(view.seen_from(t.target)) == {terms.TRUE})


class _View:
    """What a formula says when a process it asks for is at a location; every location is looked at once."""

    def __init__(self, pc_key: terms.FieldKey, pc_sort: EnumSort, params: tuple[Term, ...], formula: Term) -> None:
        self.formula, self.sort = formula, pc_sort
        nodes = list(terms.subterms(formula))
        fields = [n for n in nodes if n.op == "field"]
        self.reads = frozenset(n.data for n in fields)
        self.places = [n for n in fields if n.data == pc_key]
        self.seen: dict[str, tuple[Term, ...]] = {}
        bound = [n.data for n in nodes if n.op in ("exists", "forall")]
        threads = [v for v in (*params, *bound) if v.sort.name == pc_key[0]]
        self.elsewhere = frozenset(n.data for n in fields if not set(threads) & set(n.args))
        self.one = threads[0] if len(threads) == 1 and threads[0] in params and pc_key not in self.elsewhere else None

    def changes_own(self, system: TransitionSystem, t: Transition) -> bool:
        """Whether it is about one process at a time, and ``t`` changes what it reads of the one that acts only."""
        changed = [u for u in t.updates if u.key in self.reads]
        own = all(u.where is None and u.obj == system.self_var and u.key not in self.elsewhere for u in changed)
        return self.one is not None and own

    def seen_from(self, location: str) -> tuple[Term, ...]:
        """The formula when a process is at ``location``, for each of the processes whose location it asks for."""
        if location not in self.seen:
            here = terms.member(self.sort, location)
            self.seen[location] = tuple(terms.substitute(self.formula, {place: here}) for place in self.places)
        return self.seen[location]


class Views:
    """What facts about a system say of its processes, as far as it has been asked for."""

    def __init__(self, system: TransitionSystem) -> None:
        self.system = system
        self.views: dict[str, _View] = {}

    def tells(self, fact: Fact, t: Transition) -> bool:
        """Whether ``fact`` says anything of a process that is where ``t`` starts."""
        seen = self._seen(fact, t)
        return not seen or any(view != terms.TRUE for view in seen)

    def is_about(self, fact: Fact, t: Transition) -> bool:
        """Whether it says something of such a process that it does not say of every other."""
        return any(view != terms.TRUE for view in self._seen(fact, t))

    def about_one(self, fact: Fact) -> bool:
        """Whether it is about one process at a time."""
        return self._view(fact).one is not None

    def changes_own(self, fact: Fact, t: Transition) -> bool:
        """Whether it is about one process at a time, and ``t`` changes what it reads of the one that acts only."""
        return self._view(fact).changes_own(self.system, t)

    def of_self(self, fact: Fact, location: str) -> Term:
        """What a fact about one process says of the one that acts if that is at ``location``."""
        view = self._view(fact)
        assert view.one is not None
        return terms.substitute([*view.seen_from(location), fact.formula][0], {view.one: self.system.self_var})

    def _seen(self, fact: Fact, t: Transition) -> tuple[Term, ...]:
        return self._view(fact).seen_from(t.source)

    def _view(self, fact: Fact) -> _View:
        if fact.name not in self.views:
            self.views[fact.name] = _View(self.system.pc_key, self.system.pc_sort, fact.params, fact.formula)
        return self.views[fact.name]


@lru_cache(maxsize=2)
def _view(pc_key: terms.FieldKey, pc_sort: EnumSort, params: tuple[Term, ...], formula: Term) -> _View:
    return _View(pc_key, pc_sort, params, formula)
