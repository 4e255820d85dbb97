"""What facts say near a violation: those about one process, of the one that acts and of those that the violated fact is about.

Nearly always that is enough, and easier for a solver than what they say of every process.
"""

from __future__ import annotations

from collections.abc import Mapping

import z3

from checker.language import terms
from checker.language.terms import Term
from checker.symbolic.facts import Fact, primed, violation
from checker.symbolic.unbounded import Encoder, after
from checker.symbolic.views import Views
from checker.system import Transition


class Near:
    """Instances of ``facts`` about processes at hand, as Z3 has them; ``closed`` are the facts about all."""

    def __init__(self, encoder: Encoder, views: Views, facts: Mapping[str, Fact], closed: Mapping[str, z3.BoolRef]) -> None:
        self.encoder, self.views, self.facts, self.closed = encoder, views, facts, closed
        self.instances: dict[tuple[str, str | Term], z3.BoolRef] = {}

    def told(self, fact: Fact, t: Transition, name: str) -> list[z3.BoolRef]:
        """What the fact ``name`` says near a violation of ``fact`` by ``t``."""
        if not self.views.about_one(self.facts[name]):
            return [self.closed[name]]
        own = self.views.changes_own(fact, t)
        threads = [] if own else [p for p in primed(fact).values() if p.sort == self.encoder.system.thread]
        return [self._of_self(name, t.source), *(self._of(name, p) for p in threads)]

    def violated(self, fact: Fact, t: Transition) -> list[z3.BoolRef]:
        """That ``t`` violates ``fact``: of the process that acts, if it changes only what ``fact`` reads of that."""
        if not self.views.changes_own(fact, t):
            return self.encoder.claimed(*violation(self.encoder.system, fact, t))
        said = terms.substitute(self.views.of_self(fact, t.target), primed(fact))
        claims = [self.encoder.system.guard(t), terms.negate(after(self.encoder.system, t, said))]
        return self.encoder.claimed(claims, [*primed(fact).values(), self.encoder.system.self_var, *t.choices])

    def implying(self, fact: Fact) -> list[z3.BoolRef]:
        """What ``fact`` uses, where it is about one process only of those that ``fact`` is about."""
        one = [n for n in fact.others if self.views.about_one(self.facts[n])]
        threads = [p for p in fact.params if p.sort == self.encoder.system.thread]
        return [*(self._of(n, p) for p in threads for n in one), *(self.closed[n] for n in fact.others if n not in one)]

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
