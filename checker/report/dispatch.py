"""Dispatching roots: which function a system call runs, where an argument of its root chooses one.

Some kernels enter every call through one function, ``system_call(call, ...)``, which looks up the rest by the number of
the call.  In goes a system; out comes, per root, the argument that chooses and the name of the call for each of its values.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from checker.language import terms
from checker.language.sorts import EnumSort
from checker.language.terms import Term
from checker.system import IDLE, Transition, TransitionSystem


@dataclass(frozen=True)
class Dispatch:
    """``argument`` of a root chooses what it calls; ``names`` maps its values (as written in the system) to functions."""

    argument: str
    names: Mapping[str, str]


def dispatches(system: TransitionSystem) -> Mapping[str, Dispatch]:
    """The roots of ``system`` that dispatch on an argument.

    A root dispatches if for two or more values of an enumeration it enters a function directly that it enters for no other
    value.  A value that is tested but runs no statement of a function of its own (``sys_close`` may consist of ``return 0``)
    names its call itself, in lower case.
    """
    found: dict[str, Dispatch] = {}
    for root in system.roots:
        for argument in _enumerated(system, root):
            entered = _entered(system, root, argument)
            own = {value: _own(value, entered) for value in entered if value}
            if sum(bool(name) for name in own.values()) >= 2:
                found[root] = Dispatch(argument, {value: name or value.lower() for value, name in own.items()})
                break
    return found


def _enumerated(system: TransitionSystem, root: str) -> Iterator[str]:
    """The arguments of ``root`` that are members of an enumeration."""
    names = {name: term.sort for t in _of(system, root) for name, term in t.arguments}
    yield from (name for name, sort in names.items() if isinstance(sort, EnumSort))


def _of(system: TransitionSystem, root: str) -> list[Transition]:
    """The transitions of the calls that enter through ``root``."""
    inside = {loc.name for loc in system.locations if loc.root == root}
    return [t for t in system.transitions if {t.source, t.target} & inside or (t.steps and t.steps[0].stack[:1] == (root,))]


def _entered(system: TransitionSystem, root: str, argument: str) -> dict[str, list[str]]:
    """Per value of ``argument`` that is tested (``""``: before any test), the functions entered directly from ``root``."""
    leaving: dict[str, list[Transition]] = {}
    for t in _of(system, root):
        leaving.setdefault(t.source, []).append(t)
    entered: dict[str, list[str]] = {}
    todo = deque([(IDLE, "")])
    seen = {(IDLE, "")}
    while todo:
        source, value = todo.popleft()
        for t in leaving.get(source, ()):
            tested = value or _tested(system, t, root, argument)
            functions = entered.setdefault(tested, [])
            functions += [s.stack[1] for s in t.steps if len(s.stack) > 1 and s.stack[0] == root]
            functions += system.locations_by_name[t.target].stack[1:2]
            if t.target != IDLE and (t.target, tested) not in seen:
                seen.add((t.target, tested))
                todo.append((t.target, tested))
    return entered


def _tested(system: TransitionSystem, t: Transition, root: str, argument: str) -> str:
    """The value that the guard of ``t`` finds in ``argument``, or nothing."""
    local = [term for f, name, term in system.locations_by_name[t.source].names if (f, name) == (root, argument)]
    spellings: list[Term] = [*(term for name, term in t.arguments if name == argument), *local]
    for part in terms.conjuncts(t.guard):
        if part.op == "eq" and part.args[1].op == "const" and part.args[0] in spellings:
            sort, value = part.args[1].sort, int(part.args[1].data)
            assert isinstance(sort, EnumSort)
            return sort.members[value]
    return ""


def _own(value: str, entered: Mapping[str, list[str]]) -> str:
    """The first function entered for ``value`` and for no other; nothing if there is none."""
    others = {f for other, functions in entered.items() if other != value for f in functions}
    return next((f for f in entered[value] if f not in others), "")
