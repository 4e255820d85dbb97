"""One way to write each structure: ``else`` behind a branch that leaves, nested ifs, chains on one subject, conditional values.

C and specification both go through this, so that ``if (a) { if (b) ... }`` meets ``if a and b:`` and a switch meets a
chain of ``elif``.
"""

from __future__ import annotations

from dataclasses import replace

from checker.audit import normal
from checker.audit.normal import Arm, Block, Kind, Stmt, Value, is_op, leaves, map_blocks

SHORTEST_CHAIN = 2


def shape(block: Block) -> Block:
    """``block`` in its one way of being written."""
    done: list[Stmt] = []
    for stmt in block:
        for made in _statement(stmt):
            done.append(made)
            if leaves((made,)):
                return tuple(done)
    return tuple(done)


def _statement(stmt: Stmt) -> Block:
    match stmt.kind:
        case Kind.IF:
            chain = _chain(stmt)
            return (map_blocks(chain, shape),) if chain is not None else _if(map_blocks(stmt, shape))
        case Kind.ASSIGN:
            return _conditional_value(stmt)
    return (map_blocks(stmt, shape),)


def _if(stmt: Stmt) -> Block:
    condition = normal.truth(stmt.test())
    if condition == normal.TRUE:
        return stmt.body
    body, orelse = stmt.body, stmt.orelse
    if not body and not orelse:
        calls = [v for v in normal.walk(condition) if v.kind == "call"]
        return tuple(replace(stmt, kind=Kind.CALL, value=c) for c in calls)
    if not body or (orelse and leaves(orelse) and not leaves(body)):
        condition, body, orelse = normal.negate(condition), orelse, body
    value = _one_target(body, orelse)
    if value is not None:
        target, first, second = value
        ids = tuple(dict.fromkeys((*stmt.ids, *first.ids, *second.ids)))
        assert first.value is not None and second.value is not None
        joined = normal.op("?:", condition, first.value, second.value)
        return _conditional_value(Stmt(Kind.ASSIGN, stmt.place, ids, target=target, value=joined))
    if orelse and leaves(body):
        return (*_if(replace(stmt, value=condition, body=body, orelse=())), *orelse)
    if len(body) == 1 and not orelse and body[0].kind is Kind.IF and not body[0].orelse:
        inner = body[0]
        ids = tuple(dict.fromkeys((*stmt.ids, *inner.ids)))
        joined = normal.join("and", condition, normal.truth(inner.test()))
        return (replace(stmt, ids=ids, value=joined, body=inner.body, orelse=()),)
    return (replace(stmt, value=condition, body=body, orelse=orelse),)


def _one_target(body: Block, orelse: Block) -> tuple[Value, Stmt, Stmt] | None:
    """Both branches are one assignment to the same target."""
    if len(body) != 1 or len(orelse) != 1:
        return None
    first, second = body[0], orelse[0]
    if first.kind is Kind.ASSIGN and second.kind is Kind.ASSIGN and first.target is not None and first.target == second.target:
        return first.target, first, second
    return None


def _conditional_value(stmt: Stmt) -> Block:
    """``x = x if c else y`` as ``if not c: x = y``, and ``x = f() ?: y`` as two statements."""
    value, target = stmt.value, stmt.target
    if value is None or target is None or not is_op(value, "?:"):
        return (stmt,)
    condition, first, second = value.parts
    if first == target:
        return (_guarded(stmt, normal.negate(condition), second),)
    if second == target:
        return (_guarded(stmt, condition, first),)
    if condition == normal.truth(first) and first.kind == "call":
        return (replace(stmt, value=first), _guarded(stmt, normal.negate(normal.truth(target)), second))
    return (stmt,)


def _guarded(stmt: Stmt, condition: Value, value: Value) -> Stmt:
    return replace(stmt, kind=Kind.IF, target=None, value=condition, body=(replace(stmt, value=value),))


def _chain(stmt: Stmt) -> Stmt | None:
    """``if x == A: ... elif x in (B, C): ... else: ...`` as a switch over x."""
    arms: list[Arm] = []
    ids: list[int] = []
    subject: Value | None = None
    rest: Block = (stmt,)
    while len(rest) == 1 and rest[0].kind is Kind.IF:
        test = normal.truth(rest[0].test())
        if not is_op(test, "in") or (subject is not None and test.parts[0] != subject):
            break
        subject = test.parts[0]
        arms.append(Arm(test.parts[1:], rest[0].body))
        ids += rest[0].ids
        rest = rest[0].orelse
    if len(arms) < SHORTEST_CHAIN or any(v.kind == "call" for v in normal.walk(subject or normal.ZERO)):
        return None
    arms += [Arm((), rest)] if rest else []
    return Stmt(Kind.SWITCH, stmt.place, tuple(dict.fromkeys(ids)), value=subject, arms=tuple(arms))
