"""Sights: what a step read that a call still under way, or one that overlaps its own, had written.

In goes a Trace; out come, per step, the cells read, their values and the step that wrote them: the points where one
call sees another half done.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from checker.evaluate import Cell, State, evaluate
from checker.instance import Instance
from checker.language.terms import FieldKey, Term
from checker.report.calls import Call
from checker.report.pretty import Pretty
from checker.system import Transition
from checker.trace import Trace


@dataclass(frozen=True)
class Sight:
    """``cell`` was read with ``value``, which another process wrote in ``step`` of a call that overlaps this one."""

    cell: str
    value: str
    step: int


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
                return int(stop if any(bool(value(node.args[0], {**local, node.data: i})) == stop for i in domain) else not stop)
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


def sights_of(trace: Trace, pretty: Pretty, owner: dict[int, Call], locks: frozenset[FieldKey]) -> dict[int, tuple[Sight, ...]]:
    """Per step, what it read that a call of another process, not finished when this one began, had written."""
    writer: dict[Cell, int] = {}
    found: dict[int, tuple[Sight, ...]] = {}
    for number, step in enumerate(trace.steps, 1):
        state, binding = trace.states[number - 1], dict(step.binding)
        cells: dict[Cell, None] = {}
        for term, local in _read_terms(trace, step.transition, state, binding):
            cells.update(reads(term, state, trace.instance, local))
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


def _read_terms(
    trace: Trace, t: Transition, state: State, binding: Mapping[Term, int]
) -> Iterator[tuple[Term, Mapping[Term, int]]]:
    """Guard and new values of ``t`` with what their variables stand for; those of ghost fields the kernel does not read."""
    yield t.guard, binding
    for u in t.updates:
        if trace.system.vars_by_key[u.key].ghost:
            continue
        if u.where is None:
            yield u.value, binding
        else:  # It is done to every object for which the condition holds.
            assert u.obj is not None
            for i in trace.instance.objects(u.obj.sort):
                local = {**binding, u.obj: i}
                yield u.where, local
                if evaluate(u.where, state, trace.instance, local):
                    yield u.value, local
