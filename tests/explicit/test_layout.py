"""Packing: what shares bits, what never straddles words, and the way back."""

from __future__ import annotations

import pytest

from checker.errors import InternalError
from checker.evaluate import initial_state
from checker.explicit.layout import Bits, make_layout
from checker.language import terms
from tests.explicit import toy

FORMULAS = (toy.exclusive().formula, toy.painted().formula)


def test_bits() -> None:
    words = [0, 0]
    Bits(1, 60, 4).put(words, 9)
    assert words == [0, 9 << 60]
    assert Bits(1, 60, 4).get(words) == 9
    Bits(1, 60, 4).put(words, 0)
    assert words == [0, 0]


def test_locals_of_different_calls_share_bits() -> None:
    layout = make_layout(toy.system(), toy.instance(), FORMULAS)
    take, paint = layout.bits["Thread", "take.node", 1], layout.bits["Thread", "paint.color", 1]
    assert (take.word, take.shift) == (paint.word, paint.shift)
    assert layout.stored_at["Thread", "take.node"] == {1, 2}
    assert layout.stored_at["Thread", "paint.color"] == {3}


def test_slots_are_alike_and_owners_are_flags_in_them() -> None:
    layout = make_layout(toy.system(), toy.instance(3), FORMULAS)
    # A slot: pc (2), the union of both locals (2), one flag per node (2).
    assert [[b.width for b in slot] for slot in layout.slots] == [[6]] * 3
    assert {cell: len(flags) for cell, flags in layout.flags.items()} == {("Node", "owner", 1): 3, ("Node", "owner", 2): 3}
    for cell, bits in layout.bits.items():
        assert bits.shift + bits.width <= 64, cell


def test_irrelevant_variables_are_dropped() -> None:
    layout = make_layout(toy.system(), toy.instance(), (terms.TRUE,))
    assert ("Node", "color") not in layout.keys
    assert ("Node", "owner") in layout.keys


def test_canonical_sorts_threads_and_takes_what_they_own_along() -> None:
    layout = make_layout(toy.system(), toy.instance(), FORMULAS)
    state = initial_state(toy.system(), toy.instance())
    state["Thread", "pc", 1], state["Thread", "take.node", 1], state["Node", "owner", 2] = 2, 2, 1
    other = dict(initial_state(toy.system(), toy.instance()))
    other["Thread", "pc", 2], other["Thread", "take.node", 2], other["Node", "owner", 2] = 2, 2, 2
    assert layout.pack(state) != layout.pack(other)
    assert layout.canonical(layout.pack(state)) == layout.canonical(layout.pack(other))
    assert layout.unpack(layout.pack(state)) == {c: state[c] for c in layout.cells}


def test_a_local_outside_its_call_is_an_internal_error() -> None:
    layout = make_layout(toy.system(), toy.instance(), FORMULAS)
    state = initial_state(toy.system(), toy.instance())
    state["Thread", "take.node", 1] = 1
    with pytest.raises(InternalError, match="take.node of thread 1"):
        layout.pack(state)
