"""Specification functions in normal form.

``with lock_sock(sk):`` becomes taking the lock, the body, and releasing it wherever control leaves the body, which is how the C
text is written.  Assignments to ghost fields are no steps of the C text and are left out.
"""

from __future__ import annotations

import ast
from dataclasses import replace

from checker.audit import normal
from checker.audit.calls import call_statement, locking
from checker.audit.names import Names
from checker.audit.normal import Block, Function, Kind, Stmt, Value
from checker.audit.normal import Source as Written
from checker.audit.pyvalue import PythonValues
from checker.errors import Place
from checker.language import declare
from checker.language.source import Source, statements

RESULT = "result"
"""The local that holds a returned value which is computed before a lock is released."""


class SpecReader:
    """Translates the body of one specification function."""

    def __init__(self, source: Source, names: Names) -> None:
        self.source = source
        self.names = names
        self.values = PythonValues(names.constants, names.pures, names.types)
        self.sources: list[Written] = []
        self.locals: set[str] = {a.arg for a in source.tree.args.args}
        self.held: list[Stmt] = []
        self.loops: list[int] = []
        self.depth = 0

    def number(self, node: ast.stmt) -> int:
        """A number for one source statement."""
        text = ast.unparse(node).splitlines()[0]
        self.sources.append(Written(self.source.place(node), self.depth, text))
        return len(self.sources) - 1

    def block(self, body: list[ast.stmt]) -> Block:
        """Statements in order."""
        self.depth += 1
        found = [made for node in body for made in self.statement(node)]
        self.depth -= 1
        return tuple(found)

    def statement(self, node: ast.stmt) -> Block:
        """One statement; nothing for ghosts and ``pass``."""
        place = self.source.place(node)
        match node:
            case ast.Pass():
                return ()
            case ast.Assign(targets=targets, value=value):
                return self._assign(node, targets, value)
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                return self._assign(node, [target], value)
            case ast.AnnAssign():
                return ()
            case ast.Return(value=given):
                return self._return(node, given)
            case ast.If(test=test, body=body, orelse=orelse):
                number = self.number(node)
                condition = self.values.condition(test)
                inner, other = self.block(body), self.block(orelse)
                if not inner and not other:
                    self.sources.pop()
                    return ()
                return (Stmt(Kind.IF, place, (number,), value=condition, body=inner, orelse=other),)
            case ast.While(test=test, body=body):
                number = self.number(node)
                self.loops.append(len(self.held))
                inner = self.block(body)
                self.loops.pop()
                return (Stmt(Kind.LOOP, place, (number,), value=self.values.condition(test), body=inner),)
            case ast.Break() | ast.Continue():
                kind = Kind.BREAK if isinstance(node, ast.Break) else Kind.CONTINUE
                held = self.held[self.loops[-1] :] if self.loops else []
                return (*self._released(held, node), Stmt(kind, place, ()))
            case ast.With(items=[item], body=body):
                return self._with(node, item.context_expr, body)
            case ast.Expr(value=ast.Call() as call):
                return self._call(node, call)
        return (Stmt(Kind.UNREADABLE, place, (self.number(node),)),)

    def _assign(self, node: ast.stmt, targets: list[ast.expr], value: ast.expr) -> Block:
        kept = [t for t in targets if not (isinstance(t, ast.Attribute) and t.attr in self.names.ghosts)]
        if not kept:
            return ()
        number = self.number(node)
        found: list[Stmt] = []
        stored = self.values.value(value)
        for target in reversed(kept):
            if isinstance(target, ast.Name):
                self.locals.add(target.id)
            made = self.values.value(target)
            found.append(Stmt(Kind.ASSIGN, self.source.place(node), (number,), target=made, value=stored))
            stored = made if any(v.kind == "call" for v in normal.walk(stored)) else stored
        return tuple(found)

    def _return(self, node: ast.Return, given: ast.expr | None) -> Block:
        number = self.number(node)
        place = self.source.place(node)
        value = None if given is None else self.values.value(given)
        before: Block = ()
        if self.held and value is not None and any(v.kind in ("call", "field") for v in normal.walk(value)):
            self.locals.add(RESULT)
            before = (Stmt(Kind.ASSIGN, place, (number,), target=normal.name(RESULT), value=value),)
            value = normal.name(RESULT)
        return (*before, *self._released(self.held, node), Stmt(Kind.RETURN, place, (number,), value=value))

    def _released(self, held: list[Stmt], node: ast.stmt) -> Block:
        place = self.source.place(node)
        return tuple(_opposite(taken, place) for taken in reversed(held))

    def _with(self, node: ast.With, call: ast.expr, body: list[ast.stmt]) -> Block:
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
            return (Stmt(Kind.UNREADABLE, self.source.place(node), (self.number(node),)),)
        target = self.source.namespace.get(call.func.id)
        if target is declare.exclusive:
            self.depth -= 1
            inside = self.block(body)
            self.depth += 1
            return inside
        number = self.number(node)
        taking = target is not declare.released
        if not taking and len(call.args) == 1 and isinstance(call.args[0], ast.Call):
            call = call.args[0]
        locks = tuple(self.values.value(a) for a in call.args)
        taken = locking(self.source.place(node), (number,), locks, taking=taking)
        self.held.append(taken)
        inside = self.block(body)
        self.held.pop()
        end = () if normal.leaves(inside) else (_opposite(taken, self.source.place(body[-1])),)
        return (taken, *inside, *end)

    def _call(self, node: ast.Expr, call: ast.Call) -> Block:
        target = self.source.namespace.get(call.func.id) if isinstance(call.func, ast.Name) else None
        number = self.number(node)
        place = self.source.place(node)
        if target is declare.abstracted:
            given = [a.value for a in call.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
            if not given or len(given) != len(call.args):
                raise self.source.error(
                    node, "abstraction", "an abstraction is written with plain strings", 'write abstracted("reason", "name", ...)'
                )
            return (Stmt(Kind.ABSTRACTED, place, (number,), text=given[0], covers=tuple(given[1:])),)
        value = self.values.value(call)
        if value.kind != "call":
            return (Stmt(Kind.CALL, place, (number,), value=Value("call", str(value))),)
        return (call_statement(place, (number,), value, self.names),)


def _opposite(taken: Stmt, place: Place) -> Stmt:
    value = taken.test()
    turned = "release" if value.text == "acquire" else "acquire"
    return replace(taken, place=place, value=replace(value, text=turned))


def read_spec(source: Source, names: Names) -> Function:
    """The normal form of one specification function.  Raises SpecError for an abstraction that is no plain string."""
    reader = SpecReader(source, names)
    body = reader.block(statements(source.tree))
    parameters = tuple(a.arg for a in source.tree.args.args)
    definition = source.place(source.tree)
    return Function(source.name, definition, parameters, body, tuple(reader.sources), {}, frozenset(reader.locals))
