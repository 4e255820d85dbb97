"""How alike two normalised statements or values are, and in what they differ."""

from __future__ import annotations

from dataclasses import dataclass

from checker.audit import normal
from checker.audit.covering import Covers
from checker.audit.normal import Stmt, Value, atoms, words


def same(c: Value | None, s: Value | None) -> bool:
    """Whether a C value and a specification value say the same; the specification may leave out arguments of calls."""
    if c is None or s is None:
        return c is s
    if c == s:
        return True
    if (c.kind, c.text) != (s.kind, s.text):
        return False
    if c.kind == "call":
        rest = iter(c.parts)
        return all(any(same(given, wanted) for given in rest) for wanted in s.parts)
    return len(c.parts) == len(s.parts) and all(same(a, b) for a, b in zip(c.parts, s.parts, strict=True))


def similarity(c: Value | None, s: Value | None) -> float:
    """From 0, nothing in common, to 1, the same."""
    if same(c, s):
        return 1.0
    if c is None or s is None:
        return 0.0
    a, b = words(c), words(s)
    return 0.8 * len(a & b) / len(a | b) if a & b else 0.0


def condition_similarity(c: Value, s: Value) -> float:
    """Like ``similarity``, for conditions: tests in common count."""
    if same(c, s):
        return 1.0
    first, second = atoms(c), atoms(s)
    shared = sum(any(same(a, b) for b in second) for a in first)
    return max(0.9 * shared / max(len(first), len(second), 1), similarity(c, s))


def stored(c: Value | None, s: Value | None, target: Value | None, booleans: frozenset[str]) -> bool:
    """Whether assigning ``c`` in C is assigning ``s``: a truth value may stand for a pointer or a number."""
    if same(c, s):
        return True
    if c is None or s is None or target is None or target.text not in booleans:
        return False
    return s == normal.ONE and c != normal.ZERO and not normal.is_condition(c)


def targets(c: Stmt, s: Stmt, names: tuple[frozenset[str], frozenset[str]]) -> float:
    """How well two assignment targets agree; ``names`` are the locals of C and of the specification."""
    assert c.target is not None and s.target is not None
    if same(c.target, s.target):
        return 2.0
    if c.target.kind == s.target.kind == "field" and c.target.text == s.target.text:
        return 1.2
    local = c.target.kind == s.target.kind == "name" and c.target.text in names[0] and s.target.text in names[1]
    free = local and c.target.text not in names[1] and s.target.text not in names[0]
    return 0.5 if free and similarity(c.value, s.value) >= 0.5 else 0.0


def _without(condition: Value, dropped: set[Value]) -> Value:
    left = normal.without(condition, dropped) if dropped else condition
    return normal.TRUE if left is None else left


@dataclass(frozen=True)
class Judgement:
    """How two conditions differ (``condition`` or ``order``; empty if they do not), and why C tests are left out."""

    kind: str = ""
    message: str = ""
    reasons: tuple[str, ...] = ()


def tests_differ(c: Value, s: Value, covers: Covers, added: Covers) -> Judgement:
    """What differs between two conditions, and why some C tests are left out."""
    if same(c, s):
        return Judgement()
    left_out = {a: covers.atom(a) for a in atoms(c) if not any(same(a, b) for b in atoms(s))}
    reasons = tuple(dict.fromkeys(r for r in left_out.values() if r))
    kept = _without(c, {a for a, reason in left_out.items() if reason})
    own = _without(s, {a for a in atoms(s) if added.atom(a)})
    if same(kept, own):
        return Judgement(reasons=reasons)
    first, second = atoms(kept), atoms(own)
    missing = [str(a) for a in first if not any(same(a, b) for b in second)]
    extra = [str(b) for b in second if not any(same(a, b) for a in first)]
    if missing or extra:
        parts = [f"C tests {' and '.join(missing)}" if missing else "", f"the model tests {' and '.join(extra)}" if extra else ""]
        return Judgement("condition", "; ".join(p for p in parts if p), reasons)
    if len(first) == len(second) and not all(same(a, b) for a, b in zip(first, second, strict=True)):
        told = f"C tests {', then '.join(map(str, first))}; the model {', then '.join(map(str, second))}"
        return Judgement("order", told, reasons)
    return Judgement("condition", f"C joins the tests as {kept}; the model as {own}", reasons)
