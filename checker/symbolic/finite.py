"""The finite reading of a transition system as Boolean formulas in Z3.

In: a system, an instance and the formula one looks for.  Out: a :class:`StepRelation`, one symbolic step over Boolean constants, which
:mod:`checker.symbolic.bounded` copies once per depth.

A value is the tuple of the conditions under which it is 0, 1, 2...: exactly one of them holds.  A cell with more
than two values has one Boolean constant per value, so that guards such as "the thread is here" are single
literals.  Which transition fires, in which process and with which choices is left to the solver.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations, product

import z3

from checker.errors import UsageError
from checker.evaluate import Binding, Cell
from checker.instance import Instance
from checker.language.sorts import RefSort, Sort
from checker.language.terms import Term
from checker.system import Transition, TransitionSystem, relevant_vars

Cond = z3.BoolRef | bool
Value = Mapping[int, Cond]
Env = Mapping[Term, Value]


def all_of(parts: Iterable[Cond]) -> Cond:
    """Conjunction, folding constants."""
    kept: dict[int, z3.BoolRef] = {}
    for part in parts:
        if part is False:
            return False
        if part is not True:
            kept[part.get_id()] = part
    if len(kept) < 2:
        return next(iter(kept.values()), True)
    return z3.And(*kept.values())


def any_of(parts: Iterable[Cond]) -> Cond:
    """Disjunction, folding constants."""
    kept: dict[int, z3.BoolRef] = {}
    for part in parts:
        if part is True:
            return True
        if part is not False:
            kept[part.get_id()] = part
    if len(kept) < 2:
        return next(iter(kept.values()), False)
    return z3.Or(*kept.values())


def negation(part: Cond) -> Cond:
    """Logical not, folding constants and double negations."""
    if isinstance(part, bool):
        return not part
    return part.arg(0) if z3.is_not(part) else z3.Not(part)


def truth(part: Cond) -> Value:
    """A condition as a value of the Boolean sort."""
    return {0: negation(part), 1: part}


def constant(value: int) -> Value:
    """A known value."""
    return {value: True}


def same(a: Value, b: Value) -> Cond:
    """Whether two values are equal."""
    return any_of(all_of((a[v], b[v])) for v in a if v in b)


def choose(cond: Cond, a: Value, b: Value) -> Value:
    """``a`` if ``cond`` else ``b``."""
    if isinstance(cond, bool):
        return a if cond else b
    other = negation(cond)
    found = {}
    for v in sorted({*a, *b}):
        x, y = a.get(v, False), b.get(v, False)
        found[v] = any_of((all_of((cond, x)), all_of((other, y))))
    return {v: c for v, c in found.items() if c is not False}


class Reader:
    """Evaluates terms over the cells of one symbolic state; the finite twin of :func:`checker.evaluate.evaluate`.

    Cells that are not among ``cells`` read as 0, as in the reference interpreter.
    """

    def __init__(self, instance: Instance, cells: Mapping[Cell, Value]) -> None:
        self.instance = instance
        self.cells = cells
        self._memo: dict[tuple[Term, tuple[tuple[Term, int], ...]], tuple[Env, Value]] = {}
        self._free: dict[Term, tuple[Term, ...]] = {}

    def free(self, t: Term) -> tuple[Term, ...]:
        """The variables free in ``t``."""
        if t not in self._free:
            found = dict.fromkeys(v for a in t.args for v in self.free(a))
            if t.op == "var":
                found = {t: None}
            elif t.op in ("exists", "forall"):
                found.pop(t.data, None)
            self._free[t] = tuple(found)
        return self._free[t]

    def holds(self, t: Term, env: Env) -> Cond:
        """The condition under which the Boolean term ``t`` is true."""
        return self.value(t, env).get(1, False)

    def value(self, t: Term, env: Env) -> Value:
        """The value of ``t`` where its free variables have the values ``env``."""
        key = (t, tuple((v, id(env[v])) for v in self.free(t)))
        if key not in self._memo:
            self._memo[key] = (env, self._value(t, env))
        return self._memo[key][1]

    def _value(self, t: Term, env: Env) -> Value:
        match t.op:
            case "const":
                return constant(self.instance.const(t))
            case "var":
                return env[t]
            case "field":
                return self._read(t, env)
            case "not":
                return truth(negation(self.holds(t.args[0], env)))
            case "and":
                return truth(all_of(self.holds(a, env) for a in t.args))
            case "or":
                return truth(any_of(self.holds(a, env) for a in t.args))
            case "eq":
                return truth(same(self.value(t.args[0], env), self.value(t.args[1], env)))
            case "lt":
                a, b = (self.value(x, env) for x in t.args)
                return truth(any_of(all_of((a[v], b[w])) for v in a for w in b if v < w))
            case "ite":
                return choose(self.holds(t.args[0], env), self.value(t.args[1], env), self.value(t.args[2], env))
            case "htons" | "object":
                return self.value(t.args[0], env)
            case "next":
                last = self.instance.cardinality(t.sort) - 1
                found: dict[int, Cond] = {}
                for v, cond in self.value(t.args[0], env).items():
                    w = min(v + 1, last)
                    found[w] = any_of((found.get(w, False), cond))
                return found
            case _:
                join = any_of if t.op == "exists" else all_of
                return truth(join(self.holds(t.args[0], {**env, t.data: self.known(i)}) for i in self.instance.objects(t.data.sort)))

    def known(self, value: int) -> Value:
        """The constant ``value``, one object per number so that equal bindings share their results."""
        return _KNOWN.setdefault(value, constant(value))

    def _read(self, t: Term, env: Env) -> Value:
        index = self.value(t.args[0], env) if t.args else self.known(0)
        found: dict[int, list[Cond]] = {}
        for i, here in index.items():
            for v, cond in self.cells.get((*t.data, i), _ZERO).items():
                found.setdefault(v, []).append(all_of((here, cond)))
        return {v: c for v, parts in sorted(found.items()) if (c := any_of(parts)) is not False}


_KNOWN: dict[int, Value] = {}
_ZERO = constant(0)
