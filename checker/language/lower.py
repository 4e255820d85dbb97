"""Statements to control-flow graphs: one node per primitive action, in C's order of evaluation.

Calls are inlined; each call site keeps its own stack of functions for traces.  Outside an atomic region
every read of shared memory becomes a node of its own, so nothing shared hides inside an expression.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Any

from checker.errors import Place
from checker.language import declare, terms
from checker.language.declare import Kind
from checker.language.expressions import Expressions, Value, annotation_sort, single_expression
from checker.language.graph import Action, Context, Graph, Lock, Node
from checker.language.model import Model
from checker.language.sorts import BOOL, EnumSort, RefSort, Sort
from checker.language.source import Source, statements
from checker.language.terms import FieldKey, Term
from checker.system import StateVar

Ends = list[tuple[int, int]]
"""Open ends: (node, which successor) pairs that the next node will close."""


@dataclass(frozen=True)
class Scope:
    """One ``with`` block being compiled: a lock held, an atomic region, or exclusive objects.

    ``inherited`` locks are released by somebody else; ``bh`` says that softirqs are off inside.
    """

    lock: Lock | None = None
    region: int = 0
    exclusive: tuple[Term, ...] = ()
    inherited: bool = False
    bh: bool = False


@dataclass
class Loop:
    """One loop being compiled: its first node, the scopes open around it, the ends that break out."""

    head: int
    scopes: int
    breaks: Ends


@dataclass
class Subroutine:
    """A shared function: compiled once per root, called by storing arguments and the number of the call site in ``back``.

    ``otherwise`` are the open ends behind the test for the last caller known so far.
    """

    entry: int
    params: tuple[StateVar, ...]
    back: StateVar
    result: Term | None
    otherwise: Ends
    callers: int = 0


CALL_SITES = EnumSort("CallSite", tuple(f"call{i}" for i in range(128)))
"""Who called a subroutine."""


class Builder:
    """Grows the graph of one system call; ``ends`` are the open ends of the code so far."""

    def __init__(self, model: Model, root: Source, process: Term, *, standalone: bool) -> None:
        self.model = model
        self.standalone = standalone
        self.root = root.name
        self.process = process
        self.nodes: list[Node] = []
        self.locals: dict[FieldKey, StateVar] = {}
        self.traps: dict[FieldKey, tuple[StateVar, Place, str]] = {}
        self.ends: Ends = []
        self.scopes: tuple[Scope, ...] = ()
        self.regions = 0
        self.temporaries = 0
        self.subroutines: dict[str, Subroutine] = {}
        self.names: tuple[tuple[str, str, Term], ...] = ()

    @property
    def region(self) -> int:
        """The atomic region the next node is in; 0 outside."""
        return max((s.region for s in self.scopes), default=0)

    def local(self, function: str, name: str, sort: Sort) -> StateVar:
        """The variable ``name`` of ``function`` in this system call; the same sort each time it is asked for."""
        key = (self.model.thread.name, f"{self.root}/{function}.{name}")
        return self.locals.setdefault(key, StateVar(*key, sort, owner_root=self.root))

    def temporary(self, function: str, sort: Sort) -> StateVar:
        """A new compiler-made local."""
        self.temporaries += 1
        return self.local(function, f"${self.temporaries}", sort)

    def get(self, variable: StateVar) -> Term:
        """The term reading a local of the running process."""
        return terms.field(variable.key, variable.sort, self.process)

    def add(self, action: Action, code: Statements, node: ast.AST, text: str, **parts: object) -> Node:
        """Append a node and close all open ends with it."""
        held = tuple(s.lock for s in self.scopes if s.lock)
        exclusive = tuple(o for s in self.scopes for o in s.exclusive)
        bh_off = any(s.bh for s in self.scopes)
        context = Context((*code.calling, code.source.name), self.names, held, exclusive, self.region, code.current, bh_off)
        made = Node(len(self.nodes), action, code.source.place(node), text, context, **parts)  # type: ignore[arg-type]
        self.nodes.append(made)
        self.close(self.ends, made.index)
        self.ends = [] if action is Action.RETURN else [(made.index, 0)]
        return made

    def close(self, ends: Ends, target: int) -> None:
        """Let every open end lead to ``target``."""
        for index, slot in ends:
            successors = self.nodes[index].successors
            while len(successors) <= slot:
                successors.append(-1)
            successors[slot] = target


class Statements(Expressions):
    """Compiles the body of one (inlined) function into the builder's graph."""

    def __init__(self, builder: Builder, source: Source, env: dict[str, Term], calling: tuple[str, ...]) -> None:
        super().__init__(builder.model, source, env, builder.process, calling)
        self.builder = builder
        self.declared: dict[str, StateVar] = {}
        self.returns: list[tuple[Ends, Term | None, ast.AST]] = []
        self.result: StateVar | None = None
        self.result_sort: Sort | None = None
        self.loops: list[Loop] = []
        self.ghost = False
        self.decided = False
        self.current = ""
        self.entry_scopes = len(builder.scopes)

    # -- expressions ------------------------------------------------------------------------------------------

    @property
    def atomic(self) -> bool:
        """Whether several shared reads may happen at once here."""
        return bool(self.builder.region) or self.ghost

    def nested(self, source: Source, env: dict[str, Term]) -> Expressions:
        if self.atomic:
            return Expressions(self.model, source, env, self.process, (*self.calling, source.name))
        inner = Statements(self.builder, source, env, (*self.calling, self.source.name))
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
        sort = sort or self.common_sort(first, second, node)
        target = b.temporary(self.source.name, sort)
        b.add(Action.ASSIGN, self, node, self.source.text(node), target=target, value=self.coerce(second, sort, orelse))
        after_second = b.ends
        b.ends = after_first
        b.add(Action.ASSIGN, self, node, self.source.text(node), target=target, value=self.coerce(first, sort, body))
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
        bound, inside = pure._domain(loop.iter, f"found_{name}")
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

    # -- calls --------------------------------------------------------------------------------------------------

    def call(self, source: Source, node: ast.Call) -> Value:
        result = self.inline(source, node)
        if result is None:
            raise self.source.error(node, "no-result", f"{source.name} returns nothing", "call it as a statement")
        return result

    def dispatch(self, func: ast.Attribute, node: ast.Call) -> Value:
        result = self.dispatch_call(func, node)
        if result is None:
            raise self.source.error(node, "no-result", f"{func.attr} returns nothing", "call it as a statement")
        return result

    def dispatch_call(self, func: ast.Attribute, node: ast.Call) -> Term | None:
        """A call through a function table: one branch per table."""
        b = self.builder
        table = self.value(func.value)
        if not isinstance(table, Term) or table.sort not in self.model.operations.values():
            raise self.source.error(
                node, "unsupported-expression", f"{self.source.text(func)} cannot be called", "call a function by its name"
            )
        assert isinstance(table.sort, EnumSort)
        members = [m for m in table.sort.members if m != "NULL"]
        targets = [(m, self.operation(m, func.attr, node)) for m in members]
        present = [(m, s) for m, s in targets if s is not None]
        if not present:
            raise self.source.error(node, "unknown-operation", f"no table has {func.attr}", "give one a function")
        done: Ends = []
        result: StateVar | None = None
        for m, source in present:
            text = f"{self.source.text(func.value)} == {m}"
            made = b.add(Action.BRANCH, self, node, text, value=terms.eq(table, terms.member(table.sort, m)))
            b.ends, rest = [(made.index, 0)], [(made.index, 1)]
            value = self.inline(source, node)
            if value is not None:
                result = result or b.temporary(self.source.name, value.sort)
                b.add(Action.ASSIGN, self, node, "", target=result, value=value)
            done += b.ends
            b.ends = rest
        # A call through NULL goes nowhere: the thread is stuck here.
        b.add(Action.WAIT, self, node, f"{self.source.text(func)} is there", value=terms.FALSE)
        b.ends = done
        return b.get(result) if result else None

    def inline(self, source: Source, node: ast.Call) -> Term | None:
        """Compile the body of ``source`` here; returns its result, None for a function without one."""
        if source.declaration.kind not in (Kind.KERNEL, Kind.SYSCALL):
            raise self.source.error(node, "not-kernel", f"{source.name} is no kernel function", "call a @kernel function")
        if source.name in (*self.calling, self.source.name):
            chain = " -> ".join((*self.calling, self.source.name, source.name))
            raise self.source.error(node, "recursion", f"recursive call: {chain}", "kernel functions are inlined; write a loop")
        params = [a.arg for a in source.tree.args.args]
        if len(params) != len(node.args):
            raise self.source.error(
                node,
                "argument-count",
                f"{source.name} takes {len(params)} arguments, not {len(node.args)}",
                "compare with its definition",
            )
        env = {p: self.term(a, self.parameter_sort(source, p)) for p, a in zip(params, node.args, strict=True)}
        if source.declaration.shared:
            return self.call_shared(source, env, node)
        body = Statements(self.builder, source, env, (*self.calling, self.source.name))
        return body.run()

    def call_shared(self, source: Source, env: dict[str, Term], node: ast.AST) -> Term | None:
        """Call a subroutine: store the arguments and where to come back to, go there, come back."""
        b = self.builder
        known = b.subroutines.get(source.name)
        params = tuple(b.local(source.name, p, t.sort) for p, t in env.items())
        back = b.local(source.name, "$back", CALL_SITES)
        site = known.callers if known else 0
        if site >= len(CALL_SITES.members):
            raise self.source.error(node, "too-many-calls", f"{source.name} is called from more than {site} places", "inline it")
        for variable, value in zip(params, env.values(), strict=True):
            b.add(Action.ASSIGN, self, node, "", target=variable, value=value)
        b.add(Action.ASSIGN, self, node, "", target=back, value=terms.const(site, CALL_SITES))
        if known is None:
            known = b.subroutines[source.name] = self._subroutine(source, params, back)
        else:
            b.close(b.ends, known.entry)
        known.callers += 1
        b.ends = known.otherwise
        here = b.add(Action.BRANCH, self, node, "", value=terms.eq(b.get(back), terms.const(site, CALL_SITES)))
        known.otherwise = [(here.index, 1)]
        b.ends = [(here.index, 0)]
        return known.result

    def _subroutine(self, source: Source, params: tuple[StateVar, ...], back: StateVar) -> Subroutine:
        """Compile the body of a shared function behind the arguments just stored."""
        b = self.builder
        scopes, names, b.names = b.scopes, b.names, ()
        inside = Statements(b, source, {v.name.rsplit(".", 1)[1]: b.get(v) for v in params}, (b.root,))
        inside.declared.update({v.name.rsplit(".", 1)[1]: v for v in params})
        b.scopes = (Scope(bh=any(s.bh for s in scopes)),)
        if source.declaration.holds:
            call = ast.parse(source.declaration.holds, mode="eval").body
            assert isinstance(call, ast.Call) and isinstance(call.func, ast.Name)
            lock = inside.object_lock(self.model.locks[call.func.id], call)
            b.scopes = (Scope(lock=lock, inherited=True, bh=True),)
        inside.entry_scopes = len(b.scopes)
        entry = b.add(Action.NOTE, inside, source.tree, source.name)
        result = inside.run()
        ends, b.scopes, b.names = b.ends, scopes, names
        return Subroutine(entry.index, params, back, result, ends)

    # -- statements -----------------------------------------------------------------------------------------------

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
                self._shadow(name)
        self._publish_names()
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

    def _shadow(self, name: str) -> None:
        """A parameter that the function assigns becomes a local of its own."""
        b = self.builder
        value = self.env[name]
        variable = b.local(self.source.name, name, value.sort)
        if b.get(variable) != value:
            b.add(Action.ASSIGN, self, self.source.tree, f"{name} = argument", target=variable, value=value)
        self.declared[name] = variable
        self.env[name] = b.get(variable)

    def _publish_names(self) -> None:
        b = self.builder
        own = tuple((self.source.name, n, t) for n, t in self.env.items())
        others = tuple(entry for entry in b.names if entry[0] != self.source.name)
        b.names = others + own

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
                self._assign(targets, value, node)
            case ast.AnnAssign(target=ast.Name() as target, value=ast.expr() as value):
                self._assign([target], value, node)
            case ast.If(test=test, body=body, orelse=orelse):
                self._if(test, body, orelse)
            case ast.While(test=test, body=body, orelse=[]):
                self._while(test, body)
            case ast.Break() if self.loops:
                self.loops[-1].breaks += self.leaving(self.loops[-1].scopes, node)
            case ast.Continue() if self.loops:
                self.builder.close(self.leaving(self.loops[-1].scopes, node), self.loops[-1].head)
            case ast.With(items=[item], body=body):
                self._with(item, body, node)
            case ast.For(target=ast.Name() as target, iter=domain, body=body, orelse=[]):
                self._for_each(target, domain, body, node)
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

    def leaving(self, depth: int, node: ast.AST) -> Ends:
        """Release, innermost first, what was taken since ``depth``; returns the open ends and closes this path."""
        b = self.builder
        saved = b.scopes
        while len(b.scopes) > depth:
            self._release(node)
        b.scopes = saved
        ends, b.ends = b.ends, []
        return ends

    def _release(self, node: ast.AST) -> None:
        b = self.builder
        scope, b.scopes = b.scopes[-1], b.scopes[:-1]
        if scope.lock and b.ends and not scope.inherited:
            self._unlock(scope.lock, node)

    def _unlock(self, lock: Lock, node: ast.AST) -> None:
        """Release ``lock``; one that has work pending is released only once that is done."""
        b = self.builder
        text = f"release {lock.name}"
        if lock.pending is None:
            b.add(Action.RELEASE, self, node, text, lock=lock)
            return
        assert lock.obj is not None
        drain = self.model.functions[lock.drain]
        head = b.add(Action.NOTE, self, node, "")
        b.regions += 1
        outer, b.scopes = b.scopes, (*b.scopes, Scope(lock=lock, inherited=True), Scope(region=b.regions))
        pending = terms.field(lock.pending.key, lock.pending.sort, lock.obj)
        waiting = terms.negate(terms.eq(pending, terms.const(0, lock.pending.sort)))
        test = b.add(Action.BRANCH, self, node, f"{lock.pending.name} != NULL", value=waiting)
        b.ends = [(test.index, 1)]
        b.add(Action.RELEASE, self, node, text, lock=lock)
        released = b.ends
        b.ends, b.scopes = [(test.index, 0)], b.scopes[:-1]
        self.call_shared(drain, {drain.tree.args.args[0].arg: lock.obj}, node)
        b.close(b.ends, head.index)
        b.ends, b.scopes = released, outer

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

    def _with(self, item: ast.withitem, body: list[ast.stmt], node: ast.AST) -> None:
        call = item.context_expr
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name) or item.optional_vars:
            raise self.source.error(node, "unsupported-statement", "`with` takes a lock", "write `with lock_sock(sk):`")
        b = self.builder
        outer = len(b.scopes)
        target = self.source.namespace.get(call.func.id)
        if target is declare.released:
            self._released(call, body, node)
            return
        self._enter(target, call, body, node)
        self.block(body)
        while len(b.scopes) > outer:
            self._release(node)

    def _released(self, call: ast.Call, body: list[ast.stmt], node: ast.AST) -> None:
        """A block in which a lock held around it is not held."""
        b = self.builder
        lock, _ = self._named_lock(call, node)
        held = b.scopes
        if not any(s.lock and (s.lock.users, s.lock.obj) == (lock.users, lock.obj) for s in held):
            raise self.source.error(node, "not-held", f"{lock.name} is not held here", "take it first")
        self._unlock(lock, node)
        b.scopes = tuple(Scope() if s.lock and (s.lock.users, s.lock.obj) == (lock.users, lock.obj) else s for s in held)
        returns = len(self.returns)
        self.block(body)
        if len(self.returns) > returns:
            raise self.source.error(
                node, "return-unlocked", f"{lock.name} must be taken again before returning", "return behind the block"
            )
        b.add(Action.ACQUIRE, self, node, lock.name, lock=lock)
        b.scopes = held

    def _enter(self, target: object, call: ast.Call, body: list[ast.stmt], node: ast.AST) -> None:
        b = self.builder
        text = self.source.text(call)
        if isinstance(target, declare.ObjectLock):
            self._acquire(self.object_lock(target, call), text, node, bh=target.bh)
        elif target is declare.adopt:
            adopted, bh = self._named_lock(call, node)
            b.scopes = (*b.scopes, Scope(lock=adopted, bh=bh))
        elif target in (declare.spin_lock, declare.spin_lock_bh):
            (name,) = self.arguments(call, 1)
            lock = self.source.namespace.get(name.id) if isinstance(name, ast.Name) else None
            if not isinstance(lock, declare.SpinLock):
                raise self.source.error(
                    node, "unknown-lock", f"{self.source.text(name)} is no spin lock", "declare it with SpinLock(...)"
                )
            if takes_lock(self, body):
                self._acquire(Lock(text, ("", lock.name), None, None), text, node, bh=target is declare.spin_lock_bh)
            else:
                b.regions += 1
                b.scopes = (*b.scopes, Scope(region=b.regions))
                b.add(Action.NOTE, self, node, text)
        elif target is declare.exclusive:
            objects = tuple(self.object(self.value(a), a) for a in call.args)
            b.scopes = (*b.scopes, Scope(exclusive=objects))
        else:
            raise self.source.error(
                node, "unknown-lock", f"{text} is no lock", "use lock_sock(...), spin_lock_bh(...) or exclusive(...)"
            )

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

    def _acquire(self, lock: Lock, text: str, node: ast.AST, *, bh: bool) -> None:
        b = self.builder
        if b.region:
            raise self.source.error(node, "lock-in-region", "a lock cannot be taken inside an atomic region", "take it outside")
        b.add(Action.ACQUIRE, self, node, text, lock=lock)
        b.scopes = (*b.scopes, Scope(lock=lock, bh=bh))

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
            to, source = (self.object(self.value(a), a) for a in self.arguments(call, 2))
            b.add(Action.COPY, self, call, text, obj=to, value=self.coerce(source, to.sort, call))
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

    def _for_each(self, target: ast.Name, domain: ast.expr, body: list[ast.stmt], node: ast.AST) -> None:
        """``for x in objects: x.field = value``: one step that writes the field of each of them."""
        b = self.builder
        pure = Expressions(self.model, self.source, self.env, self.process, self.calling)
        bound, inside = pure._domain(domain, f"each_{target.id}")
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

    def _bug_trap(self, call: ast.Call) -> None:
        (arg,) = self.arguments(call, 1)
        name = f"BUG_TRAP({self.source.name}: {self.source.text(arg)})"
        trap = StateVar("", name, BOOL, ghost=True)
        self.builder.traps[trap.key] = (trap, self.source.place(call), self.source.name)
        self.ghost = True
        broken = terms.disj(terms.field(trap.key, BOOL), terms.negate(self.condition(arg)))
        self.builder.add(Action.GHOST, self, call, self.source.text(call), key=trap.key, value=broken)
        self.ghost = False

    def _assign(self, targets: list[ast.expr], value: ast.expr, node: ast.AST) -> None:
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
        stored = self.coerce(got, sort, value) if sort else got
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
        if not isinstance(target, ast.Attribute):
            return False
        return any(target.attr in fields and fields[target.attr].ghost for fields in self.model.fields.values())

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
            stored = self.coerce(value, variable.sort, target)
            b.add(action, self, node, text, key=variable.key, obj=objects.get(id(target)), value=stored)
            return
        assert isinstance(target, ast.Name)
        variable = self.declared.get(target.id) or b.local(self.source.name, target.id, value.sort)
        if any(s.lock and s.lock.obj == b.get(variable) for s in b.scopes):
            raise self.source.error(
                node, "lock-variable", f"{target.id} names a locked object and cannot change", "use another variable"
            )
        b.add(Action.ASSIGN, self, node, text, target=variable, value=self.coerce(value, variable.sort, target))
        if target.id not in self.declared:
            self.declared[target.id] = variable
            self.env[target.id] = b.get(variable)
            self._publish_names()


def assigned_names(tree: ast.FunctionDef) -> list[str]:
    """The plain names a function assigns, in order."""
    found = [
        t.id
        for n in ast.walk(tree)
        for t in (n.targets if isinstance(n, ast.Assign) else [n.target] if isinstance(n, ast.AnnAssign) else [])
        if isinstance(t, ast.Name)
    ]
    return list(dict.fromkeys(found))


def takes_lock(scope: Expressions, body: list[ast.stmt]) -> bool:
    """Whether statements take a lock, themselves or in a function they call (recursion is reported elsewhere)."""

    def walk(source: Source, nodes: list[ast.stmt], seen: frozenset[str]) -> bool:
        for node in (n for s in nodes for n in ast.walk(s)):
            if isinstance(node, ast.With):
                return True
            if isinstance(node, ast.Call):
                for callee in callees(source, node):
                    if callee.name not in seen and walk(callee, callee.tree.body, seen | {callee.name}):
                        return True
        return False

    def callees(source: Source, node: ast.Call) -> list[Source]:
        if isinstance(node.func, ast.Name):
            function: Any = source.namespace.get(node.func.id)
            return [scope.model.source(function)] if hasattr(function, "__declaration__") else []
        if isinstance(node.func, ast.Attribute):
            functions = [t.functions.get(node.func.attr) for t in scope.model.tables.values()]
            return [scope.model.functions[f.__name__] for f in functions if f]
        return []

    return walk(scope.source, body, frozenset())


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
    result = body.run()
    builder.names = ()
    builder.ends += [end for sub in builder.subroutines.values() for end in sub.otherwise]
    builder.add(Action.RETURN, body, root.tree, "return", value=result)
    return Graph(root.name, builder.nodes, builder.locals, frozenset(lazy), builder.traps)
