"""The normal form that C functions and specification functions are compared in: values, conditions, statements.

A value is a small tree: a name, a number, a field of a value, a call, or an operator.  Conditions are values whose
operators are ``and``, ``or``, membership (``in``, ``notin``) and comparisons, with every negation pushed inwards.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from checker.errors import Place

_CONSTANT = re.compile(r"[A-Z][A-Z0-9_]+")
_INVERSE = {"and": "or", "or": "and", "in": "notin", "notin": "in", "==": "!=", "!=": "=="}


@dataclass(frozen=True)
class Value:
    """``kind`` is name, number, field, call or op; ``text`` its name, digits, field, callee or operator."""

    kind: str
    text: str
    parts: tuple[Value, ...] = ()

    def __str__(self) -> str:
        inner = [str(p) for p in self.parts]
        if self.kind == "field":
            return f"{inner[0]}.{self.text}"
        if self.kind == "call":
            return f"{self.text}({', '.join(inner)})"
        if self.kind != "op":
            return self.text
        if self.text in ("in", "notin"):
            first, rest = inner[0], inner[1:]
            if len(rest) == 1:
                return f"{first} {'==' if self.text == 'in' else '!='} {rest[0]}"
            return f"{first} {'in' if self.text == 'in' else 'not in'} {{{', '.join(rest)}}}"
        if self.text in ("and", "or"):
            shown = [
                f"({t})" if p.text in ("and", "or") and p.kind == "op" else t for p, t in zip(self.parts, inner, strict=True)
            ]
            return f" {self.text} ".join(shown)
        if self.text == "?:":
            return f"{inner[1]} if {inner[0]} else {inner[2]}"
        if self.text == "[]":
            return f"{inner[0]}[{inner[1]}]"
        if len(inner) == 2:
            return f"{inner[0]} {self.text} {inner[1]}"
        return f"{self.text}({', '.join(inner)})"


ZERO, ONE, TRUE = Value("number", "0"), Value("number", "1"), Value("op", "and")
FALSE = Value("op", "or")


def name(text: str) -> Value:
    """A local, a parameter, a global or a constant."""
    return Value("name", text)


def op(text: str, *parts: Value) -> Value:
    """An operator applied to ``parts``."""
    return Value("op", text, parts)


def walk(value: Value) -> Iterator[Value]:
    """``value`` and everything in it."""
    yield value
    for part in value.parts:
        yield from walk(part)


def is_constant(value: Value) -> bool:
    """A number, or a name written in capitals."""
    return value.kind == "number" or (value.kind == "name" and bool(_CONSTANT.fullmatch(value.text)))


def is_op(value: Value, *texts: str) -> bool:
    """Whether ``value`` is one of the operators ``texts``."""
    return value.kind == "op" and value.text in texts


def is_condition(value: Value) -> bool:
    """Whether ``value`` is a truth value by its form."""
    return is_op(value, "and", "or", "in", "notin", "==", "!=", "<", "<=", "any")


def truth(value: Value) -> Value:
    """``value`` as a condition: not zero, not NULL."""
    if value.kind == "number":
        return FALSE if value.text == "0" else TRUE
    return value if is_condition(value) else op("notin", value, ZERO)


def member(subject: Value, members: tuple[Value, ...]) -> Value:
    """``subject`` is one of ``members``."""
    return op("in", subject, *sorted(set(members), key=str))


def equal(a: Value, b: Value) -> Value:
    """``a == b``; membership if one side is a constant."""
    if is_constant(a) and not is_constant(b):
        a, b = b, a
    if is_condition(a) and b.kind == "number":
        return a if b.text != "0" else negate(a)
    return member(a, (b,)) if is_constant(b) else op("==", *sorted((a, b), key=str))


def negate(value: Value) -> Value:
    """The opposite condition, with the negation pushed inwards."""
    condition = truth(value)
    if is_op(condition, "<"):
        return op("<=", condition.parts[1], condition.parts[0])
    if is_op(condition, "<="):
        return op("<", condition.parts[1], condition.parts[0])
    if is_op(condition, "any"):
        return op("in", condition, ZERO)
    if is_op(condition, "and", "or"):
        return join(_INVERSE[condition.text], *(negate(p) for p in condition.parts))
    return Value("op", _INVERSE[condition.text], condition.parts)


def join(word: str, *parts: Value) -> Value:
    """``and`` or ``or`` of conditions: flattened, neighbouring tests of one subject united, in evaluation order."""
    united: list[Value] = []
    same = "notin" if word == "and" else "in"
    for part in (p for given in parts for p in (given.parts if is_op(given, word) else (given,))):
        last = united[-1] if united else None
        if last is not None and is_op(part, same) and is_op(last, same) and part.parts[0] == last.parts[0]:
            members = sorted({*last.parts[1:], *part.parts[1:]}, key=str)
            united[-1] = op(same, last.parts[0], *members)
        else:
            united.append(part)
    return united[0] if len(united) == 1 else op(word, *united)


def atoms(condition: Value) -> list[Value]:
    """The elementary tests of a condition, in the order of evaluation."""
    if is_op(condition, "and", "or"):
        return [a for p in condition.parts for a in atoms(p)]
    return [condition]


def without(condition: Value, dropped: set[Value]) -> Value | None:
    """``condition`` without the atoms ``dropped``; None if nothing is left."""
    if is_op(condition, "and", "or"):
        kept = [k for k in (without(p, dropped) for p in condition.parts) if k is not None]
        return join(condition.text, *kept) if kept else None
    return None if condition in dropped else condition


def substitute(value: Value, renamed: dict[Value, Value]) -> Value:
    """``value`` with every occurrence of a key replaced."""
    if value in renamed:
        return renamed[value]
    if not value.parts:
        return value
    parts = tuple(substitute(p, renamed) for p in value.parts)
    if parts == value.parts:
        return value
    if is_op(value, "and", "or"):
        return join(value.text, *parts)
    return replace(value, parts=parts)


def call_other(value: Value, names: Mapping[str, str]) -> Value:
    """``value`` with functions called by other names."""
    parts = tuple(call_other(p, names) for p in value.parts)
    text = names.get(value.text, value.text) if value.kind == "call" else value.text
    return value if (text, parts) == (value.text, value.parts) else Value(value.kind, text, parts)


def words(value: Value) -> set[str]:
    """The fields, callees and names in ``value``."""
    return {v.text for v in walk(value) if v.kind in ("name", "field", "call")}


class Kind(enum.Enum):
    """What a statement does."""

    ASSIGN = "assign"
    CALL = "call"
    ASSERT = "assert"
    RETURN = "return"
    IF = "if"
    SWITCH = "switch"
    LOOP = "loop"
    BREAK = "break"
    CONTINUE = "continue"
    GOTO = "goto"
    LABEL = "label"
    ABSTRACTED = "abstracted"
    UNREADABLE = "unreadable"


@dataclass(frozen=True)
class Arm:
    """One alternative of a switch; no labels: default."""

    labels: tuple[Value, ...]
    body: tuple[Stmt, ...]


@dataclass(frozen=True)
class Stmt:
    """One normalised statement; ``ids`` are the source statements it comes from.

    ``value`` is what is assigned, called, asserted, returned, tested or switched on; ``text`` a label, or the reason of an
    abstraction, which covers the C names ``covers``.  A ``weak`` statement of C stores what nothing reads
    and needs no counterpart.
    """

    kind: Kind
    place: Place
    ids: tuple[int, ...]
    target: Value | None = None
    value: Value | None = None
    body: tuple[Stmt, ...] = ()
    orelse: tuple[Stmt, ...] = ()
    arms: tuple[Arm, ...] = ()
    text: str = ""
    covers: tuple[str, ...] = ()
    weak: bool = False

    @property
    def blocks(self) -> tuple[tuple[Stmt, ...], ...]:
        """The blocks inside."""
        return (self.body, self.orelse, *(a.body for a in self.arms))

    def test(self) -> Value:
        """The value, as a condition or what is called; TRUE if there is none."""
        return TRUE if self.value is None else self.value


Block = tuple[Stmt, ...]


def map_blocks(stmt: Stmt, change: Callable[[Block], Block]) -> Stmt:
    """``stmt`` with every block inside replaced."""
    if not (stmt.body or stmt.orelse or stmt.arms):
        return stmt
    return replace(
        stmt,
        body=change(stmt.body),
        orelse=change(stmt.orelse),
        arms=tuple(replace(a, body=change(a.body)) for a in stmt.arms),
    )


def everything(block: Block) -> Iterator[Stmt]:
    """All statements of a block, nested ones after the one they are in."""
    for stmt in block:
        yield stmt
        for inner in stmt.blocks:
            yield from everything(inner)


def leaves(block: Block) -> bool:
    """Whether control never reaches the end of ``block``."""
    if not block:
        return False
    last = block[-1]
    match last.kind:
        case Kind.RETURN | Kind.BREAK | Kind.CONTINUE | Kind.GOTO:
            return True
        case Kind.IF:
            return leaves(last.body) and leaves(last.orelse)
        case Kind.SWITCH:
            return any(not a.labels for a in last.arms) and all(leaves(a.body) for a in last.arms)
        case Kind.LOOP:
            return last.value == TRUE and not _breaks(last.body)
    return False


def _breaks(block: Block) -> bool:
    return any(s.kind is Kind.BREAK or (s.kind is not Kind.LOOP and any(_breaks(b) for b in s.blocks)) for s in block)


@dataclass(frozen=True)
class Source:
    """One statement as somebody wrote it: where, how deeply nested, and what it does in a few words."""

    place: Place
    depth: int
    title: str


@dataclass(frozen=True)
class Function:
    """A function in normal form with its source statements.

    ``locals`` are its parameters and local variables, ``escaped`` those whose address is taken.
    """

    name: str
    place: Place
    parameters: tuple[str, ...]
    body: Block
    sources: tuple[Source, ...]
    settled: dict[int, str]
    """Source statements that need no counterpart, and why."""
    locals: frozenset[str] = frozenset()
    escaped: frozenset[str] = frozenset()
