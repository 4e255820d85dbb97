"""Reading the memory of a scenario: fields by name, enumeration members, words and addresses by what scenarios call them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from checker.language.declare import Enumeration
from checker.scenario.heap import Heap, Memory
from spec.scenarios.world import World


@dataclass(frozen=True)
class View:
    """The memory of one scenario and the values it uses."""

    memory: Memory
    world: World

    def _get(self, heap: Heap, record: str, field: str, obj: int = 0) -> int:
        return heap[self.memory.base[record, field] + obj]

    def _member(self, record: str, field: str, value: int) -> str:
        sort: Any = self.memory.variables[record, field].sort
        return str(sort.members[value])

    def _index(self, enumeration: type[Enumeration], name: str) -> int:
        return next(i for i, m in enumerate(enumeration) if m.name == name)

    def _word(self, sort: str, number: int) -> int:
        values = (0, *dict(self.memory.instance.words)[sort])
        return values.index(number) if number in values else len(values) - 1

    def _address(self, name: str) -> int:
        return 0 if name in ("ANY", "0.0.0.0") else 1 + self.world.addresses.index(name)

    def _poke(self, heap: Heap, record: str, field: str, obj: int, value: int) -> Heap:
        return self.memory.changed(heap, {self.memory.cell((record, field), obj): value})
