"""Expressions that take steps: outside an atomic region every read of shared memory, every choice is a node of its own."""

from __future__ import annotations

import ast
from typing import Any

from checker.language import declare, terms
from checker.language.builder import Builder, Ends
from checker.language.declare import Kind
from checker.language.expressions import Expressions, single_expression
from checker.language.graph import Action, Lock
from checker.language.sorts import BOOL, RefSort, Sort
from checker.language.source import Source
from checker.language.terms import Term
from checker.language.values import Value, coerce, common_sort
from checker.system import StateVar


class Evaluation(Expressions):
    """Compiles expressions of one (inlined) function into the builder's graph."""

    def __init__(self, builder: Builder, source: Source, env: dict[str, Term], calling: tuple[str, ...]) -> None:
        super().__init__(builder.model, source, env, builder.process, calling)
        self.builder = builder
        self.ghost = False
        self.decided = False
        self.current = ""

    @property
    def atomic(self) -> bool:
        """Whether several shared reads may happen at once here."""
        return bool(self.builder.region) or self.ghost

    def nested(self, source: Source, env: dict[str, Term]) -> Expressions:
        if self.atomic:
            return Expressions(self.model, source, env, self.process, (*self.calling, source.name))
        inner = type(self)(self.builder, source, env, (*self.calling, self.source.name))
        inner.current = self.current
        return inner

    def quantify(self, word: str, node: ast.Call) -> Term:
        if not self.atomic:
            found = Expressions(self.model, self.source, self.env, self.process, self.calling).quantify(word, node)
            if self.builder.standalone:
                return found  # Its callers have the lock.
            raise self.source.error(
                node,
                "quantifier-outside-region",
                f"`{self.source.text(node)}` reads many objects at once",
                "put it under a spin lock",
            )
        return super().quantify(word, node)

    def read(self, variable: StateVar, obj: Term | None, node: ast.AST) -> Term:
        if variable.ghost and not self.ghost:
            raise self.source.error(
                node,
                "ghost-read",
                f"{variable.name} is a ghost field: no code may depend on it",
                "use it in ghost assignments and properties",
            )
        if self.atomic:
            return super().read(variable, obj, node)
        b = self.builder
        target = b.temporary(self.source.name, variable.sort)
        b.add(Action.READ, self, node, self.source.text(node), target=target, key=variable.key, obj=obj)
        return b.get(target)

    def value(self, node: ast.expr) -> Value:
        if isinstance(node, ast.BoolOp) and not self.atomic:
            return self._materialise(node)
        return super().value(node)

    def conditional(self, test: ast.expr, body: ast.expr, orelse: ast.expr, node: ast.AST) -> Term:
        if self.atomic:
            return super().conditional(test, body, orelse, node)
        b = self.builder
        yes, no = self.branch(test)
        b.ends = yes
        first = self.value(body)
        sort = first.sort if isinstance(first, Term) else None
        after_first = b.ends
        b.ends = no
        second = self.value(orelse)
        sort = sort or common_sort(self.source, first, second, node)
        target = b.temporary(self.source.name, sort)
        b.add(Action.ASSIGN, self, node, self.source.text(node), target=target, value=coerce(self.source, second, sort, orelse))
        after_second = b.ends
        b.ends = after_first
        b.add(Action.ASSIGN, self, node, self.source.text(node), target=target, value=coerce(self.source, first, sort, body))
        b.ends = b.ends + after_second
        return b.get(target)

    def _materialise(self, node: ast.expr) -> Term:
        b = self.builder
        target = b.temporary(self.source.name, BOOL)
        open_ends: Ends = []
        for ends, value in zip(self.branch(node), (terms.TRUE, terms.FALSE), strict=True):
            if ends:
                b.ends = ends
                b.add(Action.ASSIGN, self, node, self.source.text(node), target=target, value=value)
                open_ends += b.ends
        b.ends = open_ends
        return b.get(target)

    def branch(self, node: ast.expr) -> tuple[Ends, Ends]:
        """Compile a condition with C's short circuit; returns the ends where it is true and where it is false."""
        b = self.builder
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            yes, no = self.branch(node.operand)
            return no, yes
        if isinstance(node, ast.BoolOp) and not self.atomic:
            is_and = isinstance(node.op, ast.And)
            going: Ends = []
            done: Ends = []
            for i, part in enumerate(node.values):
                if i:
                    b.ends = going
                yes, no = self.branch(part)
                going, leaving = (yes, no) if is_and else (no, yes)
                done += leaving
            return (going, done) if is_and else (done, going)
        condition = self.condition(node)
        if condition.op == "const":
            self.decided = True
            return (b.ends, []) if condition.data else ([], b.ends)
        made = b.add(Action.BRANCH, self, node, self.source.text(node), value=condition)
        return [(made.index, 0)], [(made.index, 1)]

    def special(self, name: str, node: ast.Call) -> Value | None:
        target = self.source.namespace.get(name)
        if target is declare.choice:
            return self._choose(BOOL, terms.TRUE, None, node)
        if target is declare.choose:
            return self._choose_sort(node)
        if target is declare.new:
            return self._new(node)
        if target is declare.find:
            return self._find(node)
        return None

    def _find(self, node: ast.Call) -> Term:
        """Choose among the objects for which a condition holds, or NULL if there is none."""
        b = self.builder
        (generator,) = self.arguments(node, 1)
        match generator:
            case ast.GeneratorExp(elt=ast.Name(id=name), generators=[ast.comprehension(target=ast.Name(id=bound_name)) as loop]):
                pass
            case _:
                name, bound_name = "", "?"
        if name != bound_name:
            raise self.source.error(
                node, "unsupported-expression", "find needs a generator of objects", "write find(x for x in Record if condition)"
            )
        pure = Expressions(self.model, self.source, self.env, self.process, self.calling)
        bound, inside = pure.domain(loop.iter, f"found_{name}")
        pure.env = {**self.env, name: bound}
        condition = terms.conj(inside, *(pure.condition(c) for c in loop.ifs))
        target = b.temporary(self.source.name, bound.sort)
        there = b.add(Action.BRANCH, self, node, self.source.text(node), value=terms.exists(bound, condition))
        b.ends = [(there.index, 1)]
        b.add(Action.ASSIGN, self, node, "", target=target, value=terms.const(0, bound.sort))
        nothing = b.ends
        b.ends = [(there.index, 0)]
        self._choose(bound.sort, terms.substitute(condition, {bound: b.get(target)}), target, node)
        b.ends = b.ends + nothing
        return b.get(target)

    def _choose(self, sort: Sort, condition: Term, target: StateVar | None, node: ast.AST) -> Term:
        target = target or self.builder.temporary(self.source.name, sort)
        self.builder.add(Action.CHOOSE, self, node, self.source.text(node), target=target, value=condition)
        return self.builder.get(target)

    def _choose_sort(self, node: ast.Call) -> Term:
        name = node.args[0] if node.args else None
        cls = self.source.namespace.get(name.id) if isinstance(name, ast.Name) else None
        if not isinstance(cls, type):
            raise self.source.error(node, "unknown-type", "choose needs a type", "write choose(Port) or choose(Port, condition)")
        sort = self.model.sort_of(cls, "choose")
        target = self.builder.temporary(self.source.name, sort)
        condition = terms.TRUE
        if len(node.args) == 2 and isinstance(node.args[1], ast.Name):
            function = self.source.namespace.get(node.args[1].id)
            source = self.model.functions.get(getattr(function, "__name__", ""))
            if source is None or source.declaration.kind is not Kind.PURE:
                raise self.source.error(
                    node, "unknown-function", f"{self.source.text(node.args[1])} is no @pure condition", "name a @pure function"
                )
            param = source.tree.args.args[0].arg
            condition = Expressions(self.model, source, {param: self.builder.get(target)}, self.process).condition(
                single_expression(source)
            )
        return self._choose(sort, condition, target, node)

    def _new(self, node: ast.Call) -> Term:
        (arg,) = self.arguments(node, 1)
        cls = self.source.namespace.get(arg.id) if isinstance(arg, ast.Name) else None
        sort = self.model.sorts.get(cls) if isinstance(cls, type) else None
        if not isinstance(sort, RefSort) or sort.key or sort == self.model.thread:
            raise self.source.error(node, "no-record", f"{self.source.text(arg)} cannot be allocated", "name a Record class")
        target = self.builder.temporary(self.source.name, sort)
        self.builder.add(Action.NEW, self, node, self.source.text(node), target=target, record=sort)
        return self.builder.get(target)

    def object_lock(self, target: declare.ObjectLock[Any], call: ast.Call) -> Lock:
        """The lock ``target`` of the object given as argument."""
        obj = self.object(self.value(self.arguments(call, 1)[0]), call)
        fields = self.model.fields[obj.sort.name]
        also = fields[target.also].key if target.also else None
        pending = fields[target.pending] if target.pending else None
        text = self.source.text(call)
        return Lock(text, fields[target.users].key, fields[target.owner], obj, also, pending, target.drain)

    def _named_lock(self, call: ast.Call, node: ast.AST) -> tuple[Lock, bool]:
        """The lock in ``adopt(lock_sock(sk))`` or ``acquire(lock_sock(sk))``, and whether it turns softirqs off."""
        (arg,) = self.arguments(call, 1)
        target = self.source.namespace.get(arg.func.id) if isinstance(arg, ast.Call) and isinstance(arg.func, ast.Name) else None
        if not isinstance(target, declare.ObjectLock) or not isinstance(arg, ast.Call):
            raise self.source.error(node, "unknown-lock", f"{self.source.text(arg)} is no lock", "write lock_sock(...)")
        return self.object_lock(target, arg), target.bh
