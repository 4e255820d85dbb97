"""Counterexamples to induction: a small state in which the facts hold and a step after which one of them does not.

In go a fact, a transition that may violate it and the facts that hold before; out comes a Counterexample: a finite instance with
as few objects as any has, the state before (fields at their initial values wherever possible), the step, and the state
after it as the reference interpreter fires it.  Z3 chooses the state among those of any size; the interpreter confirms it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product

import z3

from checker.errors import InternalError
from checker.evaluate import Binding, State, enabled, evaluate, initial_state
from checker.instance import Instance
from checker.language import terms
from checker.language.sorts import BoolSort, EnumSort, RefSort, ScalarSort, Sort, WordSort
from checker.language.terms import Term
from checker.symbolic.effort import HARD
from checker.symbolic.facts import Fact, primed, violation
from checker.symbolic.unbounded import Encoder, swap_bytes
from checker.system import StateVar, Transition, TransitionSystem
from checker.trace import Trace, step_from

MOST_OBJECTS = 8


@dataclass(frozen=True)
class Counterexample:
    """``trace`` has one step, from a state that need not be reachable; ``params`` are the values for which ``fact`` fails."""

    fact: Fact
    trace: Trace
    params: tuple[tuple[Term, int], ...]

    @property
    def transition(self) -> Transition:
        return self.trace.steps[0].transition

    @property
    def before(self) -> State:
        return self.trace.states[0]

    @property
    def after(self) -> State:
        return self.trace.states[1]


def counterexample(
    system: TransitionSystem, fact: Fact, t: Transition, given: Sequence[Fact], *, effort: int = HARD
) -> Counterexample | None:
    """A smallest state where ``given`` and ``fact`` hold and ``t`` violates ``fact``.

    None if there is none with few objects, if the ``effort`` allowed for each query runs out, or if all of them need what no
    finite instance shows: fields of NULL, or a number that overflows.
    """
    search = _Search(system, fact, t, given, effort)
    sizes = search.fewest_objects()
    if sizes is None:
        return None
    return search.found(search.plainest(sizes))


class _Search:
    """One question, put to one solver."""

    def __init__(self, system: TransitionSystem, fact: Fact, t: Transition, given: Sequence[Fact], effort: int) -> None:
        self.system, self.fact, self.transition = system, fact, t
        self.given = [f for f in given if f.name != fact.name]
        self.encoder = encoder = Encoder(system)
        self.solver = z3.Solver(ctx=encoder.context)
        self.solver.set("rlimit", effort)
        self.solver.set("random_seed", 0)
        for f in (fact, *self.given):
            self.solver.add(encoder.closed(f.params, f.formula))
        claims, self.variables = violation(system, fact, t)
        for v in self.variables:
            self.solver.add(*encoder.not_null(v))
        self.solver.add(*(encoder.encode(c) for c in claims))
        self.solver.add(*(encoder.encode(c) for claim in claims for c in _no_overflow(claim)))
        self.solver.add(*(encoder.encode(_exists(u.obj)) for u in t.updates if u.where is None and u.obj is not None))
        self.solver.add(*self._nothing_at_null())
        self.spoken = [fact.formula, *(f.formula for f in self.given), *system.terms_of(t)]
        self.universes: dict[str, list[z3.ExprRef]] = {}

    def _nothing_at_null(self) -> Iterator[z3.BoolRef]:
        """NULL has no fields: whoever reads one gets 0, as in a finite instance."""
        for key, function in list(self.encoder.fields.items()):
            for record in self.system.records:
                if record.name == key[0]:
                    null = self.encoder.constant(terms.const(0, record))
                    yield function(null) == self.encoder.constant(terms.const(0, self.system.vars_by_key[key].sort))

    # -- how many objects ---------------------------------------------------------------------------------------

    @cached_property
    def open_sorts(self) -> list[Sort]:
        """The sorts of any size that the question speaks of, processes first."""
        sorts: list[Sort] = [s for s in (self.system.thread, *self.system.records) if not s.key]
        sorts += [v.sort for v in self.system.state_vars if isinstance(v.sort, ScalarSort)]
        return [s for s in dict.fromkeys(sorts) if s.name in self.encoder.sorts]

    def fewest_objects(self) -> dict[str, int] | None:
        """How many objects of each sort a smallest counterexample has: few in all, then few of the first sorts."""
        if self.solver.check() != z3.sat:
            return None
        least = [1 if s == self.system.thread else 0 for s in self.open_sorts]
        for extra in range(MOST_OBJECTS):
            for more in _shares(extra, len(least)):
                sizes = {s.name: a + b for s, a, b in zip(self.open_sorts, least, more, strict=True)}
                if self.solver.check(*self._within(sizes)) == z3.sat:
                    return sizes
        return None

    def _within(self, sizes: Mapping[str, int]) -> list[z3.BoolRef]:
        """Every value of a sort is the distinguished one or one of so many."""
        limits = []
        for sort in self.open_sorts:
            z3sort = self.encoder.sort(sort)
            x = z3.Const(f"any {sort.name}", z3sort)
            values = [self.encoder.constant(terms.const(0, sort))]
            values += [z3.Const(f"{sort.name} {i + 1}", z3sort) for i in range(sizes[sort.name])]
            self.universes[sort.name] = values
            limits.append(z3.ForAll([x], z3.Or(*(x == v for v in values))))
        return limits

    # -- which state --------------------------------------------------------------------------------------------

    def plainest(self, sizes: Mapping[str, int]) -> z3.ModelRef:
        """A model of these sizes in which as many cells as possible are as they were initially."""
        self.solver.add(*self._within(sizes))
        wanted = list(self._plain())
        while self.solver.check(*wanted) != z3.sat:
            core = list(self.solver.unsat_core())
            if not core:
                break  # out of effort
            wanted.remove(core[-1])
        return self.solver.model()

    def _plain(self) -> Iterator[z3.BoolRef]:
        """For each cell that the question speaks of, that it has its initial value."""
        for v, index in self._cells():
            at = [] if index is None else [self.universes[v.record][index]]
            value = self.encoder.constant(terms.const(v.initial, v.sort))
            name = z3.Bool(f"plain {v.record}.{v.name} {index}", ctx=self.encoder.context)
            self.solver.add(z3.Implies(name, self.encoder.field(v.key)(*at) == value))
            yield name

    def _cells(self) -> Iterator[tuple[StateVar, int | None]]:
        """The cells of records of any size, and the variables of the kernel."""
        for v in self.system.state_vars:
            if v.key in self.encoder.fields:
                if not v.record:
                    yield v, None
                for i in range(1, len(self.universes.get(v.record, []))):
                    yield v, i

    # -- as a state of a finite instance --------------------------------------------------------------------------

    def found(self, model: z3.ModelRef) -> Counterexample:
        """The counterexample in ``model``.  Raises InternalError if the reference interpreter does not confirm it."""
        reader = _Reader(self, model)
        instance = reader.instance()
        system = self.system
        state = dict(initial_state(system, instance))
        for v in system.state_vars:
            if v.key in self.encoder.fields:
                for i in instance.cells(v, system):
                    state[(*v.key, i)] = reader.cell(v, i, instance)
        values = {v: reader.variable(v, instance) for v in self.variables}
        params = {p: values[q] for p, q in primed(self.fact).items()}
        binding: Binding = {v: values[v] for v in (system.self_var, *self.transition.choices)}
        if not enabled(system, self.transition, state, instance, binding):
            raise InternalError(
                "counterexample", f"{self.transition.name} is not enabled in the state Z3 gave for {self.fact.name}"
            )
        step, after = step_from(system, instance, state, self.transition, binding)
        broken = [f.name for f in (self.fact, *self.given) if not holds(f, state, instance)]
        if broken or evaluate(self.fact.formula, after, instance, params):
            raise InternalError(
                "counterexample",
                f"{self.transition.name}: the interpreter disagrees with Z3 about {', '.join(broken) or self.fact.name}",
            )
        return Counterexample(self.fact, Trace(system, instance, (state, after), (step,)), tuple(params.items()))


def holds(fact: Fact, state: State, instance: Instance) -> bool:
    """Whether ``fact`` is true in ``state`` for all values of its parameters."""
    domains = product(*(instance.objects(p.sort) for p in fact.params))
    return all(evaluate(fact.formula, state, instance, dict(zip(fact.params, values, strict=True))) for values in domains)


class _Reader:
    """What a model says, as indices of a finite instance."""

    def __init__(self, search: _Search, model: z3.ModelRef) -> None:
        self.search, self.model, self.encoder = search, model, search.encoder
        self.objects = {name: [self._value(c) for c in constants] for name, constants in search.universes.items()}

    def _value(self, expression: z3.ExprRef) -> z3.ExprRef:
        return self.model.eval(expression, model_completion=True)

    def instance(self) -> Instance:
        """The instance with the objects of the model, and all numbers that occur in it or in the question."""
        system = self.search.system
        counts = {s.name: 0 for s in system.records if not s.key}
        counts |= {v.sort.name: 0 for v in system.state_vars if isinstance(v.sort, ScalarSort)}
        counts |= {name: len(values) - 1 for name, values in self.objects.items()}
        sorts = dict.fromkeys(
            s for s in (*(v.sort for v in system.state_vars), *self.encoder.keys.values()) if isinstance(s, WordSort)
        )
        numbers = {n for n in self._numbers() if n}
        words = {s.swapped or s.name: s.bits for s in sorts}
        kept = tuple((name, tuple(sorted(n for n in numbers if n < 1 << bits)) or (1,)) for name, bits in words.items())
        return Instance(tuple(counts.items()), kept, limit=False, title="a state of any size")

    def _numbers(self) -> Iterator[int]:
        for t in self.search.spoken:
            for node in terms.subterms(t):
                if node.op == "const" and isinstance(node.sort, WordSort):
                    yield from (node.data, node.data + 1)
        for v in self.search.variables:
            if isinstance(v.sort, WordSort):
                yield from self._near(self._number(self.encoder.encode(v), v.sort))
        for var, index in self.search._cells():
            if isinstance(var.sort, WordSort) or (isinstance(var.sort, RefSort) and var.sort.key):
                at = [] if index is None else [self.objects[var.record][index]]
                yield from self._near(self._number(self.encoder.field(var.key)(*at), var.sort))

    @staticmethod
    def _near(number: int) -> Iterator[int]:
        """A number and its neighbours, which successors and predecessors lead to."""
        yield from (n for n in (number - 1, number, number + 1) if n > 0)

    def _number(self, expression: z3.ExprRef, sort: Sort) -> int:
        """A word in host byte order; of a keyed reference, its key."""
        value = self._value(expression)
        if not isinstance(value, z3.BitVecNumRef):
            return 0
        if isinstance(sort, WordSort) and sort.swapped:
            value = z3.simplify(swap_bytes(value))
        return int(value.as_long())

    def _index(self, expression: z3.ExprRef, sort: Sort, instance: Instance) -> int:
        value = self._value(expression)
        match sort:
            case BoolSort():
                return int(z3.is_true(value))
            case EnumSort():
                return next(i for i, m in enumerate(self.encoder.members[sort.name]) if m.eq(value))
            case WordSort():
                return instance.const(terms.const(self._number(expression, sort), WordSort(sort.swapped or sort.name, sort.bits)))
            case RefSort(key=key) if key and isinstance(self.encoder.keys[key], WordSort):
                return instance.const(terms.const(self._number(expression, sort), self.encoder.keys[key]))
            case RefSort(key=key) if key:
                return next(i for i, m in enumerate(self.objects[key]) if m.eq(value))
            case _:
                return next(i for i, m in enumerate(self.objects[sort.name]) if m.eq(value))

    def variable(self, v: Term, instance: Instance) -> int:
        """The value of a variable of the question."""
        return self._index(self.encoder.encode(v), v.sort, instance)

    def cell(self, v: StateVar, index: int, instance: Instance) -> int:
        """The content of a cell; ``index`` numbers the object."""
        if not v.record:
            return self._index(self.encoder.field(v.key)(), v.sort, instance)
        record = next(r for r in self.search.system.records if r.name == v.record)
        key = self.encoder.keys[record.key] if record.key else None
        if isinstance(key, WordSort):
            at = z3.BitVecVal(dict(instance.words)[key.name][index - 1], self.encoder.sort(key), self.encoder.context)
        else:
            at = self.objects[record.key or record.name][index]
        return self._index(self.encoder.field(v.key)(at), v.sort, instance)


def _no_overflow(claim: Term) -> Iterator[Term]:
    """That successors and predecessors in ``claim`` (outside its quantifiers) are numbers one larger and smaller."""
    bound = {n.data for n in terms.subterms(claim) if n.op in ("exists", "forall")}
    for node in terms.subterms(claim):
        if node.op in ("next", "prev") and not bound & set(terms.subterms(node)):
            (a,) = node.args
            assert isinstance(a.sort, WordSort)
            yield terms.negate(terms.eq(a, terms.const((1 << a.sort.bits) - 1 if node.op == "next" else 0, a.sort)))


def _exists(obj: Term) -> Term:
    return terms.negate(terms.eq(obj, terms.const(0, obj.sort)))


def _shares(total: int, parts: int) -> Iterator[tuple[int, ...]]:
    """The ways to share out ``total``, the last parts first."""
    if parts == 0:
        if total == 0:
            yield ()
        return
    for first in range(total + 1):
        for rest in _shares(total - first, parts - 1):
            yield (first, *rest)


__all__ = ["Counterexample", "counterexample", "holds"]
