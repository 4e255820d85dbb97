"""Facts, what is owed for them and what became of that, and how a step may violate one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

from checker.language import terms
from checker.language.terms import Term
from checker.symbolic.unbounded import after
from checker.system import Transition, TransitionSystem

Cores = Mapping[tuple[str, str], tuple[str, ...]]
"""By fact and transition (none for an implication), the facts that are enough for an obligation: what to ask with first."""


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

    @property
    def hypotheses(self) -> list[str]:
        """What its consecution may be asked with: itself, then the others."""
        return [self.name, *self.others]


@dataclass(frozen=True)
class Obligation:
    """One query: ``unsat`` proves it; ``frame`` needs none.

    ``kind`` is ``implication`` (the fact follows from those it uses), ``initiation``, ``consecution`` or ``assumption``.
    ``smtlib`` is the query as Z3 got it, if it is not discharged; ``effort`` is what Z3 spent, in its own units; ``core`` are
    the facts it was asked with, if a core told which.
    """

    fact: str
    kind: str
    transition: str
    result: str
    seconds: float
    smtlib: str = field(repr=False, default="")
    model: str = field(repr=False, default="")
    effort: int = 0
    core: tuple[str, ...] | None = None

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

    @cached_property
    def cores(self) -> dict[tuple[str, str], tuple[str, ...]]:
        """The cores that were enough."""
        return {(o.fact, o.transition): o.core for o in self.obligations if o.core is not None}

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
