"""Statements to control-flow graphs: one node per primitive action, in C's order of evaluation.

Calls are inlined; each call site keeps its own stack of functions for traces.  Outside an atomic region
every read of shared memory becomes a node of its own, so nothing shared hides inside an expression.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from checker.language import declare, terms
from checker.language.assignments import Assignments
from checker.language.builder import Builder, Ends, Scope
from checker.language.expressions import Expressions
from checker.language.graph import Action, Graph
from checker.language.model import Model
from checker.language.sorts import BOOL, Sort
from checker.language.source import Source, statements
from checker.language.terms import FieldKey, Term
from checker.language.values import annotation_sort, coerce
from checker.system import StateVar


@dataclass
class Loop:
    """One loop being compiled: its first node, the scopes open around it, the ends that break out."""

    head: int
    scopes: int
    breaks: Ends


class Statements(Assignments):
    """Compiles the body of one (inlined) function into the builder's graph."""

    def __init__(self, builder: Builder, source: Source, env: dict[str, Term], calling: tuple[str, ...]) -> None:
        super().__init__(builder, source, env, calling)
        self.result: StateVar | None = None
        self.result_sort: Sort | None = None
        self.loops: list[Loop] = []

    def run(self) -> Term | None:
        """Compile the whole body; afterwards the builder stands behind the call."""
        b = self.builder
        outer_names = b.names
        annotation = self.source.hints.get("return", "None")
        if annotation not in ("None", None):
            self.result_sort = annotation_sort(
                self.model, self.source, annotation, f"result of {self.source.name}", self.source.tree
            )
        for name in assigned_names(self.source.tree):
            if name in self.env:
                self.shadow(name)
        self.publish_names()
        self.block(statements(self.source.tree))
        if b.ends and self.result_sort is not None:
            raise self.source.error(
                self.source.tree, "missing-return", f"{self.source.name} can end without a result", "return on every path"
            )
        joined = list(b.ends)
        values = {value for _, value, _ in self.returns}
        if self.result_sort is not None and len(values) > 1:
            self.result = b.local(self.source.name, "return", self.result_sort)
            for ends, value, statement in self.returns:
                b.ends = ends
                b.add(Action.ASSIGN, self, statement, "", target=self.result, value=value)
                joined += b.ends
            result: Term | None = b.get(self.result)
        else:
            joined += [end for ends, _, _ in self.returns for end in ends]
            result = next(iter(values)) if values else None
        b.ends = joined
        b.names = outer_names
        return result

    def block(self, body: list[ast.stmt]) -> None:
        """Compile statements in order; code behind a return is an error."""
        for statement in body:
            if not self.builder.ends and self.builder.nodes:
                if self.decided:
                    return  # A constant argument decided a test: this call of the function never gets here.
                raise self.source.error(statement, "unreachable", "this statement can never run", "remove it")
            self.statement(statement)

    def statement(self, node: ast.stmt) -> None:
        """Compile one statement.  Raises SpecError for everything outside the language."""
        self.current = self.source.text(node).splitlines()[0]
        match node:
            case ast.Pass():
                return
            case ast.Return(value=value):
                self._return(value, node)
            case ast.Assign(targets=targets, value=value):
                self.assign(targets, value, node)
            case ast.AnnAssign(target=ast.Name() as target, value=ast.expr() as value):
                self.assign([target], value, node)
            case ast.If(test=test, body=body, orelse=orelse):
                self._if(test, body, orelse)
            case ast.While(test=test, body=body, orelse=[]):
                self._while(test, body)
            case ast.Break() if self.loops:
                self.loops[-1].breaks += self.leaving(self.loops[-1].scopes, node)
            case ast.Continue() if self.loops:
                self.builder.close(self.leaving(self.loops[-1].scopes, node), self.loops[-1].head)
            case ast.With(items=[item], body=body):
                self.with_block(item, body, node)
            case ast.For(target=ast.Name() as target, iter=domain, body=body, orelse=[]):
                self.for_each(target, domain, body, node)
            case ast.Expr(value=ast.Call() as call):
                self._call_statement(call)
            case _:
                raise self.source.error(
                    node,
                    "unsupported-statement",
                    f"`{self.source.text(node).splitlines()[0]}` is outside the language",
                    "use assignments, if, while, with, return and calls",
                )

    def _return(self, value: ast.expr | None, node: ast.AST) -> None:
        wanted = self.result_sort
        if (value is None) != (wanted is None):
            kind = wanted.name if wanted else "nothing"
            raise self.source.error(node, "wrong-return", f"{self.source.name} must return {kind}", "match the annotation")
        result = self.term(value, wanted) if value is not None and wanted is not None else None
        self.returns.append((self.leaving(self.entry_scopes, node), result, node))

    def _if(self, test: ast.expr, body: list[ast.stmt], orelse: list[ast.stmt]) -> None:
        b = self.builder
        yes, no = self.branch(test)
        b.ends = yes
        if yes:
            self.block(body)
        after = b.ends
        b.ends = no
        if no:
            self.block(orelse)
        b.ends = after + b.ends

    def _while(self, test: ast.expr, body: list[ast.stmt]) -> None:
        b = self.builder
        head = b.add(Action.NOTE, self, test, f"while {self.source.text(test)}")
        loop = Loop(head.index, len(b.scopes), [])
        if b.region:
            raise self.source.error(
                test, "loop-in-region", "a loop cannot be one atomic step", "use any/all, or move the loop out"
            )
        yes, no = self.branch(test)
        b.ends = yes
        self.loops.append(loop)
        self.block(body)
        self.loops.pop()
        b.close(b.ends, head.index)
        b.ends = no + loop.breaks

    def _call_statement(self, call: ast.Call) -> None:
        b = self.builder
        if isinstance(call.func, ast.Attribute):
            self.dispatch_call(call.func, call)
            return
        target: Any = self.source.namespace.get(call.func.id) if isinstance(call.func, ast.Name) else None
        if target is declare.abstracted:
            return
        text = self.source.text(call)
        if target is declare.free:
            (arg,) = self.arguments(call, 1)
            obj = self.object(self.value(arg), arg)
            b.add(Action.FREE, self, call, text, obj=obj)
        elif target is declare.copy:
            self._copy(call)
        elif target is declare.when:
            (arg,) = self.arguments(call, 1)
            pure = Expressions(self.model, self.source, self.env, self.process, self.calling)
            b.add(Action.WAIT, self, call, text, value=pure.condition(arg))
        elif target is declare.might_sleep:
            b.add(Action.MAY_SLEEP, self, call, text)
        elif target is declare.acquire:
            taken, _ = self._named_lock(call, call)
            b.add(Action.ACQUIRE, self, call, text, lock=taken)
        elif target is declare.BUG_TRAP:
            self._bug_trap(call)
        elif hasattr(target, "__declaration__"):
            self.inline(self.model.source(target), call)
        else:
            self.value(call)

    def _copy(self, call: ast.Call) -> None:
        """A copy, and what it does not share with its original, in one atomic step."""
        b = self.builder
        to, source = (self.object(self.value(a), a) for a in self.arguments(call, 2))
        stored = coerce(self.source, source, to.sort, call)
        outer = b.scopes
        if call.keywords and not b.region:
            b.regions += 1
            b.scopes = (*outer, Scope(region=b.regions))
        b.add(Action.COPY, self, call, self.source.text(call), obj=to, value=stored)
        for own in call.keywords:
            field = ast.copy_location(ast.Attribute(call.args[0], own.arg or ""), own)
            self.assign([field], own.value, ast.copy_location(ast.Assign([field], own.value), own))
        b.scopes = outer

    def _bug_trap(self, call: ast.Call) -> None:
        (arg,) = self.arguments(call, 1)
        name = f"BUG_TRAP({self.source.name}: {self.source.text(arg)})"
        asserted = f"the soft assertion of {self.source.name}"
        trap = self.builder.trap(name, self.source.place(call), asserted, "the kernel's authors assert it")
        self.ghost = True
        broken = terms.disj(terms.field(trap.key, BOOL), terms.negate(self.condition(arg)))
        self.builder.add(Action.GHOST, self, call, self.source.text(call), key=trap.key, value=broken)
        self.ghost = False


@lru_cache(maxsize=4096)
def assigned_names(tree: ast.FunctionDef) -> tuple[str, ...]:
    """The plain names a function assigns, in order."""
    found = [
        t.id
        for n in ast.walk(tree)
        for t in (n.targets if isinstance(n, ast.Assign) else [n.target] if isinstance(n, ast.AnnAssign) else [])
        if isinstance(t, ast.Name)
    ]
    return tuple(dict.fromkeys(found))


def lower(model: Model, root: Source, process: Term, *, standalone: bool = False) -> Graph:
    """The control-flow graph of one system call (or, ``standalone``, of any kernel function).

    Raises SpecError for everything outside the language.
    """
    builder = Builder(model, root, process, standalone=standalone)
    params = [a.arg for a in root.tree.args.args]
    env: dict[str, Term] = {}
    lazy: set[FieldKey] = set()
    body = Statements(builder, root, env, ())
    for name in params:
        variable = builder.local(root.name, name, body.parameter_sort(root, name))
        env[name] = builder.get(variable)
        body.declared[name] = variable
        lazy.add(variable.key)
    if standalone and (lock := body.callers_lock()):
        builder.scopes = (Scope(lock=lock, inherited=True),)
        body.entry_scopes = len(builder.scopes)
    result = body.run()
    builder.names = ()
    builder.ends += [end for sub in builder.subroutines.values() for end in sub.otherwise]
    builder.add(Action.RETURN, body, root.tree, "return", value=result)
    return Graph(root.name, builder.nodes, builder.locals, frozenset(lazy), builder.traps)
