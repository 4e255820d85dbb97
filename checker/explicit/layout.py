"""Layout: where each cell of a finite instance lives in a few 64-bit words.

In goes a system, an instance and the formulas to be decided; out comes a Layout that packs states and unpacks them.

Only variables in the cone of influence are kept.  Everything that belongs to one thread lies in a *slot* of the same
shape for every thread, so that threads are permuted by permuting slots.  Three encodings make states small:

* an ordinary cell takes just the bits its values need and never straddles two words;
* locals share bits when no location lets both be non-zero: the pc says whose the bits are.  Where a local may be
  non-zero is a fixpoint over the transitions, so nothing is assumed about how the compiler resets them;
* a cell of another record holding a thread (the owner of a lock) is one flag in each slot, at most one of them set,
  so that it moves along when slots are permuted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from checker.errors import InternalError, UsageError
from checker.evaluate import Cell, State
from checker.instance import Instance
from checker.language import terms
from checker.language.terms import FieldKey, Term
from checker.system import StateVar, TransitionSystem, relevant_vars

WORD_BITS = 64
MAX_WORDS = 8

Words = tuple[int, ...]


@dataclass(frozen=True)
class Bits:
    """``width`` bits of word ``word`` from bit ``shift`` upwards."""

    word: int
    shift: int
    width: int

    @property
    def mask(self) -> int:
        """The bits in place."""
        return ((1 << self.width) - 1) << self.shift

    def get(self, words: Words | list[int]) -> int:
        """The value stored here."""
        return (words[self.word] & self.mask) >> self.shift

    def put(self, words: list[int], value: int) -> None:
        """Store ``value`` here."""
        words[self.word] = words[self.word] & ~self.mask | value << self.shift


@dataclass(frozen=True)
class Layout:
    """Where everything is.

    ``bits`` has every ordinary cell, ``flags`` every thread-valued cell with one bit per thread, in thread order;
    ``stored_at`` has, for each local that shares its bits, the pc values at which they are its own (elsewhere it is 0);
    ``slots`` are the pieces that make up each thread, alike for all threads.
    """

    system: TransitionSystem
    instance: Instance
    variables: tuple[StateVar, ...]
    words: int
    bits: Mapping[Cell, Bits]
    flags: Mapping[Cell, tuple[Bits, ...]]
    stored_at: Mapping[FieldKey, frozenset[int]]
    slots: tuple[tuple[Bits, ...], ...]

    @cached_property
    def keys(self) -> dict[FieldKey, StateVar]:
        """The stored variables."""
        return {v.key: v for v in self.variables}

    @cached_property
    def cells(self) -> tuple[Cell, ...]:
        """Every stored cell, in the order of the reference interpreter."""
        return tuple((*v.key, i) for v in self.variables for i in self.instance.cells(v, self.system))

    def pc_bits(self, thread: int) -> Bits:
        """Where the location of ``thread`` is."""
        return self.bits[(*self.system.pc_key, thread)]

    def pack(self, state: State) -> Words:
        """The packed form of ``state``, which may have more cells than are kept.

        Raises InternalError if a local is non-zero at a location where the analysis said it could not be.
        """
        words = [0] * self.words
        for cell in self.cells:
            value = state[cell]
            if cell in self.flags:
                if value:
                    self.flags[cell][value - 1].put(words, 1)
                continue
            pcs = self.stored_at.get(cell[:2])
            if pcs is None or state[(*self.system.pc_key, cell[2])] in pcs:
                self.bits[cell].put(words, value)
            elif value:
                raise InternalError("layout", f"{cell[1]} of thread {cell[2]} is {value} where it should be 0")
        return tuple(words)

    def unpack(self, words: Words) -> dict[Cell, int]:
        """The cells of a packed state."""
        state: dict[Cell, int] = {}
        for cell in self.cells:
            if cell in self.flags:
                state[cell] = sum(i for i, b in enumerate(self.flags[cell], 1) if b.get(words))
                continue
            pcs = self.stored_at.get(cell[:2])
            owned = pcs is None or self.pc_bits(cell[2]).get(words) in pcs
            state[cell] = self.bits[cell].get(words) if owned else 0
        return state

    def canonical(self, words: Words) -> Words:
        """The representative of ``words`` under permutation of threads: slots sorted, first piece first."""
        result = list(words)
        ordered = sorted(tuple(b.get(words) for b in slot) for slot in self.slots)
        for slot, values in zip(self.slots, ordered, strict=True):
            for b, value in zip(slot, values, strict=True):
                b.put(result, value)
        return tuple(result)


def make_layout(system: TransitionSystem, instance: Instance, formulas: tuple[Term, ...]) -> Layout:
    """Lay out what can influence ``formulas``.

    Raises UsageError if an initial or written value does not exist in the instance, or if a state needs more than
    ``MAX_WORDS`` words.
    """
    variables = relevant_vars(system, formulas)
    _check_values(system, instance, variables)
    threads = instance.objects(system.thread)
    shared = {v.key: pcs for v in variables if v.owner_root and (pcs := _may_be_nonzero(system, instance, v)) is not None}
    per_thread = [v for v in variables if v.record == system.thread.name]
    others = [v for v in variables if v.record != system.thread.name]
    global_cells = [((*v.key, i), v) for v in others for i in instance.cells(v, system)]
    flagged = [cell for cell, v in global_cells if v.sort == system.thread]

    # One slot: the pc and what is always there first, then locals, widest first, wherever they disturb nobody.
    slot = _SlotShape()
    for v in sorted(per_thread, key=lambda v: (v.key in shared, -_width(instance, v))):
        slot.place(v.key, _width(instance, v), shared.get(v.key))
    for cell in flagged:
        slot.place(cell, 1, None)

    # All words: pieces of slots and remaining cells, widest first.
    wanted: list[tuple[int, tuple[int, int] | Cell]] = [(width, (t, p)) for t in threads for p, width in enumerate(slot.widths)]
    wanted += [(_width(instance, v), cell) for cell, v in global_cells if v.sort != system.thread]
    packer = _WordPacker()
    pieces: dict[tuple[int, int], Bits] = {}
    bits: dict[Cell, Bits] = {}
    for width, what in sorted(wanted, key=lambda w: -w[0]):
        if len(what) == 2:
            pieces[what] = packer.place(width)
        else:
            bits[what] = packer.place(width)
    if packer.words > MAX_WORDS:
        raise UsageError(
            "state-too-wide",
            f"a state of {instance} takes {packer.words} words of {WORD_BITS} bits, more than {MAX_WORDS}",
            "choose a smaller instance",
        )

    def in_slot(thread: int, what: FieldKey | Cell) -> Bits:
        piece, offset, width = slot.places[what]
        base = pieces[thread, piece]
        return Bits(base.word, base.shift + offset, width)

    bits.update({(*v.key, t): in_slot(t, v.key) for v in per_thread for t in threads})
    flags = {cell: tuple(in_slot(t, cell) for t in threads) for cell in flagged}
    slots = tuple(tuple(pieces[t, piece] for piece in range(len(slot.widths))) for t in threads)
    return Layout(system, instance, variables, max(packer.words, 1), bits, flags, shared, slots)


class _SlotShape:
    """The shape of one thread's slot: pieces of at most 64 bits, filled first-fit, overlapping where allowed."""

    def __init__(self) -> None:
        self.places: dict[FieldKey | Cell, tuple[int, int, int]] = {}
        self.pcs: dict[FieldKey | Cell, frozenset[int] | None] = {}
        self.widths: list[int] = []

    def place(self, what: FieldKey | Cell, width: int, pcs: frozenset[int] | None) -> None:
        rivals = [
            place for other, place in self.places.items() if (theirs := self.pcs[other]) is None or pcs is None or pcs & theirs
        ]
        piece = 0
        while True:
            taken = sorted((start, start + size) for p, start, size in rivals if p == piece)
            offset = 0
            for start, end in taken:
                if offset + width <= start:
                    break
                offset = max(offset, end)
            if offset + width <= WORD_BITS:
                break
            piece += 1
        if piece == len(self.widths):
            self.widths.append(0)
        self.widths[piece] = max(self.widths[piece], offset + width)
        self.places[what] = (piece, offset, width)
        self.pcs[what] = pcs


class _WordPacker:
    """First-fit packing into words."""

    def __init__(self) -> None:
        self.used: list[int] = []

    @property
    def words(self) -> int:
        return len(self.used)

    def place(self, width: int) -> Bits:
        for word, used in enumerate(self.used):
            if used + width <= WORD_BITS:
                self.used[word] += width
                return Bits(word, used, width)
        self.used.append(width)
        return Bits(len(self.used) - 1, 0, width)


def _width(instance: Instance, v: StateVar) -> int:
    return (instance.cardinality(v.sort) - 1).bit_length()


def _may_be_nonzero(system: TransitionSystem, instance: Instance, v: StateVar) -> frozenset[int] | None:
    """The pc values at which ``v`` of the same thread may be non-zero, or None if other threads can write it or its pc."""
    writes: dict[int, Term] = {}
    for number, t in enumerate(system.transitions):
        for u in t.updates:
            if u.key == system.pc_key or (u.key == v.key and u.obj != system.self_var):
                return None
            if u.key == v.key:
                writes[number] = u.value
    found: set[str] = set()
    if v.initial:
        found.add(system.pc_sort.members[system.vars_by_key[system.pc_key].initial])
    grew = True
    while grew:
        before = len(found)
        for number, t in enumerate(system.transitions):
            value = writes.get(number)
            if t.source in found if value is None else not (value.op == "const" and instance.const(value) == 0):
                found.add(t.target)
        grew = len(found) > before
    return frozenset(system.pc_sort.members.index(name) for name in found)


def _check_values(system: TransitionSystem, instance: Instance, variables: tuple[StateVar, ...]) -> None:
    """Refuse values that the instance has no bits for: they would silently become others."""
    kept = {v.key: v for v in variables}
    for v in variables:
        if max(instance.initial(v, i) for i in instance.cells(v, system)) >= instance.cardinality(v.sort):
            raise UsageError(
                "value-not-in-instance",
                f"{v.record}.{v.name} starts with value {v.initial}, which this instance lacks",
                "choose a larger instance",
            )
    for t in system.transitions:
        for u in t.updates:
            if u.key in kept and largest(u.value, instance) >= instance.cardinality(kept[u.key].sort):
                raise UsageError(
                    "value-not-in-instance",
                    f"{t.name} writes {terms.show(u.value)} to {u.key[0]}.{u.key[1]}, which this instance cannot represent",
                    f"give the instance more values of {kept[u.key].sort.name}",
                    t.steps[-1].place if t.steps else None,
                )


def largest(t: Term, instance: Instance) -> int:
    """An upper bound of the values of ``t``, from constants and sorts alone."""
    match t.op:
        case "const":
            return instance.const(t)
        case "ite":
            return max(largest(a, instance) for a in t.args[1:])
        case "htons" | "object":
            return largest(t.args[0], instance)
        case _:
            return instance.cardinality(t.sort) - 1
