"""The text of LLVM code is what LLVM takes, and does what its builder was asked for."""

from __future__ import annotations

import ctypes
from collections.abc import Callable

import pytest

from checker.explicit import ir
from checker.explicit.codegen import Program
from checker.explicit.ir import I1, I64


def compiled(module: ir.Module, f: ir.Function) -> Callable[..., int]:
    native = Program(str(module), ((f.name, len(f.args)),), 1, ()).compile(hasty=True)

    def call(*arguments: int) -> int:
        return native.expand(*arguments)  # Which lives as long as ``native`` does.

    return call


def test_a_loop_over_a_table() -> None:
    module = ir.Module()
    table = module.table("primes", (2, 3, 5, 7))
    add = ir.Function(module, "add", I64, [I64, I64])
    b = ir.Builder(add.append_basic_block("entry"))
    b.ret(b.add(*add.args))
    f = ir.Function(module, "sum of the first", I64, [I64], exported=True)
    entry, loop, body, done = (f.append_basic_block(name) for name in ("entry", "loop", "body", "done"))
    ir.Builder(entry).branch(loop)
    b = ir.Builder(loop)
    i, total = b.phi(I64), b.phi(I64)
    b.cbranch(b.icmp_unsigned("<", i, f.args[0]), body, done)
    b.position_at_end(body)
    more = b.call(add, [total, b.load(b.gep(table, i))])
    for phi, first, following in ((i, I64(0), b.add(i, I64(1))), (total, I64(0), more)):
        phi.add_incoming(first, entry)
        phi.add_incoming(following, body)
    b.branch(loop)
    ir.Builder(done).ret(total)
    sum_of_first = compiled(module, f)
    assert [sum_of_first(n) for n in range(5)] == [0, 2, 5, 10, 17]


def test_a_switch_and_memory() -> None:
    module = ir.Module()
    f = ir.Function(module, "store", I64, [I64, I64], exported=True)
    entry, one, other = (f.append_basic_block(name) for name in ("case", "case", "case"))
    b = ir.Builder(entry)
    switch = b.switch(f.args[0], other)
    switch.add_case(I64(1), one)
    b.position_at_end(one)
    b.store(I64(7), b.gep(b.inttoptr(f.args[1]), I64(1)))
    b.ret(I64(0))
    b.position_at_end(other)
    b.ret(b.xor(f.args[0], I64((1 << 64) - 1)))
    store, cells = compiled(module, f), (ctypes.c_int64 * 2)(5, 5)
    assert store(1, ctypes.addressof(cells)) == 0 and list(cells) == [5, 7]
    assert store(4, ctypes.addressof(cells)) == ~4 and list(cells) == [5, 7]


@pytest.mark.parametrize(("op", "holds"), [("==", (0, 1, 0)), ("!=", (1, 0, 1)), ("<", (1, 0, 0)), ("<=", (1, 1, 0))])
def test_comparisons_are_unsigned(op: str, holds: tuple[int, ...]) -> None:
    module = ir.Module()
    f = ir.Function(module, "compare", I64, [I64, I64], exported=True)
    b = ir.Builder(f.append_basic_block("entry"))
    bit = b.not_(b.not_(b.icmp_unsigned(op, *f.args)))
    b.ret(b.select(b.and_(bit, I1(1)), b.zext(bit, I64), I64(0)))
    compare = compiled(module, f)
    assert tuple(compare(a, b) for a, b in ((1, -1), (2, 2), (-1, 1))) == holds
