"""Which outcomes can still come of each state of a search, as bit sets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from checker.scenario.explore import Search

Results = tuple[tuple[str, ...], ...]
"""The results of setup, of each thread and of post, and the faults, as Search.results_of gives them."""


@dataclass(frozen=True)
class Reach:
    """The outcomes of a search, each with the first state that has it, and per state the set of those it can lead to."""

    outcomes: tuple[Results, ...]
    ends: tuple[int, ...]
    of_state: Sequence[int]

    def named(self, bits: int) -> list[int]:
        """The outcomes in a set, by number."""
        return [n for n in range(len(self.outcomes)) if bits >> n & 1]


def reach(search: Search) -> Reach:
    """Work back from the ends of a search that has run."""
    numbers: dict[Results, int] = {}
    first: list[int] = []
    sets = [0] * len(search.states)
    for end in search.ends:
        results = search.results_of(end)
        if results not in numbers:
            numbers[results] = len(numbers)
            first.append(end)
        sets[end] |= 1 << numbers[results]
    before: list[list[int]] = [[] for _ in search.states]
    for number, edges in enumerate(search.edges):
        for edge in edges:
            before[edge.target].append(number)
    work = list(search.ends)
    for number in work:
        bits = sets[number]
        for earlier in before[number]:
            if sets[earlier] | bits != sets[earlier]:
                sets[earlier] |= bits
                work.append(earlier)
    return Reach(tuple(numbers), tuple(first), sets)
