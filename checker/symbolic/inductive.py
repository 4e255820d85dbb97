"""Inductive proofs for any size: initiation, consecution per transition, implication of the property.

Each obligation is an unsatisfiability query that gets only the lemmas it declares; an obligation whose transition
writes nothing the lemma reads, or leads to where it says nothing of the process, is discharged by frame.  Consecutions
that need the same lemmas are asked for together: that no step by any of some transitions violates the fact is one query,
and only if it is not settled are there more.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import z3

from checker.errors import UsageError
from checker.language import terms
from checker.language.terms import Term
from checker.symbolic.effort import EASY, FAIR, HARD, SEEDS
from checker.symbolic.facts import Cores, Fact, Obligation, Proof, violation
from checker.symbolic.near import Near
from checker.symbolic.unbounded import Encoder, initially
from checker.symbolic.views import Views
from checker.system import Transition, TransitionSystem

TOGETHER = 8
"""How many transitions are asked about in one question."""


def prove(
    system: TransitionSystem,
    facts: list[Fact],
    *,
    effort: int = HARD,
    seed: int = 0,
    cores: Cores | None = None,
    progress: Callable[[str], None] | None = None,
) -> Proof:
    """Check that the conjunction of ``facts`` is inductive.  Z3 may spend ``effort``, in its own units, on each obligation.

    ``cores`` say what may be enough for some of them; what they leave out is given where it is not.
    """
    started = time.perf_counter()
    if not facts:
        return Proof((), (), 0.0)  # Encoding a large system takes seconds.
    prover = Prover(system, facts, effort, seed, cores)
    obligations: list[Obligation] = []
    for fact in facts:
        if progress:
            progress(fact.name)
        obligations += prover.obligations(fact)
    return Proof(tuple(facts), tuple(obligations), time.perf_counter() - started)


class Prover:
    """Poses the obligations of facts about one system.  Raises UsageError if a fact uses one that is not given."""

    def __init__(
        self, system: TransitionSystem, facts: list[Fact], effort: int = HARD, seed: int = 0, cores: Cores | None = None
    ) -> None:
        self.encoder = Encoder(system, exact=False)
        self.facts = {f.name: f for f in facts}
        for fact in facts:
            if missing := set(fact.uses) - set(self.facts):
                raise UsageError(
                    "unknown-lemma", f"{fact.name} uses {', '.join(sorted(missing))}, not given", "give every fact it uses"
                )
        self.closed = {f.name: self.encoder.closed(f.params, f.formula) for f in facts}
        self.cores = {(name, step): core for (name, step), core in (cores or {}).items() if self._is_core(name, step, core)}
        self.induced = {name for name, step in self.cores if step}
        self.fair = (min(FAIR, effort),) * SEEDS
        self.hard = (*self.fair, effort)
        self.seed = seed
        self.implied: set[str] = set()
        self.views = Views(system)
        self.near = Near(self.encoder, self.views, self.facts, self.closed)
        self.solver: z3.Solver | None = None
        self.known: list[int] = []
        self.spent = self.total = 0

    def _is_core(self, name: str, step: str, core: tuple[str, ...]) -> bool:
        """Whether the facts of a core may be used in the proof of the fact ``name``: itself for a step, not to imply it."""
        fact = self.facts.get(name)
        return fact is not None and set(fact.hypotheses if step else fact.others).issuperset(core)

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
        """Whether the facts it uses imply ``fact``.

        None if it uses none, or one that was itself implied by it, or if there are cores for its consecutions.
        """
        others = [self.closed[n] for n in fact.others]
        if not others or fact.name in self.induced or any(self._rests_on(n, fact.name) for n in fact.uses):
            return None
        asked = (fact, "implication", "")
        claimed = ([terms.negate(fact.formula)], list(fact.params))
        core = self.cores.get((fact.name, ""))
        if core is not None:
            found = self._check(*asked, [self.closed[n] for n in core], *claimed, self.fair)
            if found.discharged:
                return replace(found, core=core)
        found = self._check(*asked, others, *claimed, self.fair)
        return found if found.discharged else self._check(*asked, self.near.implying(fact), *claimed, self.fair)

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
                names = self._needed(fact, t)
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
            cores = {t.name: self.cores.get((fact.name, t.name)) if near else None for t in transitions}
            return {n: Obligation(fact.name, "consecution", n, result, seconds, effort=effort, core=c) for n, c in cores.items()}
        everything = [self.closed[n] for n in fact.hypotheses]
        alone = near and (len(transitions) == 1 or fact.name not in self.induced)
        if alone or (not near and result == "sat" and len(hypotheses) < len(everything)):
            return self._together(fact, transitions, everything)
        half = len(transitions) // 2
        parts = (transitions[:half], transitions[half:])
        return {name: o for part in parts for name, o in self._together(fact, part, hypotheses, near=near).items()}

    def _violation(self, fact: Fact, t: Transition) -> list[z3.BoolRef]:
        return self.encoder.claimed(*violation(self.encoder.system, fact, t))

    def _near_violation(self, fact: Fact, t: Transition) -> list[z3.BoolRef]:
        """That ``t`` violates ``fact``, and what facts about one process say of those at hand."""
        one = [n for n in self._needed(fact, t) if self.views.about_one(self.facts[n])]
        return [*(x for n in one for x in self.near.told(fact, t, n)), *self.near.violated(fact, t)]

    def _telling(self, fact: Fact, t: Transition) -> tuple[str, ...]:
        """The facts it uses that say anything of a process about to take ``t``."""
        return tuple(n for n in fact.others if self.views.tells(self.facts[n], t))

    def _needed(self, fact: Fact, t: Transition) -> tuple[str, ...]:
        """What its consecution by ``t`` is asked with first: the core if there is one, else all that tells anything then."""
        core = self.cores.get((fact.name, t.name))
        return core if core is not None else (fact.name, *self._telling(fact, t))

    def consecution(self, fact: Fact, t: Transition) -> Obligation:
        """Whether ``t`` preserves ``fact``; it may be a changed transition of the system."""
        hypotheses = [self.closed[n] for n in fact.hypotheses]
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
        claimed = self.encoder.claimed(claims, variables)
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
