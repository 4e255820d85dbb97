"""Minimal lemma sets: of the facts a property rests on, those without which there is no proof.

In go a system, facts and the name of one of them.  Each obligation is posed with its hypotheses tracked, so that an
unsatisfiable core says which it needs; then fact after fact is left out, with all that cannot stand without it, and stays out if
the goal still stands.  Out come the facts that are left, each with exactly the ``uses`` its obligations need: no proper subset
of them is inductive and contains the goal, as far as the declared ``uses`` and the time limit go.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import z3

from checker.language import terms
from checker.language.terms import Term
from checker.symbolic.dead import PREFIX
from checker.symbolic.effort import HARD
from checker.symbolic.facts import Fact, closure, violation
from checker.symbolic.unbounded import Encoder, initially
from checker.symbolic.views import touches
from checker.system import Transition, TransitionSystem

Names = frozenset[str]
Support = dict[str, Names]
"""Facts that stand together, each with the facts its obligations need (itself included unless the others imply it)."""


def minimise(
    system: TransitionSystem, facts: Mapping[str, Fact], goal: str, *, effort: int = HARD, seed: int = 0
) -> list[Fact] | None:
    """The facts that ``goal`` cannot do without, itself included, in the order of ``facts``; None if it is not proved.

    Z3 may spend ``effort``, in its own units, on each query.
    """
    return Minimiser(system, closure(dict(facts), [goal]), effort=effort, seed=seed).minimal(goal)


class Minimiser:
    """Obligations of some facts, each asked as often as its answer is not known from a smaller or a larger set."""

    def __init__(self, system: TransitionSystem, facts: Iterable[Fact], *, effort: int = HARD, seed: int = 0) -> None:
        self.system = system
        self.facts = {f.name: f for f in facts}
        self.encoder = Encoder(system)
        self.closed = {f.name: self.encoder.closed(f.params, f.formula) for f in self.facts.values()}
        self.effort = effort
        self.seed = seed
        self.queries = 0
        self._cores: dict[tuple[str, str], list[Names]] = {}
        self._refuted: dict[tuple[str, str], list[Names]] = {}
        self._touching: dict[str, list[Transition]] = {}
        self._initial: dict[str, bool] = {}

    def minimal(self, goal: str) -> list[Fact] | None:
        """The smallest set found, or None if ``goal`` does not stand even on all facts."""
        support = self.standing(self.facts, goal)
        if goal not in support:
            return None
        for name in reversed([n for n in self.facts if n in support and n != goal]):
            if name in support:
                fewer = self.standing(support.keys() - {name}, goal)
                support = fewer or support
        return [replace(self.facts[n], uses=self._in_order(support[n] - {n})) for n in self.facts if n in support]

    def standing(self, names: Iterable[str], goal: str) -> Support:
        """Facts of ``names`` that are inductive together and contain ``goal``; nothing if there are none."""
        alive = frozenset(names)
        while goal in alive:
            support, lost = self._follow(goal, alive)
            if not lost:
                return support
            alive -= {lost}
        return {}

    def _follow(self, goal: str, alive: Names) -> tuple[Support, str]:
        """What ``goal`` rests on if ``alive`` stands, and the first fact met that does not.

        Implications never run in a circle.
        """
        implied: dict[str, Names] = {}
        support: Support = {}
        work = [goal]
        while work:
            name = work.pop()
            if name not in support:
                needed = self._justify(self.facts[name], alive, implied)
                if needed is None:
                    return support, name
                support[name] = needed
                work += sorted(needed - {name})
        return support, ""

    def _justify(self, fact: Fact, alive: Names, implied: dict[str, Names]) -> Names | None:
        if fact.assumed:
            return frozenset()
        given = (frozenset(fact.uses) & alive) - {fact.name}
        free = frozenset(n for n in given if not _rests_on(n, fact.name, implied))
        core = self.needs(fact, None, free) if free else None
        if core is not None:
            implied[fact.name] = core
            return core
        if not self.holds_initially(fact):
            return None
        needed = frozenset({fact.name})
        for t in self.touching(fact):
            core = self.needs(fact, t, given | {fact.name})
            if core is None:
                return None
            needed |= core
        return needed

    def implied(self, name: str) -> bool:
        """Whether the facts that ``name`` uses imply it."""
        others = frozenset(self.facts[name].uses) - {name}
        return bool(others) and self.needs(self.facts[name], None, others) is not None

    def touching(self, fact: Fact) -> list[Transition]:
        """The transitions that are not discharged by frame."""
        if fact.name not in self._touching:
            self._touching[fact.name] = [t for t in self.system.transitions if touches(self.system, t, fact)]
        return self._touching[fact.name]

    def holds_initially(self, fact: Fact) -> bool:
        """Whether ``fact`` is true in the initial state."""
        if fact.name not in self._initial:
            claim = terms.negate(initially(self.system, fact.formula))
            self._initial[fact.name] = claim == terms.FALSE or self._core((), [claim], list(fact.params)) is not None
        return self._initial[fact.name]

    def needs(self, fact: Fact, t: Transition | None, given: Names) -> Names | None:
        """Facts of ``given`` that preserve ``fact`` across ``t``, or imply it if there is no ``t``; None if they do not."""
        key = (fact.name, t.name if t else "")
        for core in self._cores.get(key, []):
            if core <= given:
                return core
        if any(given <= others for others in self._refuted.get(key, [])):
            return None
        if t is None:
            core_found = self._core(self._in_order(given), [terms.negate(fact.formula)], list(fact.params))
        else:
            core_found = self._core(self._in_order(given), *violation(self.system, fact, t))
        if core_found is None:
            self._refuted.setdefault(key, []).append(given)
        else:
            self._cores.setdefault(key, []).append(core_found)
        return core_found

    def _core(self, given: Iterable[str], claims: list[Term], variables: list[Term]) -> Names | None:
        """Which of ``given`` contradict ``claims``; None unless they do."""
        self.queries += 1
        encoder = self.encoder
        solver = z3.Solver(ctx=encoder.context)
        solver.set("rlimit", self.effort)
        solver.set("random_seed", self.seed)
        solver.set("core.minimize", True)
        for name in given:
            solver.assert_and_track(self.closed[name], z3.Bool(PREFIX + name, ctx=encoder.context))
        for v in variables:
            solver.add(*encoder.not_null(v))
        solver.add(*(encoder.encode(c) for c in claims))
        if solver.check() != z3.unsat:
            return None
        return frozenset(str(p).removeprefix(PREFIX) for p in solver.unsat_core())

    def _in_order(self, names: Names) -> tuple[str, ...]:
        return tuple(n for n in self.facts if n in names)


def _rests_on(name: str, other: str, implied: Mapping[str, Names]) -> bool:
    """Whether ``name`` was itself implied, directly or not, by ``other``."""
    return name in implied and any(n == other or _rests_on(n, other, implied) for n in implied[name])


__all__ = ["Minimiser", "minimise"]
