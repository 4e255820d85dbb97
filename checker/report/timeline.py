"""Timelines: a trace as people follow it, shared by the text, the charts and the Mermaid export.

In goes a Trace; out come its system calls with arguments and results, and for each step the statements that ran, the
cells that changed, the locks held and what it saw of other calls that were under way.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from checker.evaluate import Binding, Cell, State, evaluate
from checker.instance import Instance
from checker.language import terms
from checker.language.sorts import BOOL
from checker.language.terms import FieldKey, Term
from checker.report.pretty import Pretty
from checker.system import IDLE, Step, Transition, TransitionSystem
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
class Sight:
    """``cell`` was read with ``value``, which another process wrote in ``step`` of a call that overlaps this one."""

    cell: str
    value: str
    step: int


@dataclass(frozen=True)
class Call:
    """A system call from step ``first`` to step ``last`` (None: still running at the end)."""

    process: int
    root: str
    arguments: tuple[tuple[str, str], ...]
    first: int
    last: int | None
    result: str | None

    @property
    def text(self) -> str:
        """``sys_listen(sock=Socket[1])``."""
        return f"{self.root}({', '.join(f'{name}={value}' for name, value in self.arguments)})"

    @property
    def returned(self) -> str:
        """``returns EINVAL``, or ``returns`` for a call without result."""
        return f"returns {self.result}" if self.result is not None else "returns"


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
class Held:
    """``process`` holds ``lock`` from step ``first`` to step ``last`` (None: to the end)."""

    process: int
    lock: str
    first: int
    last: int | None


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
    calls = _calls(trace, pretty)
    owner = _call_of_step(trace, calls)
    locks = lock_fields(trace.system)
    seen = _sights(trace, pretty, owner, locks)
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
    return Timeline(trace, moments, calls, _held(trace, pretty), locks)


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


def _location(trace: Trace, state: State, process: int) -> str:
    return trace.system.pc_sort.members[state[(*trace.system.pc_key, process)]]


# -- calls ----------------------------------------------------------------------------------------------------------


def _calls(trace: Trace, pretty: Pretty) -> tuple[Call, ...]:
    begun: dict[int, list[int]] = {}
    found: list[Call] = []
    for number, step in enumerate(trace.steps, 1):
        begun.setdefault(step.process, []).append(number)
        if _location(trace, trace.states[number], step.process) == IDLE:
            found.append(_call(trace, pretty, begun.pop(step.process), finished=True))
    found += [_call(trace, pretty, numbers, finished=False) for numbers in begun.values()]
    return tuple(sorted(found, key=lambda c: c.first))


def _call(trace: Trace, pretty: Pretty, numbers: list[int], *, finished: bool) -> Call:
    steps = [trace.steps[n - 1] for n in numbers]
    arguments = [
        (name, pretty.value(t.sort, dict(step.binding)[t], trace.instance))
        for step in steps
        for name, t in step.transition.arguments
    ]
    last, result = steps[-1], None
    if finished and last.returns is not None and last.transition.returns is not None:
        result = pretty.value(last.transition.returns.sort, last.returns, trace.instance)
    first = steps[0].transition
    root = first.steps[0].stack[0] if first.steps and first.steps[0].stack else _root(trace.system, first)
    return Call(last.process, root, tuple(arguments), numbers[0], numbers[-1] if finished else None, result)


def _root(system: TransitionSystem, t: Transition) -> str:
    """The system call of a transition without statements."""
    inner = t.target if t.source == IDLE else t.source
    return system.locations_by_name[inner].root or t.name.split("/")[0]


def _call_of_step(trace: Trace, calls: tuple[Call, ...]) -> dict[int, Call]:
    owner: dict[int, Call] = {}
    for number, step in enumerate(trace.steps, 1):
        owner[number] = next(
            c for c in calls if c.process == step.process and c.first <= number and (c.last is None or number <= c.last)
        )
    return owner


# -- statements -----------------------------------------------------------------------------------------------------


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


# -- locks ----------------------------------------------------------------------------------------------------------


def lock_fields(system: TransitionSystem) -> frozenset[FieldKey]:
    """The state variables that only say who holds a lock: every transition that sets one acquires."""
    found: dict[FieldKey, bool] = {}
    for t in system.transitions:
        acquires = any(s.kind == "acquire" for s in t.steps)
        for u in t.updates:
            if u.value == terms.TRUE and system.vars_by_key[u.key].sort == BOOL:
                free = terms.negate(terms.field(u.key, BOOL, u.obj))
                found[u.key] = found.get(u.key, True) and acquires and free in terms.conjuncts(t.guard)
            elif u.value == system.self_var:
                found[u.key] = found.get(u.key, True) and acquires
    return frozenset(key for key, only in found.items() if only)


def _held(trace: Trace, pretty: Pretty) -> tuple[Held, ...]:
    """Every stretch of time in which a process holds a lock, in order of acquisition."""
    spans: list[Held] = []
    open_: dict[int, list[tuple[str, int, int]]] = {}
    names: dict[int, str] = {}
    order = 0
    for number, step in enumerate(trace.steps, 1):
        mine = open_.setdefault(step.process, [])
        for s in step.transition.steps:
            if s.kind == "acquire":
                order += 1
                mine.append((s.lock, number, order))
                names[order] = _lock_name(s.lock, None)
            elif s.kind == "release":
                index = next(i for i in reversed(range(len(mine))) if mine[i][0] == s.lock)
                _, first, which = mine.pop(index)
                spans.append(Held(step.process, names[which], first, number))
        _name_objects(trace, pretty, number, step, mine, names)
    for process, mine in open_.items():
        spans += [Held(process, names[which], first, None) for _, first, which in mine]
    return tuple(sorted(spans, key=lambda h: (h.first, h.process)))


def _name_objects(
    trace: Trace, pretty: Pretty, number: int, step: TraceStep, mine: list[tuple[str, int, int]], names: dict[int, str]
) -> None:
    """Name the locks still held after a step by the objects their program point says are locked."""
    held = list(trace.system.locations_by_name[step.transition.target].held)
    binding = {trace.system.self_var: step.process}
    of_objects = [(lock, which) for lock, _, which in mine if ("", _inner(lock)) not in trace.system.vars_by_key]
    for (lock, which), term in zip(of_objects, held, strict=False):
        value = evaluate(term, trace.states[number], trace.instance, binding)
        names[which] = _lock_name(lock, pretty.value(term.sort, value, trace.instance))


def _inner(lock: str) -> str:
    return lock.split("(", 1)[-1].rstrip(")")


def _lock_name(lock: str, obj: str | None) -> str:
    return f"{lock.split('(', 1)[0]}({obj})" if obj is not None else lock


# -- what a step saw of others ----------------------------------------------------------------------------------------


def reads(t: Term, state: State, instance: Instance, binding: Mapping[Term, int]) -> dict[Cell, None]:
    """The cells that evaluating ``t`` reads, in order; what a false conjunct shadows is not read."""
    found: dict[Cell, None] = {}

    def value(node: Term, local: Mapping[Term, int]) -> int:
        match node.op:
            case "and" | "or":
                stop = node.op == "or"
                return int(stop if any(bool(value(a, local)) == stop for a in node.args) else not stop)
            case "ite":
                return value(node.args[1] if value(node.args[0], local) else node.args[2], local)
            case "exists" | "forall":
                stop = node.op == "exists"
                domain = instance.objects(node.data.sort)
                return int(
                    stop if any(bool(value(node.args[0], {**local, node.data: i})) == stop for i in domain) else not stop
                )
            case "field":
                index = value(node.args[0], local) if node.args else 0
                cell = (*node.data, index)
                if cell in state:
                    found[cell] = None
            case _:
                for a in node.args:
                    value(a, local)
        return evaluate(node, state, instance, local)

    value(t, binding)
    return found


def _sights(
    trace: Trace, pretty: Pretty, owner: dict[int, Call], locks: frozenset[FieldKey]
) -> dict[int, tuple[Sight, ...]]:
    """Per step, what it read that a call of another process, not finished when this one began, had written."""
    writer: dict[Cell, int] = {}
    found: dict[int, tuple[Sight, ...]] = {}
    for number, step in enumerate(trace.steps, 1):
        state, binding = trace.states[number - 1], dict(step.binding)
        cells: dict[Cell, None] = {}
        for term in _read_terms(trace.system, step.transition):
            cells.update(reads(term, state, trace.instance, binding))
        sights = []
        for cell in cells:
            var = trace.system.vars_by_key[cell[:2]]
            source = writer.get(cell)
            if source is None or var.ghost or var.record == trace.system.thread.name or var.key in locks:
                continue
            other = owner[source]
            overlaps = other.last is None or other.last > owner[number].first
            if other.process != step.process and overlaps:
                shown = pretty.value(var.sort, state[cell], trace.instance)
                sights.append(Sight(pretty.cell(var, cell[2], trace.instance), shown, source))
        found[number] = tuple(sights)
        for c in step.changes:
            writer[(*c.key, c.index)] = number
    return found


def _read_terms(system: TransitionSystem, t: Transition) -> Iterator[Term]:
    """Guard and new values of ``t``, without those of ghost fields: the kernel does not read them."""
    yield t.guard
    for u in t.updates:
        if not system.vars_by_key[u.key].ghost:
            yield u.value


__all__ = ["Binding", "Call", "Changed", "Held", "Moment", "Sight", "Statement", "Timeline", "net_changes", "timeline"]
