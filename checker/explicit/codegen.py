"""Native code for one layout: successors, canonical form and predicates of packed states.

In goes a Layout, the formulas to look for and the projections to record; out comes a Program, which is compiled to a Native
object with entry points that work on arrays of packed states.  There is one LLVM function per transition (and process, unless
threads are alike) and one per formula, so compile time is linear in the size of the system.

A successor is a record of ``layout.words + 1`` words; the last one is ``parent << 16 | transition number``.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import llvmlite.binding as llvm

from checker.errors import UsageError
from checker.explicit import ir
from checker.explicit.canonical import Canonical
from checker.explicit.emit import Operations, Reader, Value
from checker.explicit.ir import I64, PTR
from checker.explicit.layout import Layout
from checker.explicit.project import Projection
from checker.explicit.step import Matrix, StepGenerator
from checker.language import terms
from checker.language.terms import Term

TRANSITION_BITS = 16
MATRIX_LIMIT = 1 << 28

# The slots of the array that expand() reports in.
PRODUCED, DEADLOCKS, FIRST_DEADLOCK = range(3)


@dataclass(frozen=True)
class Native:
    """Compiled code; ``engine`` keeps it alive.

    ``expand(states, first, end, out, capacity, report, changes)`` writes the successors of states ``first..end-1`` to
    ``out`` (room for ``capacity`` records) and returns the first state it did not get to.
    ``predicates[i](states, first, end)`` returns the first state where formula i holds for some parameters, or -1.
    Arrays are passed by address.
    """

    engine: Any = field(repr=False)
    expand: Callable[..., int]
    predicates: tuple[Callable[..., int], ...]


@dataclass(frozen=True)
class Program:
    """The code of a layout; ``widest`` is the most successors one state can have."""

    text: str = field(repr=False)
    entries: tuple[tuple[str, int], ...]
    widest: int
    matrices: tuple[Matrix, ...]

    def compile(self, *, hasty: bool) -> Native:
        """Native code of the program: ``hasty`` code is there ten times sooner, and runs slower."""
        engine = _compile(self.text, hasty)
        expand, *predicates = (_entry(engine, name, arguments) for name, arguments in self.entries)
        return Native(engine, expand, tuple(predicates))


def generate(
    layout: Layout,
    formulas: tuple[tuple[tuple[Term, ...], Term], ...],
    projections: tuple[Projection, ...],
    *,
    symmetry: bool,
) -> Program:
    """The program of ``layout.system``; ``formulas`` are pairs of parameters and what is looked for.

    Raises UsageError if there are too many transitions or a projection has too many values.
    """
    if len(layout.system.transitions) >= 1 << TRANSITION_BITS:
        raise UsageError("too-many-transitions", f"{len(layout.system.transitions)} transitions are more than the engine numbers")
    generator = _Generator(layout, _matrices(layout, projections), symmetry)
    functions = [generator.expand(), *(generator.predicate(i, params, body) for i, (params, body) in enumerate(formulas))]
    entries = tuple((f.name, len(f.args)) for f in functions)
    return Program(str(generator.module), entries, generator.widest, generator.matrices)


def _entry(engine: Any, name: str, arguments: int) -> Callable[..., int]:
    kind: Callable[[int], Callable[..., int]] = ctypes.CFUNCTYPE(ctypes.c_int64, *[ctypes.c_int64] * arguments)
    return kind(engine.get_function_address(name))


def _matrices(layout: Layout, projections: tuple[Projection, ...]) -> tuple[Matrix, ...]:
    matrices: list[Matrix] = []
    offset = 0
    for p in projections:
        read = {key for t in p.terms for key in terms.fields_of(t)}
        writers = [n for n, t in enumerate(layout.system.transitions) if any(u.key in read for u in layout.system.updates(t))]
        matrix = Matrix(p, offset, p.tuples(layout.instance), {n: row for row, n in enumerate(writers)})
        offset += matrix.size
        if offset > MATRIX_LIMIT:
            raise UsageError("projection-too-large", f"{p.name} has {matrix.side} combinations of values", "project fewer terms")
        matrices.append(matrix)
    return tuple(matrices)


def _compile(text: str, hasty: bool) -> Any:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    module = llvm.parse_assembly(text)
    machine = llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name(), features=llvm.get_host_cpu_features().flatten(), opt=0 if hasty else 2, jit=True
    )
    if not hasty:
        _optimise(module, machine)
    engine = llvm.create_mcjit_compiler(module, machine)
    engine.finalize_object()
    return engine


def _optimise(module: Any, machine: Any) -> None:
    # The code is straight-line and small: folding, common sub-expressions and clean-up give all the speed of -O2
    # in a third of its time.
    builder = llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options(speed_level=2))
    passes = llvm.create_new_function_pass_manager()
    passes.add_instruction_combine_pass()
    passes.add_new_gvn_pass()
    passes.add_simplify_cfg_pass()
    for function in module.functions:
        passes.run(function, builder)


class _Generator:
    """Builds the LLVM module."""

    def __init__(self, layout: Layout, matrices: tuple[Matrix, ...], symmetry: bool) -> None:
        self.layout = layout
        self.matrices = matrices
        self.symmetry = symmetry
        self.module = ir.Module()
        self.free: dict[Term, tuple[Term, ...]] = {}
        self.threads = layout.instance.objects(layout.system.thread)
        self.record = layout.words + 1
        self.canonical = Canonical(self.module, layout, threads=symmetry)
        self.steps = StepGenerator(self.module, layout, matrices, self.free)
        self.widest = 0

    def _load(self, builder: ir.Builder, base: ir.Value) -> tuple[ir.Value, ...]:
        return tuple(builder.load(builder.gep(base, I64(k))) for k in range(self.layout.words))

    # -- all successors -----------------------------------------------------------------------------------------

    def expand(self) -> ir.Function:
        """The function that expands a range of states; see Native."""
        f = ir.Function(self.module, "expand", I64, [I64] * 7, exported=True)
        b = ir.Builder(f.append_basic_block("entry"))
        states, first, end, out_address, capacity, report_address, changes_address = f.args
        base, out, report, changes = (b.inttoptr(x) for x in (states, out_address, report_address, changes_address))
        entry = b.block
        loop, body = f.append_basic_block("state"), f.append_basic_block("body")
        done = f.append_basic_block("done")
        b.branch(loop)

        b.position_at_end(loop)
        i, cursor = b.phi(I64), b.phi(PTR)
        i.add_incoming(first, entry)
        cursor.add_incoming(out, entry)
        produced = b.udiv(b.sub(b.ptrtoint(cursor), out_address), I64(8 * self.record))

        b.position_at_end(body)
        words = self._load(b, b.gep(base, b.mul(i, I64(self.layout.words))))
        tag = b.shl(i, I64(TRANSITION_BITS))
        after: ir.Value = cursor
        for thread in self.threads:
            after = self._successors_of(b, thread, words, after, tag, changes)
        stuck, proceed = f.append_basic_block("deadlock"), f.append_basic_block("proceed")
        b.cbranch(b.icmp_unsigned("==", after, cursor), stuck, proceed)
        b.position_at_end(stuck)
        self._count_deadlock(b, report, i)
        b.branch(proceed)
        b.position_at_end(proceed)
        i.add_incoming(b.add(i, I64(1)), b.block)
        cursor.add_incoming(after, b.block)
        b.branch(loop)

        # Only now is it known how many successors a state can have.
        b.position_at_end(loop)
        room = b.icmp_unsigned("<=", b.add(produced, I64(self.widest)), capacity)
        b.cbranch(b.and_(b.icmp_unsigned("<", i, end), room), body, done)
        b.position_at_end(done)
        b.store(produced, report)
        if self.canonical.needed:
            b.call(self._canonicalise(), [out, produced])
        b.ret(i)
        return f

    def _count_deadlock(self, b: ir.Builder, report: ir.Value, state: ir.Value) -> None:
        counter = b.gep(report, I64(DEADLOCKS))
        count = b.load(counter)
        b.store(b.add(count, I64(1)), counter)
        first = b.gep(report, I64(FIRST_DEADLOCK))
        b.store(b.select(b.icmp_unsigned("==", count, I64(0)), state, b.load(first)), first)

    def _successors_of(
        self, b: ir.Builder, thread: int, words: tuple[ir.Value, ...], cursor: ir.Value, tag: ir.Value, changes: ir.Value
    ) -> ir.Value:
        """Call the transitions that start where ``thread`` is; returns the advanced cursor.

        Interchangeable threads take turns in the first slot, so that there is one copy of the code whatever their number;
        the successors are put in order afterwards anyway.
        """
        f, ops = b.function, Operations(b)
        join, dispatch = f.append_basic_block("join"), f.append_basic_block("dispatch")
        results: list[tuple[ir.Value, ir.Block]] = [(cursor, dispatch)]
        slots = self.layout.slots
        if self.symmetry and thread > 1:
            # A thread in the same condition as the one before has the same successors up to a permutation.
            twin: Value = 1
            for mine, other in zip(slots[thread - 1], slots[thread - 2], strict=True):
                twin = ops.both(twin, ops.same(ops.get(words, mine), ops.get(words, other)))
            results.append((cursor, b.block))
            b.cbranch(ops.bit(twin), join, dispatch)
        else:
            b.branch(dispatch)
        b.position_at_end(dispatch)
        process = self.threads[0] if self.symmetry else thread
        words = self._exchange(ops, words, process, thread)
        switch = b.switch(ops.word(ops.get(words, self.layout.pc_bits(process))), join)
        by_source: dict[str, list[int]] = {}
        for number, t in enumerate(self.layout.system.transitions):
            by_source.setdefault(t.source, []).append(number)
        for source, numbers in by_source.items():
            block = f.append_basic_block("at")
            switch.add_case(I64(self.layout.system.pc_sort.members.index(source)), block)
            b.position_at_end(block)
            after = cursor
            for number in numbers:
                after = b.call(self.steps.function(number, process), [*words, after, tag, changes])
            results.append((after, block))
            b.branch(join)
        self.widest += max((sum(self.steps.rounds[n] for n in numbers) for numbers in by_source.values()), default=0)
        b.position_at_end(join)
        merged = b.phi(PTR)
        for value, block in results:
            merged.add_incoming(value, block)
        return merged

    def _exchange(self, ops: Operations, words: tuple[ir.Value, ...], a: int, b: int) -> tuple[ir.Value, ...]:
        """The state with the slots of threads ``a`` and ``b`` exchanged."""
        if a == b:
            return words
        result = list(words)
        for mine, other in zip(self.layout.slots[a - 1], self.layout.slots[b - 1], strict=True):
            x, y = ops.get(words, mine), ops.get(words, other)
            result[mine.word] = ops.put(result[mine.word], mine, y)
            result[other.word] = ops.put(result[other.word], other, x)
        return tuple(result)

    def _canonicalise(self) -> ir.Function:
        """Put the representative of every record in its place: ``(records, count)``."""
        f = ir.Function(self.module, "canonicalise", ir.VOID, [PTR, I64])
        records, count = f.args
        entry, loop, body, done = (f.append_basic_block(n) for n in ("entry", "loop", "body", "done"))
        ir.Builder(entry).branch(loop)
        b = ir.Builder(loop)
        i = b.phi(I64)
        i.add_incoming(I64(0), entry)
        b.cbranch(b.icmp_unsigned("<", i, count), body, done)
        b.position_at_end(body)
        base = b.gep(records, b.mul(i, I64(self.record)))
        words = self.canonical.emit(Operations(b), list(self._load(b, base)))
        for k, word in enumerate(words):
            b.store(word, b.gep(base, I64(k)))
        i.add_incoming(b.add(i, I64(1)), b.block)
        b.branch(loop)
        ir.Builder(done).ret_void()
        return f

    # -- predicates ---------------------------------------------------------------------------------------------

    def predicate(self, number: int, params: tuple[Term, ...], body: Term) -> ir.Function:
        """``(states, first, end) -> first state where body holds for some params, or -1``."""
        for p in reversed(params):
            body = terms.exists(p, body)
        f = ir.Function(self.module, f"p{number}", I64, [I64] * 3, exported=True)
        address, first, end = f.args
        entry, loop, test, more, hit, none = (f.append_basic_block(n) for n in ("entry", "loop", "test", "more", "hit", "none"))
        b = ir.Builder(entry)
        states = b.inttoptr(address)
        b.branch(loop)
        b.position_at_end(loop)
        i = b.phi(I64)
        i.add_incoming(first, entry)
        b.cbranch(b.icmp_unsigned("<", i, end), test, none)
        b.position_at_end(test)
        words = self._load(b, b.gep(states, b.mul(i, I64(self.layout.words))))
        reader = Reader(self.layout, Operations(b), words, {}, {}, self.free)
        b.cbranch(reader.ops.bit(reader.value(body)), hit, more)
        b.position_at_end(more)
        i.add_incoming(b.add(i, I64(1)), more)
        b.branch(loop)
        ir.Builder(hit).ret(i)
        ir.Builder(none).ret(I64(-1))
        return f
