"""One step of a finite instance as clauses, to be repeated for every step of an unrolling.

In: a system and an instance.  Out: a Relation: variables for a state and for the transition fired in it, and the clauses
that tie them to the state after it.  Each process has its own copy of the transitions, so objects that a process reaches
through itself are found without a search; the choices of all transitions of a process share variables.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from checker.errors import UsageError
from checker.evaluate import Binding, Cell, initial_state
from checker.instance import Instance
from checker.language import terms
from checker.language.sorts import RefSort, Sort
from checker.language.terms import FieldKey, Term
from checker.symbolic.circuit import FALSE, TRUE, Circuit, Terms, Value, constant, later
from checker.system import Transition, TransitionSystem, Update

Slot = tuple[Sort, int]


@dataclass(frozen=True)
class Mover:
    """What one process does in a step.

    ``fired`` has a literal for each transition of the relation, ``moves`` says that one of them fires.  ``slots`` are the
    chosen values: the n-th choice of one sort has the same slot in all transitions; ``chooses`` says that it is in use.
    """

    process: int
    fired: tuple[int, ...]
    moves: int
    slots: dict[Slot, Value]
    chooses: dict[Slot, int]


def slots_of(t: Transition) -> list[tuple[Term, Slot]]:
    """The slot of each choice of ``t``: how many choices of its sort come before it."""
    seen: dict[Sort, int] = {}
    found = []
    for c in t.choices:
        found.append((c, (c.sort, seen.get(c.sort, 0))))
        seen[c.sort] = seen.get(c.sort, 0) + 1
    return found


class Relation:
    """The variables and clauses of one step.

    ``now`` is the content of the cells before it, ``initially`` the literals true in the initial state.  At most one
    process moves.  Transitions without updates are left out: they go from a state to itself, and no shortest trace has one.
    """

    def __init__(self, system: TransitionSystem, instance: Instance) -> None:
        self.system = system
        self.instance = instance
        self.circuit = Circuit()
        self.transitions = tuple(t for t in system.transitions if system.updates(t))
        self.cells = {v.key: {i: (*v.key, i) for i in instance.cells(v, system)} for v in system.state_vars}
        self.now: dict[Cell, Value] = {
            cell: self.circuit.variable(instance.cardinality(v.sort))
            for v in system.state_vars
            for cell in self.cells[v.key].values()
        }
        first = initial_state(system, instance)
        self.initially = [value[first[cell]] for cell, value in self.now.items() if value[first[cell]] != TRUE]
        self.terms = Terms(self.circuit, instance, self._read)
        self.movers = [self._mover(p) for p in instance.objects(system.thread)]
        self.circuit.at_most_one([m.moves for m in self.movers])
        self._update()

    def bits(self) -> list[int]:
        """The variables that make up a state, in ascending order."""
        return sorted({abs(x) for value in self.now.values() for x in value if x not in (TRUE, FALSE)})

    def some(self, formula: Term, params: tuple[Term, ...]) -> int:
        """The literal of ``formula`` for some values of ``params``."""

        def expand(rest: tuple[Term, ...], binding: dict[Term, Value]) -> Iterator[int]:
            if not rest:
                yield self.terms.holds(formula, binding)
                return
            size = self.instance.cardinality(rest[0].sort)
            for i in self.instance.objects(rest[0].sort):
                yield from expand(rest[1:], {**binding, rest[0]: constant(i, size)})

        return self.circuit.disj(expand(params, {}))

    def _read(self, key: FieldKey, sort: Sort, index: Value) -> Value:
        if index == (TRUE,):
            return self.now[(*key, 0)]
        contents = {i: self.now[c] for i, c in self.cells.get(key, {}).items()}
        return self.circuit.select(index, contents, self.instance.cardinality(sort))

    def _binding(self, mover: Mover, t: Transition) -> dict[Term, Value]:
        process = constant(mover.process, self.instance.cardinality(self.system.thread))
        return {self.system.self_var: process, **{c: mover.slots[slot] for c, slot in slots_of(t)}}

    def _mover(self, process: int) -> Mover:
        """At most one transition of ``process`` fires, from where it is, and only if its guard holds."""
        circuit = self.circuit
        fired = tuple(circuit.new() for _ in self.transitions)
        slots: dict[Slot, Value] = {}
        users: dict[Slot, list[int]] = {}
        for t, fire in zip(self.transitions, fired, strict=True):
            for _, slot in slots_of(t):
                if slot not in slots:
                    slots[slot] = circuit.variable(self.instance.cardinality(slot[0]), int(isinstance(slot[0], RefSort)))
                users.setdefault(slot, []).append(fire)
        chooses = {slot: circuit.disj(fires) for slot, fires in users.items()}
        mover = Mover(process, fired, circuit.new(), slots, chooses)
        for slot, value in slots.items():  # what is not chosen has one value
            circuit.add([chooses[slot], next(x for x in value if x != FALSE)])
        self._fire(mover)
        return mover

    def _fire(self, mover: Mover) -> None:
        circuit = self.circuit
        pc = self.now[(*self.system.pc_key, mover.process)]
        by_source: dict[int, list[int]] = {}
        for t, fire in zip(self.transitions, mover.fired, strict=True):
            here = pc[self.system.pc_sort.members.index(t.source)]
            by_source.setdefault(here, []).append(fire)
            circuit.imply([fire], here)
            circuit.imply([fire], mover.moves)
            for part in terms.conjuncts(t.guard):
                circuit.imply([fire], self.terms.holds(part, self._binding(mover, t)))
        for here, group in by_source.items():
            circuit.at_most_one(group)
            circuit.add([-mover.moves, -here, *group])
        circuit.add([-mover.moves, *mover.fired])

    def _writes(self, mover: Mover) -> dict[Cell, list[tuple[int, Value]]]:
        """Per cell the conditions under which ``mover`` writes it, each with the new value; they exclude each other."""
        groups: dict[tuple[FieldKey, Value, Value], list[int]] = {}
        for t, fire in zip(self.transitions, mover.fired, strict=True):
            binding = self._binding(mover, t)
            after: dict[FieldKey, list[Value]] = {}
            for u in reversed(self.system.updates(t)):  # later updates win
                for index, bound in self._targets(u, binding):
                    hits = index
                    for other in after.get(u.key, []):
                        hits = tuple(self.circuit.conj((x, -y)) for x, y in zip(hits, other, strict=True))
                    after.setdefault(u.key, []).append(index)
                    value = self._within_range(t, u, self.terms.value(u.value, bound))
                    groups.setdefault((u.key, hits, value), []).append(fire)
        found: dict[Cell, list[tuple[int, Value]]] = {}
        for (key, hits, value), fires in groups.items():
            fire = self.circuit.disj(fires)
            for i, cell in self.cells[key].items():
                if hits[i] != FALSE:
                    found.setdefault(cell, []).append((self.circuit.conj((fire, hits[i])), value))
        return found

    def _targets(self, u: Update, binding: dict[Term, Value]) -> Iterator[tuple[Value, dict[Term, Value]]]:
        """The object ``u`` writes and the binding of its value; one after the other if it writes to all of a kind."""
        if u.where is None:
            yield self.terms.value(u.obj, binding) if u.obj is not None else (TRUE,), binding
            return
        assert u.obj is not None
        size = self.instance.cardinality(u.obj.sort)
        for i in self.instance.objects(u.obj.sort):
            bound = {**binding, u.obj: constant(i, size)}
            picked = self.terms.holds(u.where, bound)
            yield tuple(picked if j == i else FALSE for j in range(size)), bound

    def _within_range(self, t: Transition, u: Update, value: Value) -> Value:
        size = self.instance.cardinality(self.system.vars_by_key[u.key].sort)
        if any(x != FALSE for x in value[size:]):
            raise UsageError(
                "instance-words",
                f"{t.name} writes {terms.show(u.value)} to {u.key[1]}, more than any value of {self.instance}",
                "give the instance a representative at least as large",
            )
        return value[:size]

    def _update(self) -> None:
        """What the cells hold after the step: what was written, else what was there.

        The clauses also say why a cell may hold a value, so that what is out of reach propagates from step to step.
        """
        circuit = self.circuit
        writes: dict[Cell, list[tuple[int, Value]]] = {}
        for mover in self.movers:
            for cell, pairs in self._writes(mover).items():
                writes.setdefault(cell, []).extend(pairs)
        for cell, content in self.now.items():
            written = circuit.disj(hit for hit, _ in writes.get(cell, []))
            for v, before in enumerate(content):
                after, reasons = later(before), []
                for hit, value in writes.get(cell, []):
                    circuit.imply([hit, value[v]], after)
                    circuit.imply([hit, -value[v]], -after)
                    reasons.append(circuit.conj((hit, value[v])))
                circuit.add([-after, before, *reasons])
                circuit.add([-after, before, written])
                circuit.add([-before, after, written])

    def fired_in(self, holds: frozenset[int]) -> tuple[Transition, Binding]:
        """The transition and its binding in a model, given as the set of literals that hold."""
        mover = next(m for m in self.movers if m.moves in holds)
        t = next(t for t, fire in zip(self.transitions, mover.fired, strict=True) if fire in holds)
        binding: Binding = {self.system.self_var: mover.process}
        for c, slot in slots_of(t):
            binding[c] = next(i for i, x in enumerate(mover.slots[slot]) if x == TRUE or x in holds)
        return t, binding


__all__ = ["Mover", "Relation", "Slot", "slots_of"]
