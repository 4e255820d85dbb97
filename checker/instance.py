"""Finite instances: how many objects of each record and which representative words exist."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from checker.errors import UsageError
from checker.language.sorts import BoolSort, EnumSort, RefSort, ScalarSort, Sort, WordSort
from checker.language.terms import Term, show_const
from checker.system import StateVar, TransitionSystem

MAX_SIZE = 16


@dataclass(frozen=True)
class Instance:
    """Sizes of one finite reading of a model.

    ``sizes`` maps record and scalar names to their number of objects or non-zero values; ``words`` maps host order
    word sorts to their representative values other than 0, increasing.  ``tables`` gives cells ``(record, field, index)``
    other initial values than their field has: the tables of the environment.  ``title`` is how people read the sizes;
    ``limit`` refuses sizes that no search ends for.  Every value of a sort is an index ``0 .. cardinality-1``, and 0 is
    NULL, the wildcard, port 0.
    """

    sizes: tuple[tuple[str, int], ...]
    words: tuple[tuple[str, tuple[int, ...]], ...] = ()
    tables: tuple[tuple[tuple[str, str, int], int], ...] = ()
    limit: bool = True
    title: str = ""

    def __post_init__(self) -> None:
        for name, size in self.sizes if self.limit else ():
            if not 1 <= size <= MAX_SIZE and not (size == 0 and name == "Addr"):
                raise UsageError(
                    "instance-size", f"an instance cannot have {size} of {name}", f"give a number from 1 to {MAX_SIZE}"
                )
        for name, values in self.words:
            if list(values) != sorted(set(values)) or not values or values[0] <= 0:
                raise UsageError("instance-words", f"{name} needs increasing values above 0, not {values}", "for example 80,1024")

    @cached_property
    def _sizes(self) -> dict[str, int]:
        return dict(self.sizes)

    @cached_property
    def _words(self) -> dict[str, tuple[int, ...]]:
        return dict(self.words)

    def _word_values(self, sort: WordSort) -> tuple[int, ...]:
        return (0, *self._words[sort.swapped or sort.name])

    @cached_property
    def _tables(self) -> dict[tuple[str, str, int], int]:
        return dict(self.tables)

    def initial(self, variable: StateVar, index: int) -> int:
        """The initial value of one cell."""
        return self._tables.get((variable.record, variable.name, index), variable.initial)

    def cast(self, value: int, source: Sort, target: Sort) -> int:
        """The index that the number behind ``value`` has in another word sort; 0 if it is none of its values."""
        assert isinstance(source, WordSort) and isinstance(target, WordSort)
        number = self._word_values(source)[value]
        values = self._word_values(target)
        return values.index(number) if number in values else 0

    def cardinality(self, sort: Sort) -> int:
        """How many values ``sort`` has here, the distinguished 0 included."""
        match sort:
            case BoolSort():
                return 2
            case EnumSort():
                return len(sort.members)
            case WordSort():
                return len(self._word_values(sort))
            case RefSort(key=key) if key:
                return (self._sizes[key] if key in self._sizes else len(self._words[key])) + 1
            case _:
                return self._sizes[sort.name] + 1

    def objects(self, sort: Sort) -> range:
        """The values a quantifier ranges over: the objects of a record (NULL excluded), else all values."""
        return range(1 if isinstance(sort, RefSort) else 0, self.cardinality(sort))

    def const(self, t: Term) -> int:
        """The index of the constant ``t``; for a word, how many representative values are smaller."""
        if isinstance(t.sort, WordSort):
            return sum(v < t.data for v in self._word_values(t.sort))
        return int(t.data)

    def show_value(self, sort: Sort, value: int) -> str:
        """The value as people read it: ``LISTEN``, ``sk1``, ``htons(80)``, ``A1``."""
        match sort:
            case BoolSort():
                return "true" if value else "false"
            case EnumSort():
                return sort.members[value]
            case WordSort():
                number = self._word_values(sort)[value]
                return f"htons({number})" if sort.swapped and number else str(number)
            case RefSort(key=key) if value:
                return f"{sort.name}[{self._word_values(WordSort(key, 0))[value] if key in self._words else value}]"
            case ScalarSort() if value:
                return f"{sort.name[0]}{value}"
            case _:
                return show_const(Term("const", sort, data=0))

    def cells(self, var: StateVar, system: TransitionSystem) -> range:
        """The object indices ``var`` is stored for (``range(1)`` for a variable of the kernel)."""
        if not var.record:
            return range(1)
        sort = next(r for r in system.records if r.name == var.record)
        return self.objects(sort)

    def __str__(self) -> str:
        if self.title:
            return self.title
        parts = [f"{n} {name}" for name, n in self.sizes]
        parts += [f"{name} {{{', '.join(map(str, values))}}}" for name, values in self.words]
        return ", ".join(parts)
