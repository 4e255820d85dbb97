"""Z3's Spacer on a finite instance: property directed reachability over the clauses of the bounded search.

In: a system, an instance, a property.  Out: proved or violated, or unknown when the time is over.  A state is a vector of truth
values; everything else in the clauses of one step is quantified away.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import z3

from checker.instance import Instance
from checker.symbolic.circuit import FALSE, LATER, TRUE
from checker.symbolic.relation import Relation
from checker.system import Property, TransitionSystem


@dataclass(frozen=True)
class Reachability:
    """``answer`` is ``proved``, ``violated`` or ``unknown``."""

    answer: str
    seconds: float


def reachability(system: TransitionSystem, instance: Instance, prop: Property, *, seconds: float = 60.0) -> Reachability:
    """Whether a state where ``prop.bad`` holds is reached."""
    started = time.perf_counter()
    relation = Relation(system, instance)
    bad = relation.some(prop.bad, prop.params)
    answer = "proved" if bad == FALSE else _ask(relation, bad, seconds)
    return Reachability(answer, time.perf_counter() - started)


def _ask(relation: Relation, bad: int, seconds: float) -> str:
    context = z3.Context()
    truth = z3.BoolSort(context)
    state = relation.bits()
    reached = z3.Function("reached", *[truth] * len(state), truth)
    engine = z3.Fixedpoint(ctx=context)
    engine.set("engine", "spacer", "timeout", max(1, int(seconds * 1000)))
    engine.register_relation(reached)
    variables = {n: z3.Const(f"x{n}", truth) for n in (*range(1, relation.circuit.size + 1), *(x + LATER for x in state))}
    engine.declare_var(*variables.values())

    def literal(x: int) -> z3.BoolRef:
        if abs(x) == TRUE:
            return z3.BoolVal(x == TRUE, context)
        return variables[x] if x > 0 else z3.Not(variables[-x])

    now, later = ([variables[x + shift] for x in state] for shift in (0, LATER))
    step = z3.And(*(z3.Or(*map(literal, clause)) for clause in relation.circuit.clauses), z3.BoolVal(True, context))
    first = set(relation.initially)
    engine.rule(reached(*now), [z3.And(*(literal(x) for x in first), z3.BoolVal(True, context)), step])
    engine.rule(reached(*later), [reached(*now), step])
    failed = z3.Function("failed", truth)
    engine.register_relation(failed)
    engine.rule(failed(), [reached(*now), step, literal(bad)])
    try:
        said = engine.query(failed())
    except z3.Z3Exception:  # out of time: Spacer may answer so too
        said = z3.unknown
    return "violated" if said == z3.sat else "proved" if said == z3.unsat else "unknown"


__all__ = ["Reachability", "reachability"]
