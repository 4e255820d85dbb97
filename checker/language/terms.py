"""Terms: one typed expression DAG that every engine walks.

A term is immutable, and there is one of each structure.  The constructors below simplify constants away, so that the
guards of compiled transitions stay readable.  State is read by ``field`` terms: ``(record, field)`` applied to an
object, or to nothing for a variable of the whole kernel.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from weakref import WeakValueDictionary

from checker.language.sorts import BOOL, EnumSort, RefSort, Sort, WordSort

FieldKey = tuple[str, str]


def field_text(key: FieldKey) -> str:
    """``Sock.num``; the bare name for a variable of the whole kernel."""
    return ".".join(filter(None, key))


@dataclass(frozen=True, eq=False, init=False, slots=True, weakref_slot=True)
class Term:
    """A node of the DAG; nodes of one structure are one object, so that comparing them looks at nothing else.

    ``op`` is one of ``const var field not and or eq lt ite htons next prev cast object exists forall``; ``data`` is the value of
    a constant, the name of a variable, the key of a field, or the variable bound by a quantifier.
    """

    op: str
    sort: Sort
    args: tuple[Term, ...]
    data: Any

    def __new__(cls, op: str, sort: Sort, args: tuple[Term, ...] = (), data: Any = None) -> Term:
        """The node of that structure, made if there is none."""
        key = (op, sort, args, data)
        found = _NODES.get(key)
        if found is None:
            found = _NODES[key] = object.__new__(cls)
            object.__setattr__(found, "op", op)
            object.__setattr__(found, "sort", sort)
            object.__setattr__(found, "args", args)
            object.__setattr__(found, "data", data)
        return found

    def __reduce__(self) -> tuple[Any, ...]:
        """A node that comes from another process is the one of its structure here."""
        return (Term, (self.op, self.sort, self.args, self.data))

    def __repr__(self) -> str:
        return show(self)


_NODES: WeakValueDictionary[tuple[str, Sort, tuple[Term, ...], Any], Term] = WeakValueDictionary()
"""The nodes in use, by their structure."""


def const(value: int, sort: Sort) -> Term:
    """The constant ``value`` of ``sort``: an index for enumerations, 0 for NULL, a plain value for words."""
    return Term("const", sort, data=int(value))


TRUE = const(1, BOOL)
FALSE = const(0, BOOL)


def boolean(value: bool) -> Term:
    """``TRUE`` or ``FALSE``."""
    return TRUE if value else FALSE


def member(sort: EnumSort, name: str) -> Term:
    """The enumeration constant called ``name``."""
    return const(sort.members.index(name), sort)


def var(name: str, sort: Sort) -> Term:
    """A variable: the running process, a nondeterministic choice, or one bound by a quantifier."""
    return Term("var", sort, data=name)


def field(key: FieldKey, sort: Sort, obj: Term | None = None) -> Term:
    """The state variable ``key`` of ``obj`` (or of the kernel, without ``obj``)."""
    return Term("field", sort, (obj,) if obj is not None else (), key)


def negate(a: Term) -> Term:
    """Logical not."""
    if a.op == "const":
        return boolean(not a.data)
    if a.op == "not":
        return a.args[0]
    return Term("not", BOOL, (a,))


def _flatten(op: str, parts: Iterator[Term], unit: Term, zero: Term) -> Term:
    seen: dict[Term, None] = {}
    for part in parts:
        if part == zero:
            return zero
        for piece in part.args if part.op == op else (part,):
            if piece != unit:
                seen[piece] = None
    if any(negate(piece) in seen for piece in seen):
        return zero
    if not seen:
        return unit
    return next(iter(seen)) if len(seen) == 1 else Term(op, BOOL, tuple(seen))


def conj(*parts: Term) -> Term:
    """Logical and; flattens, drops duplicates and detects ``a and not a``."""
    return _flatten("and", iter(parts), TRUE, FALSE)


def disj(*parts: Term) -> Term:
    """Logical or; flattens, drops duplicates and detects ``a or not a``."""
    return _flatten("or", iter(parts), FALSE, TRUE)


def implies(a: Term, b: Term) -> Term:
    """``not a or b``."""
    return disj(negate(a), b)


def eq(a: Term, b: Term) -> Term:
    """Equality of two terms of one sort."""
    if a == b:
        return TRUE
    if a.op == b.op == "const":
        return boolean(a.data == b.data)
    if a.sort == BOOL:
        if a.op == "const":
            a, b = b, a
        if b.op == "const":
            return a if b.data else negate(a)
    if a.op == "const":
        a, b = b, a
    if a.op == "var" and isinstance(a.sort, RefSort) and b.op == "const":
        return FALSE  # variables range over objects, never NULL
    if a.op == b.op == "object":
        return eq(a.args[0], b.args[0])
    if a.op == "object" and b.op == "const":
        return eq(a.args[0], const(0, a.args[0].sort))
    if a.op == "ite" and b.op == "const" and all(x.op == "const" for x in a.args[1:]):
        return ite(a.args[0], eq(a.args[1], b), eq(a.args[2], b))
    return Term("eq", BOOL, (a, b))


def lt(a: Term, b: Term) -> Term:
    """``a < b`` on words."""
    if a.op == b.op == "const":
        return boolean(a.data < b.data)
    return FALSE if a == b else Term("lt", BOOL, (a, b))


def ite(cond: Term, a: Term, b: Term) -> Term:
    """``a if cond else b``."""
    if cond.op == "const":
        return a if cond.data else b
    if a == b:
        return a
    if a.sort == BOOL and "const" in (a.op, b.op):
        return disj(conj(cond, a), conj(negate(cond), b))
    return Term("ite", a.sort, (cond, a, b))


def htons(a: Term, network: Sort) -> Term:
    """Host to network byte order."""
    if a.op == "const" and a.data == 0:
        return const(0, network)
    return Term("htons", network, (a,))


def indexed(a: Term, record: Sort) -> Term:
    """The object of ``record`` whose key is the word ``a``; NULL for 0.  In a finite instance both have one index."""
    return const(0, record) if a.op == "const" and a.data == 0 else Term("object", record, (a,))


def successor(a: Term) -> Term:
    """The next word: ``a + 1``; in a finite instance the next representative value."""
    assert isinstance(a.sort, WordSort)
    return Term("next", a.sort, (a,))


def predecessor(a: Term) -> Term:
    """The word before: ``a - 1``; in a finite instance the representative value before, 0 for 0."""
    assert isinstance(a.sort, WordSort)
    return Term("prev", a.sort, (a,))


def cast(a: Term, sort: Sort) -> Term:
    """The same number as a word of another sort; in a finite instance both must have it among their values."""
    return const(a.data, sort) if a.op == "const" else Term("cast", sort, (a,))


def exists(bound: Term, body: Term) -> Term:
    """``body`` for some object (never NULL) or value of the sort of ``bound``."""
    return body if body.op == "const" else Term("exists", BOOL, (body,), bound)


def forall(bound: Term, body: Term) -> Term:
    """``body`` for all objects (never NULL) or values of the sort of ``bound``."""
    return body if body.op == "const" else Term("forall", BOOL, (body,), bound)


REBUILD: dict[str, Callable[..., Term]] = {
    "not": negate,
    "and": conj,
    "or": disj,
    "eq": eq,
    "lt": lt,
    "ite": ite,
    "next": successor,
    "prev": predecessor,
}


def rebuild(t: Term, args: tuple[Term, ...]) -> Term:
    """``t`` with other arguments, simplified again."""
    if args == t.args:
        return t
    if t.op in REBUILD:
        return REBUILD[t.op](*args)
    if t.op in ("htons", "object", "cast"):
        return {"htons": htons, "object": indexed, "cast": cast}[t.op](args[0], t.sort)
    if t.op in ("exists", "forall"):
        return (exists if t.op == "exists" else forall)(t.data, args[0])
    return Term(t.op, t.sort, args, t.data)


def transform(t: Term, rewrite: Callable[[Term], Term]) -> Term:
    """Apply ``rewrite`` bottom-up to every node of the DAG, each distinct node once."""
    return _transform(t, rewrite, {})


def _transform(t: Term, rewrite: Callable[[Term], Term], memo: dict[Term, Term]) -> Term:
    found = memo.get(t)
    if found is None:
        found = memo[t] = rewrite(rebuild(t, tuple([_transform(a, rewrite, memo) for a in t.args])) if t.args else t)
    return found


def substitute(t: Term, mapping: dict[Term, Term]) -> Term:
    """Replace whole sub-terms (usually variables) of ``t``."""
    return transform(t, lambda node: mapping.get(node, node)) if mapping else t


def subterms(t: Term) -> Iterator[Term]:
    """Every distinct node of the DAG, arguments before their users."""
    found: dict[Term, None] = {}
    _collect(t, found)
    return iter(found)


def _collect(t: Term, found: dict[Term, None]) -> None:
    if t not in found:
        for a in t.args:
            _collect(a, found)
        found[t] = None


def fields_of(t: Term) -> list[FieldKey]:
    """The state variables ``t`` reads, each once, in order of first use."""
    return list(dict.fromkeys(n.data for n in subterms(t) if n.op == "field"))


def conjuncts(t: Term) -> tuple[Term, ...]:
    """The parts of a conjunction, or ``(t,)``."""
    return t.args if t.op == "and" else (t,)


def show_const(t: Term) -> str:
    """A constant as the specification writes it."""
    sort = t.sort
    if sort == BOOL:
        return "True" if t.data else "False"
    if isinstance(sort, EnumSort):
        return sort.members[int(t.data)]
    if t.data == 0:
        return str(getattr(sort, "zero", "")) or ("NULL" if isinstance(sort, RefSort) else "0")
    return str(t.data)


_RANK = {"or": 1, "and": 2, "not": 3, "eq": 4, "lt": 4}


def show(t: Term, rename: Callable[[Term], str | None] = lambda _: None) -> str:
    """``t`` in the notation of the specification; ``rename`` may print chosen nodes in its own way."""

    def walk(node: Term, outer: int) -> str:
        text = rename(node)
        if text is not None:
            return text
        rank = _RANK.get(node.op, 9)
        match node.op:
            case "const":
                text = show_const(node)
            case "var":
                text = str(node.data)
            case "field":
                name = node.data[1]
                text = f"{walk(node.args[0], 9)}.{name}" if node.args else name
            case "not" if node.args[0].op == "eq":
                rank = 4
                text = " != ".join(walk(a, 5) for a in node.args[0].args)
            case "not":
                text = f"not {walk(node.args[0], 3)}"
            case "and" | "or":
                text = f" {node.op} ".join(walk(a, rank + 1) for a in node.args)
            case "eq":
                text = " == ".join(walk(a, 5) for a in node.args)
            case "lt":
                text = " < ".join(walk(a, 5) for a in node.args)
            case "ite":
                rank = 0
                c, a, b = node.args
                text = f"{walk(a, 1)} if {walk(c, 1)} else {walk(b, 1)}"
            case "htons":
                text = f"htons({walk(node.args[0], 0)})"
            case "object":
                text = f"{node.sort.name}[{walk(node.args[0], 0)}]"
            case "cast":
                text = f"{node.sort.name}({walk(node.args[0], 0)})"
            case "next" | "prev":
                text = f"{walk(node.args[0], 9)} {'+' if node.op == 'next' else '-'} 1"
                rank = 5
            case _:
                word = "any" if node.op == "exists" else "all"
                text = f"{word}({walk(node.args[0], 0)} for {node.data.data} in {node.data.sort.name})"
        return f"({text})" if rank < outer else text

    return walk(t, 0)
