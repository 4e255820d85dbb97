"""Timelines: a trace as people follow it, shared by the text, the charts and the Mermaid export.

In goes a Trace; out come its system calls with arguments and results, and for each step the statements that ran, the
cells that changed, the locks held and what it saw of other calls that were under way.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from checker.language.terms import FieldKey
from checker.report.calls import Call, call_of_step, calls_of
from checker.report.locks import Held, held_locks, lock_fields
from checker.report.pretty import Pretty
from checker.report.sights import Sight, sights_of
from checker.system import Step
from checker.trace import Change, Trace, TraceStep


@dataclass(frozen=True)
class Statement:
    """One thing a step did: ``kind`` and ``function`` as in system.Step, ``text`` with what was chosen or found out."""

    kind: str
    function: str
    stack: tuple[str, ...]
    file: str
    line: int
    text: str


@dataclass(frozen=True)
class Changed:
    """One cell that changed, as text; ``obj`` and ``field`` are the parts of ``cell``."""

    key: FieldKey
    cell: str
    obj: str
    field: str
    before: str
    after: str
    ghost: bool


@dataclass(frozen=True)
class Moment:
    """One step of the trace; ``number`` counts from 1, ``who`` names the process.

    ``changes`` has shared cells only (no locals, no program counter); ``internal`` has the locals.
    """

    number: int
    process: int
    who: str
    call: Call
    statements: tuple[Statement, ...]
    changes: tuple[Changed, ...]
    internal: tuple[Changed, ...]
    sights: tuple[Sight, ...]

    @property
    def starts(self) -> bool:
        """Whether the system call begins with this step."""
        return self.call.first == self.number

    @property
    def ends(self) -> bool:
        """Whether the system call returns in this step."""
        return self.call.last == self.number

    @property
    def main(self) -> Statement | None:
        """The statement other processes can notice: the first that touches shared memory or a lock."""
        shared = [s for s in self.statements if s.kind in ("access", "acquire", "release", "region")]
        return next(iter(shared or self.statements), None)


@dataclass(frozen=True)
class Timeline:
    """A whole trace, ready to be written down."""

    trace: Trace
    moments: tuple[Moment, ...]
    calls: tuple[Call, ...]
    held: tuple[Held, ...]
    lock_fields: frozenset[FieldKey]


def timeline(trace: Trace) -> Timeline:
    """Prepare ``trace`` for readers."""
    pretty = Pretty(trace.system)
    calls = calls_of(trace, pretty)
    owner = call_of_step(trace, calls)
    locks = lock_fields(trace.system)
    seen = sights_of(trace, pretty, owner, locks)
    moments = tuple(
        Moment(
            number,
            step.process,
            pretty.process(step.process),
            owner[number],
            _statements(trace, pretty, step),
            tuple(show_changes(trace, pretty, step.changes)),
            tuple(show_changes(trace, pretty, step.changes, internal=True)),
            seen[number],
        )
        for number, step in enumerate(trace.steps, 1)
    )
    return Timeline(trace, moments, calls, held_locks(trace, pretty), locks)


def show_changes(trace: Trace, pretty: Pretty, changes: tuple[Change, ...], *, internal: bool = False) -> Iterator[Changed]:
    """The changes of shared cells, or with ``internal`` those of compiler-made locals; never the program counter."""
    for c in changes:
        var = trace.system.vars_by_key[c.key]
        if c.key == trace.system.pc_key or bool(var.owner_root) != internal:
            continue
        obj = pretty.obj(var.record, c.index, trace.instance)
        before, after = (pretty.value(var.sort, v, trace.instance) for v in (c.before, c.after))
        yield Changed(c.key, pretty.cell(var, c.index, trace.instance), obj, var.name, before, after, var.ghost)


def net_changes(trace: Trace, first: int, last: int) -> tuple[Change, ...]:
    """What the steps ``first`` to ``last`` changed together."""
    before, after = trace.states[first - 1], trace.states[last]
    return tuple(Change((r, f), i, before[(r, f, i)], v) for (r, f, i), v in after.items() if v != before[(r, f, i)])


def _statements(trace: Trace, pretty: Pretty, step: TraceStep) -> tuple[Statement, ...]:
    t = step.transition
    arguments = {term for _, term in t.arguments}
    values = [
        (str(v.data), pretty.value(v.sort, value, trace.instance))
        for v, value in step.binding
        if v != trace.system.self_var and v not in arguments
    ]
    choosing = [s for s in t.steps if s.kind == "choice" or s.text.startswith("new(")]
    named = len(choosing) == len(values)
    chosen = {id(s): value for s, (_, value) in zip(choosing, values, strict=True)} if named else {}
    result: list[Statement] = []
    for s in t.steps:
        text = _wording(s)
        if id(s) in chosen:
            text = f"{text} = {chosen[id(s)]}"
        elif s.kind == "test" and any(_tested(s) == c.text for c in choosing):
            continue  # the value chosen says it already
        result.append(Statement(s.kind, s.function, s.stack, s.place.file, s.place.line, text))
    if values and not named and result:
        free = ", ".join(f"{name} = {value}" for name, value in values)
        result.append(Statement("choice", t.function, result[-1].stack, result[-1].file, result[-1].line, free))
    return tuple(s for s in result if s.kind != "return")


def _tested(s: Step) -> str:
    return s.text[5:-1] if s.text.startswith("not (") and s.text.endswith(")") else s.text


def _wording(s: Step) -> str:
    """The text of a statement; for a test, also how it came out."""
    if s.kind != "test":
        return s.text
    return f"{_tested(s)} is {'true' if _tested(s) == s.text else 'false'}"
