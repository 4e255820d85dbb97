"""Inductive proofs for any size: initiation, consecution per transition, implication of the property.

Each obligation is one unsatisfiability query that gets only the lemmas it declares; an obligation whose transition
writes nothing the lemma reads is discharged by frame.
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
        self.encoder = Encoder(system)
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
        return [self._initiation(fact), *(self.consecution(fact, t) for t in self.encoder.system.transitions)]

    def implication(self, fact: Fact) -> Obligation | None:
        """Whether the facts it uses imply ``fact``; None if it uses none, or one that was itself implied by it."""
        others = self._others(fact)
        if not others or any(self._rests_on(n, fact.name) for n in fact.uses):
            return None
        return self._check(fact, "implication", "", others, [terms.negate(fact.formula)], list(fact.params))

    def _others(self, fact: Fact) -> list[z3.BoolRef]:
        return [self.closed[n] for n in dict.fromkeys(fact.uses) if n != fact.name]

    def _initiation(self, fact: Fact) -> Obligation:
        claim = terms.negate(initially(self.encoder.system, fact.formula))
        if claim == terms.FALSE:
            return Obligation(fact.name, "initiation", "", "frame", 0.0)
        return self._check(fact, "initiation", "", [], [claim], list(fact.params))

    def consecution(self, fact: Fact, t: Transition) -> Obligation:
        """Whether ``t`` preserves ``fact``; it may be a changed transition of the system."""
        hypotheses = [self.closed[fact.name], *self._others(fact)]
        system = self.encoder.system
        if not touches(system, t, fact.formula):
            return Obligation(fact.name, "consecution", t.name, "frame", 0.0)
        claimed = violation(system, fact, t)
        telling = [self.closed[n] for n in dict.fromkeys(fact.uses) if n != fact.name and self.views.tells(self.facts[n], t)]
        if len(telling) == len(hypotheses) - 1:
            return self._check(fact, "consecution", t.name, hypotheses, *claimed)
        first = self._check(fact, "consecution", t.name, [self.closed[fact.name], *telling], *claimed, effort=EASY)
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
        effort: int = 0,
    ) -> Obligation:
        started = time.perf_counter()
        claimed = [g for v in variables for g in self.encoder.not_null(v)] + [self.encoder.encode(c) for c in claims]
        kept = self._knowing(hypotheses)
        kept.push()
        result, model, smtlib = self._ask(kept, claimed, EASY)
        kept.pop()
        if result == "unknown" and not effort:
            # A fresh one, that nobody pushed: only so are the tactics used.
            result, model, smtlib = self._ask(self._told(z3.Solver(ctx=self.encoder.context), hypotheses), claimed, 0)
        spent, self.spent = self.spent, self.total
        seconds = time.perf_counter() - started
        return Obligation(fact.name, kind, transition, result, seconds, smtlib, model, self.spent - spent)

    def _ask(self, solver: z3.Solver, claimed: list[z3.BoolRef], effort: int) -> tuple[str, str, str]:
        """What ``solver`` says to ``claimed`` besides what it was told, within an effort if it is not 0; a model; the query."""
        solver.set("rlimit", effort)
        solver.add(*claimed)
        result = str(solver.check())
        model = str(solver.model()) if result == "sat" else ""
        smtlib = "" if result == "unsat" else solver.to_smt2()
        self.total = solver.statistics().get_key_value("rlimit count")  # of all queries of the context
        return result, model, smtlib

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


def touches(system: TransitionSystem, t: Transition, formula: Term) -> bool:
    """Whether ``t`` can change ``formula``: it writes a field read there, or enters or leaves a location named there."""
    view = _view(system.pc_key, system.pc_sort, formula)
    if any(u.key in view.reads for u in t.updates):
        return True
    return t.source != t.target and view.seen_from(t.source) != view.seen_from(t.target)


class _View:
    """What a formula says when a process it asks for is at a location; every location is looked at once."""

    def __init__(self, pc_key: terms.FieldKey, pc_sort: EnumSort, formula: Term) -> None:
        self.formula, self.sort = formula, pc_sort
        self.reads = frozenset(terms.fields_of(formula))
        self.places = [n for n in terms.subterms(formula) if n.op == "field" and n.data == pc_key]
        self.seen: dict[str, tuple[Term, ...]] = {}

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

    def _seen(self, fact: Fact, t: Transition) -> tuple[Term, ...]:
        if fact.name not in self.views:
            self.views[fact.name] = _View(self.system.pc_key, self.system.pc_sort, fact.formula)
        return self.views[fact.name].seen_from(t.source)


@lru_cache(maxsize=2)
def _view(pc_key: terms.FieldKey, pc_sort: EnumSort, formula: Term) -> _View:
    return _View(pc_key, pc_sort, formula)
