"""Steps remembered by what they depend on: the cells of memory they look at, and the choices they ask the environment for.

A step that finds the same values in the cells it looks at, and is given the same choices, does the same whatever else is in
memory.  So it is done once for each such *footprint*, and recalled wherever it is met again.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from checker.scenario.heap import Heap

K = TypeVar("K", bound=Hashable)
R = TypeVar("R")

Choice = tuple[int, ...] | None
"""The values that the environment allows a choice to have; None for every value."""


class Looked:
    """Memory under a step that notes what it sees of ``before``, and keeps apart what it writes.

    ``seen`` are the cells that it read before it wrote them, in this order; choices are noted there too, see :func:`choice`.
    """

    __slots__ = ("before", "seen", "written")

    def __init__(self, before: Heap, seen: dict[int, int | Choice] | None = None, written: dict[int, int] | None = None) -> None:
        self.before = before
        self.seen = {} if seen is None else seen
        self.written = {} if written is None else written

    def __getitem__(self, cell: int, /) -> int:
        value = self.written.get(cell)
        if value is None:
            value = self.seen[cell] = self.before[cell]
        return value

    def __setitem__(self, cell: int, value: int, /) -> None:
        self.written[cell] = value

    def __copy__(self) -> Looked:
        """The same for another way the step may go on: all its ways have one footprint."""
        return Looked(self.before, self.seen, dict(self.written))


def choice(node: int) -> int:
    """The number under which the choice at a node is noted, which is no cell."""
    return ~node


@dataclass(frozen=True, eq=False, slots=True)
class Fork(Generic[R]):
    """What was looked at next, a cell or a choice, and what came of each answer so far."""

    about: int
    answers: dict[int | Choice, Fork[R] | R]


class Footprints(Generic[K, R]):
    """The results of all steps done so far, for each ``K`` by the footprint of the step."""

    def __init__(self) -> None:
        self.known: dict[K, Fork[R] | R] = {}

    def recall(self, key: K, heap: Heap, decide: Callable[[int], Choice]) -> R | None:
        """What came of the step ``key`` where memory and choices, by node, are the same; None if that is not known yet."""
        known = self.known.get(key)
        while isinstance(known, Fork):
            about = known.about
            known = known.answers.get(heap[about] if about >= 0 else decide(~about))
        return known

    def note(self, key: K, seen: Mapping[int, int | Choice], result: R) -> None:
        """Remember what came of the step ``key``, which has ``seen`` so much."""
        answers: dict[Any, Fork[R] | R] = self.known
        answer: Any = key
        for about, found in seen.items():
            fork = answers.setdefault(answer, Fork(about, {}))
            assert isinstance(fork, Fork) and fork.about == about
            answers, answer = fork.answers, found
        answers[answer] = result
