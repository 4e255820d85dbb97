"""The memory of a concrete machine: where each cell lies in one flat sequence, and terms as Python code that reads it.

In goes a model and a finite instance; out come cell numbers and functions ``(heap, locals, thread) -> value``.  Cell
``base + 0`` of every field belongs to NULL and stays 0, so that reading a field of NULL needs no test.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any, Protocol

from checker.errors import InternalError
from checker.instance import Instance
from checker.language.model import Model
from checker.language.sorts import RefSort
from checker.language.terms import FieldKey, Term
from checker.system import StateVar


class Wide(tuple[int, ...]):
    """Cells of which some need more than a byte; like that of bytes, their hash is worked out once."""

    known: int | None = None

    def __hash__(self) -> int:
        if self.known is None:
            self.known = super().__hash__()
        return self.known


Heap = bytes | Wide
"""All cells, a byte each wherever that is enough."""


class Cells(Protocol):
    """Memory as code reads it."""

    def __getitem__(self, cell: int, /) -> int: ...


class Written(Cells, Protocol):
    """Memory as code changes it."""

    def __setitem__(self, cell: int, value: int, /) -> None: ...


Code = Callable[[Cells, dict[int, int], int], Any]


BYTE = 256
"""How many values a byte has."""


@lru_cache(maxsize=1 << 16)
def _code(source: str) -> Code:
    """A function from its text; scenarios of one size share most of them."""
    found: Code = eval(source)  # noqa: S307 - made from a term, not from input
    return found


class Memory:
    """The cells of all fields that code may depend on; ghost fields have none."""

    def __init__(self, model: Model, instance: Instance) -> None:
        self.model = model
        self.instance = instance
        self.base: dict[FieldKey, int] = {}
        self.variables: dict[FieldKey, StateVar] = {}
        cells: list[int] = []
        widest = 0
        for record, fields in model.fields.items():
            count = instance.cardinality(model.records[record]) if record else 1
            for variable in fields.values():
                if not variable.ghost:
                    self.base[variable.key] = len(cells)
                    self.variables[variable.key] = variable
                    first = 0 if record else instance.initial(variable, 0)
                    cells += [first, *(instance.initial(variable, i) for i in range(1, count))]
                    widest = max(widest, instance.cardinality(variable.sort))
        self.frozen: Callable[[Iterable[int]], Heap] = bytes if widest <= BYTE else Wide
        self.initial: Heap = self.frozen(cells)

    def cell(self, key: FieldKey, obj: int = 0) -> int:
        """The number of one cell."""
        return self.base[key] + obj

    def count(self, record: str) -> int:
        """How many objects ``record`` has."""
        return self.instance.cardinality(self.model.records[record]) - 1

    def changed(self, heap: Heap, values: Mapping[int, int]) -> Heap:
        """``heap`` with other values in some cells."""
        if not values:
            return heap
        cells = bytearray(heap) if isinstance(heap, bytes) else list(heap)
        for cell, value in values.items():
            cells[cell] = value
        return self.frozen(cells)

    def told(self, heap: Heap) -> tuple[str, ...]:
        """Every cell that is not as it was in the beginning: ``Box 1.value = 2``."""
        found = []
        for (record, name), base in self.base.items():
            for cell in range(base, base + (1 + self.count(record) if record else 1)):
                if heap[cell] != self.initial[cell]:
                    found.append(f"{f'{record} {cell - base}.' if record else ''}{name} = {int(heap[cell])}")
        return tuple(found)

    def compile(self, t: Term, slots: dict[FieldKey, int]) -> Code:
        """``t`` as a function; ``slots`` numbers the locals of the running root."""
        return _code(f"lambda h, L, me: {self.source(t, slots, {})}")

    def source(self, t: Term, slots: dict[FieldKey, int], bound: dict[Term, str]) -> str:
        """``t`` as a Python expression over ``h``, ``L`` and ``me``."""

        def sub(x: Term) -> str:
            return self.source(x, slots, bound)

        match t.op:
            case "const":
                return str(self.instance.const(t))
            case "var" if t in bound:
                return bound[t]
            case "var" if t.data == "self":
                return "me"
            case "field" if t.data in slots:
                return f"L[{slots[t.data]}]"
            case "field" if t.data not in self.base:
                return "0"  # A ghost field, read by a soft assertion only.
            case "field":
                return f"h[{self.base[t.data]} + {sub(t.args[0])}]" if t.args else f"h[{self.base[t.data]}]"
            case "not":
                return f"(not {sub(t.args[0])})"
            case "and" | "or":
                return f"({f' {t.op} '.join(sub(a) for a in t.args)})"
            case "eq":
                return f"({sub(t.args[0])} == {sub(t.args[1])})"
            case "lt":
                return f"({sub(t.args[0])} < {sub(t.args[1])})"
            case "ite":
                return f"({sub(t.args[1])} if {sub(t.args[0])} else {sub(t.args[2])})"
            case "htons" | "object":
                return sub(t.args[0])
            case "next":
                return f"min({sub(t.args[0])} + 1, {self.instance.cardinality(t.sort) - 1})"
            case "prev":
                return f"max({sub(t.args[0])} - 1, 0)"
            case "cast":
                source = t.args[0].sort
                table = tuple(self.instance.cast(i, source, t.sort) for i in range(self.instance.cardinality(source)))
                return f"{table}[{sub(t.args[0])}]"
            case "exists" | "forall":
                name = f"x{len(bound)}"
                body = self.source(t.args[0], slots, {**bound, t.data: name})
                domain = self.instance.objects(t.data.sort)
                word = "any" if t.op == "exists" else "all"
                return f"{word}({body} for {name} in range({domain.start}, {domain.stop}))"
        raise InternalError("unknown-term", f"no Python code for {t.op} {t}")

    def domain(self, sort: Any) -> range:
        """The values a choice may have."""
        return self.instance.objects(sort) if isinstance(sort, RefSort) else range(self.instance.cardinality(sort))
