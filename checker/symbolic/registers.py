"""Which values the locals of a process can have at each location, and which locals can share one cell.

In: a system, an instance and its relevant variables.  Out: :class:`Registers`.  A local is a field of the thread record that only its own
thread reads or writes.  Most locals hold a known value at most locations (they are not live, or were just set), so two
locals of one sort that are never both unknown at one location share a register, and a solver sees far fewer bits.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from checker.instance import Instance
from checker.language.sorts import RefSort, Sort
from checker.language.terms import FieldKey, Term, conjuncts, field, subterms
from checker.system import IDLE, StateVar, Transition, TransitionSystem

Values = frozenset[int]
Facts = dict[FieldKey, Values]


@dataclass(frozen=True)
class Registers:
    """The result of the analysis.

    ``values`` maps every location a process can reach to the values each local can have there; ``of`` maps locals to
    registers; ``sorts`` gives the sort of each register.
    """

    values: Mapping[str, Mapping[FieldKey, Values]]
    of: Mapping[FieldKey, int]
    sorts: tuple[Sort, ...]

    def stored(self, key: FieldKey, location: str) -> bool:
        """Whether the local ``key`` is in its register at ``location``; elsewhere its value is known."""
        return len(self.values[location][key]) > 1

    def known(self, key: FieldKey, location: str) -> int:
        """The value of a local that is not stored at ``location``."""
        (value,) = self.values[location][key]
        return value

    def used(self, location: str) -> dict[int, FieldKey]:
        """The registers in use at ``location`` and the locals they hold."""
        return {self.of[key]: key for key in self.values[location] if self.stored(key, location)}


def allocate(system: TransitionSystem, instance: Instance, variables: tuple[StateVar, ...]) -> Registers:
    """Analyse ``variables`` and assign registers, greedily in the order of declaration."""
    local = _locals(system, variables)
    values = _fixpoint(system, instance, local)
    of: dict[FieldKey, int] = {}
    sorts: list[Sort] = []
    where: list[set[str]] = []
    for v in local:
        live = {loc for loc, facts in values.items() if len(facts[v.key]) > 1}
        number = next((n for n, sort in enumerate(sorts) if sort == v.sort and not where[n] & live), len(sorts))
        if number == len(sorts):
            sorts.append(v.sort)
            where.append(set())
        where[number] |= live
        of[v.key] = number
    return Registers(values, of, tuple(sorts))


def _locals(system: TransitionSystem, variables: tuple[StateVar, ...]) -> list[StateVar]:
    """The thread's variables that no other process touches."""
    shared: set[FieldKey] = {system.pc_key}
    for t in system.transitions:
        for u in system.updates(t):
            if u.obj != system.self_var:
                shared.add(u.key)
        for whole in system.terms_of(t):
            for node in subterms(whole):
                if node.op == "field" and node.args != (system.self_var,):
                    shared.add(node.data)
    return [v for v in variables if v.record == system.thread.name and v.key not in shared]


def _fixpoint(system: TransitionSystem, instance: Instance, local: list[StateVar]) -> dict[str, Facts]:
    """Propagate sets of values along the transitions from the idle location until nothing changes."""
    leaving: dict[str, list[Transition]] = {}
    for t in system.transitions:
        leaving.setdefault(t.source, []).append(t)
    values: dict[str, Facts] = {IDLE: {v.key: frozenset((v.initial,)) for v in local}}
    todo = [IDLE]
    while todo:
        location = todo.pop()
        for t in leaving.get(location, ()):
            after = _fire(system, instance, t, values[location])
            if after is None:
                continue
            old = values.get(t.target)
            new = after if old is None else {key: old[key] | after[key] for key in old}
            if new != old:
                values[t.target] = new
                todo.append(t.target)
    return values


def _fire(system: TransitionSystem, instance: Instance, t: Transition, facts: Facts) -> Facts | None:
    """The values of the locals after ``t``, or None if its guard contradicts ``facts``."""
    local = {field(v.key, v.sort, system.self_var): v.key for v in system.state_vars if v.key in facts}
    before = dict(facts)
    for part in conjuncts(t.guard):
        fact = _restriction(part, instance)
        if fact is not None and fact[0] in local:
            key = local[fact[0]]
            before[key] &= fact[1]
            if not before[key]:
                return None
    after = dict(before)
    for u in t.updates:
        if u.key in after:
            after[u.key] = _possible(u.value, before, local, instance)
    return after


def _restriction(part: Term, instance: Instance) -> tuple[Term, Values] | None:
    """``part`` as "this term has one of these values", if it says that of one term and constants."""
    if part.op == "not":
        inner = _restriction(part.args[0], instance)
        return inner and (inner[0], frozenset(range(instance.cardinality(inner[0].sort))) - inner[1])
    if part.op == "eq" and part.args[1].op == "const":
        return part.args[0], frozenset((instance.const(part.args[1]),))
    if part.op == "or":
        pieces = [_restriction(a, instance) for a in part.args]
        if all(p is not None and p[0] == pieces[0][0] for p in pieces if pieces[0]) and pieces[0]:
            return pieces[0][0], frozenset().union(*(p[1] for p in pieces if p))
        return None
    return (part, frozenset((1,))) if part.op == "field" else None


def _possible(t: Term, facts: Facts, local: Mapping[Term, FieldKey], instance: Instance) -> Values:
    """An over-approximation of the values of ``t``."""
    if t.op == "const":
        return frozenset((instance.const(t),))
    if t in local:
        return facts[local[t]]
    if t.op == "ite":
        return _possible(t.args[1], facts, local, instance) | _possible(t.args[2], facts, local, instance)
    if t.op in ("htons", "object"):
        return _possible(t.args[0], facts, local, instance)
    if t.op == "var" and isinstance(t.sort, RefSort):
        return frozenset(instance.objects(t.sort))
    return frozenset(range(instance.cardinality(t.sort)))
