"""Calls: inlined, through a function table, or to a subroutine that all its callers share."""

from __future__ import annotations

import ast

from checker.language import terms
from checker.language.builder import CALL_SITES, Builder, Ends, Scope, Subroutine
from checker.language.declare import Kind
from checker.language.evaluation import Evaluation
from checker.language.graph import Action, Lock
from checker.language.sorts import EnumSort
from checker.language.source import Source
from checker.language.terms import Term
from checker.language.values import Value
from checker.system import StateVar


class Calls(Evaluation):
    """Compiles the calls of one function; the bodies of what it calls are compiled by :meth:`run`."""

    def __init__(self, builder: Builder, source: Source, env: dict[str, Term], calling: tuple[str, ...]) -> None:
        super().__init__(builder, source, env, calling)
        self.declared: dict[str, StateVar] = {}
        self.entry_scopes = len(builder.scopes)

    def run(self) -> Term | None:
        """Compile the whole body; afterwards the builder stands behind the call."""
        raise NotImplementedError

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
        # A call through NULL is an oops: the thread goes nowhere from here.
        name = f"call through NULL ({self.source.name}: {self.source.text(func)})"
        called = f"{self.source.name} calls through a pointer without a test"
        trap = b.trap(name, self.source.place(node), called, "the kernel's authors rely on it")
        b.add(Action.GHOST, self, node, name, key=trap.key, value=terms.TRUE)
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
        body = type(self)(self.builder, source, env, (*self.calling, self.source.name))
        wanted = body.callers_lock()
        if wanted and not self.holding(wanted):
            called = f"{source.name} is called without {source.declaration.holds}"
            raise self.source.error(node, "not-held", called, "take it first")
        return body.run()

    def holding(self, lock: Lock) -> bool:
        """Whether ``lock`` is held here."""
        return any(s.holds(lock) for s in self.builder.scopes)

    def callers_lock(self) -> Lock | None:
        """The lock that whoever calls this function holds, as its declaration says."""
        if not self.source.declaration.holds:
            return None
        call = ast.parse(self.source.declaration.holds, mode="eval").body
        assert isinstance(call, ast.Call) and isinstance(call.func, ast.Name)
        return self.object_lock(self.model.locks[call.func.id], call)

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
        inside = type(self)(b, source, {v.name.rsplit(".", 1)[1]: b.get(v) for v in params}, (b.root,))
        inside.declared.update({v.name.rsplit(".", 1)[1]: v for v in params})
        b.scopes = (Scope(bh=any(s.bh for s in scopes)),)
        if lock := inside.callers_lock():
            b.scopes = (Scope(lock=lock, inherited=True, bh=True),)
        inside.entry_scopes = len(b.scopes)
        entry = b.add(Action.NOTE, inside, source.tree, source.name)
        result = inside.run()
        ends, b.scopes, b.names = b.ends, scopes, names
        return Subroutine(entry.index, params, back, result, ends)
