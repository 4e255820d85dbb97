"""The dead transitions that coverage tells of: those that contradict facts which hold, be it that they are proved here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from checker.commands.engines import Say
from checker.explicit.explore import Coverage
from checker.language.compile import Compiled
from checker.symbolic.dead import dead_transitions, unreached
from checker.symbolic.facts import Fact, closure
from checker.symbolic.inductive import Prover
from checker.system import IDLE, Transition, TransitionSystem


@dataclass(frozen=True)
class Silent:
    """The transitions that no search fired and no reason explains, how often each one fired, and those ``listed``."""

    transitions: Sequence[Transition]
    fired: Mapping[str, Coverage]
    listed: set[str]


def proved_dead(compiled: Compiled, silent: Silent, facts: Mapping[str, Fact], say: Say) -> dict[str, tuple[str, ...]]:
    """Which of the transitions contradict ``facts`` that hold, each with those it contradicts.

    Facts are proved only if one of the transitions is dead because of them; without those that do not hold others are
    looked for.
    """
    known, holding = dict(facts), Holding(compiled, facts, say)
    while True:
        dead = _dead(compiled.system, silent, list(known.values()))
        needed = closure(known, {name for core in dead.values() for name in core})
        weak = {fact.name for fact in needed if not holding.has(fact)}
        if not weak:
            return dead
        known = {name: fact for name, fact in known.items() if not any(f.name in weak for f in closure(known, [name]))}


class Holding:
    """The facts that hold: those that a property rests on, which ``check`` proves, and what is proved here, once."""

    def __init__(self, compiled: Compiled, facts: Mapping[str, Fact], say: Say) -> None:
        self.system, self.facts, self.say = compiled.system, dict(facts), say
        claimed = [p.name for p in compiled.properties if p.name in facts]
        self.known = {fact.name: True for fact in closure(self.facts, claimed)}

    def has(self, fact: Fact) -> bool:
        if fact.name not in self.known:
            self.say(f"coverage: proving {fact.name}")
            self.known[fact.name] = all(o.discharged for o in self._prover.obligations(fact))
        return self.known[fact.name]

    @cached_property
    def _prover(self) -> Prover:
        return Prover(self.system, list(self.facts.values()))


def _dead(system: TransitionSystem, silent: Silent, facts: list[Fact]) -> dict[str, tuple[str, ...]]:
    """Which of the transitions contradict ``facts``.

    Those to which no process comes if it takes none that is listed or dead are not asked for: few could be proved, and
    that takes long.
    """
    come_to = {IDLE, *(t.target for t in system.transitions if silent.fired[t.name].fired)}
    dead = dead_transitions(system, [t for t in silent.transitions if t.source in come_to], facts)
    behind = set(unreached(system, silent.listed | set(dead)))
    others = [t for t in silent.transitions if t.source not in come_to and t.name not in behind]
    return dead | dead_transitions(system, others, facts)
