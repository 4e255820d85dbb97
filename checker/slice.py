"""Cone of influence: a smaller system with the same answers to some questions.

Variables that can change neither a guard nor one of the formulas are dropped, choices that only decide dropped things
are made once, and transitions that become equal are joined.  Depths of shortest traces are kept, because each
sliced transition stands for at least one original one between the same locations; :func:`lift` finds it again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from checker.errors import InternalError
from checker.evaluate import Binding, Cell, State, bindings, enabled, fire, initial_state
from checker.instance import Instance
from checker.language import terms
from checker.language.merging import merge
from checker.language.sorts import BoolSort, EnumSort
from checker.language.terms import Term
from checker.system import Transition, TransitionSystem, relevant_vars


@dataclass(frozen=True)
class Slice:
    """A sliced ``system`` and the system it came from; ``origins`` maps sliced names to original transitions."""

    whole: TransitionSystem
    system: TransitionSystem
    origins: Mapping[str, tuple[Transition, ...]]


def slice_system(whole: TransitionSystem, formulas: tuple[Term, ...]) -> Slice:
    """The cone of influence of ``formulas``."""
    system = whole
    while True:
        kept = {v.key for v in relevant_vars(system, formulas)}
        thinner = [_thin(replace(t, updates=tuple(u for u in t.updates if u.key in kept))) for t in system.transitions]
        joined = _join(thinner)
        smaller = replace(system, state_vars=tuple(v for v in system.state_vars if v.key in kept), transitions=tuple(joined))
        done = len(joined) == len(system.transitions) and len(smaller.state_vars) == len(system.state_vars)
        system = smaller
        if done:
            break
    by_edge: dict[tuple[str, str], list[Transition]] = {}
    for t in whole.transitions:
        by_edge.setdefault((t.source, t.target), []).append(t)
    return Slice(whole, system, {t.name: tuple(by_edge[t.source, t.target]) for t in system.transitions})


def _join(transitions: list[Transition]) -> list[Transition]:
    """Merge what is equal now; results and arguments only matter to the whole system, so they do not keep apart."""
    by_edge: dict[tuple[str, str], list[Transition]] = {}
    for t in transitions:
        by_edge.setdefault((t.source, t.target), []).append(replace(t, returns=None, arguments=()))
    return [m for group in by_edge.values() for m in merge(group)]


def _thin(t: Transition) -> Transition:
    """Decide the choices that occur in the guard only: some value satisfies it, so their conjuncts are true."""
    used = {n for u in t.updates for part in u.parts() for n in terms.subterms(part)}
    guard = list(terms.conjuncts(t.guard))
    choices = []
    for c in t.choices:
        mine = [g for g in guard if c in set(terms.subterms(g))]
        if c in used or not _satisfiable_alone(c, mine):
            choices.append(c)
        else:
            guard = [g for g in guard if g not in mine]
    return replace(t, choices=tuple(choices), guard=terms.conj(*guard))


def _satisfiable_alone(c: Term, conditions: list[Term]) -> bool:
    if not conditions:
        return True
    if not isinstance(c.sort, (BoolSort, EnumSort)):
        return False
    size = 2 if isinstance(c.sort, BoolSort) else len(c.sort.members)
    return any(
        terms.conj(*(terms.substitute(g, {c: terms.const(v, c.sort)}) for g in conditions)) == terms.TRUE for v in range(size)
    )


def lift(part: Slice, instance: Instance, path: list[tuple[Transition, Binding]]) -> list[tuple[Transition, Binding]]:
    """A path of the whole system that a path of the slice stands for.

    Raises InternalError if there is none: then slicing was wrong.
    """
    small: State = initial_state(part.system, instance)
    large: State = initial_state(part.whole, instance)
    lifted: list[tuple[Transition, Binding]] = []
    for t, binding in path:
        small = fire(part.system, t, small, instance, binding)
        found = _lift_step(part, instance, t, binding, large, small)
        if found is None:
            raise InternalError("slice", f"{t.name} of a sliced trace has no counterpart in the whole system")
        lifted.append(found)
        large = fire(part.whole, found[0], large, instance, found[1])
    return lifted


def _lift_step(
    part: Slice, instance: Instance, t: Transition, binding: Binding, large: State, wanted: Mapping[Cell, int]
) -> tuple[Transition, Binding] | None:
    process = part.whole.self_var
    for original in part.origins[t.name]:
        for candidate in _bindings(part.whole, original, instance, binding[process]):
            if enabled(part.whole, original, large, instance, candidate):
                after = fire(part.whole, original, large, instance, candidate)
                if all(after[cell] == value for cell, value in wanted.items()):
                    return original, candidate
    return None


def _bindings(system: TransitionSystem, t: Transition, instance: Instance, process: int) -> list[Binding]:
    return [b for b in bindings(system, t, instance) if b[system.self_var] == process]


__all__ = ["Slice", "lift", "slice_system"]
