"""k-induction on a finite instance: no bad state within k steps of the initial one, and none behind k good ones.

In: a system, an instance, a property.  Out: proved with the k that was enough, a shortest trace, or unknown with the k reached.
Both sides use the clauses of the bounded search; the step side starts in any state and never visits one twice, so that on a
finite instance some k decides.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import z3

from checker.instance import Instance
from checker.symbolic.bounded import Reductions, Unrolling, literal
from checker.system import Property, TransitionSystem
from checker.trace import Trace, replay


@dataclass(frozen=True)
class Induction:
    """``answer`` is ``proved``, ``violated`` (then ``trace`` is shortest) or ``unknown``; ``k`` is how far it went."""

    answer: str
    k: int
    seconds: float
    trace: Trace | None = None


def induct(system: TransitionSystem, instance: Instance, prop: Property, *, max_k: int = 40, seconds: float = 60.0) -> Induction:
    """Whether ``prop.bad`` is ever reached, by k-induction for k = 1, 2 ... ``max_k``."""
    started = time.perf_counter()
    base = Unrolling(system, instance, prop, Reductions())
    step = Unrolling(system, instance, prop, Reductions(processes=False, values=False), anywhere=True)
    distinct = _Distinct(step)

    def left() -> float:
        return seconds - (time.perf_counter() - started)

    for k in range(max_k + 1):
        answer = base.reach(k, seconds=left()) if left() > 0 else z3.unknown
        if answer == z3.sat:
            trace = replay(system, instance, base.path(k))
            return Induction("violated", k, time.perf_counter() - started, trace)
        if answer == z3.unknown:
            return Induction("unknown", k, time.perf_counter() - started)
        distinct.extend(k)
        answer = step.reach(k, seconds=left()) if left() > 0 else z3.unknown
        if answer == z3.unsat:
            return Induction("proved", k, time.perf_counter() - started)
        if answer == z3.unknown:
            return Induction("unknown", k, time.perf_counter() - started)
        step.exclude(k)
    return Induction("unknown", max_k, time.perf_counter() - started)


class _Distinct:
    """Keeps the states of an unrolling apart from each other."""

    def __init__(self, unrolling: Unrolling) -> None:
        self.unrolling = unrolling
        self.bits = unrolling.relation.bits()

    def extend(self, k: int) -> None:
        """The state after ``k`` steps is none of those before."""
        stride = self.unrolling.stride
        for earlier in range(k):
            different = (z3.Xor(literal(x, earlier * stride), literal(x, k * stride)) for x in self.bits)
            self.unrolling.solver.add(z3.Or(*different))


__all__ = ["Induction", "induct"]
