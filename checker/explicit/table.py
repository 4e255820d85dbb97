"""The visited set: full packed states in one array, found through an open-addressing table of their numbers.

In goes a batch of successors as ``checker.explicit.codegen`` writes them; out comes the same batch deduplicated and
appended.  A table entry is 32 bits of hash and the number of a state plus 1; equality is always decided on
the full state, so nothing is ever missed.  The place of an entry is given by its uppermost bits, so a table is copied
into a larger one from front to back, without looking at the states.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic
from numpy.typing import NDArray

from checker.errors import LimitError
from checker.explicit.layout import Words

U64 = NDArray[np.uint64]
MAX_STATES = (1 << 32) - 2
FIRST_STATES = 1 << 12
FIRST_ENTRIES = 1 << 13
BLOCK = 32


@njit(cache=True, inline="always")
def _mix(words: Any, row: int, width: int) -> Any:
    h = np.uint64(0x9E3779B97F4A7C15)
    for k in range(width):
        h = (h ^ words[row, k]) * np.uint64(0xD6E8FEB86659FD93)
        h ^= h >> np.uint64(32)
    h *= np.uint64(0xD6E8FEB86659FD93)
    return h ^ (h >> np.uint64(32))


@njit(cache=True, inline="always")
def _shift(size: int) -> Any:
    """How far to shift a hash to get a place in a table of ``size`` entries, a power of two."""
    shift = np.uint64(64)
    while size > 1:
        size >>= 1
        shift -= np.uint64(1)
    return shift


def _prefetch_code(typing_context: Any, array: Any, index: Any) -> Any:
    """Ask for the cache line of ``array[index]``, a row of a contiguous array, without waiting for it."""

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        made = context.make_array(signature.args[0])(context, builder, args[0])
        stride = builder.extract_value(made.strides, 0)
        address = builder.add(builder.ptrtoint(made.data, stride.type), builder.mul(args[1], stride))
        pointer = builder.inttoptr(address, ir.PointerType())
        i32 = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [ir.PointerType(), i32, i32, i32])
        name = "llvm.prefetch.p0"
        function = builder.module.globals.get(name) or ir.Function(builder.module, kind, name)
        builder.call(function, [pointer, i32(1), i32(3), i32(1)])
        return context.get_dummy_value()

    return types.void(array, types.int64), codegen


_prefetch: Any = intrinsic(_prefetch_code)


@njit(cache=True)
def _insert(out: Any, count: int, states: Any, parents: Any, stored: int, table: Any, fired: Any, fresh: Any) -> Any:
    width = states.shape[1]
    mask = np.uint64(table.size - 1)
    shift = _shift(table.size)
    low = np.uint64(0xFFFFFFFF)
    hashes = np.empty(BLOCK, np.uint64)
    for start in range(0, count, BLOCK):
        size = min(BLOCK, count - start)
        # Ask for the memory of a whole block before deciding about any of it, so that the waits overlap.
        for j in range(size):
            hashes[j] = _mix(out, start + j, width)
            _prefetch(table, np.int64(hashes[j] >> shift))
        for j in range(size):
            entry = table[hashes[j] >> shift]
            if entry != 0:
                _prefetch(states, np.int64(entry & low) - 1)
        for j in range(size):
            row = start + j
            tag = out[row, width]
            number = tag & np.uint64(0xFFFF)
            fired[number] += 1
            place = hashes[j] >> shift
            print_ = hashes[j] & ~low
            while True:
                entry = table[place]
                if entry == 0:
                    table[place] = print_ | np.uint64(stored + 1)
                    for k in range(width):
                        states[stored, k] = out[row, k]
                    parents[stored] = tag >> np.uint64(16)
                    fresh[number] += 1
                    stored += 1
                    break
                if entry & ~low == print_:
                    at = np.int64(entry & low) - 1
                    equal = True
                    for k in range(width):
                        equal &= states[at, k] == out[row, k]
                    if equal:
                        break
                place = (place + np.uint64(1)) & mask
    return stored


@njit(cache=True)
def _copy(entries: Any, larger: Any) -> None:
    mask = np.uint64(larger.size - 1)
    shift = _shift(larger.size)
    for entry in entries:
        if entry != 0:
            place = entry >> shift
            while larger[place] != 0:
                place = (place + np.uint64(1)) & mask
            larger[place] = entry


def _longer(array: NDArray[Any], capacity: int, used: int) -> NDArray[Any]:
    """A copy of the first ``used`` rows with room for ``capacity``."""
    longer = np.empty((capacity, *array.shape[1:]), array.dtype)
    longer[:used] = array[:used]
    return longer


class Table:
    """All states found so far, numbered in order of discovery, each with the number of its parent.

    ``states`` is ``[capacity, words]``, ``parents`` ``[capacity]``; only the first ``stored`` rows mean anything.
    """

    def __init__(self, initial: Words, transitions: int) -> None:
        self.states: U64 = np.empty((FIRST_STATES, len(initial)), np.uint64)
        self.parents: NDArray[np.uint32] = np.empty(FIRST_STATES, np.uint32)
        self.entries: U64 = np.zeros(FIRST_ENTRIES, np.uint64)
        self.fired: NDArray[np.int64] = np.zeros(max(1, transitions), np.int64)
        self.fresh: NDArray[np.int64] = np.zeros(max(1, transitions), np.int64)
        self.stored = 0
        self.begin(initial)

    def begin(self, initial: Words) -> None:
        """Add a state that no transition has to lead to."""
        fired, fresh = self.fired.copy(), self.fresh.copy()
        self.insert(np.array([[*initial, 0]], np.uint64), 1)
        self.fired, self.fresh = fired, fresh

    def insert(self, out: U64, count: int) -> None:
        """Add the first ``count`` records of ``out``.  Raises LimitError when states can no longer be numbered or kept."""
        need = self.stored + count
        if need > MAX_STATES:
            raise LimitError("too-many-states", f"more than {MAX_STATES} states", "choose a smaller instance")
        try:
            if need > len(self.parents):
                capacity = max(need, len(self.parents) * 2)
                # Fresh arrays are untouched memory on huge pages; resized ones are neither.
                self.states = _longer(self.states, capacity, self.stored)
                self.parents = _longer(self.parents, capacity, self.stored)
            if need > len(self.entries) * 5 // 8:
                size = len(self.entries)
                while need > size // 2:
                    size *= 2
                entries, self.entries = self.entries, np.zeros(size, np.uint64)
                _copy(entries, self.entries)
        except MemoryError as error:
            raise LimitError("out-of-memory", f"no memory for more than {self.stored} states") from error
        self.stored = int(_insert(out, count, self.states, self.parents, self.stored, self.entries, self.fired, self.fresh))
