"""Twins: the two objects of a record that nothing tells apart, and what exchanging them does to a packed state.

A reference to one of two objects takes two bits: none set for NULL, one of them for each object.  So exchanging twins
exchanges the bits of what they own, and both bits of every reference to them, wherever it lies.  Where references of a thread
lie depends on its location; how threads are numbered does not matter.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from checker.instance import Instance
from checker.interchange import interchangeable
from checker.language.sorts import RefSort
from checker.language.terms import Term
from checker.system import TransitionSystem

if TYPE_CHECKING:
    from checker.explicit.layout import Bits, Words


@dataclass(frozen=True)
class Twins:
    """The objects 1 and 2 of ``record``.

    ``pieces`` are what each owns, alike for both, and ``keys`` the bits of each piece by which they are told apart: those
    that hold no reference to twins not yet put in order.  ``references`` has, per word, the lower bit of each reference to one of
    them that is always there; ``local`` the same per piece of a thread's slot and per location of the thread.
    """

    record: str
    pieces: tuple[tuple[Bits, ...], tuple[Bits, ...]]
    keys: tuple[int, ...]
    references: tuple[int, ...]
    local: tuple[tuple[int, ...], ...]

    def masks(self, words: Words, slots: tuple[tuple[Bits, ...], ...], pcs: list[int]) -> list[int]:
        """Per word, the lower bits of all references in a state whose threads are at ``pcs``."""
        found = list(self.references)
        for slot, pc in zip(slots, pcs, strict=True):
            for piece, table in zip(slot, self.local, strict=True):
                found[piece.word] |= table[pc] << piece.shift
        return found

    def exchange(self, words: Words, masks: list[int]) -> Words:
        """``words`` with the twins exchanged."""
        result = [w ^ (t | t << 1) for w, m in zip(words, masks, strict=True) for t in [(w ^ w >> 1) & m]]
        for a, b in zip(*self.pieces, strict=True):
            x, y = a.get(result), b.get(result)
            a.put(result, y)
            b.put(result, x)
        return tuple(result)

    def in_order(self, words: Words) -> bool:
        """Whether the first one does not come behind the second."""
        first, second = ([b.get(words) & key for b, key in zip(side, self.keys, strict=True)] for side in self.pieces)
        return first <= second


def twin_records(system: TransitionSystem, instance: Instance, formulas: tuple[Term, ...]) -> list[RefSort]:
    """The records with two objects each that neither ``system`` nor ``formulas`` tell apart."""
    alike = [s for s in interchangeable(system, instance, *formulas) if isinstance(s, RefSort) and s != system.thread]
    return [s for s in alike if len(instance.objects(s)) == 2]
