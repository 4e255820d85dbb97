"""Layout: where each cell of a finite instance lives in a few 64-bit words.

In goes a system, an instance and the formulas to be decided; out comes a Layout that packs states and unpacks them.

Only variables in the cone of influence are kept.  Everything that belongs to one thread lies in a *slot* of the same
shape for every thread, so that threads are permuted by permuting slots.  Three encodings make states small:

* an ordinary cell takes just the bits its values need and never straddles two words;
* locals share bits when no location lets both be non-zero: the pc says whose the bits are.  Where a local may be
  non-zero is a fixpoint over the transitions, so nothing is assumed about how the compiler resets them;
* a cell of another record holding a thread (the owner of a lock) is one flag in each slot, at most one of them set,
  so that it moves along when slots are permuted.

The cells of twins (see twins.py) lie in pieces of the same shape for both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, combinations

from checker.errors import InternalError, UsageError
from checker.evaluate import Cell, State
from checker.explicit.twins import Twins
from checker.instance import Instance
from checker.language import terms
from checker.language.sorts import RefSort
from checker.language.terms import FieldKey, Term
from checker.system import StateVar, TransitionSystem, relevant_vars

WORD_BITS = 64
MAX_WORDS = 8

PIECE_BITS = (64, 32, 16)
"""How long the pieces of twins may be: long ones are exchanged sooner, short ones may fit into fewer words."""

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
    ``slots`` are the pieces that make up each thread, alike for all threads; ``twins`` are put in order one after the other.
    """

    system: TransitionSystem
    instance: Instance
    variables: tuple[StateVar, ...]
    words: int
    bits: Mapping[Cell, Bits]
    flags: Mapping[Cell, tuple[Bits, ...]]
    stored_at: Mapping[FieldKey, frozenset[int]]
    slots: tuple[tuple[Bits, ...], ...]
    twins: tuple[Twins, ...] = ()

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

    def canonical(self, words: Words, *, threads: bool = True) -> Words:
        """The representative of ``words`` under exchange of twins and, unless ``threads`` are told apart, their permutation.

        It is the least one of those in which twins are in order and slots are sorted, first piece first.
        """
        masks = {t.record: t.masks(words, self.slots, [self.pc_bits(i).get(words) for i in self._threads]) for t in self.twins}
        reached = []
        for chosen in chain.from_iterable(combinations(self.twins, n) for n in range(len(self.twins) + 1)):
            other = words
            for t in chosen:
                other = t.exchange(other, masks[t.record])
            if all(t.in_order(other) for t in self.twins):
                reached.append(self._sorted(other) if threads else other)
        return min(reached)

    @property
    def _threads(self) -> range:
        return self.instance.objects(self.system.thread)

    def _sorted(self, words: Words) -> Words:
        """``words`` with the slots of threads sorted."""
        result = list(words)
        ordered = sorted(tuple(b.get(words) for b in slot) for slot in self.slots)
        for slot, values in zip(self.slots, ordered, strict=True):
            for b, value in zip(slot, values, strict=True):
                b.put(result, value)
        return tuple(result)


def make_layout(
    system: TransitionSystem, instance: Instance, formulas: tuple[Term, ...], twins: Sequence[RefSort] = ()
) -> Layout:
    """Lay out what can influence ``formulas``; the two objects of each of the records ``twins`` can be exchanged.

    Raises UsageError if an initial or written value does not exist in the instance, or if a state needs more than
    ``MAX_WORDS`` words.
    """
    variables = relevant_vars(system, formulas)
    _check_values(system, instance, variables)
    by_name = {r.name: r for r in system.records}
    found = {v.key: _may_be_nonzero(system, instance, v) for v in variables if v.owner_root}
    shared = {key: pcs for key, pcs in found.items() if pcs is not None}
    twins = [r for r in twins if any(r in (v.sort, by_name.get(v.record)) for v in variables)]
    limits = PIECE_BITS if twins else PIECE_BITS[:1]
    plans = [_Plan(system, instance, variables, shared, twins, limit) for limit in limits]
    plan = min(plans, key=lambda p: p.packer.words)
    if plan.packer.words > MAX_WORDS:
        raise UsageError(
            "state-too-wide",
            f"a state of {instance} takes {plan.packer.words} words of {WORD_BITS} bits, more than {MAX_WORDS}",
            "choose a smaller instance",
        )
    return plan.layout()


class _Plan:
    """One way to lay out the cells, with pieces of twins of at most ``limit`` bits."""

    def __init__(
        self,
        system: TransitionSystem,
        instance: Instance,
        variables: tuple[StateVar, ...],
        shared: Mapping[FieldKey, frozenset[int]],
        twins: Sequence[RefSort],
        limit: int,
    ) -> None:
        self.system, self.instance, self.variables = system, instance, variables
        self.shared = shared
        thread = system.thread
        self.per_thread = [v for v in variables if v.record == thread.name]
        others = [v for v in variables if v.record != thread.name]
        self.flagged = [v for v in others if v.sort == thread]
        plain = [v for v in others if v.sort != thread]
        self.twins = sorted(twins, key=lambda r: -sum(_width(instance, v) for v in plain if v.record == r.name))
        self.owned = {r.name: [v for v in plain if v.record == r.name] for r in self.twins}

        # One slot: the pc and what is always there first, then locals, widest first, wherever they disturb nobody.
        slot = _SlotShape()
        for v in sorted(self.per_thread, key=lambda v: (v.key in self.shared, -_width(instance, v))):
            slot.place(v.key, _width(instance, v), self.shared.get(v.key))
        for v in self.flagged:
            slot.place(v.key, len(instance.cells(v, system)), None)
        self.shapes = {thread.name: slot}
        for record, owned in self.owned.items():
            self.shapes[record] = shape = _SlotShape(limit)
            for v in sorted(owned, key=lambda v: -_width(instance, v)):
                shape.place(v.key, _width(instance, v), None)

        # All words: pieces of slots and twins and remaining cells, widest first.
        wanted: list[tuple[int, tuple[str, int | str, int]]] = []
        for kind in (thread, *self.twins):
            for i in instance.objects(kind):
                wanted += [(width, (kind.name, i, piece)) for piece, width in enumerate(self.shapes[kind.name].widths)]
        single = [v for v in plain if v.record not in self.owned]
        wanted += [(_width(instance, v), (*v.key, i)) for v in single for i in instance.cells(v, system)]
        self.packer = _WordPacker()
        self.placed = {what: self.packer.place(width) for width, what in sorted(wanted, key=lambda w: -w[0])}

    def layout(self) -> Layout:
        """The layout that it comes to."""
        system, instance = self.system, self.instance
        threads = instance.objects(system.thread)
        bits: dict[Cell, Bits] = {(r, name, i): b for (r, name, i), b in self.placed.items() if isinstance(name, str)}
        for v in (*self.per_thread, *chain.from_iterable(self.owned.values())):
            bits.update({(*v.key, i): self._inside(v.record, i, v.key) for i in instance.cells(v, system)})
        flags: dict[Cell, tuple[Bits, ...]] = {}
        for v in self.flagged:
            for place, i in enumerate(instance.cells(v, system)):
                whole = [self._inside(system.thread.name, t, v.key) for t in threads]
                flags[(*v.key, i)] = tuple(Bits(b.word, b.shift + place, 1) for b in whole)
        slots = tuple(self._pieces(system.thread.name, t) for t in threads)
        words = max(self.packer.words, 1)
        twins = tuple(self._twins(number, bits, flags, words) for number in range(len(self.twins)))
        return Layout(system, instance, self.variables, words, bits, flags, self.shared, slots, twins)

    def _pieces(self, record: str, i: int) -> tuple[Bits, ...]:
        return tuple(self.placed[record, i, piece] for piece in range(len(self.shapes[record].widths)))

    def _inside(self, record: str, i: int, what: FieldKey) -> Bits:
        piece, offset, width = self.shapes[record].places[what]
        base = self.placed[record, i, piece]
        return Bits(base.word, base.shift + offset, width)

    def _twins(self, number: int, bits: Mapping[Cell, Bits], flags: Mapping[Cell, tuple[Bits, ...]], words: int) -> Twins:
        record, unordered = self.twins[number], self.twins[number:]
        shape, slot = self.shapes[record.name], self.shapes[self.system.thread.name]
        keys = [(1 << width) - 1 for width in shape.widths]
        for v in self.owned[record.name]:
            piece, offset, width = shape.places[v.key]
            if v.sort in unordered:
                keys[piece] &= ~(((1 << width) - 1) << offset)
        references = [0] * words
        for cell, b in bits.items():
            if cell[0] != self.system.thread.name and self._sort(cell) == record:
                references[b.word] |= 1 << b.shift
        for cell, per_thread in flags.items():
            if cell[0] == record.name and cell[2] == 1:
                for b in per_thread:
                    references[b.word] |= 1 << b.shift
        places = len(self.system.pc_sort.members)
        local = [[0] * places for _ in slot.widths]
        for v in self.per_thread:
            if v.sort == record:
                piece, offset, _ = slot.places[v.key]
                for pc in self.shared.get(v.key, range(places)):
                    local[piece][pc] |= 1 << offset
        pieces = (self._pieces(record.name, 1), self._pieces(record.name, 2))
        return Twins(record.name, pieces, tuple(keys), tuple(references), tuple(map(tuple, local)))

    def _sort(self, cell: Cell) -> object:
        return self.system.vars_by_key[cell[:2]].sort


class _SlotShape:
    """The shape of what one thread or twin has: pieces of at most ``limit`` bits, filled first-fit, overlapping where allowed."""

    def __init__(self, limit: int = WORD_BITS) -> None:
        self.limit = limit
        self.places: dict[FieldKey, tuple[int, int, int]] = {}
        self.pcs: dict[FieldKey, frozenset[int] | None] = {}
        self.widths: list[int] = []

    def place(self, what: FieldKey, width: int, pcs: frozenset[int] | None) -> None:
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
            if offset + width <= self.limit or not taken:
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
