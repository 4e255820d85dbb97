"""Pairing the statements of a C function with those of its specification.

Each block is aligned by dynamic programming (Needleman and Wunsch) with a similarity made of kind, fields and callees; the
blocks inside two paired statements are aligned the same way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from checker.audit import normal
from checker.audit.compare import condition_similarity, same, similarity, targets
from checker.audit.covering import Covers, model_only
from checker.audit.normal import Block, Function, Kind, Stmt, Value, is_op

MATCHING_INSIDE = 0.75
"""Two tests that share nothing are still paired if this much of what they guard is alike."""


@dataclass
class Pairing:
    """What alignment found; ``gaps`` are the unpaired C statements around each abstraction."""

    pairs: list[tuple[Stmt, Stmt, Covers]] = field(default_factory=list)
    c_left: list[tuple[Stmt, Stmt | None, Covers]] = field(default_factory=list)
    """Unpaired C statements, the specification statement they would follow, and the names covered there."""
    s_left: list[tuple[Stmt, Stmt | None]] = field(default_factory=list)
    """Unpaired specification statements and the C statement they would follow."""
    gaps: list[tuple[Stmt, list[Stmt]]] = field(default_factory=list)
    arms: list[tuple[Stmt, Stmt, str]] = field(default_factory=list)
    """Switches whose alternatives differ, and how."""


class Aligner:
    """Aligns two functions; scores are remembered per pair of blocks and of statements."""

    def __init__(self, c: Function, s: Function, expanded: Mapping[str, tuple[str, ...]]) -> None:
        self.expanded = expanded
        self.locals = (c.locals, s.locals)
        self.blocks: dict[tuple[int, int], float] = {}
        self.scores: dict[tuple[int, int], float] = {}
        self.kept: list[object] = []
        self.found = Pairing()

    def align(self, c: Block, s: Block, covers: Covers) -> Pairing:
        """Pair two blocks and everything inside; ``covers`` are the C names abstracted here, with the reasons."""
        covers = covers.plus(s)
        path = self._path(c, s)
        last_c: Stmt | None = None
        last_s: Stmt | None = None
        gap: list[Stmt] = []
        for i, j in path:
            if i is not None and j is not None:
                last_c, last_s = c[i], s[j]
                gap = []
                self._pair(c[i], s[j], covers)
            elif i is not None:
                self.found.c_left.append((c[i], last_s, covers))
                gap.append(c[i])
            elif j is not None and s[j].kind is Kind.ABSTRACTED:
                if not s[j].covers:
                    self.found.gaps.append((s[j], gap))
            elif j is not None:
                self.found.s_left.append((s[j], last_c))
        return self.found

    def _pair(self, c: Stmt, s: Stmt, covers: Covers) -> None:
        self.found.pairs.append((c, s, covers))
        if c.kind is Kind.SWITCH:
            self._arms(c, _as_switch(s, c), covers)
        else:
            self.align(c.body, s.body, covers)
            self.align(c.orelse, s.orelse, covers)

    def _arms(self, c: Stmt, s: Stmt, covers: Covers) -> None:
        """Alternatives are paired by their labels, in any order; one that is only in C may do what the default does."""
        used: set[int] = set()
        for arm in c.arms:
            index = _arm_of(arm, s)
            if index is None:
                self.found.arms.append((c, s, f"the model has no alternative for {_labels(arm)}"))
                self.found.c_left += [(stmt, s, covers) for stmt in arm.body]
                continue
            used.add(index)
            lone = [v for v in arm.labels if s.arms[index].labels and v not in s.arms[index].labels]
            if lone:
                self.found.arms.append(
                    (c, s, f"the model has {', '.join(map(str, lone))} elsewhere than {_labels(s.arms[index])}")
                )
            self.align(arm.body, s.arms[index].body, covers)
        for index, arm in enumerate(s.arms):
            if index not in used:
                self.found.arms.append((c, s, f"C has no alternative for {_labels(arm)}"))
                self.found.s_left += [(stmt, c) for stmt in arm.body]
                continue
            known = {v for a in c.arms for v in a.labels}
            lone = [v for v in arm.labels if v not in known]
            if lone:
                self.found.arms.append((c, s, f"C has no alternative for {', '.join(map(str, lone))}"))

    def _path(self, c: Block, s: Block) -> list[tuple[int | None, int | None]]:
        """The best alignment as (C index, specification index) pairs in order."""
        table = self._table(c, s)
        i, j = len(c), len(s)
        path: list[tuple[int | None, int | None]] = []
        while i or j:
            here = table[i][j]
            if i and j and (gain := self.score(c[i - 1], s[j - 1])) > 0 and abs(here - table[i - 1][j - 1] - gain) < 1e-9:
                i, j = i - 1, j - 1
                path.append((i, j))
            elif j and abs(here - table[i][j - 1]) < 1e-9:
                j -= 1
                path.append((None, j))
            else:
                i -= 1
                path.append((i, None))
        return path[::-1]

    def _table(self, c: Block, s: Block) -> list[list[float]]:
        table = [[0.0] * (len(s) + 1) for _ in range(len(c) + 1)]
        for i, first in enumerate(c, 1):
            for j, second in enumerate(s, 1):
                paired = table[i - 1][j - 1] + self.score(first, second)
                table[i][j] = max(paired, table[i - 1][j], table[i][j - 1])
        return table

    def block_score(self, c: Block, s: Block) -> float:
        """The score of the best alignment of two blocks."""
        if not c or not s:
            return 0.0
        key = (id(c), id(s))
        if key not in self.blocks:
            self.kept += [c, s]
            self.blocks[key] = self._table(c, s)[-1][-1]
        return self.blocks[key]

    def score(self, c: Stmt, s: Stmt) -> float:
        """How well two statements fit; 0 forbids the pair."""
        key = (id(c), id(s))
        if key not in self.scores:
            self.kept += [c, s]
            self.scores[key] = self._score(c, s)
        return self.scores[key]

    def _score(self, c: Stmt, s: Stmt) -> float:
        if c.kind is Kind.SWITCH and s.kind is Kind.IF:
            s = _as_switch(s, c)
        if written_out(c, s, self.expanded):
            return 2.0
        if c.kind is not s.kind:
            return 1.0 if _called(c) and _called(c) == _called(s) else 0.0
        match c.kind:
            case Kind.ASSIGN:
                fit = targets(c, s, self.locals)
                return fit + 2 * similarity(c.value, s.value) if fit else 0.0
            case Kind.CALL:
                return 2 + similarity(c.value, s.value) if c.test().text == s.test().text else 0.0
            case Kind.RETURN:
                return 0.5 + 2 * similarity(c.value, s.value)
            case Kind.ASSERT:
                return 2 * condition_similarity(c.test(), s.test())
            case Kind.BREAK | Kind.CONTINUE:
                return 1.0
            case Kind.IF | Kind.LOOP:
                return self._guarded(c, s)
            case Kind.SWITCH:
                return 3.0 + self._arm_score(c, s) if same(c.value, s.value) else 0.0
        return 0.0

    def _guarded(self, c: Stmt, s: Stmt) -> float:
        inside = self.block_score(c.body, s.body) + self.block_score(c.orelse, s.orelse)
        most = max(self._most(c), self._most(s))
        alike = condition_similarity(c.test(), s.test())
        if c.kind is Kind.LOOP:
            return 1 + 2 * alike + inside
        return 3 * alike + inside if alike > 0 or (most > 4 and inside / most > MATCHING_INSIDE) else 0.0

    def _most(self, stmt: Stmt) -> float:
        """The score of a statement's blocks against themselves."""
        return self.block_score(stmt.body, stmt.body) + self.block_score(stmt.orelse, stmt.orelse)

    def _arm_score(self, c: Stmt, s: Stmt) -> float:
        total = 0.0
        for arm in c.arms:
            index = _arm_of(arm, s)
            total += self.block_score(arm.body, s.arms[index].body) if index is not None else 0.0
        return total


def written_out(c: Stmt, s: Stmt, expanded: Mapping[str, tuple[str, ...]]) -> bool:
    """Whether ``s`` is part of what the model writes out for a call in ``c``."""
    value = c.value
    parts = expanded.get(value.text) if value is not None and value.kind == "call" else None
    return parts is not None and bool(model_only(dict.fromkeys(parts, "written out")).statement(s))


def _called(stmt: Stmt) -> str:
    """The function a call statement, or an assignment from a call, calls."""
    value = stmt.value
    if stmt.kind not in (Kind.CALL, Kind.ASSIGN, Kind.RETURN) or value is None or value.kind != "call":
        return ""
    return "" if value.text in ("acquire", "release") else value.text


def _arm_of(arm: normal.Arm, switch: Stmt) -> int | None:
    """The alternative of ``switch`` for the labels of ``arm``: the one that names them, else the default."""
    default = None
    for index, other in enumerate(switch.arms):
        if not other.labels:
            default = index
        elif any(a == b for a in arm.labels for b in other.labels):
            return index
    return default


def _labels(arm: normal.Arm) -> str:
    return ", ".join(map(str, arm.labels)) or "the default"


def _as_switch(s: Stmt, c: Stmt) -> Stmt:
    """An ``if`` on the subject of a switch, as a switch."""
    test = s.value
    if s.kind is Kind.IF and test is not None and is_op(test, "in", "notin") and test.parts[0] == c.value:
        first, second = (s.body, s.orelse) if test.text == "in" else (s.orelse, s.body)
        arms = (normal.Arm(test.parts[1:], first), normal.Arm((), second))
        return replace(s, kind=Kind.SWITCH, value=test.parts[0], body=(), orelse=(), arms=arms)
    return s


def learn_names(found: Pairing, c: Function, s: Function) -> dict[Value, Value]:
    """Locals of C that the specification calls otherwise, by what they are assigned."""
    learned: dict[Value, Value] = {}
    for first, second, _ in found.pairs:
        a, b = first.target, second.target
        if first.kind is not Kind.ASSIGN or a is None or b is None or not a.kind == b.kind == "name" or a == b:
            continue
        if a.text in c.locals and b.text in s.locals and a.text not in s.locals and b not in learned.values():
            learned.setdefault(a, b)
    return learned
