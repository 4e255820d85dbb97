"""Transition systems: what the compiler produces and every engine consumes.

A system is a set of state variables (functions from objects to values), an initial value for each of them, and
guarded transitions ``(process, location, guard, simultaneous updates, next location)``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from checker.errors import Place
from checker.language import terms
from checker.language.sorts import EnumSort, RefSort, Sort
from checker.language.terms import FieldKey, Term

IDLE = "idle"


@dataclass(frozen=True)
class StateVar:
    """One field of a record, or one variable of the kernel (``record`` empty).

    ``owner_root`` is set for compiler-made locals: the system call whose activation they belong to.
    ``ghost`` fields exist for properties only: no guard and no other field depends on them.
    ``rigid`` fields are never written; an instance says what they are.
    """

    record: str
    name: str
    sort: Sort
    initial: int = 0
    ghost: bool = False
    owner_root: str = ""
    rigid: bool = False

    @property
    def key(self) -> FieldKey:
        return (self.record, self.name)


@dataclass(frozen=True)
class Update:
    """``field[obj] := value``, both read in the state before the transition.

    With ``where`` it is done to every object: ``obj`` is then the variable bound in ``where`` and ``value``.
    """

    key: FieldKey
    obj: Term | None
    value: Term
    where: Term | None = None

    def parts(self) -> Iterator[Term]:
        """The terms of the update."""
        yield self.value
        if self.where is not None:
            yield self.where
        elif self.obj is not None:
            yield self.obj

    def at(self, obj: Term | None, old: Term) -> Term:
        """The value of ``field[obj]`` afterwards, if ``old`` is its value without this update."""
        if self.where is not None:
            assert obj is not None and self.obj is not None
            here = {self.obj: obj}
            return terms.ite(terms.substitute(self.where, here), terms.substitute(self.value, here), old)
        same = terms.TRUE if obj is None or self.obj is None else terms.eq(obj, self.obj)
        return terms.ite(same, self.value, old)


@dataclass(frozen=True)
class Step:
    """One statement of the specification inside a transition: for traces, tables and charts.

    ``stack`` lists the functions active, outermost first; ``kind`` is ``access``, ``acquire``, ``release``,
    ``region``, ``choice`` or ``return``; ``text`` is what the step does.
    """

    function: str
    place: Place
    text: str
    kind: str
    stack: tuple[str, ...]
    lock: str = ""


@dataclass(frozen=True)
class Location:
    """A program point where a process can be preempted.

    ``text`` is the statement about to run in ``function``; ``held`` are the local variables whose object this
    process has locked, ``exclusive`` those nobody else can reach; ``names`` maps every source name visible here,
    per active function, to its state variable.
    """

    name: str
    root: str
    function: str
    text: str
    stack: tuple[str, ...]
    held: tuple[Term, ...] = ()
    names: tuple[tuple[str, str, Term], ...] = ()
    exclusive: tuple[Term, ...] = ()


@dataclass(frozen=True)
class Transition:
    """A guarded transition of process ``self`` from ``source`` to ``target``.

    ``choices`` are the nondeterministic variables free in guard and updates (besides ``self``); ``returns`` is
    the result of the system call when it ends here; ``arguments`` names the chosen arguments of the call.
    """

    name: str
    source: str
    target: str
    choices: tuple[Term, ...]
    guard: Term
    updates: tuple[Update, ...]
    steps: tuple[Step, ...]
    returns: Term | None = None
    arguments: tuple[tuple[str, Term], ...] = ()

    @property
    def function(self) -> str:
        """The innermost function whose statement commits the transition: its last access to shared memory."""
        effects = [s.function for s in self.steps if s.kind in ("access", "region")]
        return effects[-1] if effects else self.steps[-1].function if self.steps else self.source

    def parts(self) -> Iterator[Term]:
        """Every term of guard and updates, without the locations."""
        yield self.guard
        for u in self.updates:
            yield from u.parts()


@dataclass(frozen=True)
class Property:
    """A question about reachable states, with what is expected and why.

    ``kind`` is ``always`` (``formula`` holds in every reachable state for all ``params``) or ``sometimes`` (it holds in
    some reachable state for some ``params``).  ``expected`` is ``holds``/``violated`` or ``reachable``/``unreachable``.
    ``antecedent`` must be reachable for an ``always`` property not to be vacuous.
    """

    name: str
    kind: str
    params: tuple[Term, ...]
    formula: Term
    antecedent: Term
    stands_for: str
    expected: str
    reason: str
    place: Place
    uses: tuple[str, ...] = ()

    @property
    def bad(self) -> Term:
        """What one looks for: the violation of ``always``, the witness of ``sometimes``."""
        return terms.negate(self.formula) if self.kind == "always" else self.formula


@dataclass(frozen=True)
class TransitionSystem:
    """A compiled model: variables, locations and transitions of a most general client."""

    name: str
    state_vars: tuple[StateVar, ...]
    locations: tuple[Location, ...]
    transitions: tuple[Transition, ...]
    records: tuple[RefSort, ...]
    thread: RefSort
    self_var: Term
    pc_sort: EnumSort
    roots: tuple[str, ...] = field(default=())

    @cached_property
    def vars_by_key(self) -> dict[FieldKey, StateVar]:
        return {v.key: v for v in self.state_vars}

    @cached_property
    def locations_by_name(self) -> dict[str, Location]:
        return {loc.name: loc for loc in self.locations}

    @cached_property
    def leaving(self) -> dict[str, list[Transition]]:
        """The transitions from each location that has any."""
        found: dict[str, list[Transition]] = {}
        for t in self.transitions:
            found.setdefault(t.source, []).append(t)
        return found

    def read(self, key: FieldKey, obj: Term | None = None) -> Term:
        """The term reading state variable ``key`` of ``obj``."""
        return terms.field(key, self.vars_by_key[key].sort, obj)

    @property
    def pc_key(self) -> FieldKey:
        return (self.thread.name, "pc")

    def at(self, process: Term, location: str) -> Term:
        """``process`` is at ``location``."""
        return terms.eq(self.read(self.pc_key, process), terms.member(self.pc_sort, location))

    def guard(self, t: Transition) -> Term:
        """The whole enabling condition of ``t``, its location included."""
        return terms.conj(self.at(self.self_var, t.source), t.guard)

    def updates(self, t: Transition) -> tuple[Update, ...]:
        """All updates of ``t``, its location included."""
        if t.source == t.target:
            return t.updates
        return (*t.updates, Update(self.pc_key, self.self_var, terms.member(self.pc_sort, t.target)))

    def terms_of(self, t: Transition) -> Iterator[Term]:
        """Every term of ``t``: guard, updated objects and new values."""
        yield self.guard(t)
        for u in self.updates(t):
            yield from u.parts()


def relevant_vars(system: TransitionSystem, formulas: tuple[Term, ...]) -> tuple[StateVar, ...]:
    """The cone of influence: the variables that can change a guard or one of ``formulas``.

    Dropping the others changes neither verdicts nor depths, for nothing that is kept reads them.
    """
    needed: set[FieldKey] = {system.pc_key}
    for formula in formulas:
        needed.update(terms.fields_of(formula))
    for t in system.transitions:
        needed.update(terms.fields_of(t.guard))
    grew = True
    while grew:
        before = len(needed)
        for t in system.transitions:
            for u in t.updates:
                if u.key in needed:
                    for part in u.parts():
                        needed.update(terms.fields_of(part))
        grew = len(needed) > before
    return tuple(v for v in system.state_vars if v.key in needed)
