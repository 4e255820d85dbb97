"""Control flow made structural: gotos resolved, constants carried to where they are used, dead stores marked.

``err = -EINVAL; if (x) goto out; ... out: release_sock(sk); return err;`` becomes
``if (x) { release_sock(sk); return EINVAL; }``; each piece remembers the source statements it was made of.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from checker.audit import normal
from checker.audit.normal import Block, Function, Kind, Stmt, Value, is_constant, leaves, map_blocks, walk

Known = dict[str, tuple[Value, tuple[int, ...]]]
"""Local: its constant, and the statements that assigned it."""


def straighten(function: Function) -> Function:
    """``function`` without labels, resolvable gotos and stores that only carry a constant to its use."""
    body = function.body
    if not leaves(body):
        body = (*body, Stmt(Kind.RETURN, function.place, ()))
    body = expand(body)
    steady = function.locals - function.escaped
    carrier = Carrier(steady)
    body, _ = carrier.block(body, {})
    cleaner = Cleaner(steady)
    body, _ = cleaner.block(body, frozenset(), frozenset(), frozenset())
    carried = {i for s in normal.everything(body) if not s.weak for i in s.ids}
    return replace(function, body=_without_carried(body, carried))


def _without_carried(block: Block, carried: set[int]) -> Block:
    """``block`` without the weak stores whose constant some other statement has taken over."""
    kept = (s for s in block if not (s.weak and carried.issuperset(s.ids)))
    return tuple(map_blocks(s, partial(_without_carried, carried=carried)) for s in kept)


# -- gotos --------------------------------------------------------------------------------------------------------


def expand(body: Block) -> Block:
    """Replace each goto to a label of the outermost block by the statements from there on; drop what nothing reaches.

    A goto back to a label it stands behind is a loop, and stays.
    """
    labels = {s.text: i for i, s in enumerate(body) if s.kind is Kind.LABEL}

    def follow(goto: Stmt, seen: frozenset[str]) -> Block:
        if goto.text not in labels or goto.text in seen:
            return (goto,)
        tail = reach(body[labels[goto.text] :], seen | {goto.text})
        return tuple(_marked(tail, goto))

    def reach(block: Block, seen: frozenset[str]) -> Block:
        done: list[Stmt] = []
        for stmt in block:
            if stmt.kind is Kind.LABEL:
                seen |= {stmt.text}
                continue
            if stmt.kind is Kind.GOTO:
                done += follow(stmt, seen)
            else:
                done.append(map_blocks(stmt, partial(reach, seen=seen)))
            if leaves(tuple(done)):
                break
        return tuple(done)

    return reach(body, frozenset())


def _marked(tail: Block, goto: Stmt) -> Iterator[Stmt]:
    """A copy of a label's statements: the one that leaves stands at the goto and accounts for it."""
    yield from tail[:-1]
    if tail:
        last = tail[-1]
        place = goto.place if last.kind is Kind.RETURN else last.place
        yield replace(last, ids=tuple(dict.fromkeys((*goto.ids, *last.ids))), place=place)


# -- constants ----------------------------------------------------------------------------------------------------


class Carrier:
    """Carries constants of locals forward to returns and to stores."""

    def __init__(self, names: frozenset[str]) -> None:
        self.names = names

    def block(self, block: Block, known: Known) -> tuple[Block, Known]:
        """The block with constants put in, and what is known at its end."""
        done = []
        for stmt in block:
            stmt, known = self.statement(stmt, known)
            done.append(stmt)
        return tuple(done), known

    def statement(self, stmt: Stmt, known: Known) -> tuple[Stmt, Known]:
        """One statement; see ``block``."""
        match stmt.kind:
            case Kind.RETURN:
                return self._use(stmt, known), known
            case Kind.ASSIGN:
                target = stmt.target
                if target is not None and target.kind == "name" and target.text in self.names:
                    rest = {k: v for k, v in known.items() if k != target.text}
                    if stmt.value is not None and is_constant(stmt.value):
                        return stmt, rest | {target.text: (stmt.value, stmt.ids)}
                    return stmt, rest
                return self._use(stmt, known), known
            case Kind.IF:
                body, after_body = self.block(stmt.body, known)
                orelse, after_else = self.block(stmt.orelse, known)
                ends = [k for b, k in ((body, after_body), (orelse, after_else)) if not leaves(b)]
                return replace(stmt, body=body, orelse=orelse), _common(ends)
            case Kind.SWITCH:
                arms, ends = [], []
                for arm in stmt.arms:
                    body, after = self.block(arm.body, known)
                    arms.append(replace(arm, body=body))
                    ends += [] if leaves(body) else [after]
                if all(a.labels for a in arms):
                    ends.append(known)
                return replace(stmt, arms=tuple(arms)), _common(ends)
            case Kind.LOOP:
                stable = {k: v for k, v in known.items() if k not in assigned(stmt.body)}
                body, _ = self.block(stmt.body, stable)
                return replace(stmt, body=body), stable
        return stmt, known

    def _use(self, stmt: Stmt, known: Known) -> Stmt:
        value = stmt.value
        if value is None or value.kind != "name" or value.text not in known:
            return stmt
        constant, ids = known[value.text]
        return replace(stmt, value=constant, ids=tuple(dict.fromkeys((*stmt.ids, *ids))))


def _common(ends: list[Known]) -> Known:
    if not ends:
        return {}
    first, *rest = ends
    common = {}
    for key, (value, ids) in first.items():
        others = [known.get(key) for known in rest]
        if all(o is not None and o[0] == value for o in others):
            common[key] = (value, tuple(dict.fromkeys(i for part in (ids, *(o[1] for o in others if o)) for i in part)))
    return common


def assigned(block: Block) -> set[str]:
    """The names a block assigns."""
    return {s.target.text for s in normal.everything(block) if s.target is not None and s.target.kind == "name"}


# -- dead stores ---------------------------------------------------------------------------------------------------

Live = frozenset[str]


class Cleaner:
    """Marks stores of constants to locals that nothing reads as weak, and moves those that only one branch reads into it."""

    def __init__(self, names: frozenset[str]) -> None:
        self.names = names

    def block(self, block: Block, after: Live, at_break: Live, at_continue: Live) -> tuple[Block, Live]:
        """The cleaned block and the names that are read from its start on; ``after`` are those read behind it."""
        done: list[Stmt] = []
        lives = [after]
        for stmt in reversed(block):
            if self._carries(stmt):
                assert stmt.target is not None
                local = stmt.target.text
                if local not in lives[-1]:
                    done.append(replace(stmt, weak=True))
                    lives.append(lives[-1])
                    continue
                behind = next((i for i in range(len(done) - 1, -1, -1) if not done[i].weak), None)
                if behind is not None and self._belongs_inside(local, done[behind], lives[behind], at_break, at_continue):
                    done[behind] = replace(done[behind], body=(stmt, *done[behind].body))
                    lives[-1] = lives[-1] - {local}
                    continue
            stmt, live = self._statement(stmt, lives[-1], at_break, at_continue)
            done.append(stmt)
            lives.append(live)
        return tuple(reversed(done)), lives[-1]

    def _carries(self, stmt: Stmt) -> bool:
        return (
            stmt.kind is Kind.ASSIGN
            and stmt.target is not None
            and stmt.value is not None
            and stmt.target.kind == "name"
            and stmt.target.text in self.names
            and is_constant(stmt.value)
        )

    def _belongs_inside(self, local: str, stmt: Stmt, after: Live, at_break: Live, at_continue: Live) -> bool:
        if stmt.kind is not Kind.IF or stmt.orelse or local in after or local in reads(stmt.value):
            return False
        return local in self.block(stmt.body, after, at_break, at_continue)[1]

    def _statement(self, stmt: Stmt, after: Live, at_break: Live, at_continue: Live) -> tuple[Stmt, Live]:
        used = reads(stmt.value)
        match stmt.kind:
            case Kind.RETURN | Kind.GOTO:
                return stmt, frozenset(used)
            case Kind.BREAK:
                return stmt, at_break
            case Kind.CONTINUE:
                return stmt, at_continue
            case Kind.ASSIGN:
                target = stmt.target
                if target is not None and target.kind == "name":
                    return stmt, (after - {target.text}) | used
                return stmt, after | used | reads(target)
            case Kind.IF:
                body, live = self.block(stmt.body, after, at_break, at_continue)
                orelse, live_else = self.block(stmt.orelse, after, at_break, at_continue)
                return replace(stmt, body=body, orelse=orelse), live | live_else | used
            case Kind.SWITCH:
                arms, live = [], used | (after if all(a.labels for a in stmt.arms) else frozenset())
                for arm in stmt.arms:
                    body, inner = self.block(arm.body, after, at_break, at_continue)
                    arms.append(replace(arm, body=body))
                    live |= inner
                return replace(stmt, arms=tuple(arms)), frozenset(live)
            case Kind.LOOP:
                behind = after if stmt.value != normal.TRUE else frozenset()
                head = behind | used
                while True:
                    body, inner = self.block(stmt.body, head, after, head)
                    if inner <= head:
                        return replace(stmt, body=body), head
                    head |= inner
        return stmt, after | used


def reads(value: Value | None) -> frozenset[str]:
    """The names in a value."""
    return frozenset() if value is None else frozenset(v.text for v in walk(value) if v.kind == "name")
