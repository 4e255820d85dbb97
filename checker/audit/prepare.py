"""The C function as the specification would write it: parameters renamed, declared tests replaced, assumed tests taken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from checker.audit import normal
from checker.audit.flow import straighten
from checker.audit.names import Names
from checker.audit.normal import Block, Function, Kind, Stmt, Value, is_op
from checker.audit.shape import shape


def prepare_spec(function: Function) -> Function:
    """A specification function ready to be aligned."""
    straight = straighten(function)
    return replace(straight, body=shape(_values_or_defaults(straight.body, straight.body)))


def prepare_c(function: Function, spec: Function, names: Names) -> tuple[Function, dict[int, str]]:
    """A C function ready to be aligned with ``spec``, and the statements that an assumed test decides, each with the reason."""
    renamed = positional(function, spec)
    straight = straighten(function)
    rewriter = _Rewriter(function.name, names)
    called = names.of(names.call_names, function.name)
    body = change_values(rename(straight.body, renamed), lambda v: normal.call_other(v, called))
    body = shape(rewriter.block(_without_identities(body, rewriter.decided)))
    kept = frozenset(renamed.get(normal.name(n), normal.name(n)).text for n in function.locals)
    return replace(straight, body=body, locals=kept), rewriter.decided


def positional(function: Function, spec: Function) -> dict[Value, Value]:
    """C parameters that have other names in the specification, by position, where neither name means anything else.

    Nothing can be said if the numbers of parameters differ: then the names must be declared.
    """
    if len(function.parameters) != len(spec.parameters):
        return {}
    taken = set(function.parameters) | function.locals
    return {
        normal.name(c): normal.name(s)
        for c, s in zip(function.parameters, spec.parameters, strict=False)
        if c != s and s not in taken and c not in spec.parameters
    }


def rename(block: Block, renamed: dict[Value, Value]) -> Block:
    """``block`` with values replaced everywhere."""
    return change_values(block, lambda v: normal.substitute(v, renamed)) if renamed else block


def change_values(block: Block, change: Callable[[Value], Value]) -> Block:
    """``block`` with every value changed."""

    def new(value: Value | None) -> Value | None:
        return None if value is None else change(value)

    return tuple(
        normal.map_blocks(replace(s, target=new(s.target), value=new(s.value)), lambda b: change_values(b, change)) for s in block
    )


def _values_or_defaults(block: Block, whole: Block) -> Block:
    """``w = f(); v = w if w else k`` as ``v = f() ?: k``, where nothing else in ``whole`` reads w."""
    done: list[Stmt] = []
    for stmt in block:
        before, value = (done[-1] if done else None), stmt.value
        if (
            before is not None
            and before.kind is stmt.kind is Kind.ASSIGN
            and value is not None
            and before.target is not None
            and before.target.kind == "name"
            and is_op(value, "?:")
            and value.parts[:2] == (normal.truth(before.target), before.target)
            and _read(before.target, whole) == 2
        ):
            assert before.value is not None
            joined = normal.op("?:", normal.truth(before.value), before.value, value.parts[2])
            done[-1] = replace(stmt, ids=tuple(dict.fromkeys((*before.ids, *stmt.ids))), value=joined)
        else:
            done.append(normal.map_blocks(stmt, lambda inner: _values_or_defaults(inner, whole)))
    return tuple(done)


def _read(local: Value, block: Block) -> int:
    """How often a local is read."""
    return sum(v == local for s in normal.everything(block) if s.value is not None for v in normal.walk(s.value))


def _without_identities(block: Block, decided: dict[int, str]) -> Block:
    """``block`` without assignments of something to itself, which renaming may have made."""
    kept = []
    for stmt in block:
        if stmt.kind is Kind.ASSIGN and stmt.target == stmt.value:
            decided.update(dict.fromkeys(stmt.ids, f"{stmt.target} under another name"))
        else:
            kept.append(normal.map_blocks(stmt, lambda inner: _without_identities(inner, decided)))
    return tuple(kept)


class _Rewriter:
    """Replaces declared tests; takes branches whose test is declared to be true."""

    def __init__(self, function: str, names: Names) -> None:
        tests = names.values_of(names.conditions, function)
        self.tests = [(normal.truth(k), normal.truth(v)) for k, v in tests.items()]
        self.tests += [(normal.negate(k), normal.negate(v)) for k, v in self.tests]
        self.assumed = names.tests_of(names.assumed, function)
        self.decided: dict[int, str] = {}

    def block(self, block: Block) -> Block:
        """``block`` rewritten."""
        return tuple(made for stmt in block for made in self._statement(stmt))

    def _statement(self, stmt: Stmt) -> Block:
        if stmt.kind is Kind.IF:
            condition = normal.truth(stmt.test())
            for test, reason in self.assumed.items():
                if condition in (test, normal.negate(test)):
                    taken, dropped = (stmt.body, stmt.orelse) if condition == test else (stmt.orelse, stmt.body)
                    self._decide(stmt.ids, reason)
                    for inner in normal.everything(dropped):
                        self._decide(inner.ids, reason)
                    return self.block(taken)
        if stmt.kind in (Kind.IF, Kind.LOOP, Kind.ASSERT) and stmt.value is not None and self.tests:
            stmt = replace(stmt, value=self._condition(normal.truth(stmt.value)))
        return (normal.map_blocks(stmt, self.block),)

    def _decide(self, ids: tuple[int, ...], reason: str) -> None:
        for number in ids:
            self.decided[number] = reason

    def _condition(self, condition: Value) -> Value:
        for old, new in self.tests:
            condition = _put(condition, old, new)
        return condition


def _put(condition: Value, old: Value, new: Value) -> Value:
    """``condition`` with the test ``old``, or a run of tests joined like it, replaced by ``new``."""
    if condition == old:
        return new
    if not is_op(condition, "and", "or"):
        return condition
    parts = [_put(p, old, new) for p in condition.parts]
    if is_op(old, condition.text):
        width = len(old.parts)
        for at in range(len(parts) - width + 1):
            if tuple(parts[at : at + width]) == old.parts:
                parts[at : at + width] = [new]
                break
    return normal.join(condition.text, *parts)
