"""Which C statements are left out of the model, and why.

An abstraction names fields, functions and global variables.  The table of ignored names may also name parameters, and locals as
far as they are assigned; what a *test* of a local means depends on where its value came from, so no test is left out for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from checker.audit import normal
from checker.audit.normal import Kind, Stmt, Value, atoms


@dataclass(frozen=True)
class Covers:
    """Names left out, each with the reason; ``parameters`` and ``locals`` are the variables of the C function."""

    things: Mapping[str, str]
    variables: Mapping[str, str]
    parameters: frozenset[str] = frozenset()
    locals: frozenset[str] = frozenset()

    def plus(self, block: Iterable[Stmt]) -> Covers:
        """With the names of the abstractions of ``block``."""
        more = {name: s.text for s in block if s.kind is Kind.ABSTRACTED for name in s.covers}
        return replace(self, things={**self.things, **more}) if more else self

    def statement(self, stmt: Stmt) -> str:
        """Why a C statement with all it contains is left out; empty if it may not be."""
        match stmt.kind:
            case Kind.ASSIGN:
                return self._assignment(stmt)
            case Kind.CALL:
                value = stmt.test()
                if value.text in ("acquire", "release"):
                    return self._first(f"lock {p}" for p in value.parts)
                return self._first([value.text]) or next((r for r in map(self._argument, value.parts) if r), "")
            case Kind.ASSERT:
                return self._first(["BUG_TRAP"]) or self.test(stmt.test())
            case Kind.IF | Kind.LOOP | Kind.SWITCH:
                inside = [self.statement(s) for b in stmt.blocks for s in b if s.kind not in (Kind.BREAK, Kind.CONTINUE)]
                return self.test(stmt.test()) or (inside[0] if inside and all(inside) else "")
        return ""

    def test(self, condition: Value) -> str:
        """Why none of the tests of a condition is in the model; empty if one may be."""
        reasons = [self.atom(a) for a in atoms(condition)]
        return reasons[0] if reasons and all(reasons) else ""

    def atom(self, atom: Value) -> str:
        """Why one test is left out; empty if it may not be."""
        return next((r for r in (self._value(v) for v in normal.walk(atom)) if r), "")

    def _value(self, value: Value) -> str:
        if value.kind == "name":
            if value.text in self.locals:
                return ""
            return self.variables.get(value.text, "" if value.text in self.parameters else self.things.get(value.text, ""))
        return self.things.get(value.text, "") if value.kind in ("field", "call") else ""

    def _assignment(self, stmt: Stmt) -> str:
        target, value = stmt.target, stmt.value
        assert target is not None
        called = [value.text] if value is not None and value.kind == "call" else []
        path = [v.text for v in normal.walk(target) if v.kind == "field"]
        if path:
            return self._first([*path, *called])
        plain = self.variables.get(target.text, "") or ("" if self._own(target) else self.things.get(target.text, ""))
        return plain or self._first(called)

    def _argument(self, value: Value) -> str:
        fields = self._first(v.text for v in normal.walk(value) if v.kind == "field")
        return fields or (self._value(value) if value.kind == "name" else "")

    def _own(self, value: Value) -> bool:
        return value.text in self.locals or value.text in self.parameters

    def _first(self, words: Iterable[str]) -> str:
        return next((self.things[w] for w in words if w in self.things), "")


def model_only(names: Mapping[str, str]) -> Covers:
    """The names that only the model has, to be looked up in its statements."""
    return Covers(names, names)
