"""Mutants of the transitions that inductive proofs rest on: a guard conjunct, an assignment or a lock less.

In go a system, the facts of its proofs and the properties they prove; for each mutant only the obligations that involve the
changed transition are discharged again.  A mutant breaks the proof of a property if one of the facts it rests on is not
preserved any more.  One that breaks nothing is equivalent if the facts show that what was left out made no difference; the
others survive: every property is still proved for any size, so no proof needs what they leave out.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from checker.errors import Place
from checker.language import terms
from checker.language.terms import Term
from checker.symbolic.facts import Fact, closure
from checker.symbolic.inductive import Prover
from checker.symbolic.views import touches
from checker.system import Transition, TransitionSystem, Update


@dataclass(frozen=True)
class ProofMutant:
    """A transition with something left out; ``lost`` is what the plain one ensured there: if it always holds, nothing changed."""

    name: str
    transition: Transition
    operator: str
    what: str
    place: Place
    lost: Term


@dataclass(frozen=True)
class ProofJudged:
    """What became of a mutant: for each property whose proof breaks the fact that is not preserved; the properties asked.

    ``equivalent`` is one that breaks nothing because it changes nothing.
    """

    name: str
    asked: tuple[str, ...]
    broken: Mapping[str, str]
    equivalent: bool = False
    seconds: float = field(compare=False, default=0.0)


def proof_mutants(system: TransitionSystem, facts: Sequence[Fact]) -> list[ProofMutant]:
    """The mutants of every transition that can change one of ``facts``."""
    found = []
    for t in system.transitions:
        if any(touches(system, t, f) for f in facts if not f.assumed):
            found += list(_mutants(system, t))
    return found


def _mutants(system: TransitionSystem, t: Transition) -> Iterator[ProofMutant]:
    parts = [p for p in terms.conjuncts(t.guard) if p != terms.TRUE]
    taken = [(p, u) for p in parts for u in t.updates if _takes(p, u)]
    for number, part in enumerate(parts, 1):
        weaker = replace(t, guard=terms.conj(*(p for p in parts if p != part)))
        yield ProofMutant(
            f"{t.name} no-guard {number}", weaker, "no-guard", f"without the test {_readable(part)}", _place(t, part), part
        )
    for number, update in enumerate(t.updates, 1):
        if _is_assignment(system, update):
            silent = replace(t, updates=tuple(u for u in t.updates if u != update))
            what = f"without {_readable(_target(update))} := {_readable(update.value)}"
            yield ProofMutant(
                f"{t.name} no-assign {number}", silent, "no-assign", what, _place(t, _target(update)), _kept(update)
            )
    for number, (part, update) in enumerate(taken, 1):
        open_ = replace(t, guard=terms.conj(*(p for p in parts if p != part)), updates=tuple(u for u in t.updates if u != update))
        what = f"without taking the lock {_readable(_target(update))}"
        yield ProofMutant(f"{t.name} no-lock {number}", open_, "no-lock", what, _place(t, part), terms.FALSE)


def _takes(part: Term, update: Update) -> bool:
    """Whether a guard and an update are the taking of a lock."""
    return part.op == "not" and part.args[0] == _target(update) and update.value == terms.TRUE


def _is_assignment(system: TransitionSystem, update: Update) -> bool:
    """Whether an update is the model's: no ghost, and no local that is only given back its initial value."""
    variable = system.vars_by_key[update.key]
    forgotten = variable.owner_root and update.value == terms.const(variable.initial, variable.sort)
    return not variable.ghost and not forgotten


def _target(update: Update) -> Term:
    return terms.field(update.key, update.value.sort, update.obj)


def _kept(update: Update) -> Term:
    """That the update changes nothing."""
    same = terms.eq(_target(update), update.value)
    if update.where is None:
        return same
    assert update.obj is not None
    return terms.forall(update.obj, terms.implies(update.where, same))


def _place(t: Transition, about: Term) -> Place:
    """The line of the step that speaks of a field; else of the last one."""
    names = [key[1].rsplit(".", 1)[-1] for key in terms.fields_of(about)]
    speaking = [s for s in t.steps for n in names if n in s.text]
    return (speaking or [*t.steps])[-1].place


def _readable(t: Term) -> str:
    def name(part: Term) -> str | None:
        local = part.op == "field" and "/" in part.data[1]
        return str(part.data[1].rsplit(".", 1)[1]) if local else None

    return terms.show(t, name)


@dataclass(frozen=True)
class ProofBench:
    """The proofs of some properties, ready to be asked about changed transitions."""

    system: TransitionSystem
    facts: tuple[Fact, ...]
    properties: tuple[str, ...]

    @cached_property
    def prover(self) -> Prover:
        """One prover for all mutants of a process."""
        return Prover(self.system, list(self.facts))

    @cached_property
    def rests(self) -> dict[str, frozenset[str]]:
        """The facts each property rests on."""
        by_name = {f.name: f for f in self.facts}
        return {p: frozenset(f.name for f in closure(by_name, [p])) for p in self.properties}

    @cached_property
    def preserved(self) -> tuple[Fact, ...]:
        """The facts that have to be preserved by every transition: not assumed, and not implied by others."""
        needed = {name for rests in self.rests.values() for name in rests}
        return tuple(f for f in self.facts if f.name in needed and not f.assumed and not self._implied(f))

    def _implied(self, fact: Fact) -> bool:
        found = self.prover.implication(fact)
        return found is not None and found.discharged

    def judge(self, mutant: ProofMutant) -> ProofJudged:
        """Discharge again what involves the changed transition, until every proof it could break is broken."""
        started = time.perf_counter()
        original = next(t for t in self.system.transitions if t.name == mutant.transition.name)
        touched = [f for f in self.preserved if touches(self.system, original, f)]
        asked = [p for p, rests in self.rests.items() if any(f.name in rests for f in touched)]
        broken: dict[str, str] = {}
        for fact in self.preserved:
            concerned = [p for p in self.properties if fact.name in self.rests[p] and p not in broken]
            if concerned and not self.prover.consecution(fact, mutant.transition).discharged:
                broken |= dict.fromkeys(concerned, fact.name)
        equivalent = not broken and self._equivalent(mutant)
        shown = {p: broken[p] for p in self.properties if p in broken}
        return ProofJudged(mutant.name, tuple(asked), shown, equivalent, time.perf_counter() - started)

    def _equivalent(self, mutant: ProofMutant) -> bool:
        """Whether what was left out always holds where the mutant fires, as the facts about its fields show."""
        fields = set(terms.fields_of(mutant.lost))
        helpful = [f.name for f in self.facts if fields & set(terms.fields_of(f.formula))]
        return mutant.lost != terms.FALSE and self.prover.always(mutant.transition, mutant.lost, helpful)


__all__ = ["ProofBench", "ProofJudged", "ProofMutant", "proof_mutants"]
