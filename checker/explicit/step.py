"""Native code of transitions: from one packed state to the successors one process can make by one transition.

In goes a transition and a process; out comes an LLVM function ``(words..., out, tag, changes) -> out`` that appends one
record per successor.  Choices become nested loops.  Each conjunct of the guard is tested as soon as its choices are made,
a choice that a conjunct fixes (``call == SYS_BIND``) is computed instead of tried, and one that decides nothing kept is
made once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from checker.explicit import ir
from checker.explicit.emit import Operations, Reader, Value, store
from checker.explicit.ir import I1, I8, I64, PTR
from checker.explicit.layout import Layout
from checker.explicit.project import Projection
from checker.instance import Instance
from checker.language import terms
from checker.language.sorts import BoolSort, RefSort
from checker.language.terms import FieldKey, Term
from checker.system import Update


@dataclass(frozen=True)
class Matrix:
    """Where the changes of one projection are recorded: bytes ``[row of transition, before, after]`` from ``offset``."""

    projection: Projection
    offset: int
    side: int
    rows: dict[int, int]

    @property
    def size(self) -> int:
        return len(self.rows) * self.side * self.side


def domain(instance: Instance, choice: Term) -> range:
    """The values of a choice, as in ``checker.evaluate.bindings``."""
    return instance.objects(choice.sort) if isinstance(choice.sort, RefSort) else range(instance.cardinality(choice.sort))


Fire = Callable[[Reader, ir.Value], ir.Value]


class StepGenerator:
    """Makes the functions, each once; ``rounds[number]`` is how many successors transition ``number`` may have."""

    def __init__(
        self, module: ir.Module, layout: Layout, matrices: tuple[Matrix, ...], free: dict[Term, tuple[Term, ...]]
    ) -> None:
        self.module = module
        self.layout = layout
        self.matrices = matrices
        self.free = free
        self.made: dict[tuple[int, int], ir.Function] = {}
        self.rounds: dict[int, int] = {}

    def function(self, number: int, process: int) -> ir.Function:
        """The function for transition ``number`` of thread ``process``."""
        if (number, process) not in self.made:
            self.made[number, process] = self._make(number, process)
        return self.made[number, process]

    def _make(self, number: int, process: int) -> ir.Function:
        system = self.layout.system
        t = system.transitions[number]
        f = ir.Function(self.module, f"t{number}.{process}", PTR, [I64] * self.layout.words + [PTR, I64, PTR])
        words, (out, tag, changes) = tuple(f.args[: self.layout.words]), f.args[self.layout.words :]
        builder = ir.Builder(f.append_basic_block("entry"))
        known = {process: system.pc_sort.members.index(t.source)}
        reader = Reader(self.layout, Operations(builder), words, {system.self_var: process}, known, self.free)
        kept = [x for u in system.updates(t) if u.key in self.layout.keys for x in u.parts()]
        decisive = {v for x in (t.guard, *kept) for v in reader.free_variables(x)}
        env: dict[Term, Value] = {c: domain(self.layout.instance, c)[0] for c in t.choices if c not in decisive}
        self.rounds[number] = 1

        def fire(at: Reader, cursor: ir.Value) -> ir.Value:
            self._fire(at, number, process, cursor, tag, changes)
            return builder.gep(cursor, I64(self.layout.words + 1))

        to_make = tuple(c for c in t.choices if c in decisive)
        builder.ret(self._choose(reader.extended(env), number, 1, terms.conjuncts(t.guard), to_make, out, fire))
        return f

    def _choose(
        self,
        reader: Reader,
        number: int,
        condition: Value,
        pending: tuple[Term, ...],
        choices: tuple[Term, ...],
        cursor: ir.Value,
        fire: Fire,
    ) -> ir.Value:
        """Code for what is left: under ``condition`` and the ``pending`` conjuncts fire for all values of ``choices``.

        Returns the cursor after all successors; the builder stands where the code continues.
        """
        ops, builder = reader.ops, reader.ops.builder
        for part in pending:
            if not set(reader.free_variables(part)).intersection(choices):
                condition = ops.both(condition, reader.value(part))
        if isinstance(condition, int) and not condition:
            return cursor
        pending = tuple(p for p in pending if set(reader.free_variables(p)).intersection(choices))
        if isinstance(condition, int):
            return self._try(reader, number, pending, choices, cursor, fire)
        then, join = builder.append_basic_block("then"), builder.append_basic_block("join")
        origin = builder.block
        builder.cbranch(condition, then, join)
        builder.position_at_end(then)
        after = self._try(reader.extended({}), number, pending, choices, cursor, fire)
        last = builder.block
        builder.branch(join)
        builder.position_at_end(join)
        merged = builder.phi(PTR)
        merged.add_incoming(cursor, origin)
        merged.add_incoming(after, last)
        return merged

    def _try(
        self, reader: Reader, number: int, pending: tuple[Term, ...], choices: tuple[Term, ...], cursor: ir.Value, fire: Fire
    ) -> ir.Value:
        if not choices:
            return fire(reader, cursor)
        ops, builder = reader.ops, reader.ops.builder
        for choice in choices:
            for part in pending:
                fixed = self._fixes(reader, part, choice, choices)
                if fixed is not None:
                    others = tuple(c for c in choices if c != choice)
                    value = reader.value(fixed)
                    rest = tuple(p for p in pending if p != part)
                    inside = self._inside(ops, value, choice)
                    return self._choose(reader.extended({choice: value}), number, inside, rest, others, cursor, fire)
        # Loop over the choice that lets most conjuncts be tested.
        choice = max(choices, key=lambda c: sum(set(reader.free_variables(p)).isdisjoint(set(choices) - {c}) for p in pending))
        others = tuple(c for c in choices if c != choice)
        values = domain(self.layout.instance, choice)
        if len(values) == 1:
            return self._choose(reader.extended({choice: values[0]}), number, 1, pending, others, cursor, fire)
        self.rounds[number] *= len(values)
        before = builder.block
        loop, done = builder.append_basic_block("loop"), builder.append_basic_block("done")
        builder.branch(loop)
        builder.position_at_end(loop)
        counter, current = builder.phi(I64), builder.phi(PTR)
        counter.add_incoming(I64(values[0]), before)
        current.add_incoming(cursor, before)
        chosen = builder.trunc(counter, I1) if isinstance(choice.sort, BoolSort) else counter
        after = self._choose(reader.extended({choice: chosen}), number, 1, pending, others, current, fire)
        following = builder.add(counter, I64(1))
        counter.add_incoming(following, builder.block)
        current.add_incoming(after, builder.block)
        builder.cbranch(builder.icmp_unsigned("<", following, I64(values[-1] + 1)), loop, done)
        builder.position_at_end(done)
        return after

    @staticmethod
    def _fixes(reader: Reader, part: Term, choice: Term, choices: tuple[Term, ...]) -> Term | None:
        """The value the conjunct ``part`` leaves for ``choice``, if it follows from what is known already."""
        if part == choice:
            return terms.TRUE
        if part == terms.negate(choice):
            return terms.FALSE
        if part.op == "eq":
            for a, b in (part.args, reversed(part.args)):
                if a == choice and not set(reader.free_variables(b)).intersection(choices):
                    return b
        return None

    def _inside(self, ops: Operations, value: Value, choice: Term) -> Value:
        """Whether ``value`` is one that ``choice`` may have."""
        if isinstance(choice.sort, BoolSort):
            return 1
        values = domain(self.layout.instance, choice)
        return ops.both(ops.invert(ops.below(value, values[0])) if values[0] else 1, ops.below(value, values[-1] + 1))

    # -- firing -------------------------------------------------------------------------------------------------

    def _fire(self, reader: Reader, number: int, process: int, out: ir.Value, tag: ir.Value, changes: ir.Value) -> None:
        system, layout, builder = self.layout.system, self.layout, reader.ops.builder
        t = system.transitions[number]
        updates = [u for u in system.updates(t) if u.key in layout.keys]
        writes = [w for u in updates for w in self._writes(reader, u)]
        # The location is known afterwards unless the updates themselves play with it.
        plain = all(u.key != system.pc_key for u in t.updates)
        source, target = (system.pc_sort.members.index(x) for x in (t.source, t.target))
        words = self._give_up_locals(reader.ops, list(reader.words), process, source, target)
        for key, index, value in writes:
            store(reader, words, key, index, value, target if plain else None)
        after = Reader(layout, reader.ops, tuple(words), {}, {process: target} if plain else {}, self.free)
        for matrix in self.matrices:
            if number in matrix.rows:
                self._record_changes(reader, after, matrix, matrix.rows[number], changes)
        for k, word in enumerate(words):
            builder.store(word, builder.gep(out, I64(k)))
        builder.store(builder.or_(tag, I64(number)), builder.gep(out, I64(layout.words)))

    def _writes(self, reader: Reader, u: Update) -> list[tuple[FieldKey, Value, Value]]:
        """The cells ``u`` writes: key, object, value."""
        if u.where is None:
            return [(u.key, reader.value(u.obj) if u.obj is not None else 0, reader.value(u.value))]
        assert u.obj is not None
        found: list[tuple[FieldKey, Value, Value]] = []
        for i in self.layout.instance.objects(u.obj.sort):
            here = reader.extended({u.obj: i})
            # An object not picked is object 0: nothing is stored there.
            found.append((u.key, reader.ops.select(here.value(u.where), i, 0), here.value(u.value)))
        return found

    def _give_up_locals(self, ops: Operations, words: list[ir.Value], process: int, source: int, target: int) -> list[ir.Value]:
        """Clear the bits of shared locals that are not stored at ``target``: others may own them there."""
        freed, kept = [0] * len(words), [0] * len(words)
        for key, pcs in self.layout.stored_at.items():
            b = self.layout.bits[(*key, process)]
            if source in pcs:
                side = kept if target in pcs else freed
                side[b.word] |= b.mask
        for k in range(len(words)):
            if freed[k] & ~kept[k]:
                words[k] = ops.builder.and_(words[k], ops.word(~(freed[k] & ~kept[k])))
        return words

    def _record_changes(self, before: Reader, after: Reader, matrix: Matrix, row: int, changes: ir.Value) -> None:
        """Set the byte (transition, before, after) for every object the projection watches."""
        projection, instance, ops = matrix.projection, self.layout.instance, before.ops
        builder = ops.builder
        for obj in instance.objects(projection.param.sort):
            codes = []
            for state in (before, after):
                reader = Reader(self.layout, ops, state.words, {projection.param: obj}, state.known_pc, self.free)
                code: ir.Value = I64(0)
                for t in projection.terms:
                    digit = ops.select(reader.value(t), 1, 0) if isinstance(t.sort, BoolSort) else reader.value(t)
                    code = builder.add(builder.mul(code, I64(instance.cardinality(t.sort))), ops.word(digit))
                codes.append(code)
            base = matrix.offset + row * matrix.side * matrix.side
            place = builder.add(builder.mul(codes[0], I64(matrix.side)), builder.add(codes[1], I64(base)))
            builder.store(I8(1), builder.gep(changes, place, I8))
