"""The unbounded reading: terms to Z3 for any number of threads, sockets, ports and addresses.

Records and scalars are uninterpreted sorts with a constant for NULL or the wildcard, words are bit-vectors with
the true byte swap, fields are functions.  Variables of a record sort range over objects, never NULL.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache, reduce
from typing import Any

import z3

from checker.language import terms
from checker.language.rewriting import Rewriting
from checker.language.sorts import BoolSort, EnumSort, RefSort, ScalarSort, Sort, WordSort
from checker.language.terms import Term
from checker.system import Transition, TransitionSystem, Update

MANY = 64
"""Enumerations with more members are bit-vectors if they need not be exact."""


class Encoder:
    """Translates terms of one system; every distinct term is built once.

    Unless it is ``exact``, enumerations with many members (locations) are bit-vectors, which Z3 tells apart sooner: there are
    more values than members then, and what holds of all of them holds of the members.
    """

    def __init__(self, system: TransitionSystem, *, exact: bool = True) -> None:
        self.system = system
        self.most_members = math.inf if exact else MANY
        self.context = z3.Context()
        self.sorts: dict[str, z3.SortRef] = {}
        self.members: dict[str, list[z3.ExprRef]] = {}
        self.fields: dict[terms.FieldKey, z3.FuncDeclRef] = {}
        self.memo: dict[Term, z3.ExprRef] = {}
        self.keys = {v.sort.name: v.sort for v in system.state_vars if isinstance(v.sort, (WordSort, ScalarSort))}

    def sort(self, sort: Sort) -> z3.SortRef:
        """The Z3 sort of a sort; objects indexed by a value are that value."""
        if sort.name not in self.sorts:
            self.sorts[sort.name] = self._make_sort(sort)
        return self.sorts[sort.name]

    def _make_sort(self, sort: Sort) -> z3.SortRef:
        match sort:
            case BoolSort():
                return z3.BoolSort(self.context)
            case WordSort(bits=bits):
                return z3.BitVecSort(bits, self.context)
            case RefSort(key=key) if key:
                return self.sort(self.keys[key])
            case EnumSort(members=names) if len(names) > self.most_members:
                return z3.BitVecSort(len(names).bit_length(), self.context)
            case EnumSort(members=names):
                made, constants = z3.EnumSort(sort.name, [f"{sort.name}.{n}" for n in names], self.context)
                self.members[sort.name] = constants
                return made
            case _:
                return z3.DeclareSort(sort.name, self.context)

    def constant(self, t: Term) -> z3.ExprRef:
        """The Z3 value of a constant."""
        match t.sort:
            case BoolSort():
                return z3.BoolVal(bool(t.data), self.context)
            case EnumSort(members=names) if len(names) <= self.most_members:
                self.sort(t.sort)
                return self.members[t.sort.name][t.data]
            case RefSort(key=key) if key:
                return self.constant(terms.const(t.data, self.keys[key]))
            case ScalarSort() | RefSort():
                return z3.Const(f"{t.sort.name}.{terms.show_const(t)}", self.sort(t.sort))
            case _:
                return z3.BitVecVal(t.data, self.sort(t.sort), self.context)

    def field(self, key: terms.FieldKey) -> z3.FuncDeclRef:
        """The function behind a state variable."""
        if key not in self.fields:
            variable = self.system.vars_by_key[key]
            name = f"{key[0]}.{key[1]}" if key[0] else key[1]
            domain = [self.sort(r) for r in self.system.records if r.name == key[0]]
            self.fields[key] = z3.Function(name, *domain, self.sort(variable.sort))
        return self.fields[key]

    def encode(self, t: Term) -> z3.ExprRef:
        """``t`` as a Z3 expression over the state before the transition."""
        if t not in self.memo:
            self.memo[t] = self._encode(t, [self.encode(a) for a in t.args])
        return self.memo[t]

    def _encode(self, t: Term, args: list[z3.ExprRef]) -> z3.ExprRef:
        match t.op:
            case "const":
                return self.constant(t)
            case "var":
                return z3.Const(t.data, self.sort(t.sort))
            case "field":
                return self.field(t.data)(*args)
            case "not":
                return z3.Not(args[0])
            case "and":
                return joined(z3.Z3_mk_and, args)
            case "or":
                return joined(z3.Z3_mk_or, args)
            case "eq":
                return args[0] == args[1]
            case "lt":
                return z3.ULT(args[0], args[1])
            case "ite":
                return z3.If(args[0], args[1], args[2])
            case "htons":
                return swap_bytes(args[0])
            case "object":
                return args[0]
            case "next":
                return args[0] + 1
            case "prev":
                return args[0] - 1
            case "cast":
                return args[0]
            case _:
                bound = self.encode(t.data)
                if t.op == "exists":
                    return z3.Exists([bound], joined(z3.Z3_mk_and, [*self.not_null(t.data), args[0]]))
                return z3.ForAll([bound], joined(z3.Z3_mk_or, [*map(z3.Not, self.not_null(t.data)), args[0]]))

    def not_null(self, variable: Term) -> list[z3.BoolRef]:
        """Variables of a record sort are objects."""
        if not isinstance(variable.sort, RefSort):
            return []
        return [self.encode(variable) != self.constant(terms.const(0, variable.sort))]

    def claimed(self, claims: list[Term], variables: list[Term]) -> list[z3.BoolRef]:
        """``claims`` about objects that ``variables`` stand for."""
        return [g for v in variables for g in self.not_null(v)] + [self.encode(c) for c in claims]

    def closed(self, params: tuple[Term, ...], formula: Term) -> z3.BoolRef:
        """``formula`` for all objects."""
        body = self.encode(formula)
        if not params:
            return body
        guards = [g for p in params for g in self.not_null(p)]
        return z3.ForAll([self.encode(p) for p in params], joined(z3.Z3_mk_or, [*map(z3.Not, guards), body]))


def joined(make: Callable[..., Any], parts: Sequence[z3.BoolRef]) -> z3.BoolRef:
    """``z3.And`` or ``z3.Or`` of truth values, by the function behind them: those spend most of their time on other sorts."""
    context = parts[0].ctx
    return z3.BoolRef(make(context.ref(), len(parts), (z3.Ast * len(parts))(*(part.as_ast() for part in parts))), context)


def swap_bytes(word: z3.BitVecRef) -> z3.BitVecRef:
    """``htons`` on a little-endian machine."""
    return z3.Concat(z3.Extract(7, 0, word), z3.Extract(15, 8, word))


def after(system: TransitionSystem, t: Transition, formula: Term) -> Term:
    """``formula`` in the state after ``t``, as a term over the state before it."""
    by_key: dict[terms.FieldKey, list[Update]] = {}
    for u in system.updates(t):
        by_key.setdefault(u.key, []).append(u)

    def rewrite(node: Term) -> Term:
        if node.op != "field" or node.data not in by_key:
            return node
        obj = node.args[0] if node.args else None
        return reduce(lambda value, u: u.at(obj, value), by_key[node.data], node)

    return _by_variable(formula).apply(by_key, rewrite)


@lru_cache(maxsize=8)
def _by_variable(formula: Term) -> Rewriting:
    """A formula whose variables get new values: one of a fact does by transition after transition."""
    return Rewriting(formula, lambda node: node.data if node.op == "field" else None)


def initially(system: TransitionSystem, formula: Term) -> Term:
    """``formula`` in the initial state, where every field has its initial value for all objects."""

    def rewrite(node: Term) -> Term:
        if node.op != "field" or system.vars_by_key[node.data].rigid:
            return node
        return terms.const(system.vars_by_key[node.data].initial, node.sort)

    return terms.transform(formula, rewrite)
