"""Bounded search: Z3 looks for a shortest trace of a finite instance, all interleavings through a symbolic choice.

In: a system, an instance, a property.  Out: the shortest trace to a state where the property's bad formula holds, or how deep
the search got.  At each step the solver picks the transition, the process and the chosen values; depth k is tried only
after every smaller depth was refuted.  Values are bit-vectors of the indices that :mod:`checker.evaluate` computes with.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import z3

from checker.errors import LimitError
from checker.evaluate import Binding, Cell, initial_state
from checker.instance import Instance
from checker.language.sorts import BOOL, RefSort, Sort
from checker.language.terms import Term
from checker.system import Property, Transition, TransitionSystem
from checker.trace import Trace, replay


@dataclass(frozen=True)
class BoundedResult:
    """``trace`` is shortest; without one, no state within ``depth`` steps is bad."""

    trace: Trace | None
    depth: int
    seconds: float


def search(
    system: TransitionSystem, instance: Instance, prop: Property, max_depth: int, *, seconds: float = 600.0
) -> BoundedResult:
    """Look for a state where ``prop.bad`` holds, depth by depth.  Raises LimitError when ``seconds`` run out."""
    started = time.perf_counter()
    unrolling = Unrolling(system, instance)
    for depth in range(max_depth + 1):
        left = seconds - (time.perf_counter() - started)
        answer = unrolling.reach(prop, depth, left) if left > 0 else z3.unknown
        if answer == z3.sat:
            trace = replay(system, instance, unrolling.path(depth))
            return BoundedResult(trace, depth, time.perf_counter() - started)
        if answer == z3.unknown:
            raise LimitError("bounded", f"{prop.name}: nothing within {depth - 1} steps, then out of time", "give it more time")
    return BoundedResult(None, max_depth, time.perf_counter() - started)


class Unrolling:
    """The states and steps asserted so far in one incremental solver."""

    def __init__(self, system: TransitionSystem, instance: Instance) -> None:
        self.system = system
        self.instance = instance
        self.solver = z3.SolverFor("QF_FD")
        self.sorts: dict[Cell, Sort] = {
            (v.record, v.name, i): v.sort for v in system.state_vars for i in instance.cells(v, system)
        }
        self.states: list[dict[Cell, z3.ExprRef]] = []
        self.fired: list[dict[tuple[int, int], z3.BoolRef]] = []
        self.chosen: list[dict[tuple[int, Term], z3.ExprRef]] = []
        first = initial_state(system, instance)
        self.states.append({cell: self.value(sort, first[cell]) for cell, sort in self.sorts.items()})

    def value(self, sort: Sort, index: int) -> z3.ExprRef:
        """The constant ``index`` of ``sort``."""
        if sort == BOOL:
            return z3.BoolVal(bool(index))
        return z3.BitVecVal(index, max(1, (self.instance.cardinality(sort) - 1).bit_length()))

    def fresh(self, name: str, sort: Sort) -> z3.ExprRef:
        """A new variable of ``sort``, within its range."""
        if sort == BOOL:
            return z3.Bool(name)
        made = z3.BitVec(name, self.value(sort, 0).size())
        if _partial(self.instance, sort):
            self.solver.add(z3.ULE(made, self.value(sort, self.instance.cardinality(sort) - 1)))
        return made

    def reach(self, prop: Property, depth: int, seconds: float) -> z3.CheckSatResult:
        """Whether a bad state is reached in exactly ``depth`` steps."""
        while len(self.states) <= depth:
            self._step()
        bad = self._some(prop.bad, self.states[depth], list(prop.params), {})
        self.solver.set("timeout", max(1, int(seconds * 1000)))
        return self.solver.check(bad)

    def path(self, depth: int) -> list[tuple[Transition, Binding]]:
        """The transitions and bindings of the model just found."""
        model = self.solver.model()
        found: list[tuple[Transition, Binding]] = []
        for k in range(depth):
            number, process = next(key for key, b in self.fired[k].items() if z3.is_true(model.eval(b, True)))
            t = self.system.transitions[number]
            binding: Binding = {self.system.self_var: process}
            for c in t.choices:
                binding[c] = _index(model.eval(self.chosen[k][number, c], True))
            found.append((t, binding))
        return found

    # -- one step ---------------------------------------------------------------------------------------------------

    def _step(self) -> None:
        k = len(self.fired)
        before = self.states[k]
        after = {cell: self.fresh(f"{'.'.join(map(str, cell))}@{k + 1}", sort) for cell, sort in self.sorts.items()}
        fired: dict[tuple[int, int], z3.BoolRef] = {}
        chosen: dict[tuple[int, Term], z3.ExprRef] = {}
        written: dict[Cell, z3.ExprRef] = dict(before)
        for number, t in enumerate(self.system.transitions):
            for c in t.choices:
                chosen[number, c] = self.fresh(f"{number}.{c.data}@{k}", c.sort)
                if isinstance(c.sort, RefSort):
                    self.solver.add(chosen[number, c] != self.value(c.sort, 0))
            for process in self.instance.objects(self.system.thread):
                flag = z3.Bool(f"fire.{number}.{process}@{k}")
                fired[number, process] = flag
                binding = {self.system.self_var: self.value(self.system.thread, process)}
                binding.update({c: chosen[number, c] for c in t.choices})
                memo: dict[Term, z3.ExprRef] = {}
                self.solver.add(z3.Implies(flag, self.encode(self.system.guard(t), before, binding, memo)))
                for cell, value in self._written(t, before, binding, memo).items():
                    written[cell] = z3.If(flag, value, written[cell])
        flags = list(fired.values())
        self.solver.add(z3.PbEq([(f, 1) for f in flags], 1))
        self.solver.add(*(after[cell] == written[cell] for cell in self.sorts))
        self.states.append(after)
        self.fired.append(fired)
        self.chosen.append(chosen)

    def _written(
        self, t: Transition, before: dict[Cell, z3.ExprRef], binding: dict[Term, z3.ExprRef], memo: dict[Term, z3.ExprRef]
    ) -> dict[Cell, z3.ExprRef]:
        """The cells ``t`` may write, with their values after it; later updates win."""
        result: dict[Cell, z3.ExprRef] = {}
        for u in self.system.updates(t):
            value = self.encode(u.value, before, binding, memo)
            obj = self.encode(u.obj, before, binding, memo) if u.obj is not None else None
            for cell in (c for c in self.sorts if c[:2] == u.key):
                old = result.get(cell, before[cell])
                if obj is None:
                    result[cell] = value
                    continue
                assert u.obj is not None
                hit = z3.simplify(obj == self.value(u.obj.sort, cell[2]))
                if not z3.is_false(hit):
                    result[cell] = value if z3.is_true(hit) else z3.If(hit, value, old)
        return result

    # -- terms -------------------------------------------------------------------------------------------------------

    def encode(
        self, t: Term, state: dict[Cell, z3.ExprRef], binding: dict[Term, z3.ExprRef], memo: dict[Term, z3.ExprRef]
    ) -> z3.ExprRef:
        """``t`` in ``state``; reading a field of NULL gives 0."""
        if t not in memo:
            memo[t] = self._encode(t, state, binding, memo)
        return memo[t]

    def _encode(
        self, t: Term, state: dict[Cell, z3.ExprRef], binding: dict[Term, z3.ExprRef], memo: dict[Term, z3.ExprRef]
    ) -> z3.ExprRef:
        if t.op in ("exists", "forall"):
            parts = [
                self.encode(t.args[0], state, {**binding, t.data: self.value(t.data.sort, i)}, {})
                for i in self.instance.objects(t.data.sort)
            ]
            return z3.Or(*parts) if t.op == "exists" else z3.And(*parts)
        args = [self.encode(a, state, binding, memo) for a in t.args]
        match t.op:
            case "const":
                return self.value(t.sort, self.instance.const(t))
            case "var":
                return binding[t]
            case "field":
                return self._read(t, args, state)
            case "not":
                return z3.Not(args[0])
            case "and":
                return z3.And(*args)
            case "or":
                return z3.Or(*args)
            case "eq":
                return args[0] == args[1]
            case "lt":
                return z3.ULT(args[0], args[1])
            case "ite":
                return z3.If(args[0], args[1], args[2])
            case "next":
                last = self.value(t.sort, self.instance.cardinality(t.sort) - 1)
                return z3.If(args[0] == last, last, args[0] + 1)
            case _:
                return args[0]

    def _read(self, t: Term, args: list[z3.ExprRef], state: dict[Cell, z3.ExprRef]) -> z3.ExprRef:
        result = self.value(t.sort, 0)
        if not args:
            return state[(*t.data, 0)]
        for cell, content in state.items():
            if cell[:2] == t.data:
                hit = z3.simplify(args[0] == self.value(t.args[0].sort, cell[2]))
                if z3.is_true(hit):
                    return content
                if not z3.is_false(hit):
                    result = z3.If(hit, content, result)
        return result

    def _some(
        self, formula: Term, state: dict[Cell, z3.ExprRef], params: list[Term], binding: dict[Term, z3.ExprRef]
    ) -> z3.BoolRef:
        """``formula`` for some values of ``params``."""
        if not params:
            return self.encode(formula, state, binding, {})
        first, *rest = params
        return z3.Or(
            *(
                self._some(formula, state, rest, {**binding, first: self.value(first.sort, i)})
                for i in self.instance.objects(first.sort)
            )
        )


def _partial(instance: Instance, sort: Sort) -> bool:
    """Whether the bit-vectors of ``sort`` have more values than the sort."""
    return instance.cardinality(sort) & (instance.cardinality(sort) - 1) != 0 or instance.cardinality(sort) == 1


def _index(value: z3.ExprRef) -> int:
    return int(z3.is_true(value)) if z3.is_bool(value) else int(value.as_long())
