"""Inductive proofs for any size: initiation, consecution per transition, implication of the property.

Each obligation is an unsatisfiability query that gets only the lemmas it declares; an obligation whose transition
writes nothing the lemma reads, or leads to where it says nothing of the process, is discharged by frame.  Consecutions
that need the same lemmas are asked for together: that no step by any of some transitions violates the fact is one query,
and only if it is not settled are there more.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

import z3

from checker.errors import UsageError
from checker.language import terms
from checker.language.terms import Term
from checker.symbolic.effort import EASY, FAIR, HARD, SEEDS
from checker.symbolic.unbounded import Encoder, after, initially
from checker.symbolic.views import Views
from checker.system import Transition, TransitionSystem

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

    @property
    def others(self) -> list[str]:
        """The facts it uses besides itself, each once."""
        return [n for n in dict.fromkeys(self.uses) if n != self.name]


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
    effort: int = HARD,
    seed: int = 0,
    progress: Callable[[str], None] | None = None,
) -> Proof:
    """Check that the conjunction of ``facts`` is inductive.  Z3 may spend ``effort``, in its own units, on each obligation."""
    started = time.perf_counter()
    if not facts:
        return Proof((), (), 0.0)  # Encoding a large system takes seconds.
    prover = Prover(system, facts, effort, seed)
    obligations: list[Obligation] = []
    for fact in facts:
        if progress:
            progress(fact.name)
        obligations += prover.obligations(fact)
    return Proof(tuple(facts), tuple(obligations), time.perf_counter() - started)


class Prover:
    """Poses the obligations of facts about one system.  Raises UsageError if a fact uses one that is not given."""

    def __init__(self, system: TransitionSystem, facts: list[Fact], effort: int = HARD, seed: int = 0) -> None:
        self.encoder = Encoder(system, exact=False)
        self.facts = {f.name: f for f in facts}
        for fact in facts:
            if missing := set(fact.uses) - set(self.facts):
                raise UsageError(
                    "unknown-lemma", f"{fact.name} uses {', '.join(sorted(missing))}, not given", "give every fact it uses"
                )
        self.closed = {f.name: self.encoder.closed(f.params, f.formula) for f in facts}
        self.fair = (min(FAIR, effort),) * SEEDS
        self.hard = (*self.fair, effort)
        self.seed = seed
        self.implied: set[str] = set()
        self.instances: dict[tuple[str, str | Term], z3.BoolRef] = {}
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
        asked = (fact, "implication", "")
        claimed = ([terms.negate(fact.formula)], list(fact.params))
        found = self._check(*asked, others, *claimed, self.fair)
        return found if found.discharged else self._check(*asked, self._near(fact), *claimed, self.fair)

    def _near(self, fact: Fact) -> list[z3.BoolRef]:
        """What ``fact`` uses, where it is about one process only of those that ``fact`` is about."""
        one = [n for n in fact.others if self.views.about_one(self.facts[n])]
        threads = [p for p in fact.params if p.sort == self.encoder.system.thread]
        return [*(self._of(n, p) for p in threads for n in one), *(self.closed[n] for n in fact.others if n not in one)]

    def _others(self, fact: Fact) -> list[z3.BoolRef]:
        return [self.closed[n] for n in fact.others]

    def _initiation(self, fact: Fact) -> Obligation:
        claim = terms.negate(initially(self.encoder.system, fact.formula))
        if claim == terms.FALSE:
            return Obligation(fact.name, "initiation", "", "frame", 0.0)
        return self._check(fact, "initiation", "", [], [claim], list(fact.params), self.hard)

    def _consecutions(self, fact: Fact) -> list[Obligation]:
        """One per transition; those of which the same facts about more than one process tell something are asked for together."""
        found: dict[str, Obligation] = {}
        alike: dict[tuple[str, ...], list[Transition]] = {}
        for t in self.encoder.system.transitions:
            if self.views.touched(fact, t):
                names = (fact.name, *self._telling(fact, t))
                alike.setdefault(tuple(n for n in names if not self.views.about_one(self.facts[n])), []).append(t)
            else:
                found[t.name] = _framed(fact, t)
        for given, transitions in alike.items():
            hypotheses = [self.closed[n] for n in given]
            for n in range(0, len(transitions), TOGETHER):
                found.update(self._together(fact, transitions[n : n + TOGETHER], hypotheses, near=True))
        return [found[t.name] for t in self.encoder.system.transitions]

    def _together(
        self, fact: Fact, transitions: list[Transition], hypotheses: list[z3.BoolRef], *, near: bool = False
    ) -> dict[str, Obligation]:
        """The consecutions of some transitions, from one question if that is enough; what it took is shared out evenly.

        ``near`` facts about one process are known only of those at hand.
        """
        if len(transitions) == 1 and not near:
            return {t.name: self.consecution(fact, t) for t in transitions}
        started = time.perf_counter()
        kept = self._knowing(hypotheses)
        kept.push()
        steps = [z3.And(*(self._near_violation(fact, t) if near else self._violation(fact, t))) for t in transitions]
        result = self._ask(kept, [z3.Or(*steps)], EASY * (len(steps) + 1) // 2)
        kept.pop()
        if result == "unsat":
            effort = self._spent() // len(steps)
            seconds = (time.perf_counter() - started) / len(steps)
            return {t.name: Obligation(fact.name, "consecution", t.name, result, seconds, effort=effort) for t in transitions}
        everything = [self.closed[fact.name], *self._others(fact)]
        if near or result == "sat" and len(hypotheses) < len(everything):
            return self._together(fact, transitions, everything)
        half = len(transitions) // 2
        parts = (transitions[:half], transitions[half:])
        return {name: o for part in parts for name, o in self._together(fact, part, hypotheses).items()}

    def _violation(self, fact: Fact, t: Transition) -> list[z3.BoolRef]:
        return self._claimed(*violation(self.encoder.system, fact, t))

    def _near_violation(self, fact: Fact, t: Transition) -> list[z3.BoolRef]:
        """That ``t`` violates ``fact``, where facts about one process hold of the one that acts and of those ``fact`` is about.

        If ``t`` changes only what ``fact`` reads of the one that acts, it is violated of that one.
        """
        names = [fact.name, *self._telling(fact, t)]
        one = [n for n in names if self.views.about_one(self.facts[n])]
        known = [self._of_self(n, t.source) for n in one]
        if not self.views.changes_own(fact, t):
            threads = [p for p in primed(fact).values() if p.sort == self.encoder.system.thread]
            return [*known, *(self._of(n, p) for p in threads for n in one), *self._violation(fact, t)]
        said = terms.substitute(self.views.of_self(fact, t.target), primed(fact))
        claims = [self.encoder.system.guard(t), terms.negate(after(self.encoder.system, t, said))]
        return [*known, *self._claimed(claims, [*primed(fact).values(), self.encoder.system.self_var, *t.choices])]

    def _of_self(self, name: str, location: str) -> z3.BoolRef:
        """What a fact about one process says of the one that acts if that is at ``location``."""
        if (name, location) not in self.instances:
            self.instances[name, location] = self._instance(name, self.views.of_self(self.facts[name], location))
        return self.instances[name, location]

    def _of(self, name: str, process: Term) -> z3.BoolRef:
        """What a fact about one process says of ``process``."""
        if (name, process) not in self.instances:
            self.instances[name, process] = self._instance(name, self.views.of(self.facts[name], process))
        return self.instances[name, process]

    def _instance(self, name: str, said: Term) -> z3.BoolRef:
        """``said`` of a process, for all else that a fact is about."""
        others = tuple(p for p in self.facts[name].params if p.sort != self.encoder.system.thread)
        return self.encoder.closed(others, said)

    def _telling(self, fact: Fact, t: Transition) -> tuple[str, ...]:
        """The facts it uses that say anything of a process about to take ``t``."""
        return tuple(n for n in fact.others if self.views.tells(self.facts[n], t))

    def consecution(self, fact: Fact, t: Transition) -> Obligation:
        """Whether ``t`` preserves ``fact``; it may be a changed transition of the system."""
        hypotheses = [self.closed[fact.name], *self._others(fact)]
        if not self.views.touched(fact, t):
            return _framed(fact, t)
        claimed = violation(self.encoder.system, fact, t)
        telling = [self.closed[n] for n in (fact.name, *self._telling(fact, t))]
        if len(telling) == len(hypotheses):
            return self._check(fact, "consecution", t.name, hypotheses, *claimed, self.hard)
        first = self._check(fact, "consecution", t.name, telling, *claimed)
        if first.discharged:
            return first
        found = self._check(fact, "consecution", t.name, hypotheses, *claimed, self.hard)
        return replace(found, seconds=first.seconds + found.seconds, effort=first.effort + found.effort)

    def always(self, t: Transition, claim: Term, facts: Iterable[str]) -> bool:
        """Whether ``claim`` holds whenever ``t`` fires in a state in which ``facts`` hold."""
        nameless = Fact(t.name, (), claim)
        hypotheses = [self.closed[n] for n in facts]
        variables = [self.encoder.system.self_var, *t.choices]
        claims = [self.encoder.system.guard(t), terms.negate(claim)]
        return self._check(nameless, "implication", t.name, hypotheses, claims, variables, self.hard).discharged

    def _check(
        self,
        fact: Fact,
        kind: str,
        transition: str,
        hypotheses: list[z3.BoolRef],
        claims: list[Term],
        variables: list[Term],
        again: Sequence[int] = (),
    ) -> Obligation:
        """Ask, and if that is not easy ask again within each effort of ``again``, under the next seed each time.

        Only of what is given up after all that may be tried it is told how far it came: printing that takes long.
        """
        started = time.perf_counter()
        claimed = self._claimed(claims, variables)
        solver = self._knowing(hypotheses)
        solver.push()
        result, asked, effort = self._ask(solver, claimed, EASY), solver, 0
        for n, allowed in enumerate(again):
            if result == "unknown":
                asked = self._alone([*hypotheses, *claimed], self.seed + n, allowed)
                result = str(asked.check())
                effort += asked.statistics().get_key_value("rlimit count")
        model, smtlib = _answered(asked, result) if result != "unsat" and again == self.hard else ("", "")
        solver.pop()
        seconds = time.perf_counter() - started
        return Obligation(fact.name, kind, transition, result, seconds, smtlib, model, self._spent() + effort)

    def _claimed(self, claims: list[Term], variables: list[Term]) -> list[z3.BoolRef]:
        return [g for v in variables for g in self.encoder.not_null(v)] + [self.encoder.encode(c) for c in claims]

    def _ask(self, solver: z3.Solver, claimed: list[z3.BoolRef], effort: int) -> str:
        """What ``solver`` says to ``claimed`` besides what it was told, within an effort."""
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

    def _alone(self, assertions: list[z3.BoolRef], seed: int, effort: int) -> z3.Solver:
        """A solver with tactics in a context of its own, where less of what was asked before can sway the search."""
        context = z3.Context()
        alone = z3.Solver(ctx=context)
        alone.add(*(assertion.translate(context) for assertion in assertions))  # translating a solver takes half a second
        alone.set("rlimit", effort)
        alone.set("random_seed", seed)
        return alone

    def _told(self, solver: z3.Solver, hypotheses: list[z3.BoolRef]) -> z3.Solver:
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
