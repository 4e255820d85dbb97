"""LLVM code as text: a builder of the few instructions that the native engine needs.

It is used like the one of llvmlite, which keeps an object per instruction and prints them all in the end; here an instruction
is a line from the beginning, which takes a third of the time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

HEADER = 'target triple = "unknown-unknown-unknown"\ntarget datalayout = ""\n'

COMPARISONS = {"==": "eq", "!=": "ne", "<": "ult", "<=": "ule"}


class Type:
    """A type; called with a number it is a constant."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __call__(self, number: int) -> Value:
        return Value(self, str(number))


class Value:
    """What an instruction computes, an argument, a constant or the address of a function; ``text`` names it."""

    __slots__ = ("text", "type")

    def __init__(self, type_: Type, text: str) -> None:
        self.type = type_
        self.text = text


I1, I8, I64, PTR, VOID = (Type(text) for text in ("i1", "i8", "i64", "ptr", "void"))


class Phi(Value):
    """A value that depends on the block from which control came."""

    __slots__ = ("incoming",)

    def __init__(self, type_: Type, text: str) -> None:
        super().__init__(type_, text)
        self.incoming: list[tuple[Value, Block]] = []

    def add_incoming(self, value: Value, block: Block) -> None:
        self.incoming.append((value, block))

    def __str__(self) -> str:
        cases = ", ".join(f"[ {value.text}, %{block.name} ]" for value, block in self.incoming)
        return f"  {self.text} = phi {self.type.text} {cases}"


class Switch:
    """A branch to one of several blocks."""

    def __init__(self, value: Value, default: Block) -> None:
        self.value, self.default = value, default
        self.cases: list[tuple[Value, Block]] = []

    def add_case(self, value: Value, block: Block) -> None:
        self.cases.append((value, block))

    def __str__(self) -> str:
        cases = " ".join(f"{value.type.text} {value.text}, label %{block.name}" for value, block in self.cases)
        return f"  switch {self.value.type.text} {self.value.text}, label %{self.default.name} [{cases}]"


Line: TypeAlias = str | Phi | Switch


class Block:
    """A basic block: lines of text, and what is complete only in the end."""

    __slots__ = ("function", "lines", "name")

    def __init__(self, function: Function, name: str) -> None:
        self.function, self.name = function, name
        self.lines: list[Line] = []


class Function(Value):
    """A function of a module; one that is not ``exported`` is never inlined either, so that compiling takes linear time."""

    __slots__ = ("args", "blocks", "exported", "name", "result", "values")

    def __init__(self, module: Module, name: str, result: Type, arguments: Sequence[Type], *, exported: bool = False) -> None:
        super().__init__(PTR, f'@"{name}"')
        self.name, self.result, self.exported = name, result, exported
        self.args = tuple(Value(type_, f"%a{i}") for i, type_ in enumerate(arguments))
        self.blocks: list[Block] = []
        self.values = 0
        module.functions.append(self)

    def append_basic_block(self, name: str) -> Block:
        block = Block(self, f"{name}{len(self.blocks)}")
        self.blocks.append(block)
        return block

    def new(self) -> str:
        """A name for another value."""
        self.values += 1
        return f"%v{self.values}"

    def __str__(self) -> str:
        arguments = ", ".join(f"{a.type.text} {a.text}" for a in self.args)
        linkage, attributes = ("", "nounwind") if self.exported else ("internal ", "noinline nounwind")
        lines = [f"define {linkage}{self.result.text} {self.text}({arguments}) {attributes} {{"]
        for block in self.blocks:
            lines.append(f"{block.name}:")
            lines.extend(map(str, block.lines))
        return "\n".join([*lines, "}\n"])


class Module:
    """Functions, and constant tables of words."""

    def __init__(self) -> None:
        self.functions: list[Function] = []
        self.tables: list[str] = []

    def table(self, name: str, numbers: Sequence[int]) -> Value:
        """The address of a constant array."""
        cells = ", ".join(f"i64 {number}" for number in numbers)
        self.tables.append(f'@"{name}" = internal constant [{len(numbers)} x i64] [{cells}]\n')
        return Value(PTR, f'@"{name}"')

    def __str__(self) -> str:
        return "\n".join([HEADER, *self.tables, *map(str, self.functions)])


class Builder:
    """Appends instructions to a block."""

    __slots__ = ("block", "function", "lines")

    def __init__(self, block: Block) -> None:
        self.function = block.function
        self.position_at_end(block)

    def position_at_end(self, block: Block) -> None:
        self.block, self.lines = block, block.lines

    def append_basic_block(self, name: str) -> Block:
        return self.function.append_basic_block(name)

    def _make(self, type_: Type, what: str) -> Value:
        name = self.function.new()
        self.lines.append(f"  {name} = {what}")
        return Value(type_, name)

    def _binary(self, op: str, a: Value, b: Value) -> Value:
        return self._make(a.type, f"{op} {a.type.text} {a.text}, {b.text}")

    def add(self, a: Value, b: Value) -> Value:
        return self._binary("add", a, b)

    def sub(self, a: Value, b: Value) -> Value:
        return self._binary("sub", a, b)

    def mul(self, a: Value, b: Value) -> Value:
        return self._binary("mul", a, b)

    def udiv(self, a: Value, b: Value) -> Value:
        return self._binary("udiv", a, b)

    def and_(self, a: Value, b: Value) -> Value:
        return self._binary("and", a, b)

    def or_(self, a: Value, b: Value) -> Value:
        return self._binary("or", a, b)

    def xor(self, a: Value, b: Value) -> Value:
        return self._binary("xor", a, b)

    def shl(self, a: Value, b: Value) -> Value:
        return self._binary("shl", a, b)

    def lshr(self, a: Value, b: Value) -> Value:
        return self._binary("lshr", a, b)

    def not_(self, a: Value) -> Value:
        return self._make(a.type, f"xor {a.type.text} {a.text}, -1")

    def icmp_unsigned(self, op: str, a: Value, b: Value) -> Value:
        return self._make(I1, f"icmp {COMPARISONS[op]} {a.type.text} {a.text}, {b.text}")

    def select(self, condition: Value, a: Value, b: Value) -> Value:
        return self._make(a.type, f"select i1 {condition.text}, {a.type.text} {a.text}, {b.type.text} {b.text}")

    def _cast(self, op: str, a: Value, type_: Type) -> Value:
        return self._make(type_, f"{op} {a.type.text} {a.text} to {type_.text}")

    def trunc(self, a: Value, type_: Type) -> Value:
        return self._cast("trunc", a, type_)

    def zext(self, a: Value, type_: Type) -> Value:
        return self._cast("zext", a, type_)

    def sext(self, a: Value, type_: Type) -> Value:
        return self._cast("sext", a, type_)

    def inttoptr(self, a: Value) -> Value:
        return self._cast("inttoptr", a, PTR)

    def ptrtoint(self, a: Value) -> Value:
        return self._cast("ptrtoint", a, I64)

    def gep(self, base: Value, index: Value, type_: Type = I64) -> Value:
        """The address of element number ``index`` of an array of ``type_``."""
        return self._make(PTR, f"getelementptr {type_.text}, ptr {base.text}, i64 {index.text}")

    def load(self, address: Value, type_: Type = I64) -> Value:
        return self._make(type_, f"load {type_.text}, ptr {address.text}")

    def store(self, value: Value, address: Value) -> None:
        self.lines.append(f"  store {value.type.text} {value.text}, ptr {address.text}")

    def call(self, function: Function, arguments: Sequence[Value]) -> Value:
        told = ", ".join(f"{a.type.text} {a.text}" for a in arguments)
        what = f"call {function.result.text} {function.text}({told})"
        if function.result is VOID:
            self.lines.append(f"  {what}")
            return Value(VOID, "")
        return self._make(function.result, what)

    def phi(self, type_: Type) -> Phi:
        phi = Phi(type_, self.function.new())
        self.lines.append(phi)
        return phi

    def branch(self, block: Block) -> None:
        self.lines.append(f"  br label %{block.name}")

    def cbranch(self, condition: Value, then: Block, otherwise: Block) -> None:
        self.lines.append(f"  br i1 {condition.text}, label %{then.name}, label %{otherwise.name}")

    def switch(self, value: Value, default: Block) -> Switch:
        switch = Switch(value, default)
        self.lines.append(switch)
        return switch

    def ret(self, value: Value) -> None:
        self.lines.append(f"  ret {value.type.text} {value.text}")

    def ret_void(self) -> None:
        self.lines.append("  ret void")
