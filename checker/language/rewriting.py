"""Rewriting one term again and again: each time only what stands above the places that change is built anew."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable

from checker.language import terms
from checker.language.terms import Term


class Rewriting:
    """A term and the sub-terms of it that may be rewritten; ``name`` says what each is called, None if it is none of them."""

    def __init__(self, term: Term, name: Callable[[Term], Hashable]) -> None:
        self.term = term
        self.bits: dict[Hashable, int] = {}
        self.above: list[tuple[Term, int]] = []
        inside: dict[Term, int] = {}
        for node in terms.subterms(term):
            mask = 0
            for part in node.args:
                mask |= inside[part]
            called = name(node)
            if called is not None:
                mask |= self.bits.setdefault(called, 1 << len(self.bits))
            inside[node] = mask
            if mask:
                self.above.append((node, mask))

    def apply(self, names: Iterable[Hashable], change: Callable[[Term], Term]) -> Term:
        """What :func:`terms.transform` gives for a ``change`` of nothing but the sub-terms called ``names``."""
        wanted = 0
        for called in names:
            wanted |= self.bits.get(called, 0)
        if not wanted:
            return self.term
        new: dict[Term, Term] = {}
        for node, mask in self.above:
            if mask & wanted:
                new[node] = change(terms.rebuild(node, tuple([new.get(part, part) for part in node.args])))
        return new[self.term]
