"""Dead transitions: those that no reachable state of any size enables, because their guard contradicts proved facts.

In go a system, transitions, and facts that another run proves inductive; out come, per dead transition, facts that its
guard contradicts (none if it contradicts itself).  What only dead transitions lead to is dead as well.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

import z3

from checker.contexts import ways
from checker.symbolic.effort import EASY
from checker.symbolic.facts import Fact
from checker.symbolic.unbounded import Encoder
from checker.symbolic.views import Views
from checker.system import Transition, TransitionSystem

PREFIX = "fact "
"""Keeps the names of facts apart from those of state variables."""


def dead_transitions(
    system: TransitionSystem, transitions: Iterable[Transition], facts: Sequence[Fact], *, effort: int = EASY
) -> dict[str, tuple[str, ...]]:
    """The transitions whose guard and location contradict ``facts``, each with facts that suffice, in their order.

    Each is asked for with the facts that are about its location, with those of them that are about a thread, then with all that
    say anything of it, with and without the search for models, and with other seeds: each goes astray where another does not.
    ``effort`` is what Z3 may spend on any, in its own units; a transition it does not decide with that is not dead.
    """
    encoder, views = Encoder(system, exact=False), Views(system)
    closed = {fact.name: encoder.closed(fact.params, fact.formula) for fact in facts}
    found: dict[str, tuple[str, ...]] = {}
    for t in transitions:
        telling = [fact for fact in facts if views.tells(fact, t)]
        near = [fact for fact in telling if views.is_about(fact, t)]
        own = [fact for fact in near if any(p.sort == system.thread for p in fact.params)]
        ways = ((near, True, 0), (own, True, 0), (telling, False, 0), (telling, True, 0), (near, True, 1), (near, True, 2))
        cores = (
            _core(encoder, t, {fact.name: closed[fact.name] for fact in told}, effort, models, seed)
            for told, models, seed in ways
        )
        core = next(filter(None, cores), None)
        if core is not None:
            found[t.name] = tuple(fact.name for fact in telling if PREFIX + fact.name in core)
    return found


def _core(
    encoder: Encoder, t: Transition, facts: Mapping[str, z3.BoolRef], effort: int, models: bool, seed: int
) -> set[str] | None:
    """What contradicts "``t`` is enabled", itself included, or None."""
    solver = z3.SimpleSolver(ctx=encoder.context)
    solver.set("rlimit", effort)
    solver.set("random_seed", seed)
    solver.set("core.minimize", True)
    solver.set("mbqi", models)
    for v in (encoder.system.self_var, *t.choices):
        solver.add(*encoder.not_null(v))
    solver.add(encoder.encode(encoder.system.guard(t)))
    for name, formula in facts.items():
        solver.assert_and_track(formula, z3.Bool(PREFIX + name, ctx=encoder.context))
    return {t.name, *map(str, solver.unsat_core())} if solver.check() == z3.unsat else None


def unreached(system: TransitionSystem, dead: Collection[str]) -> list[str]:
    """The transitions, besides ``dead`` ones, to which no process comes if it never takes one of those.

    A process is followed through its locations, and through whom its shared functions return to; all its other tests may
    have any outcome.
    """
    found = ways(system, dead)
    taken = {t.name for on in found.values() for t, _ in on}
    return [t.name for t in system.transitions if t.name not in dead and t.name not in taken]
