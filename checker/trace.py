"""Traces: one type for all engines, replayed on the transition system before anybody sees them."""

from __future__ import annotations

from dataclasses import dataclass

from checker.errors import InternalError
from checker.evaluate import Binding, Cell, State, enabled, evaluate, fire, initial_state
from checker.instance import Instance
from checker.language.terms import FieldKey, Term
from checker.system import Property, Transition, TransitionSystem


@dataclass(frozen=True)
class Change:
    """One cell that a step changed."""

    key: FieldKey
    index: int
    before: int
    after: int


@dataclass(frozen=True)
class TraceStep:
    """One transition fired by ``process``, with the values chosen and the cells changed."""

    transition: Transition
    process: int
    binding: tuple[tuple[Term, int], ...]
    changes: tuple[Change, ...]
    returns: int | None


@dataclass(frozen=True)
class Trace:
    """A path from the initial state; ``states`` has one more entry than ``steps`` and holds every variable."""

    system: TransitionSystem
    instance: Instance
    states: tuple[State, ...]
    steps: tuple[TraceStep, ...]

    @property
    def depth(self) -> int:
        return len(self.steps)


def replay(system: TransitionSystem, instance: Instance, path: list[tuple[Transition, Binding]]) -> Trace:
    """Run ``path`` with the reference interpreter.

    Raises InternalError if a step is not enabled: an engine reported something the model cannot do.
    """
    state: dict[Cell, int] = initial_state(system, instance)
    states: list[State] = [state]
    steps: list[TraceStep] = []
    for number, (t, binding) in enumerate(path, 1):
        if not enabled(system, t, state, instance, binding):
            raise InternalError("trace-replay", f"step {number} ({t.name}) of a reported trace is not enabled")
        step, after = step_from(system, instance, state, t, binding)
        steps.append(step)
        states.append(after)
        state = after
    return Trace(system, instance, tuple(states), tuple(steps))


def step_from(
    system: TransitionSystem, instance: Instance, state: State, t: Transition, binding: Binding
) -> tuple[TraceStep, dict[Cell, int]]:
    """The step that ``t`` makes from ``state``, where it is enabled, and the state after it."""
    after = fire(system, t, state, instance, binding)
    changes = tuple(Change((r, f), i, state[(r, f, i)], v) for (r, f, i), v in after.items() if v != state[(r, f, i)])
    returns = evaluate(t.returns, state, instance, binding) if t.returns is not None else None
    return TraceStep(t, binding[system.self_var], tuple(binding.items()), changes, returns), after


def falsifying(prop: Property, state: State, instance: Instance) -> Binding | None:
    """Values of the parameters of ``prop`` for which its ``bad`` formula holds in ``state``, or None."""
    from itertools import product

    for values in product(*(instance.objects(p.sort) for p in prop.params)):
        binding = dict(zip(prop.params, values, strict=True))
        if evaluate(prop.bad, state, instance, binding):
            return binding
    return None
