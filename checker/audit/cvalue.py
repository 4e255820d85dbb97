"""C expressions as values of the normal form.

Assignments inside an expression are taken out as effects that happen before it, where C's evaluation order allows that.
"""

from __future__ import annotations

import re

from tree_sitter import Node

from checker.audit import normal
from checker.audit.names import Names
from checker.audit.normal import Value, op

_ERRNO = re.compile(r"E[A-Z0-9]{2,}")
_RELATIONS = frozenset({"==", "!=", "<", ">", "<=", ">="})
Effect = tuple[Value, Value]
"""A target and what is assigned to it."""


class CValues:
    """Translates the expressions of one function; ``aliases`` maps local pointers to what they stand for."""

    def __init__(self, names: Names, function: str) -> None:
        self.names = names
        self.aliases: dict[str, Value] = {}
        self.escaped: set[str] = set()
        self.effects: list[Effect] = []
        self.renamed = names.values_of(names.values, function)

    def take_effects(self) -> list[Effect]:
        """The assignments met since the last call, in order."""
        effects, self.effects = self.effects, []
        return effects

    def condition(self, node: Node) -> Value:
        """``node`` as a truth value."""
        return normal.truth(self.value(node))

    def value(self, node: Node) -> Value:
        """The value of ``node``, with the specification's names."""
        return normal.substitute(self.raw(node), self.renamed) if self.renamed else self.raw(node)

    def raw(self, node: Node) -> Value:
        """The value of ``node``, before whole expressions are replaced."""
        kids = node.named_children
        match node.type:
            case "parenthesized_expression":
                return self.raw(kids[-1])
            case "cast_expression":
                return self.raw(part(node, "value"))
            case "identifier" | "field_identifier" | "type_identifier":
                return self._name(text_of(node))
            case "null":
                return normal.ZERO
            case "true" | "false":
                return normal.ONE if node.type == "true" else normal.ZERO
            case "number_literal":
                return _number(text_of(node))
            case "field_expression":
                return self._field(self.raw(part(node, "argument")), text_of(part(node, "field")))
            case "pointer_expression":
                return self._pointer(node)
            case "unary_expression":
                return self._unary(node)
            case "binary_expression":
                return self._binary(node)
            case "conditional_expression":
                return self._conditional(node)
            case "assignment_expression":
                return self.assignment(node)
            case "update_expression":
                return self._update(node)
            case "comma_expression":
                self.raw(part(node, "left"))
                return self.raw(part(node, "right"))
            case "call_expression":
                return self._call(node)
            case "subscript_expression":
                return op("[]", self.raw(part(node, "argument")), self.raw(part(node, "index")))
            case "sizeof_expression":
                given = node.child_by_field_name("type")
                inner = self.raw(part(node, "value")) if given is None else normal.name(text_of(given).split()[-1])
                return Value("call", "sizeof", (inner,))
        return normal.name(" ".join(text_of(node).split()))

    def _name(self, text: str) -> Value:
        if text in self.aliases:
            return self.aliases[text]
        if text in self.names.constants:
            return Value("number", str(self.names.constants[text]))
        return normal.name(text)

    def _field(self, base: Value, member: str) -> Value:
        if member in self.names.transparent:
            return base
        return Value("field", self.names.field_names.get(member, member), (base,))

    def _pointer(self, node: Node) -> Value:
        inner = self.raw(part(node, "argument"))
        if text_of(part(node, "operator")) == "&":
            return inner
        return op("[]", inner, normal.ZERO)

    def _unary(self, node: Node) -> Value:
        sign = text_of(part(node, "operator"))
        inner = self.raw(part(node, "argument"))
        if sign == "!":
            return normal.negate(inner)
        if sign == "-" and inner.kind == "name" and _ERRNO.fullmatch(inner.text):
            return inner
        if sign in "-+" and inner.kind == "number":
            return Value("number", inner.text if sign == "+" else f"-{inner.text}")
        return op(sign, inner)

    def _binary(self, node: Node) -> Value:
        sign = text_of(part(node, "operator"))
        left, right = part(node, "left"), part(node, "right")
        if sign in ("&&", "||"):
            first = self.condition(left)
            before = len(self.effects)
            second = self.condition(right)
            late, self.effects = self.effects[before:], self.effects[:before]
            for target, value in late:
                second = op(",", op(":=", target, value), second)
            return normal.join("and" if sign == "&&" else "or", first, second)
        a, b = self.raw(left), self.raw(right)
        if sign in _RELATIONS:
            return _relation(sign, a, b)
        if sign == "&":
            return self._masked(a, b) or self._masked(b, a) or op("&", a, b)
        return op(sign, a, b)

    def _masked(self, word: Value, bit: Value) -> Value | None:
        """``(1 << x) & (A | B)``, and a bit that the specification knows as a truth value."""
        if normal.is_op(word, "<<") and word.parts[0] == normal.ONE:
            members = [self._unmask(v) for v in _alternatives(bit)]
            if all(members):
                return normal.member(word.parts[1], tuple(m for m in members if m))
        known = self.names.bits.get((word.text, bit.text)) if word.kind in ("name", "field") else None
        return None if known is None else Value(word.kind, known, word.parts)

    def _unmask(self, value: Value) -> Value | None:
        for prefix, replaced in self.names.masks.items():
            if value.kind == "name" and value.text.startswith(prefix):
                return self._name(replaced + value.text.removeprefix(prefix))
        return None

    def _conditional(self, node: Node) -> Value:
        test = part(node, "condition")
        given = node.child_by_field_name("consequence")
        value = self.raw(test)
        first = value if given is None else self.raw(given)
        return op("?:", normal.truth(value), first, self.raw(part(node, "alternative")))

    def assignment(self, node: Node) -> Value:
        """Record an assignment as an effect; its value is then that of the target."""
        sign = text_of(part(node, "operator"))
        target = self.value(part(node, "left"))
        given = part(node, "right")
        value = self.value(given)
        if given.type == "assignment_expression" and self.effects and not _calls(self.effects[-1][1]):
            value = self.effects[-1][1]
        if sign == "|=" and (bits := self._bits(target, value)):
            self.effects += [(b, normal.ONE) for b in bits]
        elif sign == "&=" and normal.is_op(value, "~") and (bits := self._bits(target, value.parts[0])):
            self.effects += [(b, normal.ZERO) for b in bits]
        else:
            self.effects.append((target, value if sign == "=" else op(sign[:-1], target, value)))
        return target

    def _bits(self, target: Value, bits: Value) -> list[Value]:
        known = [self.names.bits.get((target.text, b.text)) for b in _alternatives(bits)]
        return [Value(target.kind, k, target.parts) for k in known if k] if all(known) else []

    def _update(self, node: Node) -> Value:
        target = self.value(part(node, "argument"))
        sign = text_of(part(node, "operator"))[0]
        self.effects.append((target, op(sign, target, normal.ONE)))
        return target

    def _call(self, node: Node) -> Value:
        callee = part(node, "function")
        while callee.type == "parenthesized_expression":
            callee = callee.named_children[-1]
        given = [a for a in part(node, "arguments").named_children if a.type != "comment"]
        args = tuple(self.raw(a) for a in given)
        self.escaped |= {text_of(part(a, "argument")) for a in given if a.type == "pointer_expression" and text_of(a)[0] == "&"}
        text = text_of(part(callee, "field")) if callee.type == "field_expression" else text_of(callee)
        return Value("call", text, args)


def part(node: Node, field: str) -> Node:
    """The child of ``node`` in the role ``field``; ``node`` itself if the grammar gives none."""
    found = node.child_by_field_name(field)
    return node if found is None else found


def text_of(node: Node) -> str:
    """The text of ``node``."""
    return (node.text or b"").decode()


def _number(text: str) -> Value:
    try:
        return Value("number", str(int(text.rstrip("uUlL"), 0)))
    except ValueError:
        return Value("number", text)


def _calls(value: Value) -> bool:
    return any(v.kind == "call" for v in normal.walk(value))


def _alternatives(value: Value) -> list[Value]:
    return [a for p in value.parts for a in _alternatives(p)] if normal.is_op(value, "|") else [value]


def _relation(sign: str, a: Value, b: Value) -> Value:
    match sign:
        case "==":
            return normal.equal(a, b)
        case "!=":
            return normal.negate(normal.equal(a, b))
        case "<" | "<=":
            return op(sign, a, b)
    return op("<" if sign == ">" else "<=", b, a)
