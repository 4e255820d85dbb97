"""Joining transitions that do the same."""

from __future__ import annotations

from dataclasses import replace

from checker.language import terms
from checker.language.terms import Term
from checker.system import Transition


def merge(transitions: list[Transition]) -> list[Transition]:
    """Join transitions that do the same and differ in one test that is true in one and false in the other."""
    result: list[Transition] = []
    for t in transitions:
        result.append(t)
        joined = True
        while joined:
            joined = False
            last = result[-1]
            for i, other in enumerate(result[:-1]):
                guard = _resolve(other, last)
                if guard is not None:
                    result[i : i + 1] = []
                    result[-1] = replace(other, guard=guard, choices=_used(other, guard))
                    joined = True
                    break
    return result


def _used(t: Transition, guard: Term) -> tuple[Term, ...]:
    parts = [guard, *(x for u in t.updates for x in u.parts()), *(a for _, a in t.arguments)]
    names = {n for p in parts for n in terms.subterms(p) if n.op == "var"}
    return tuple(c for c in t.choices if c in names)


def _resolve(a: Transition, b: Transition) -> Term | None:
    """The guard of both together, if one test decides between them."""
    if (a.source, a.target, a.updates, a.returns, a.arguments) != (b.source, b.target, b.updates, b.returns, b.arguments):
        return None
    left, right = set(terms.conjuncts(a.guard)), set(terms.conjuncts(b.guard))
    if left == right:
        return a.guard
    only_a, only_b = left - right, right - left
    if len(only_a) == len(only_b) == 1 and next(iter(only_a)) == terms.negate(next(iter(only_b))):
        return terms.conj(*(p for p in terms.conjuncts(a.guard) if p in right))
    return None
