"""Locks in a trace: who holds which one, from which step to which.

In goes a Trace; out come the stretches of time locks are held, and the fields that are nothing but their bookkeeping.
"""

from __future__ import annotations

from dataclasses import dataclass

from checker.evaluate import evaluate
from checker.language import terms
from checker.language.sorts import BOOL
from checker.language.terms import FieldKey
from checker.report.pretty import Pretty
from checker.system import TransitionSystem
from checker.trace import Trace, TraceStep


@dataclass(frozen=True)
class Held:
    """``process`` holds ``lock`` from step ``first`` to step ``last`` (None: to the end)."""

    process: int
    lock: str
    first: int
    last: int | None


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


def held_locks(trace: Trace, pretty: Pretty) -> tuple[Held, ...]:
    """Every stretch of time in which a process holds a lock, in order of acquisition."""
    bookkeeping = lock_fields(trace.system)
    spans: list[Held] = []
    open_: dict[int, list[_Taken]] = {}
    for number, step in enumerate(trace.steps, 1):
        mine = open_.setdefault(step.process, [])
        taken = iter(_taken(trace, pretty, number, step, bookkeeping))
        released: list[_Taken] = []
        for s in step.transition.steps:
            if s.kind == "acquire":
                mine.append(next(taken))
            elif s.kind == "release":
                released += _let_go(mine, s.lock)
        spans += [Held(step.process, one.name, one.step, number) for one in released]
    for process, mine in open_.items():
        spans += [Held(process, one.name, one.step, None) for one in mine]
    return tuple(sorted(spans, key=lambda h: (h.first, h.process)))


@dataclass(frozen=True)
class _Taken:
    """A lock as the source writes it, as it is named in the instance, and the step that took it."""

    lock: str
    name: str
    step: int


def _let_go(mine: list[_Taken], lock: str) -> list[_Taken]:
    """Take the lock that a process releases off its list: the last one written so, else the last one of that kind.

    Functions call the same object by different names; and what was adopted from another process was never taken.
    """
    newest = range(len(mine) - 1, -1, -1)
    same = [i for i in newest if mine[i].lock == lock]
    alike = [i for i in newest if mine[i].lock.split("(", 1)[0] == lock.split("(", 1)[0]]
    return [mine.pop(i) for i in (same or alike)[:1]]


def _taken(trace: Trace, pretty: Pretty, number: int, step: TraceStep, bookkeeping: frozenset[FieldKey]) -> list[_Taken]:
    """The locks a step takes, named by their objects: its guard says of each, in order, that it is free."""
    locks = [s.lock for s in step.transition.steps if s.kind == "acquire"]
    of_objects = [lock for lock in locks if ("", _inner(lock)) not in trace.system.vars_by_key]
    free = [p.args[0] for p in terms.conjuncts(step.transition.guard) if p.op == "not" and p.args[0].op == "field"]
    objects = [t.args[0] for t in free if t.data in bookkeeping and t.args]
    if len(objects) != len(of_objects):
        return [_Taken(lock, lock, number) for lock in locks]
    binding, names = dict(step.binding), iter(objects)
    found = []
    for lock in locks:
        name = lock
        if lock in of_objects:
            obj = next(names)
            value = evaluate(obj, trace.states[number - 1], trace.instance, binding)
            name = f"{lock.split('(', 1)[0]}({pretty.value(obj.sort, value, trace.instance)})"
        found.append(_Taken(lock, name, number))
    return found


def _inner(lock: str) -> str:
    return lock.split("(", 1)[-1].rstrip(")")
