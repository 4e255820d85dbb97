"""Bounded search: Z3 looks for a shortest trace of a finite instance, all interleavings through a symbolic choice.

In: a system, an instance, a property.  Out: the shortest trace to a state where the property's bad formula holds, or how deep
the search got.  One step is made into clauses once (:mod:`checker.symbolic.relation`) and repeated with other variable
numbers; one incremental solver is asked depth by depth, so that what it learnt about the states of few steps is kept.
"""

from __future__ import annotations

import itertools
import math
import time
from dataclasses import dataclass

import numpy as np
import z3

from checker.errors import LimitError
from checker.evaluate import Binding
from checker.instance import Instance
from checker.symbolic.circuit import FALSE, LATER, TRUE
from checker.symbolic.effort import TRACES
from checker.symbolic.relation import Relation
from checker.symbolic.symmetry import order_first_uses, order_processes
from checker.system import Property, Transition, TransitionSystem
from checker.trace import Trace, replay


@dataclass(frozen=True)
class BoundedResult:
    """``trace`` is shortest; without one, no state within ``depth`` steps is bad."""

    trace: Trace | None
    depth: int
    seconds: float


@dataclass(frozen=True)
class Reductions:
    """Which traces are left out because another one of the same length is kept."""

    processes: bool = True
    values: bool = True


def search(
    system: TransitionSystem,
    instance: Instance,
    prop: Property,
    max_depth: int,
    *,
    effort: int = TRACES,
    reductions: Reductions | None = None,
) -> BoundedResult:
    """Look for a state where ``prop.bad`` holds, depth by depth.  Raises LimitError if one takes more than ``effort``."""
    started = time.perf_counter()
    unrolling = Unrolling(system, instance, prop, reductions or Reductions())
    for depth in range(max_depth + 1):
        answer = unrolling.reach(depth, effort=effort)
        if answer == z3.sat:
            trace = replay(system, instance, unrolling.path(depth))
            return BoundedResult(trace, depth, time.perf_counter() - started)
        if answer == z3.unknown:
            nothing = f"{prop.name}: nothing within {depth - 1} steps, and {depth} steps take Z3 more than {effort:,} units"
            raise LimitError("bounded", nothing, "ask for fewer steps or a smaller instance")
    return BoundedResult(None, max_depth, time.perf_counter() - started)


class Unrolling:
    """The steps asserted so far in one incremental solver, for one question; ``anywhere`` starts in any state."""

    def __init__(
        self, system: TransitionSystem, instance: Instance, prop: Property, reductions: Reductions, *, anywhere: bool = False
    ) -> None:
        self.relation = Relation(system, instance)
        self.bad = self.relation.some(prop.bad, prop.params)
        if reductions.processes:
            order_processes(self.relation, prop.bad)
        if reductions.values:
            order_first_uses(self.relation, prop.bad)
        self.stride = self.relation.circuit.size
        self.template = _shape(self.relation.circuit.clauses, self.stride)
        self.moves = [m.moves for m in self.relation.movers]
        self.solver = z3.SolverFor("QF_FD")
        self.steps = 0
        if not anywhere:
            self._add(_dimacs([(x,) for x in self.relation.initially], self.stride))

    def reach(self, depth: int, *, effort: int = TRACES, seconds: float = math.inf) -> z3.CheckSatResult:
        """Whether a bad state is reached in exactly ``depth`` steps; call it for each depth from 0 on."""
        while self.steps <= depth:
            self._step()
        if self.bad == FALSE:
            return z3.unsat
        self.solver.set("rlimit", effort)
        if seconds < math.inf:
            self.solver.set("timeout", max(1, int(seconds * 1000)))
        if self.bad == TRUE:
            return self.solver.check()
        answer = self.solver.check(literal(self.bad, depth * self.stride))
        if answer == z3.unsat:
            self.exclude(depth)
        return answer

    def exclude(self, depth: int) -> None:
        """From now on, the state after ``depth`` steps is not bad."""
        self.solver.add(z3.BoolVal(self.bad == FALSE) if self.bad in (TRUE, FALSE) else literal(-self.bad, depth * self.stride))

    def path(self, depth: int) -> list[tuple[Transition, Binding]]:
        """The transitions and bindings of the model just found."""
        model = self.solver.model()
        numbers = {int(str(d.name()).removeprefix("k!")): z3.is_true(model[d]) for d in model.decls()}
        steps = []
        for k in range(depth):
            first = k * self.stride
            holds = frozenset(x if numbers.get(first + x, False) else -x for x in range(1, self.stride + 1))
            steps.append(self.relation.fired_in(holds))
        return steps

    def _step(self) -> None:
        """Add the state after one more step, which a process must make, and what can be done in it."""
        k = self.steps
        self._add(_repeat(self.template, k * self.stride))
        if k:
            self.solver.add(z3.Or(*(literal(x, (k - 1) * self.stride) for x in self.moves)))
        self.steps += 1

    def _add(self, dimacs: str) -> None:
        self.solver.from_string(dimacs)


def _shape(clauses: list[tuple[int, ...]], stride: int) -> np.ndarray:
    """The literals of all clauses, 0 after each, with the numbers of the next step for what is said of it."""
    flat = np.fromiter(itertools.chain.from_iterable((*c, 0) for c in clauses), dtype=np.int64)
    return np.where(abs(flat) > LATER, flat - np.sign(flat) * (LATER - stride), flat)


def _repeat(template: np.ndarray, offset: int) -> str:
    moved = template + np.sign(template) * offset
    count, size = int((template == 0).sum()), int(abs(moved).max(initial=1))
    return f"p cnf {size} {count}\n" + " ".join(map(str, moved.tolist())).replace(" 0 ", " 0\n") + "\n"


def _dimacs(clauses: list[tuple[int, ...]], size: int) -> str:
    return f"p cnf {size} {len(clauses)}\n" + "".join(f"{' '.join(map(str, c))} 0\n" for c in clauses)


def literal(x: int, offset: int) -> z3.BoolRef:
    """The Z3 term of a literal: a DIMACS variable is a constant whose name is its number."""
    context = z3.main_ctx()
    symbol = z3.Z3_mk_int_symbol(context.ref(), abs(x) + offset)
    term = z3.BoolRef(z3.Z3_mk_const(context.ref(), symbol, z3.BoolSort().ast), context)
    return term if x > 0 else z3.Not(term)
