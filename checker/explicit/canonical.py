"""Native code of the canonical form: which of the states that differ by interchangeable names is stored.

In go the words of a packed state; out come those of its representative, the same as ``Layout.canonical`` gives.  Mostly the
twins differ in what they own, so that one comparison puts them in order; only if they do not are all orders compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, combinations

from checker.explicit import ir
from checker.explicit.emit import ONES, Operations, Value
from checker.explicit.ir import I64
from checker.explicit.layout import Layout
from checker.explicit.twins import Twins

Words = list[ir.Value]


class Canonical:
    """Makes the code, in ``module``; slots of threads are sorted if ``threads`` are interchangeable."""

    def __init__(self, module: ir.Module, layout: Layout, *, threads: bool) -> None:
        self.layout = layout
        self.sorting = threads and len(layout.slots) > 1
        self.tables = {
            t.record: [module.table(f"references.{t.record}.{i}", t.local[i]) for i in range(len(t.local))] for t in layout.twins
        }

    @property
    def needed(self) -> bool:
        """Whether anything is interchangeable at all."""
        return self.sorting or bool(self.layout.twins)

    def emit(self, ops: Operations, words: Words) -> Words:
        """The representative of ``words``; the builder stands where the code continues."""
        twins = self.layout.twins
        masks = {t.record: self._masks(ops, t, words) for t in twins}
        tie: Value = 0
        for t in twins:
            first, second = self._keys(ops, t, words)
            for_sure = less(ops, second, first)
            equal: Value = 1
            for x, y in zip(first, second, strict=True):
                equal = ops.both(equal, ops.same(x, y))
            tie = ops.either(tie, equal)
            words = self._exchange(ops, t, masks[t.record], words, ops.builder.sext(ops.bit(for_sure), I64))
        found = self._sort(ops, words)
        if isinstance(tie, int) and not tie:
            return found
        b = ops.builder
        compare, join = b.append_basic_block("tie"), b.append_basic_block("representative")
        origin = b.block
        b.cbranch(ops.bit(tie), compare, join)
        b.position_at_end(compare)
        best = self._least(ops, words, found, masks)
        b.branch(join)
        b.position_at_end(join)
        result: Words = []
        for plain, other in zip(found, best, strict=True):
            merged = b.phi(I64)
            merged.add_incoming(plain, origin)
            merged.add_incoming(other, compare)
            result.append(merged)
        return result

    def _least(self, ops: Operations, words: Words, best: Words, masks: dict[str, list[Value]]) -> Words:
        """The least of ``best`` and the other representatives of ``words`` whose twins are in order."""
        twins = self.layout.twins
        for chosen in chain.from_iterable(combinations(twins, n) for n in range(1, len(twins) + 1)):
            other = words
            for t in chosen:
                other = self._exchange(ops, t, masks[t.record], other, ops.word(ONES))
            better: Value = 1
            for t in twins:
                first, second = self._keys(ops, t, other)
                better = ops.both(better, ops.invert(less(ops, second, first)))
            other = self._sort(ops, other)
            better = ops.both(better, less(ops, other, best))
            best = [ops.word(ops.select(better, x, y)) for x, y in zip(other, best, strict=True)]
        return best

    def _keys(self, ops: Operations, t: Twins, words: Words) -> tuple[list[Value], list[Value]]:
        """What tells the twins apart, of each."""
        first, second = (
            [ops.builder.and_(ops.word(ops.get(words, b)), ops.word(key)) for b, key in zip(side, t.keys, strict=True)]
            for side in t.pieces
        )
        return list(first), list(second)

    def _masks(self, ops: Operations, t: Twins, words: Words) -> list[Value]:
        """Per word, the lower bit of each reference to one of the twins."""
        b = ops.builder
        found: list[Value] = list(t.references)
        for thread, slot in enumerate(self.layout.slots, 1):
            pc = ops.word(ops.get(words, self.layout.pc_bits(thread)))
            for piece, table, values in zip(slot, self.tables[t.record], t.local, strict=True):
                if any(values):
                    mask = b.load(b.gep(table, pc))
                    here = b.shl(mask, I64(piece.shift)) if piece.shift else mask
                    found[piece.word] = b.or_(here, ops.word(found[piece.word]))
        return found

    @staticmethod
    def _exchange(ops: Operations, t: Twins, masks: list[Value], words: Words, when: ir.Value) -> Words:
        """``words`` with the twins exchanged where ``when`` has ones, which is everywhere or nowhere."""
        b = ops.builder
        result = list(words)
        for k, mask in enumerate(masks):
            if not isinstance(mask, int) or mask:
                word = result[k]
                differ = b.and_(b.xor(word, b.lshr(word, I64(1))), b.and_(ops.word(mask), when))
                result[k] = b.xor(word, b.or_(differ, b.shl(differ, I64(1))))
        for one, other in zip(*t.pieces, strict=True):
            differ = b.and_(b.xor(ops.word(ops.get(result, one)), ops.word(ops.get(result, other))), when)
            for place in (one, other):
                result[place.word] = b.xor(result[place.word], b.shl(differ, I64(place.shift)) if place.shift else differ)
        return result

    def _sort(self, ops: Operations, words: Words) -> Words:
        """``words`` with the slots of threads sorted."""
        if not self.sorting:
            return words
        b = ops.builder
        words = list(words)
        slots = [[ops.word(ops.get(words, piece)) for piece in slot] for slot in self.layout.slots]
        for end in range(len(slots) - 1, 0, -1):
            for j in range(end):
                swap = ops.bit(less(ops, slots[j + 1], slots[j]))
                low = [b.select(swap, y, x) for x, y in zip(slots[j], slots[j + 1], strict=True)]
                high = [b.select(swap, x, y) for x, y in zip(slots[j], slots[j + 1], strict=True)]
                slots[j], slots[j + 1] = low, high
        for slot, values in zip(self.layout.slots, slots, strict=True):
            for piece, value in zip(slot, values, strict=True):
                words[piece.word] = ops.put(words[piece.word], piece, value)
        return words


def less(ops: Operations, a: Sequence[Value], b: Sequence[Value]) -> Value:
    """Whether ``a`` comes before ``b``, the first value deciding first."""
    result: Value = 0
    for x, y in zip(reversed(a), reversed(b), strict=True):
        result = ops.either(ops.below(x, y), ops.both(ops.same(x, y), result))
    return result
