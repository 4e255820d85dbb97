"""``with`` blocks: sleeping locks, atomic regions, exclusive objects, and what is released on the way out of them."""

from __future__ import annotations

import ast
from functools import lru_cache
from typing import Any

from checker.language import declare, terms
from checker.language.builder import Builder, Ends, Scope
from checker.language.calls import Calls
from checker.language.expressions import Expressions
from checker.language.graph import Action, Lock
from checker.language.source import Source
from checker.language.terms import Term


class Locking(Calls):
    """Compiles ``with`` statements; the statements inside are compiled by :meth:`block`."""

    def __init__(self, builder: Builder, source: Source, env: dict[str, Term], calling: tuple[str, ...]) -> None:
        super().__init__(builder, source, env, calling)
        self.returns: list[tuple[Ends, Term | None, ast.AST]] = []

    def block(self, body: list[ast.stmt]) -> None:
        """Compile statements in order."""
        raise NotImplementedError

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
        """Release ``lock``; one that has work pending is released only once that is done, with softirqs off throughout."""
        b = self.builder
        text = f"release {lock.name}"
        if lock.pending is None:
            b.add(Action.RELEASE, self, node, text, lock=lock)
            return
        assert lock.obj is not None
        drain = self.model.functions[lock.drain]
        head = b.add(Action.NOTE, self, node, "")
        b.regions += 1
        outer, b.scopes = b.scopes, (*b.scopes, Scope(lock=lock, inherited=True, bh=True), Scope(region=b.regions))
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

    def with_block(self, item: ast.withitem, body: list[ast.stmt], node: ast.AST) -> None:
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
        if not self.holding(lock):
            raise self.source.error(node, "not-held", f"{lock.name} is not held here", "take it first")
        self._unlock(lock, node)
        b.scopes = tuple(Scope() if s.holds(lock) else s for s in held)
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

    def _acquire(self, lock: Lock, text: str, node: ast.AST, *, bh: bool) -> None:
        b = self.builder
        if b.region:
            raise self.source.error(node, "lock-in-region", "a lock cannot be taken inside an atomic region", "take it outside")
        b.add(Action.ACQUIRE, self, node, text, lock=lock)
        b.scopes = (*b.scopes, Scope(lock=lock, bh=bh))


@lru_cache(maxsize=1 << 16)
def locks_and_calls(statement: ast.stmt) -> tuple[ast.With | ast.Call, ...]:
    """The parts of a statement that take locks or call functions."""
    return tuple(n for n in ast.walk(statement) if isinstance(n, (ast.With, ast.Call)))


def takes_lock(scope: Expressions, body: list[ast.stmt]) -> bool:
    """Whether statements take a lock, themselves or in a function they call (recursion is reported elsewhere)."""

    def walk(source: Source, nodes: list[ast.stmt], seen: frozenset[str]) -> bool:
        for node in (n for s in nodes for n in locks_and_calls(s)):
            if isinstance(node, ast.With):
                return True
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
