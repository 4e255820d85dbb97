"""Sets of values: three-valued evaluation of terms, and terms simplified by what their variables may hold.

The abstract values of truth values and enumerations are the values themselves.  References, words and scalars have two:
``ZERO`` (NULL, port 0, the wildcard) and ``OTHER`` (anything else), which every reading of a sort tells apart.  The set of a term
contains the abstract value of everything it can evaluate to; what is not understood may be anything of its sort.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from checker.language import terms
from checker.language.sorts import BOOL, BoolSort, EnumSort, RefSort, Sort
from checker.language.terms import Term

Values = frozenset[int]

ZERO, OTHER = 0, 1
NO, YES = frozenset({0}), frozenset({1})
EITHER = NO | YES
MAX_CASES = 16
"""How many values of one variable a condition is tried with, one after the other."""

MAX_PINS = 2
"""For how many variables at once."""


def everything(sort: Sort) -> Values:
    """All abstract values of ``sort``."""
    return frozenset(range(len(sort.members))) if isinstance(sort, EnumSort) else EITHER


def objects(sort: Sort) -> Values:
    """The abstract values of a variable or choice of ``sort``: those of record sorts are never NULL."""
    return frozenset({OTHER}) if isinstance(sort, RefSort) else everything(sort)


def abstract(value: int, sort: Sort) -> int:
    """The abstract value of a constant."""
    return value if isinstance(sort, (BoolSort, EnumSort)) else (OTHER if value else ZERO)


def constant(sort: Sort, values: Values) -> Term | None:
    """The only concrete value ``values`` leave, if there is one."""
    if len(values) != 1:
        return None
    (value,) = values
    return terms.const(value, sort) if value == ZERO or isinstance(sort, (BoolSort, EnumSort)) else None


class Evaluator:
    """Evaluates and folds terms where each state variable has a known set of values.

    ``read`` gives the set of a ``field`` term; ``pinned`` terms have another set here, and ``given`` is known of others, none of
    which has a bound variable.  Results are kept per evaluator, so one serves one moment of one process: the same term read
    twice has the same value.
    """

    def __init__(
        self,
        read: Callable[[Term], Values],
        pinned: Mapping[Term, Values] | None = None,
        given: Mapping[Term, Values] | None = None,
    ) -> None:
        self.read = read
        self.pinned = dict(pinned or {})
        self.given = dict(given or {})
        self.known: dict[Term, Values] = dict(self.given)
        self.folded: dict[Term, Term] = {}

    def pin(self, term: Term, values: Values) -> Evaluator:
        """The same moment, knowing that ``term`` has one of ``values``."""
        return Evaluator(self.read, {**self.pinned, term: values}, self.given)

    # -- folding ------------------------------------------------------------------------------------------------

    def fold(self, t: Term) -> Term:
        """``t`` with everything decided replaced by constants."""
        if t not in self.folded:
            made = terms.rebuild(t, tuple(self._in_body(t).fold(a) for a in t.args))
            self.folded[t] = constant(made.sort, self.values(made)) or made
        return self.folded[t]

    def _in_body(self, t: Term) -> Evaluator:
        """The evaluator for the arguments of ``t``: in a quantifier nothing is known of terms over its variable."""
        if t.op in ("exists", "forall"):
            kept = {p: v for p, v in self.pinned.items() if t.data not in set(terms.subterms(p))}
            if len(kept) < len(self.pinned):
                return Evaluator(self.read, kept, self.given)
        return self

    # -- evaluating ---------------------------------------------------------------------------------------------

    def values(self, t: Term) -> Values:
        """What ``t`` may evaluate to."""
        if t not in self.known:
            self.known[t] = self.pinned[t] if t in self.pinned else self._values(t)
        return self.known[t]

    def _values(self, t: Term) -> Values:
        match t.op:
            case "const":
                return frozenset({abstract(t.data, t.sort)})
            case "var":
                return objects(t.sort)
            case "field":
                return self.read(t)
            case "not":
                return frozenset(1 - v for v in self.values(t.args[0]))
            case "and" | "or":
                return self._junction(t)
            case "eq":
                return self._equal(*t.args)
            case "lt":
                return self._less(*t.args)
            case "ite":
                return self._if(*t.args)
            case "exists" | "forall":
                return self._in_body(t).values(t.args[0])
            case "htons" | "object":
                return self.values(t.args[0])
            case "next":
                return YES if self.values(t.args[0]) == NO else EITHER
            case _:
                return everything(t.sort)

    def _equal(self, a: Term, b: Term) -> Values:
        left, right = self.values(a), self.values(b)
        if not left & right:
            return NO
        one = constant(a.sort, left)
        return YES if one is not None and one == constant(b.sort, right) else EITHER

    def _less(self, a: Term, b: Term) -> Values:
        left, right = self.values(a), self.values(b)
        if right == NO:
            return NO
        return YES if left == NO and right == YES else EITHER

    def _if(self, condition: Term, a: Term, b: Term) -> Values:
        cases = self.values(condition)
        return frozenset().union(*(self.values(part) for case, part in ((1, a), (0, b)) if case in cases))

    def _junction(self, t: Term) -> Values:
        zero = 0 if t.op == "and" else 1
        parts = [self.values(a) for a in t.args]
        if any(p == {zero} for p in parts):
            return frozenset({zero})
        if all(zero not in p for p in parts):
            return frozenset({1 - zero})
        for variable in shared_variables(t) if len(self.pinned) < MAX_PINS else ():
            cases = self.values(variable)
            if 1 < len(cases) <= MAX_CASES:
                found = frozenset().union(*(self.pin(variable, frozenset({c})).values(t) for c in cases))
                if len(found) == 1:
                    return found
        return EITHER


def shared_variables(t: Term) -> list[Term]:
    """The variables that decide several parts of the condition ``t``: trying their values one by one tells more."""
    count: dict[Term, int] = {}
    for leaf in leaves(t):
        count[leaf] = count.get(leaf, 0) + 1
    return [leaf for leaf, times in count.items() if times > 1]


def leaves(t: Term) -> Iterator[Term]:
    """The variables a condition tests, once per test, outside quantifiers."""
    if t.op in ("not", "and", "or"):
        for a in t.args:
            yield from leaves(a)
    elif t.op == "eq":
        yield from (a for a in t.args if a.op in ("field", "var"))
    elif t.op in ("field", "var") and t.sort == BOOL:
        yield t


__all__ = ["EITHER", "NO", "OTHER", "YES", "ZERO", "Evaluator", "Values", "abstract", "constant", "everything", "objects"]
