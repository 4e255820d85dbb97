"""Expressions that may also speak of where a thread is: ``at``, ``inside`` and ``called``."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from checker.language import declare, terms
from checker.language.expressions import Expressions
from checker.language.sorts import BOOL, RefSort
from checker.language.source import Source
from checker.language.terms import Term
from checker.language.values import Value
from checker.system import Location

if TYPE_CHECKING:
    from checker.language.compile import Compiled

NOBODY = terms.var("nobody", RefSort("Nobody"))


class PlacelessExpressions(Expressions):
    """Expressions read before there are locations: where a thread is remains open, every variable they read is there."""

    def nested(self, source: Source, env: dict[str, Term]) -> Expressions:
        return PlacelessExpressions(self.model, source, env, NOBODY, (*self.calling, source.name))

    def special(self, name: str, node: ast.Call) -> Value | None:
        target = self.source.namespace.get(name)
        return terms.var("somewhere", BOOL) if target in (declare.at, declare.inside, declare.called) else None


class PlacedExpressions(Expressions):
    """Expressions that may also speak of where a thread is."""

    def __init__(self, compiled: Compiled, source: Source, env: dict[str, Term], calling: tuple[str, ...] = ()) -> None:
        super().__init__(compiled.model, source, env, NOBODY, calling)
        self.compiled = compiled

    def nested(self, source: Source, env: dict[str, Term]) -> Expressions:
        return PlacedExpressions(self.compiled, source, env, (*self.calling, source.name))

    def special(self, name: str, node: ast.Call) -> Value | None:
        target = self.source.namespace.get(name)
        if target is declare.at and len(node.args) == 3:
            text = node.args[2]
            if not isinstance(text, ast.Constant) or not isinstance(text.value, str):
                raise self.source.error(
                    node, "unsupported-expression", "at() needs the statement as a string", "copy it from the function"
                )
            return self._located(node, text.value)
        if target is declare.inside and len(node.args) == 2:
            return self._located(node, None)
        if target is declare.called and len(node.args) == 2:
            return self._called(node)
        return None

    def _called(self, node: ast.Call) -> Term:
        """A local is set when it gets its value and reset when it is needed no longer: no location need be named."""
        thread, function = self._thread_and_function(node)
        kept = {(n, t): None for loc in self.compiled.system.locations for f, n, t in loc.names if f == function}
        named = [
            [terms.eq(terms.field(t.data, t.sort, thread), self.term(k.value, t.sort)) for n, t in kept if n == k.arg]
            for k in node.keywords
        ]
        return terms.conj(*(terms.disj(*ways) for ways in named))

    def _thread_and_function(self, node: ast.Call) -> tuple[Term, str]:
        thread = self.term(node.args[0], self.model.thread)
        named = node.args[1]
        function = named.id if isinstance(named, ast.Name) else ""
        if function not in self.model.functions:
            raise self.source.error(
                node, "unknown-function", f"{self.source.text(named)} is no kernel function", "name a @kernel function"
            )
        return thread, function

    def _located(self, node: ast.Call, text: str | None) -> Term:
        thread, function = self._thread_and_function(node)
        wanted = {k.arg: k.value for k in node.keywords if k.arg}
        places: dict[Term, list[Term]] = {}
        for loc in self.compiled.system.locations:
            matches = function in loc.stack if text is None else (loc.function == function and loc.text == text)
            if matches:
                named = self._named(loc, function, thread, wanted)
                places.setdefault(named, []).append(self.compiled.system.at(thread, loc.name))
        if text is not None and not self._statement_exists(function, text):
            raise self.source.error(
                node, "unknown-statement", f"{function} has no statement `{text}`", "copy it from the function"
            )
        return terms.disj(*(terms.conj(terms.disj(*here), named) for named, here in places.items()))

    def _named(self, loc: Location, function: str, thread: Term, wanted: dict[str, ast.expr]) -> Term:
        """That the locals of ``function`` are what they are ``wanted`` to be; FALSE where one of them is not kept."""
        names = {n: t for f, n, t in loc.names if f == function}
        if not set(wanted) <= set(names):
            return terms.FALSE
        local = {n: terms.field(names[n].data, names[n].sort, thread) for n in wanted}
        return terms.conj(*(terms.eq(local[n], self.term(expression, local[n].sort)) for n, expression in wanted.items()))

    def _statement_exists(self, function: str, text: str) -> bool:
        source = self.model.functions[function]
        return any(isinstance(n, ast.stmt) and source.text(n).splitlines()[0] == text for n in ast.walk(source.tree))
