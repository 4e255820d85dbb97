"""Dead transitions: those that no reachable state of any size enables, because their guard contradicts proved facts.

In go a system, transitions, and facts that another run proves inductive; out come, per dead transition, facts that its
guard contradicts (none if it contradicts itself).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import z3

from checker.symbolic.inductive import Fact
from checker.symbolic.unbounded import Encoder
from checker.system import Transition, TransitionSystem

PREFIX = "fact "
"""Keeps the names of facts apart from those of state variables."""


def dead_transitions(
    system: TransitionSystem, transitions: Iterable[Transition], facts: Sequence[Fact], *, seconds: float = 2.0
) -> dict[str, tuple[str, ...]]:
    """The transitions whose guard and location contradict ``facts``, each with facts that suffice, in their order.

    ``seconds`` limits each query; a transition the solver does not decide is not dead.
    """
    encoder = Encoder(system)
    closed = {f.name: encoder.closed(f.params, f.formula) for f in facts}
    found: dict[str, tuple[str, ...]] = {}
    for t in transitions:
        core = _contradicts(encoder, t, closed, seconds)
        if core is not None:
            found[t.name] = tuple(name for name in closed if name in core)
    return found


def _contradicts(encoder: Encoder, t: Transition, closed: dict[str, z3.BoolRef], seconds: float) -> set[str] | None:
    """The facts in an unsatisfiable core of "``t`` is enabled", or None."""
    solver = z3.Solver(ctx=encoder.context)
    solver.set("timeout", int(seconds * 1000))
    solver.set("random_seed", 0)
    solver.set("core.minimize", True)
    for v in (encoder.system.self_var, *t.choices):
        solver.add(*encoder.not_null(v))
    solver.add(encoder.encode(encoder.system.guard(t)))
    for name, formula in closed.items():
        solver.assert_and_track(formula, z3.Bool(PREFIX + name, ctx=encoder.context))
    if solver.check() != z3.unsat:
        return None
    return {str(p).removeprefix(PREFIX) for p in solver.unsat_core()}
