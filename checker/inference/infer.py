"""What inference proves: properties for any size, from clauses that nobody wrote.

In go a system, small instances and properties; an Inferrer says which properties are inductive together with the clauses that
Houdini kept, and for each the facts it rests on, minimised and posed again one by one to the ordinary prover.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import z3

from checker.inference.grammar import Clause, Limits, candidates
from checker.inference.houdini import Houdini, Member, Query, Say
from checker.inference.sample import sample
from checker.instance import Instance
from checker.language import terms
from checker.language.terms import Term
from checker.report.pretty import Pretty
from checker.symbolic.facts import Fact
from checker.symbolic.minimise import Minimiser
from checker.symbolic.unbounded import initially
from checker.symbolic.views import touches
from checker.system import TransitionSystem

STATES = 300_000
KEPT = 1_500


@dataclass(frozen=True)
class Sizes:
    """How much was tried: sampled states, candidate clauses, those kept, queries, seconds of each phase."""

    states: int
    candidates: int
    kept: int
    queries: int
    seconds: tuple[tuple[str, float], ...]


class Inferrer:
    """One system, its samples, and the clauses kept."""

    def __init__(self, system: TransitionSystem, axioms: Sequence[Fact], limits: Limits | None = None) -> None:
        self.system = system
        self.axioms = axioms
        self.limits = limits or Limits()
        self.seconds: dict[str, float] = {}
        self.states = 0

    def run(self, instances: Iterable[Instance], say: Say = lambda _: None) -> Houdini:
        """Sample, propose, keep."""
        with _Clock(self.seconds, "sampling"):
            samples = []
            for instance in instances:
                say(f"reaching states of {instance}")
                samples.append(sample(self.system, instance, states=STATES, keep=KEPT))
            self.states = sum(s.size for s in samples)
        with _Clock(self.seconds, "candidates"):
            say("making candidates")
            groups = candidates(self.system, samples, self.limits)
        with _Clock(self.seconds, "houdini"):
            self.houdini = Houdini(self.system, groups, self.axioms)
            self.houdini.run(say)
        return self.houdini

    def sizes(self) -> Sizes:
        """What has been tried so far."""
        h = self.houdini
        candidates_tried = sum(len(g.clauses) for g in h.groups)
        return Sizes(self.states, candidates_tried, sum(map(len, h.alive)), h.queries, tuple(self.seconds.items()))

    # -- properties -----------------------------------------------------------------------------------------------

    def provable(
        self, facts: Sequence[Fact], say: Say = lambda _: None, *, together: bool = False
    ) -> dict[str, frozenset[Member]]:
        """Those of ``facts`` that are inductive with the clauses kept, each with the clauses it needs.

        Each by itself, or ``together``: then the largest set of facts of which each may use the others.
        """
        alive = {f.name: f for f in facts if self._holds_initially(f)}
        while True:
            needed: dict[str, frozenset[Member]] = {}
            for f in list(alive.values()):
                say(f"asking for {f.name}")
                cores = self._preserved(f, [g for g in alive.values() if g.name != f.name] if together else [])
                if cores is None:
                    del alive[f.name]
                else:
                    needed[f.name] = cores
            if not together or len(needed) == len(facts):
                return needed
            facts = list(alive.values())

    def _holds_initially(self, fact: Fact) -> bool:
        claim = initially(self.system, fact.formula)
        if claim == terms.TRUE:
            return True
        solver = z3.Solver(ctx=self.houdini.encoder.context)
        solver.add(z3.Not(self.houdini.encoder.closed(fact.params, claim)))
        return bool(solver.check() == z3.unsat)

    def _preserved(self, fact: Fact, others: Sequence[Fact]) -> frozenset[Member] | None:
        found: frozenset[Member] = frozenset()
        for t in self.system.transitions:
            if touches(self.system, t, fact):
                answer, core = self.houdini.ask(self.houdini.pose_fact(t, fact, others))
                if answer != z3.unsat:
                    return None
                found |= core
        return found

    def implied(self, fact: Fact) -> bool:
        """Whether the clauses kept imply ``fact``."""
        return bool(self.houdini.ask(self.houdini.pose_fact(None, fact))[0] == z3.unsat)

    # -- the facts of a proof -------------------------------------------------------------------------------------

    def rests_on(self, start: Iterable[Member], say: Say = lambda _: None) -> dict[Member, frozenset[Member]]:
        """The clauses that ``start`` rests on, themselves included, each with those that preserve it."""
        h = self.houdini
        found: dict[Member, frozenset[Member]] = {}
        fresh = frozenset(start)
        queries = list(h.all_queries())
        while fresh:
            say(f"{len(found)} clauses, {len(fresh)} more")
            found.update((m, frozenset()) for m in fresh)
            following: set[Member] = set()
            for query in queries:
                asked = [m for m in h.asked(query) if m in fresh]
                if asked:
                    core = self._core(query, asked)
                    for m in asked:
                        found[m] |= core
                    following |= core
            fresh = frozenset(following - found.keys())
        return found

    def _core(self, query: Query, asked: list[Member]) -> frozenset[Member]:
        posed, claims = self.houdini.pose(query, asked)
        posed.solver.add(z3.Not(z3.And(*claims)))
        return self.houdini.ask(posed)[1]

    def facts(self, support: dict[Member, frozenset[Member]]) -> dict[Member, Fact]:
        """The clauses as facts; those that say the same of several locations are one fact."""
        h, pretty = self.houdini, Pretty(self.system)
        merged: dict[tuple[Term, bool, Clause], list[Member]] = {}
        two = {g.param: g.other for g in h.groups if g.other is not None}
        for m in support:
            group = h.groups[m[0]]
            merged.setdefault((group.param, bool(group.location), m[1]), []).append(m)
        names: dict[Member, str] = {}
        for (_, located, clause), ms in merged.items():
            text = pretty.term(terms.disj(*clause)) + (f" in {_places(self.system, h, ms)}" if located else "")
            same = sum(n == text or n.startswith(f"{text} (") for n in set(names.values()))  # two program points may read alike
            names.update(dict.fromkeys(ms, f"{text} ({same + 1})" if same else text))
        found: dict[Member, Fact] = {}
        for (param, located, clause), ms in merged.items():
            formula = terms.disj(*clause)
            if located:
                formula = terms.implies(terms.disj(*(self.system.at(param, h.groups[m[0]].location) for m in ms)), formula)
            other = two.get(param)
            params = (param,) if other is None else (param, other)
            if other is not None:
                formula = terms.implies(terms.negate(terms.eq(param, other)), formula)
            uses = dict.fromkeys(names[u] for m in ms for u in sorted(support[m], key=lambda u: names[u]))
            reason = "inferred"
            fact = Fact(names[ms[0]], params, formula, (*uses, *(f.name for f in self.axioms)), reason)
            found.update(dict.fromkeys(ms, fact))
        return found

    def minimal(
        self, goals: dict[str, tuple[Fact, frozenset[Member]]], say: Say = lambda _: None
    ) -> dict[str, tuple[Fact, ...] | None]:
        """For each goal the facts of a proof none of which can be left out, as the ordinary prover sees it."""
        with _Clock(self.seconds, "what proofs rest on"):
            support = self.rests_on(frozenset().union(*(needed for _, needed in goals.values())), say)
        made = self.facts(support)
        facts = list(dict.fromkeys([*self.axioms, *made.values()]))
        own = [replace(f, uses=tuple(dict.fromkeys([*(made[m].name for m in needed), *f.uses]))) for f, needed in goals.values()]
        known = {f.name for f in (*facts, *own)}
        own = [replace(f, uses=tuple(u for u in f.uses if u in known)) for f in own]
        found: dict[str, tuple[Fact, ...] | None] = {}
        with _Clock(self.seconds, "minimising"):
            minimiser = Minimiser(self.system, [*facts, *own])
            for f in own:
                say(f"minimising {f.name}, {minimiser.queries} queries")
                kept = minimiser.minimal(f.name)
                found[f.name] = tuple(kept) if kept is not None else None
        return found


def _places(system: TransitionSystem, h: Houdini, members: Sequence[Member]) -> str:
    """The functions that a located clause speaks of."""
    functions = dict.fromkeys(system.locations_by_name[h.groups[m[0]].location].function or "idle" for m in members)
    return ", ".join(functions)


class _Clock:
    """Adds the time of a phase to a table."""

    def __init__(self, table: dict[str, float], phase: str) -> None:
        self.table, self.phase = table, phase

    def __enter__(self) -> None:
        self.started = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        self.table[self.phase] = self.table.get(self.phase, 0.0) + time.perf_counter() - self.started


__all__ = ["Inferrer", "Sizes"]
