"""What a formula says of processes: where they are, of the one that acts, and whether a step can make it false."""

from __future__ import annotations

from functools import lru_cache
from typing import Protocol

from checker.language import terms
from checker.language.rewriting import Rewriting
from checker.language.sorts import EnumSort
from checker.language.terms import Term
from checker.system import Transition, TransitionSystem


class Claim(Protocol):
    """A named formula about all ``params``: a fact or a property."""

    @property
    def name(self) -> str: ...
    @property
    def params(self) -> tuple[Term, ...]: ...
    @property
    def formula(self) -> Term: ...


def touches(system: TransitionSystem, t: Transition, fact: Claim) -> bool:
    """Whether ``t`` can make ``fact`` false where it holds; the view of the last facts asked for is kept."""
    return _view(system.pc_key, system.pc_sort, fact.params, fact.formula).touched(system, t)


class _View:
    """What a formula says when a process it asks for is at a location; every location is looked at once."""

    def __init__(self, pc_key: terms.FieldKey, pc_sort: EnumSort, params: tuple[Term, ...], formula: Term) -> None:
        self.formula, self.sort = formula, pc_sort
        nodes = list(terms.subterms(formula))
        fields = [n for n in nodes if n.op == "field"]
        self.reads = frozenset(n.data for n in fields)
        self.places = [n for n in fields if n.data == pc_key]
        self.at = Rewriting(formula, lambda node: node if node in self.places else None)
        self.seen: dict[str, tuple[Term, ...]] = {}
        bound = [n.data for n in nodes if n.op in ("exists", "forall")]
        threads = [v for v in (*params, *bound) if v.sort.name == pc_key[0]]
        self.elsewhere = frozenset(n.data for n in fields if not set(threads) & set(n.args))
        self.one = threads[0] if len(threads) == 1 and threads[0] in params and pc_key not in self.elsewhere else None

    def changes_own(self, system: TransitionSystem, t: Transition) -> bool:
        """Whether it is about one process at a time, and ``t`` changes what it reads of the one that acts only."""
        changed = [u for u in t.updates if u.key in self.reads]
        own = all(u.where is None and u.obj == system.self_var and u.key not in self.elsewhere for u in changed)
        return self.one is not None and own

    def touched(self, system: TransitionSystem, t: Transition) -> bool:
        """Whether ``t`` can make it false where it holds.

        It writes a field read there, or moves between locations of which the formula says different things, and does not
        lead to where it says nothing of the process while it says of others what it said before.
        """
        unread = self.reads.isdisjoint(u.key for u in t.updates)
        if unread and (t.source == t.target or self.seen_from(t.source) == self.seen_from(t.target)):
            return False
        return not (self.changes_own(system, t) and set(self.seen_from(t.target)) == {terms.TRUE})

    def of(self, said: Term, process: Term) -> Term:
        """``said`` of ``process``, for a formula about one at a time."""
        assert self.one is not None
        return terms.substitute(said, {self.one: process})

    def seen_from(self, location: str) -> tuple[Term, ...]:
        """The formula when a process is at ``location``, for each of the processes whose location it asks for."""
        if location not in self.seen:
            here = terms.member(self.sort, location)
            self.seen[location] = tuple(self._with(place, here) for place in self.places)
        return self.seen[location]

    def _with(self, place: Term, here: Term) -> Term:
        return self.at.apply([place], lambda node: here if node == place else node)


class Views:
    """What facts about a system say of its processes, as far as it has been asked for."""

    def __init__(self, system: TransitionSystem) -> None:
        self.system = system
        self.views: dict[str, _View] = {}

    def tells(self, fact: Claim, t: Transition) -> bool:
        """Whether ``fact`` says anything of a process that is where ``t`` starts."""
        seen = self._seen(fact, t)
        return not seen or any(view != terms.TRUE for view in seen)

    def is_about(self, fact: Claim, t: Transition) -> bool:
        """Whether it says something of such a process that it does not say of every other."""
        return any(view != terms.TRUE for view in self._seen(fact, t))

    def touched(self, fact: Claim, t: Transition) -> bool:
        """Whether ``t`` can make ``fact`` false where it holds."""
        return self._view(fact).touched(self.system, t)

    def about_one(self, fact: Claim) -> bool:
        """Whether it is about one process at a time."""
        return self._view(fact).one is not None

    def changes_own(self, fact: Claim, t: Transition) -> bool:
        """Whether it is about one process at a time, and ``t`` changes what it reads of the one that acts only."""
        return self._view(fact).changes_own(self.system, t)

    def of_self(self, fact: Claim, location: str) -> Term:
        """What a fact about one process says of the one that acts if that is at ``location``."""
        view = self._view(fact)
        return view.of([*view.seen_from(location), fact.formula][0], self.system.self_var)

    def of(self, fact: Claim, process: Term) -> Term:
        """What a fact about one process says of ``process``."""
        return self._view(fact).of(fact.formula, process)

    def _seen(self, fact: Claim, t: Transition) -> tuple[Term, ...]:
        return self._view(fact).seen_from(t.source)

    def _view(self, fact: Claim) -> _View:
        if fact.name not in self.views:
            self.views[fact.name] = _View(self.system.pc_key, self.system.pc_sort, fact.params, fact.formula)
        return self.views[fact.name]


@lru_cache(maxsize=2)
def _view(pc_key: terms.FieldKey, pc_sort: EnumSort, params: tuple[Term, ...], formula: Term) -> _View:
    return _View(pc_key, pc_sort, params, formula)
