"""Assignments: to locals, fields, kernel variables and ghosts; a parameter that is assigned becomes a local."""

from __future__ import annotations

import ast

from checker.language import declare
from checker.language.expressions import Expressions
from checker.language.graph import Action
from checker.language.locking import Locking
from checker.language.sorts import Sort
from checker.language.terms import Term
from checker.language.values import coerce
from checker.system import StateVar


class Assignments(Locking):
    """Compiles the assignments of one function."""

    def shadow(self, name: str) -> None:
        """A parameter that the function assigns becomes a local of its own."""
        b = self.builder
        value = self.env[name]
        variable = b.local(self.source.name, name, value.sort)
        if b.get(variable) != value:
            b.add(Action.ASSIGN, self, self.source.tree, f"{name} = argument", target=variable, value=value)
        self.declared[name] = variable
        self.env[name] = b.get(variable)

    def publish_names(self) -> None:
        b = self.builder
        own = tuple((self.source.name, n, t) for n, t in self.env.items())
        others = tuple(entry for entry in b.names if entry[0] != self.source.name)
        b.names = others + own

    def assign(self, targets: list[ast.expr], value: ast.expr, node: ast.AST) -> None:
        """An assignment; a chain stores from right to left, as C does."""
        ghost = all(self._is_ghost(t) for t in targets)
        self.ghost = ghost
        first, *rest = reversed(targets)
        objects = {
            id(t): self.object(self.value(t.value), t)
            for t in targets
            if isinstance(t, ast.Attribute) and self._static_target(t) is None
        }
        sort = self._target_sort(first, objects)
        got = self.value(value)
        if sort is None and not isinstance(got, Term):
            raise self.source.error(
                node, "no-type", f"`{self.source.text(node)}`: the type of a bare number is unknown", "annotate the variable"
            )
        stored = coerce(self.source, got, sort, value) if sort else got
        assert isinstance(stored, Term)
        for target in (first, *rest):
            self._store(target, stored, objects, node, ghost)
        self.ghost = False

    def _static_target(self, target: ast.Attribute) -> StateVar | None:
        """The kernel variable ``target`` names, if it names one."""
        base = target.value
        holder = self.source.namespace.get(base.id) if isinstance(base, ast.Name) and base.id not in self.env else None
        return self.static(holder, target.attr, target) if isinstance(holder, declare.Static) else None

    def _is_ghost(self, target: ast.expr) -> bool:
        """Whether the field assigned is a ghost of its record; other records may have an ordinary field of that name."""
        if not isinstance(target, ast.Attribute):
            return False
        static = self._static_target(target)
        if static is not None:
            return static.ghost
        if not any(target.attr in fields and fields[target.attr].ghost for fields in self.model.fields.values()):
            return False
        pure = Expressions(self.model, self.source, self.env, self.process, self.calling)
        return self.field(pure.value(target.value), target.attr, target).ghost

    def _target_sort(self, target: ast.expr, objects: dict[int, Term]) -> Sort | None:
        match target:
            case ast.Attribute(attr=attr):
                static = self._static_target(target)
                return static.sort if static else self.field(objects[id(target)], attr, target).sort
            case ast.Name(id=name):
                return self.declared[name].sort if name in self.declared else None
        raise self.source.error(
            target, "unsupported-statement", f"`{self.source.text(target)}` cannot be assigned", "assign a name or a field"
        )

    def _store(self, target: ast.expr, value: Term, objects: dict[int, Term], node: ast.AST, ghost: bool) -> None:
        b = self.builder
        text = (
            f"{self.source.text(target)} = {self.source.text(node.value)}"
            if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value
            else ""
        )
        if isinstance(target, ast.Attribute):
            variable = self._static_target(target) or self.field(objects[id(target)], target.attr, target)
            if variable.rigid:
                raise self.source.error(node, "rigid-write", f"{variable.name} never changes", "do not mark it Rigid")
            action = Action.GHOST if ghost else Action.WRITE
            stored = coerce(self.source, value, variable.sort, target)
            b.add(action, self, node, text, key=variable.key, obj=objects.get(id(target)), value=stored)
            return
        assert isinstance(target, ast.Name)
        variable = self.declared.get(target.id) or b.local(self.source.name, target.id, value.sort)
        if any(s.lock and s.lock.obj == b.get(variable) for s in b.scopes):
            raise self.source.error(
                node, "lock-variable", f"{target.id} names a locked object and cannot change", "use another variable"
            )
        b.add(Action.ASSIGN, self, node, text, target=variable, value=coerce(self.source, value, variable.sort, target))
        if target.id not in self.declared:
            self.declared[target.id] = variable
            self.env[target.id] = b.get(variable)
            self.publish_names()

    def for_each(self, target: ast.Name, domain: ast.expr, body: list[ast.stmt], node: ast.AST) -> None:
        """``for x in objects: x.field = value``: one step that writes the field of each of them."""
        b = self.builder
        pure = Expressions(self.model, self.source, self.env, self.process, self.calling)
        bound, inside = pure.domain(domain, f"each_{target.id}")
        pure.env = {**self.env, target.id: bound}
        for statement in body:
            match statement:
                case ast.Assign(targets=[ast.Attribute(value=ast.Name(id=name), attr=attr)], value=value) if name == target.id:
                    variable = self.field(bound, attr, statement)
                    text = f"for {target.id} in {self.source.text(domain)}: {self.source.text(statement)}"
                    stored = pure.term(value, variable.sort)
                    b.add(Action.WRITE, self, node, text, key=variable.key, obj=bound, value=stored, where=inside)
                case _:
                    raise self.source.error(
                        statement,
                        "unsupported-statement",
                        f"`{self.source.text(statement)}` is not allowed in a loop over objects",
                        f"assign fields of {target.id} only",
                    )
