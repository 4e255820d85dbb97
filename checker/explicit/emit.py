"""Terms to LLVM values: the native walker of the expression DAG.

In goes a term and the words of a packed state; out comes straight-line code that computes it.  A value is a 64-bit
word, a truth value one bit; both are plain integers as long as they are known at compile time, so code
specialised on the running process folds away here and not in LLVM.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from checker.explicit import ir
from checker.explicit.ir import I1, I64
from checker.explicit.layout import Bits, Layout
from checker.language.sorts import BoolSort, Sort
from checker.language.terms import FieldKey, Term

ONES = (1 << 64) - 1

Value: TypeAlias = ir.Value | int


class Operations:
    """Instructions that fold when their operands are known."""

    def __init__(self, builder: ir.Builder) -> None:
        self.builder = builder

    def word(self, v: Value) -> ir.Value:
        return I64(v & ONES) if isinstance(v, int) else v

    def bit(self, v: Value) -> ir.Value:
        return I1(v) if isinstance(v, int) else v

    def invert(self, a: Value) -> Value:
        return 1 - a if isinstance(a, int) else self.builder.not_(a)

    def both(self, a: Value, b: Value) -> Value:
        if isinstance(a, int):
            return b if a else 0
        if isinstance(b, int):
            return a if b else 0
        return self.builder.and_(a, b)

    def either(self, a: Value, b: Value) -> Value:
        if isinstance(a, int):
            return 1 if a else b
        if isinstance(b, int):
            return 1 if b else a
        return self.builder.or_(a, b)

    def same(self, a: Value, b: Value) -> Value:
        """Equality of two words."""
        if isinstance(a, int) and isinstance(b, int):
            return int(a == b)
        return self.builder.icmp_unsigned("==", self.word(a), self.word(b))

    def same_bit(self, a: Value, b: Value) -> Value:
        if isinstance(a, int):
            a, b = b, a
        if isinstance(b, int):
            return a if b else self.invert(a)
        return self.builder.icmp_unsigned("==", self.bit(a), b)

    def below(self, a: Value, b: Value) -> Value:
        if isinstance(a, int) and isinstance(b, int):
            return int(a < b)
        return self.builder.icmp_unsigned("<", self.word(a), self.word(b))

    def select(self, cond: Value, a: Value, b: Value) -> Value:
        """``a if cond else b`` on words."""
        if isinstance(cond, int):
            return a if cond else b
        if isinstance(a, int) and isinstance(b, int) and a == b:
            return a
        return self.builder.select(cond, self.word(a), self.word(b))

    def select_bit(self, cond: Value, a: Value, b: Value) -> Value:
        return self.either(self.both(cond, a), self.both(self.invert(cond), b))

    def get(self, words: Sequence[ir.Value], b: Bits) -> Value:
        """The value at ``b``."""
        if not b.width:
            return 0
        shifted = self.builder.lshr(words[b.word], self.word(b.shift)) if b.shift else words[b.word]
        return shifted if b.shift + b.width == 64 else self.builder.and_(shifted, self.word((1 << b.width) - 1))

    def test(self, words: Sequence[ir.Value], b: Bits) -> Value:
        """Whether any bit at ``b`` is set."""
        return self.builder.icmp_unsigned("!=", self.builder.and_(words[b.word], self.word(b.mask)), self.word(0))

    def put(self, word: ir.Value, b: Bits, value: Value) -> ir.Value:
        """``word`` with ``value`` stored at ``b``."""
        if not b.width:
            return word
        if isinstance(value, int) and value == (1 << b.width) - 1:
            return self.builder.or_(word, self.word(b.mask))
        cleared = self.builder.and_(word, self.word(~b.mask))
        if isinstance(value, int):
            return self.builder.or_(cleared, self.word(value << b.shift)) if value else cleared
        return self.builder.or_(cleared, self.builder.shl(value, self.word(b.shift)) if b.shift else value)


@dataclass(frozen=True)
class Reader:
    """Evaluates terms on the state held in ``words``.

    ``env`` gives the process and the choices; ``known_pc`` the threads whose location is known at compile time.
    ``memo`` shares sub-terms; take an ``extended`` reader when entering code that does not always run.
    """

    layout: Layout
    ops: Operations
    words: tuple[ir.Value, ...]
    env: Mapping[Term, Value]
    known_pc: Mapping[int, int]
    free: dict[Term, tuple[Term, ...]] = field(default_factory=dict)
    memo: dict[tuple[object, ...], Value] = field(default_factory=dict)

    def extended(self, env: Mapping[Term, Value]) -> Reader:
        """A reader that knows ``env`` besides, and whose further results are not seen by this one."""
        return Reader(self.layout, self.ops, self.words, {**self.env, **env}, self.known_pc, self.free, dict(self.memo))

    def value(self, t: Term, bound: Mapping[Term, int] | None = None) -> Value:
        """The value of ``t``; one bit if it is a truth value."""
        bound = bound or {}
        key = (t, *(bound.get(v) for v in self.free_variables(t)))
        if key not in self.memo:
            self.memo[key] = self._compute(t, bound)
        return self.memo[key]

    def _compute(self, t: Term, bound: Mapping[Term, int]) -> Value:
        ops, instance = self.ops, self.layout.instance

        def arg(i: int) -> Value:
            return self.value(t.args[i], bound)

        match t.op:
            case "const":
                return instance.const(t)
            case "var" if t in bound:
                return bound[t]
            case "var":
                return self.env[t]
            case "field":
                return self.read(t.data, arg(0) if t.args else 0)
            case "not":
                return ops.invert(arg(0))
            case "and":
                return self._fold(ops.both, (self.value(a, bound) for a in t.args), 1)
            case "or":
                return self._fold(ops.either, (self.value(a, bound) for a in t.args), 0)
            case "eq" if isinstance(t.args[0].sort, BoolSort):
                return ops.same_bit(arg(0), arg(1))
            case "eq":
                return ops.same(arg(0), arg(1))
            case "lt":
                return ops.below(arg(0), arg(1))
            case "ite":
                return (ops.select_bit if isinstance(t.sort, BoolSort) else ops.select)(arg(0), arg(1), arg(2))
            case "htons" | "object":
                return arg(0)
            case "next":
                return self._next(arg(0), instance.cardinality(t.sort) - 1)
            case "prev":
                return self._previous(arg(0))
            case "cast":
                return self._cast(arg(0), t.args[0].sort, t.sort)
            case "exists" | "forall":
                bodies = (self.value(t.args[0], {**bound, t.data: i}) for i in instance.objects(t.data.sort))
                return self._fold(ops.either, bodies, 0) if t.op == "exists" else self._fold(ops.both, bodies, 1)
        raise AssertionError(t.op)

    def _next(self, v: Value, last: int) -> Value:
        if isinstance(v, int):
            return min(v + 1, last)
        return self.ops.select(self.ops.below(v, last), self.ops.builder.add(v, self.ops.word(1)), last)

    def _previous(self, v: Value) -> Value:
        if isinstance(v, int):
            return max(v - 1, 0)
        return self.ops.select(self.ops.same(v, 0), 0, self.ops.builder.sub(v, self.ops.word(1)))

    def _cast(self, v: Value, source: Sort, target: Sort) -> Value:
        instance = self.layout.instance
        if isinstance(v, int):
            return instance.cast(v, source, target)
        result: Value = 0
        for i in range(instance.cardinality(source)):
            result = self.ops.select(self.ops.same(v, i), instance.cast(i, source, target), result)
        return result

    @staticmethod
    def _fold(combine: Callable[[Value, Value], Value], parts: Iterable[Value], unit: int) -> Value:
        result: Value = unit
        for part in parts:
            result = combine(result, part)
            if isinstance(result, int) and result != unit:
                break
        return result

    def free_variables(self, t: Term) -> tuple[Term, ...]:
        """The variables free in ``t``, in order of first use."""
        if t not in self.free:
            inner = dict.fromkeys(v for a in t.args for v in self.free_variables(a) if t.op == "field" or v != t.data)
            self.free[t] = (t,) if t.op == "var" else tuple(inner)
        return self.free[t]

    def read(self, key: FieldKey, index: Value) -> Value:
        """The state variable ``key`` of object ``index``; 0 for NULL."""
        variable = self.layout.keys[key]
        boolean = isinstance(variable.sort, BoolSort)
        objects = self.layout.instance.cells(variable, self.layout.system)
        if isinstance(index, int):
            return self._cell(key, index, boolean) if index in objects else 0
        result: Value = 0
        for i in objects:
            chosen, cell = self.ops.same(index, i), self._cell(key, i, boolean)
            result = self.ops.either(self.ops.both(chosen, cell), result) if boolean else self.ops.select(chosen, cell, result)
        return result

    def _cell(self, key: FieldKey, index: int, boolean: bool) -> Value:
        memo_key = (key, index)
        if memo_key not in self.memo:
            self.memo[memo_key] = self._load(key, index, boolean)
        return self.memo[memo_key]

    def _load(self, key: FieldKey, index: int, boolean: bool) -> Value:
        ops, layout = self.ops, self.layout
        if key == layout.system.pc_key and index in self.known_pc:
            return self.known_pc[index]
        cell = (*key, index)
        if cell in layout.flags:
            owner: Value = 0
            for thread, flag in enumerate(layout.flags[cell], 1):
                owner = ops.select(ops.test(self.words, flag), thread, owner)
            return owner
        here = self._owns(key, index)
        if isinstance(here, int) and not here:
            return 0
        b = layout.bits[cell]
        if boolean:
            return ops.both(here, ops.test(self.words, b))
        return ops.select(here, ops.get(self.words, b), 0)

    def _owns(self, key: FieldKey, thread: int) -> Value:
        """Whether the bits of local ``key`` are its own at the location of ``thread``."""
        pcs = self.layout.stored_at.get(key)
        if pcs is None:
            return 1
        if thread in self.known_pc:
            return int(self.known_pc[thread] in pcs)
        memo_key = ("owns", thread, pcs)
        if memo_key not in self.memo:
            ops = self.ops
            pc = self._cell(self.layout.system.pc_key, thread, False)
            found: Value = 0
            for first, last in _ranges(pcs):
                distance = ops.builder.sub(ops.word(pc), ops.word(first))
                found = ops.either(found, ops.below(distance, last - first + 1))
            self.memo[memo_key] = found
        return self.memo[memo_key]


def _ranges(values: Iterable[int]) -> list[tuple[int, int]]:
    """Maximal runs of consecutive integers."""
    runs: list[tuple[int, int]] = []
    for v in sorted(values):
        if runs and runs[-1][1] == v - 1:
            runs[-1] = (runs[-1][0], v)
        else:
            runs.append((v, v))
    return runs


def store(reader: Reader, words: list[ir.Value], key: FieldKey, index: Value, value: Value, target_pc: int | None) -> None:
    """Store ``value`` in ``words`` as variable ``key`` of object ``index``; nothing happens for NULL.

    ``target_pc`` is where the running process will be: a local that is 0 there has no bits of its own.
    """
    layout, ops = reader.layout, reader.ops
    variable = layout.keys[key]
    pcs = layout.stored_at.get(key)
    if pcs is not None and target_pc not in pcs:
        return
    for i in layout.instance.cells(variable, layout.system):
        here = ops.same(index, i)
        if isinstance(here, int) and not here:
            continue
        cell = (*key, i)
        parts: list[tuple[Bits, Value]]
        if cell in layout.flags:
            parts = [(flag, _as_word(ops, ops.same(value, thread))) for thread, flag in enumerate(layout.flags[cell], 1)]
        else:
            parts = [(layout.bits[cell], _as_word(ops, value))]
        for b, stored in parts:
            after = ops.put(words[b.word], b, stored)
            words[b.word] = ops.word(ops.select(here, after, words[b.word]))


def _as_word(ops: Operations, v: Value) -> Value:
    return v if isinstance(v, int) or v.type == I64 else ops.builder.zext(v, I64)
