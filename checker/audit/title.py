"""What a statement does, in a few words made from its structure: never a quotation of the C text."""

from __future__ import annotations

from checker.audit.normal import Kind, Stmt, Value, atoms, is_op, walk

LONGEST_TEST = 3
"""Conditions with more atoms than this are told by their names only."""


def title(stmt: Stmt) -> str:
    """``assign state``, ``call get_port``, ``test num != 0``, ``return EINVAL``..."""
    value = stmt.value
    match stmt.kind:
        case Kind.ASSIGN:
            called = _callees(value)
            return f"assign {_last(stmt.target)}" + (f" from {called}" if called else "")
        case Kind.CALL:
            assert value is not None
            if value.text in ("acquire", "release"):
                return f"{value.text} {' '.join(_last(p) for p in value.parts)}"
            return f"call {value.text}"
        case Kind.ASSERT:
            return f"trap unless {told(value)}"
        case Kind.RETURN:
            called = _callees(value)
            return f"return {called or _last(value)}".strip() if value is not None else "return"
        case Kind.IF:
            return f"test {told(value)}"
        case Kind.SWITCH:
            return f"choose by {_last(value)}"
        case Kind.LOOP:
            return "loop" if value is None or value.parts == () else f"loop while {told(value)}"
        case Kind.GOTO:
            return f"go to {stmt.text}"
        case Kind.UNREADABLE:
            return "not understood"
    return str(stmt.kind.value)


def told(value: Value | None) -> str:
    """A condition in short: field names, operators and constants."""
    if value is None:
        return ""
    tests = atoms(value)
    if len(tests) > LONGEST_TEST:
        return ", ".join(dict.fromkeys(_last(t.parts[0]) if t.parts else t.text for t in tests))
    return str(_short(value))


def _short(value: Value) -> Value:
    """Fields and calls by their last name only."""
    if value.kind in ("field", "call"):
        return Value("name", value.text)
    return Value(value.kind, value.text, tuple(_short(p) for p in value.parts))


def _last(value: Value | None) -> str:
    if value is None:
        return ""
    if value.kind in ("name", "field", "number", "call"):
        return value.text
    if is_op(value, "in", "notin") and value.parts:
        return _last(value.parts[0])
    return str(_short(value))


def _callees(value: Value | None) -> str:
    return ", ".join(dict.fromkeys(v.text for v in walk(value) if v.kind == "call")) if value is not None else ""
