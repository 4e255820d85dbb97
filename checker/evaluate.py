"""The reference interpreter: evaluates terms and fires transitions on one finite state.

It is slow and simple on purpose: it judges every trace that any engine reports.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product

from checker.errors import UsageError
from checker.instance import Instance
from checker.language.sorts import RefSort, WordSort
from checker.language.terms import Term
from checker.system import StateVar, Transition, TransitionSystem, Update

Cell = tuple[str, str, int]
State = Mapping[Cell, int]
Binding = dict[Term, int]


def initial_state(system: TransitionSystem, instance: Instance, variables: tuple[StateVar, ...] | None = None) -> dict[Cell, int]:
    """The initial value of every cell ``(record, field, object index)``.

    Raises UsageError if a table of ``instance`` starts a variable that is not rigid: pruning and proofs rely on how those start.
    """
    chosen = system.state_vars if variables is None else variables
    changing = {v.key for v in chosen if not v.rigid}
    for (record, name, _), value in instance.tables:
        if (record, name) in changing and value:
            raise UsageError("table-changes", f"a table starts {name}, which can change", "mark it Rigid, or write it in a call")
    return {(v.record, v.name, i): instance.initial(v, i) for v in chosen for i in instance.cells(v, system)}


def evaluate(t: Term, state: State, instance: Instance, binding: Mapping[Term, int]) -> int:
    """The value of ``t``; reading a field of NULL gives the default value 0."""

    def value(node: Term) -> int:
        match node.op:
            case "const":
                return instance.const(node)
            case "var":
                return binding[node]
            case "field":
                index = value(node.args[0]) if node.args else 0
                record, name = node.data
                return state.get((record, name, index), 0)
            case "not":
                return 1 - value(node.args[0])
            case "and":
                return int(all(value(a) for a in node.args))
            case "or":
                return int(any(value(a) for a in node.args))
            case "eq":
                return int(value(node.args[0]) == value(node.args[1]))
            case "lt":
                return int(value(node.args[0]) < value(node.args[1]))
            case "ite":
                return value(node.args[1] if value(node.args[0]) else node.args[2])
            case "htons" | "object":
                return value(node.args[0])
            case "next":
                return min(value(node.args[0]) + 1, instance.cardinality(node.sort) - 1)
            case "prev":
                return max(value(node.args[0]) - 1, 0)
            case "cast":
                return instance.cast(value(node.args[0]), node.args[0].sort, node.sort)
            case _:
                quantifier = any if node.op == "exists" else all
                return int(
                    quantifier(
                        evaluate(node.args[0], state, instance, {**binding, node.data: i})
                        for i in instance.objects(node.data.sort)
                    )
                )

    return value(t)


def bindings(system: TransitionSystem, t: Transition, instance: Instance) -> Iterator[Binding]:
    """Every way to choose the process and the nondeterministic values of ``t``."""
    variables = (system.self_var, *t.choices)
    domains = [
        instance.objects(v.sort) if v == system.self_var or isinstance(v.sort, RefSort) else range(instance.cardinality(v.sort))
        for v in variables
    ]
    for values in product(*domains):
        yield dict(zip(variables, values, strict=True))


def enabled(system: TransitionSystem, t: Transition, state: State, instance: Instance, binding: Binding) -> bool:
    """Whether ``t`` can fire in ``state`` with ``binding``."""
    return bool(evaluate(system.guard(t), state, instance, binding))


def fire(system: TransitionSystem, t: Transition, state: State, instance: Instance, binding: Binding) -> dict[Cell, int]:
    """The state after ``t``; all terms are read before any write, later writes win."""
    after = dict(state)
    for u in system.updates(t):
        for at in update_bindings(u, state, instance, binding):
            cell = (*u.key, evaluate(u.obj, state, instance, at) if u.obj is not None else 0)
            if cell in after:
                after[cell] = evaluate(u.value, state, instance, at)
    return after


def update_bindings(u: Update, state: State, instance: Instance, binding: Binding) -> list[Binding]:
    """The bindings under which ``u`` is done: one, or one for each object its ``where`` picks."""
    if u.where is None:
        return [binding]
    assert u.obj is not None
    each = [{**binding, u.obj: i} for i in instance.objects(u.obj.sort)]
    return [b for b in each if evaluate(u.where, state, instance, b)]


def successors(
    system: TransitionSystem, state: State, instance: Instance
) -> Iterator[tuple[Transition, Binding, dict[Cell, int]]]:
    """Every transition enabled in ``state`` with its binding and the state it leads to."""
    for t in system.transitions:
        for binding in bindings(system, t, instance):
            if enabled(system, t, state, instance, binding):
                yield t, binding, fire(system, t, state, instance, binding)


__all__ = ["Binding", "Cell", "State", "WordSort", "bindings", "enabled", "evaluate", "fire", "initial_state", "successors"]
