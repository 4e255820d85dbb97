"""Boolean circuits in conjunctive normal form, and terms over finite values as circuits.

Literals are integers as in DIMACS.  A value of a sort is a tuple of literals, one per index, exactly one of which is true.
Gates are shared and fold constants, so building a term twice costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from checker.instance import Instance
from checker.language.sorts import Sort
from checker.language.terms import FieldKey, Term

TRUE = 1 << 30
FALSE = -TRUE

LATER = 1 << 24
"""Added to a variable of a step to speak of the same variable one step later."""

Value = tuple[int, ...]
Read = Callable[[FieldKey, Sort, Value], Value]


class Circuit:
    """A growing set of clauses over the variables ``1 .. size``."""

    def __init__(self, size: int = 0) -> None:
        self.size = size
        self.clauses: list[tuple[int, ...]] = []
        self._gates: dict[tuple[str, tuple[int, ...]], int] = {}

    def new(self) -> int:
        """A fresh variable."""
        self.size += 1
        return self.size

    def add(self, literals: Iterable[int]) -> None:
        """Assert a clause, constants folded."""
        clause = set(literals)
        if TRUE not in clause and not any(-x in clause for x in clause):
            self.clauses.append(tuple(sorted(clause - {FALSE})))

    def imply(self, conditions: Iterable[int], conclusion: int) -> None:
        """Assert that all ``conditions`` together imply ``conclusion``."""
        self.add([*(-c for c in conditions), conclusion])

    def conj(self, literals: Iterable[int]) -> int:
        """The literal of a conjunction."""
        parts = tuple(sorted(set(literals) - {TRUE}))
        if FALSE in parts or any(-x in parts for x in parts):
            return FALSE
        if len(parts) < 2:
            return parts[0] if parts else TRUE
        gate = self._gates.get(("and", parts))
        if gate is None:
            gate = self._gates["and", parts] = self.new()
            for x in parts:
                self.add((-gate, x))
            self.add((gate, *(-x for x in parts)))
        return gate

    def disj(self, literals: Iterable[int]) -> int:
        """The literal of a disjunction."""
        return -self.conj(-x for x in literals)

    def mux(self, pairs: Sequence[tuple[int, int]]) -> int:
        """The literal whose selector is true: exactly one selector of ``pairs`` is."""
        live = [(s, x) for s, x in pairs if s != FALSE]
        if all(x == live[0][1] for _, x in live):
            return live[0][1]
        if all(x in (TRUE, FALSE) for _, x in live):
            return self.disj(s for s, x in live if x == TRUE)
        for s, x in live:
            if s == TRUE:
                return x
        key = ("mux", tuple(n for pair in sorted(live) for n in pair))
        gate = self._gates.get(key)
        if gate is None:
            gate = self._gates[key] = self.new()
            for s, x in live:
                self.add((-s, -gate, x))
                self.add((-s, gate, -x))
        return gate

    def at_most_one(self, literals: Sequence[int]) -> None:
        """Assert that two of ``literals`` are never true together."""
        for i, a in enumerate(literals):
            for b in literals[:i]:
                self.add((-a, -b))

    def variable(self, size: int, first: int = 0) -> Value:
        """A fresh value of ``size`` indices, ``first`` or larger."""
        free = size - first
        if free <= 1:
            literals: list[int] = [TRUE] * free
        elif free == 2:
            literals = [-self.new()]
            literals.append(-literals[0])
        else:
            literals = [self.new() for _ in range(free)]
            self.add(literals)
            self.at_most_one(literals)
        return (*[FALSE] * first, *literals)

    def equal(self, a: Value, b: Value) -> int:
        """Whether two values are the same."""
        fixed = next((v for v in (a, b) if TRUE in v), None)
        if fixed is not None:
            other, at = (b if fixed is a else a), fixed.index(TRUE)
            return other[at] if at < len(other) else FALSE
        return self.disj(self.conj(pair) for pair in zip(a, b, strict=False))

    def select(self, index: Value, contents: Mapping[int, Value], size: int) -> Value:
        """``contents[index]``, and 0 where there is nothing."""
        zero = constant(0, size)
        if size == 2:
            return truth(self.mux([(s, contents.get(i, zero)[1]) for i, s in enumerate(index)]))
        return tuple(self.mux([(s, contents.get(i, zero)[v]) for i, s in enumerate(index)]) for v in range(size))


def later(literal: int) -> int:
    """The same literal one step later."""
    return literal if literal in (TRUE, FALSE) else literal + (LATER if literal > 0 else -LATER)


def constant(index: int, size: int) -> Value:
    """The value ``index``."""
    return tuple(TRUE if i == index else FALSE for i in range(max(size, index + 1)))


def truth(literal: int) -> Value:
    """A boolean as a value."""
    return (-literal, literal)


class Terms:
    """Terms over one state as circuits; ``read`` gives the content of a field of an object."""

    def __init__(self, circuit: Circuit, instance: Instance, read: Read) -> None:
        self.circuit = circuit
        self.instance = instance
        self.read = read

    def holds(self, t: Term, binding: Mapping[Term, Value]) -> int:
        """The literal of a formula."""
        return self.value(t, binding)[1]

    def value(self, t: Term, binding: Mapping[Term, Value]) -> Value:
        """The value of ``t``, its variables bound by ``binding``.  Agrees with :func:`checker.evaluate.evaluate`."""
        memo: dict[Term, Value] = {}

        def walk(node: Term) -> Value:
            if node not in memo:
                memo[node] = self._combine(node, [] if node.op in ("exists", "forall") else [walk(a) for a in node.args], binding)
            return memo[node]

        return walk(t)

    def _combine(self, t: Term, args: list[Value], binding: Mapping[Term, Value]) -> Value:
        circuit = self.circuit
        match t.op:
            case "const":
                return constant(self.instance.const(t), self.instance.cardinality(t.sort))
            case "var":
                return binding[t]
            case "field":
                return self.read(t.data, t.sort, args[0] if args else (TRUE,))
            case "not":
                return truth(-args[0][1])
            case "and":
                return truth(circuit.conj(a[1] for a in args))
            case "or":
                return truth(circuit.disj(a[1] for a in args))
            case "eq":
                return truth(circuit.equal(*args))
            case "lt":
                a, b = args
                return truth(circuit.disj(circuit.conj((x, y)) for i, x in enumerate(a) for j, y in enumerate(b) if i < j))
            case "ite":
                c, a, b = args
                size = max(len(a), len(b))
                if size == 2:
                    return truth(circuit.mux([(c[1], a[1]), (c[0], b[1])]))
                a, b = (v + (FALSE,) * (size - len(v)) for v in (a, b))
                return tuple(circuit.mux([(c[1], x), (c[0], y)]) for x, y in zip(a, b, strict=True))
            case "next":
                (a,) = args
                last = self.instance.cardinality(t.sort) - 1
                return (FALSE, *a[: last - 1], circuit.disj(a[last - 1 :])) if last else a
            case "prev":
                (a,) = args
                return (circuit.disj(a[:2]), *a[2:], FALSE) if len(a) > 1 else a
            case "cast":
                (a,) = args
                size = self.instance.cardinality(t.sort)
                homes = [self.instance.cast(i, t.args[0].sort, t.sort) for i in range(len(a))]
                return tuple(circuit.disj(x for x, home in zip(a, homes, strict=True) if home == v) for v in range(size))
            case "exists" | "forall":
                size = self.instance.cardinality(t.data.sort)
                parts = [
                    self.holds(t.args[0], {**binding, t.data: constant(i, size)}) for i in self.instance.objects(t.data.sort)
                ]
                return truth(circuit.disj(parts) if t.op == "exists" else circuit.conj(parts))
            case _:
                return args[0]


__all__ = ["FALSE", "LATER", "TRUE", "Circuit", "Terms", "Value", "constant", "later", "truth"]
