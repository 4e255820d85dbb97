"""What a call statement means: a lock taken or released, an assignment in disguise, an assertion, or just a call."""

from __future__ import annotations

from checker.audit import normal
from checker.audit.names import Names
from checker.audit.normal import Kind, Stmt, Value
from checker.errors import Place


def call_statement(place: Place, ids: tuple[int, ...], value: Value, names: Names) -> Stmt:
    """The statement that consists of the call ``value``."""
    if value.text in names.setters and value.parts:
        base, _, last = names.setters[value.text].rpartition(".")
        target = Value("field", last, (normal.name(base),)) if base else normal.name(last)
        return Stmt(Kind.ASSIGN, place, ids, target=target, value=value.parts[-1])
    if value.text == "BUG_TRAP" and value.parts:
        return Stmt(Kind.ASSERT, place, ids, value=normal.truth(value.parts[0]))
    for taken, released in names.acquire.items():
        if value.text in (taken, released):
            return locking(place, ids, value.parts, taking=value.text == taken)
    return Stmt(Kind.CALL, place, ids, value=value)


def locking(place: Place, ids: tuple[int, ...], locks: tuple[Value, ...], *, taking: bool) -> Stmt:
    """Taking or releasing a lock; a spin lock in a structure is called by its field, an object's lock by the object."""
    shown = tuple(normal.name(v.text) if v.kind == "field" else v for v in locks)
    return Stmt(Kind.CALL, place, ids, value=Value("call", "acquire" if taking else "release", shown))
