"""Questions about outcomes: ``A.connect == 0 and state.s == LISTEN``.

Results (``A.connect``, ``A`` if it has one call), final states (``state.s``, ``name.s.port``, ``sk.s.num``) and constants
(0, errnos, states, addresses, ports, ``error``, ``blocks``, ``unreached``) compared with ``== != in not in``, joined with
``and or not``.  Read by Python's own parser, never evaluated by it.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from checker.scenario.expect import Expectation, ExpectationError, expectation, port_matches, port_word
from checker.scenario.names import FIELDS, FINAL, WHOLE, Names, Ref, UnknownName
from checker.scenario.program import Outcome
from checker.scenario.vocabulary import ADDRESSES, BLOCKS, ERRNOS, FIELD_VALUES, STATES, UNREACHED, address_name, nearest

MAX_LENGTH = 2000

Test = Callable[[Outcome], bool]


class ExpressionError(ValueError):
    """An expression outside the language: ``code``, what is wrong, what to do."""

    def __init__(self, code: str, message: str, fix: str) -> None:
        super().__init__(message)
        self.code = code
        self.fix = fix


@dataclass(frozen=True)
class Expression:
    """An expression over the results and the final state of an outcome."""

    text: str
    holds: Test = field(compare=False)


def parse(text: str) -> ast.expr:
    """The syntax tree of an expression.  Raises ExpressionError."""
    if len(text) > MAX_LENGTH:
        raise ExpressionError("bad-expression", f"more than {MAX_LENGTH} characters", "ask several questions")
    try:
        return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as problem:
        told = problem.msg if isinstance(problem, SyntaxError) else "it is nested too deep or has odd characters"
        fix = "write for instance A.listen == 0 and state.a == LISTEN"
        raise ExpressionError("bad-expression", f"cannot read {_short(text)}: {told}", fix) from None


def paths(tree: ast.expr) -> Iterator[tuple[str, ...]]:
    """Everything a tree names: ``("state", "a")`` for every ``state.a``."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.Attribute, ast.Name)) and (path := _dotted(node)):
            yield path


def expression(text: str, names: Names) -> Expression:
    """Compile an expression.  Raises ExpressionError, with the names there are for an unknown one."""
    try:
        return Expression(" ".join(text.split()), _Compiler(names).test(parse(text)))
    except RecursionError:
        raise ExpressionError("bad-expression", f"{_short(text)} is nested too deep", "ask several questions") from None


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 80 else line[:77] + "..."


@dataclass(frozen=True)
class _Constant:
    """A value that results are compared with."""

    text: str


class _Compiler:
    def __init__(self, names: Names) -> None:
        self.names = names

    def test(self, node: ast.expr) -> Test:
        if isinstance(node, ast.BoolOp):
            tests = [self.test(v) for v in node.values]
            if isinstance(node.op, ast.And):
                return lambda o: all(t(o) for t in tests)
            return lambda o: any(t(o) for t in tests)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            inner = self.test(node.operand)
            return lambda o: not inner(o)
        if isinstance(node, ast.Compare):
            operands = [node.left, *node.comparators]
            parts = [self.compare(a, op, b) for a, op, b in zip(operands, node.ops, operands[1:], strict=False)]
            return lambda o: all(p(o) for p in parts)
        raise self.outside(node, "a comparison is expected", "write for instance A.listen == 0")

    def compare(self, left: ast.expr, op: ast.cmpop, right: ast.expr) -> Test:
        if isinstance(op, (ast.In, ast.NotIn)):
            if not isinstance(right, (ast.Tuple, ast.List, ast.Set)) or not right.elts:
                raise self.outside(right, "in needs a list of values", "write for instance A in (0, EINVAL)")
            tests = [self.equal(left, e) for e in right.elts]
            if isinstance(op, ast.In):
                return lambda o: any(t(o) for t in tests)
            return lambda o: not any(t(o) for t in tests)
        same = self.equal(left, right)
        if isinstance(op, ast.Eq):
            return same
        if isinstance(op, ast.NotEq):
            return lambda o: not same(o)
        raise self.outside(left, "results have no order", "use == != in, not in")

    def equal(self, left: ast.expr, right: ast.expr) -> Test:
        a, b = self.operand(left), self.operand(right)
        if isinstance(a, Ref) and isinstance(b, Ref):
            x, y = a, b
            return lambda o: x.value(o) == y.value(o)
        if isinstance(a, Ref) and isinstance(b, _Constant):
            return self.is_value(a, b)
        if isinstance(b, Ref) and isinstance(a, _Constant):
            return self.is_value(b, a)
        raise self.outside(left, "two constants are compared", "compare a result, for instance A.listen == 0")

    def is_value(self, ref: Ref, constant: _Constant) -> Test:
        if ref.part == "port":
            if not port_word(constant.text):
                raise ExpressionError("bad-expression", f"{constant.text} is no port", "write a number, P1, E1, eph, eph_x or nz")
            return lambda o: port_matches(constant.text, ref.value(o)) if ref.value(o) else False
        if ref.part == "addr":
            address = address_name(constant.text)
            if address == constant.text and address not in ADDRESSES and "." not in address:
                raise ExpressionError("bad-expression", f"there is no address {address}", nearest(address, ADDRESSES))
            return lambda o: ref.value(o) == address
        wanted = self.expected(constant)
        return lambda o: wanted.matches(ref.value(o))

    @staticmethod
    def expected(constant: _Constant) -> Expectation:
        try:
            return expectation(constant.text)
        except ExpectationError as problem:
            raise ExpressionError("bad-expression", str(problem), problem.fix) from None

    def operand(self, node: ast.expr) -> Ref | _Constant:
        if isinstance(node, ast.Constant) and isinstance(node.value, (int, str)) and not isinstance(node.value, bool):
            return _Constant(str(node.value))
        parts = _dotted(node)
        if parts is None:
            raise self.outside(node, "this is outside the language", "compare results, states and constants only")
        if len(parts) == 1 and parts[0] not in (*self.names.programs(), *FINAL, *FIELDS, *WHOLE):
            return self.constant(parts[0])
        try:
            return self.names.resolve(parts)
        except UnknownName as problem:
            raise ExpressionError(problem.code, str(problem), problem.fix) from None

    def constant(self, word: str) -> _Constant:
        if word == "unreached":
            return _Constant(UNREACHED)
        words = (*ERRNOS, *STATES, *ADDRESSES, *FIELD_VALUES, "error", BLOCKS)
        if word in words or port_word(word):
            return _Constant(word)
        known = [*self.names.programs(), *STATES, *ERRNOS, "error", BLOCKS, "unreached"]
        guess = nearest(word, known).split("Choose")[0].strip()
        fix = "write a thread, state.SOCKET, an errno, a state, error or blocks"
        raise ExpressionError(
            "unknown-name", f"nothing is called {word}", f"{guess} Or {fix}" if guess.startswith("did") else fix
        )

    @staticmethod
    def outside(node: ast.expr, message: str, fix: str) -> ExpressionError:
        return ExpressionError("bad-expression", f"{_short(ast.unparse(node))}: {message}", fix)


def _dotted(node: ast.expr) -> tuple[str, ...] | None:
    if isinstance(node, ast.Name):
        return (node.id,)
    if isinstance(node, ast.Attribute):
        head = _dotted(node.value)
        return None if head is None else (*head, node.attr)
    return None
