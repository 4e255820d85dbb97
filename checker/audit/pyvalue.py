"""Expressions of the specification language as values of the normal form."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Any

from checker.audit import normal
from checker.audit.normal import Value, op

_ORDER = {ast.Lt: ("<", False), ast.Gt: ("<", True), ast.LtE: ("<=", False), ast.GtE: ("<=", True)}
_ARITHMETIC = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.BitAnd: "&", ast.BitOr: "|", ast.LShift: "<<", ast.RShift: ">>"}


class PythonValues:
    """Translates syntax trees; ``constants`` have numbers, ``pures`` are written out, conversions to ``types`` dropped."""

    def __init__(
        self,
        constants: Mapping[str, int],
        pures: Mapping[str, Callable[..., Any]] | None = None,
        types: frozenset[str] = frozenset(),
    ) -> None:
        self.constants = constants
        self.pures = pures or {}
        self.types = types

    def parse(self, text: str) -> Value:
        """The value of an expression given as text."""
        return self.value(ast.parse(text, mode="eval").body)

    def condition_text(self, text: str) -> Value:
        """The condition given as text."""
        return normal.truth(self.parse(text))

    def condition(self, node: ast.expr) -> Value:
        """``node`` as a truth value."""
        return normal.truth(self.value(node))

    def value(self, node: ast.expr) -> Value:
        """The value of ``node``; what has no other form becomes a name with its text."""
        match node:
            case ast.Constant(value=None):
                return normal.ZERO
            case ast.Constant(value=v):
                return Value("number", str(int(v))) if isinstance(v, int) else normal.name(repr(v))
            case ast.Name(id=text):
                return Value("number", str(self.constants[text])) if text in self.constants else normal.name(text)
            case ast.Attribute(value=base, attr=attr):
                return Value("field", attr, (self.value(base),))
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return normal.negate(self.value(operand))
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int(v))):
                return Value("number", f"-{v}")
            case ast.BoolOp(op=word, values=parts):
                return normal.join("and" if isinstance(word, ast.And) else "or", *(self.condition(p) for p in parts))
            case ast.Compare(left=left, ops=[sign], comparators=[right]):
                return self._compare(left, sign, right)
            case ast.IfExp(test=test, body=body, orelse=orelse):
                return op("?:", self.condition(test), self.value(body), self.value(orelse))
            case ast.BinOp(left=left, op=sign, right=right) if type(sign) in _ARITHMETIC:
                return op(_ARITHMETIC[type(sign)], self.value(left), self.value(right))
            case ast.Subscript(value=base, slice=index):
                return op("[]", self.value(base), self.value(index))
            case ast.Call():
                return self._call(node)
        return normal.name(ast.unparse(node))

    def _compare(self, left: ast.expr, sign: ast.cmpop, right: ast.expr) -> Value:
        a = self.value(left)
        if isinstance(sign, (ast.In, ast.NotIn)):
            members = (
                tuple(self.value(e) for e in right.elts) if isinstance(right, (ast.Tuple, ast.Set)) else (self.value(right),)
            )
            found = normal.member(a, members)
            return found if isinstance(sign, ast.In) else normal.negate(found)
        b = self.value(right)
        if isinstance(sign, (ast.Eq, ast.NotEq)):
            found = normal.equal(a, b)
            return found if isinstance(sign, ast.Eq) else normal.negate(found)
        if type(sign) not in _ORDER:
            return op("is", a, b)
        word, turned = _ORDER[type(sign)]
        return op(word, b, a) if turned else op(word, a, b)

    def _call(self, node: ast.Call) -> Value:
        args = node.args
        if isinstance(node.func, ast.Attribute):
            return Value("call", node.func.attr, tuple(self.value(a) for a in args))
        if not isinstance(node.func, ast.Name):
            return normal.name(ast.unparse(node))
        called = node.func.id
        if called in ("any", "all"):
            return op("any", normal.name(ast.unparse(node)))
        if called == "current" and not args:
            return normal.name("current")
        if called in self.types and len(args) == 1:
            return self.value(args[0])
        if called in self.pures:
            return self._expand(self.pures[called], [self.value(a) for a in args])
        return Value("call", called, tuple(self.value(a) for a in args))

    def _expand(self, function: Callable[..., Any], values: list[Value]) -> Value:
        from checker.language.expressions import single_expression
        from checker.language.source import read

        source = read(function)
        body = self.value(single_expression(source))
        parameters = [normal.name(a.arg) for a in source.tree.args.args]
        return normal.substitute(body, dict(zip(parameters, values, strict=False)))
