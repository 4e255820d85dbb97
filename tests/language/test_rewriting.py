"""Rewriting a term at some of its places gives what substitution gives."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from checker.language import terms
from checker.language.rewriting import Rewriting
from checker.language.sorts import BOOL
from checker.language.terms import Term
from tests.language.test_terms import COLOR, FORMULAS, simplify

P, Q, C = terms.var("p", BOOL), terms.var("q", BOOL), terms.var("c", COLOR)
VALUES = {P: Q, Q: terms.TRUE, C: terms.member(COLOR, "RED")}


@settings(max_examples=150, deadline=None)
@given(FORMULAS, st.lists(st.sets(st.sampled_from([P, Q, C])), min_size=1, max_size=3))
def test_some_places_get_their_values_again_and_again(drawn: Term, several: list[set[Term]]) -> None:
    formula = simplify(drawn)
    rewriting = Rewriting(formula, lambda node: node if node in VALUES else None)
    for places in several:
        values = {place: VALUES[place] for place in places}
        assert rewriting.apply(places, lambda node, values=values: values.get(node, node)) == terms.substitute(formula, values)


def test_what_is_not_there_changes_nothing() -> None:
    formula = terms.conj(P, Q)
    assert Rewriting(formula, lambda node: node.data).apply(["c"], lambda _: terms.FALSE) is formula
