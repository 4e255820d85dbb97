"""What a thread knows in the frames of a call, found from the transitions: which locals name one object, whose lock it holds.

A function that is compiled once and called from several places keeps its arguments in locals of its own and remembers its
caller.  That the caller's socket is the callee's, and is still locked when it returns, is found by following every transition
from the idle thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from checker.contexts import needed
from checker.language import terms
from checker.language.sorts import EnumSort, RefSort
from checker.language.terms import FieldKey, Term
from checker.system import IDLE, Transition, TransitionSystem, Update

OWNER = ("Sock", "owner")
LIVE = ("Sock", "live")
SHARED = {("Thread", name) for name in ("file", "held_sk", "rx_sk", "rx_child")}
"""References of a thread that others read."""

SOCKETS = ("file", "system_call.sock", "sys_accept.newsock", "sock_release.sock")
"""The references to a struct socket in calls that make and release one."""

NULL = 0

Backs = tuple[int, ...]
"""Whom each shared function returns to."""

Place = tuple[str, Backs]


@dataclass(frozen=True)
class Knowledge:
    """What a thread knows at a place.

    ``values`` number the objects its references name, in the order of the references: equal numbers are one object, 0 is
    NULL.  ``apart`` are numbers of different objects, ``owned`` those it has locked.
    """

    values: tuple[int, ...]
    apart: frozenset[tuple[int, int]]
    owned: frozenset[int]

    def join(self, other: Knowledge) -> Knowledge:
        """What is known on both ways to a place."""
        numbers: dict[tuple[int, int], int] = {(NULL, NULL): NULL}
        values = tuple(numbers.setdefault(pair, len(numbers)) for pair in zip(self.values, other.values, strict=True))
        owned = frozenset(n for (a, b), n in numbers.items() if a in self.owned and b in other.owned)
        apart = frozenset(
            (m, n)
            for (a, b), m in numbers.items()
            for (c, d), n in numbers.items()
            if m < n and _pair(a, c) in self.apart and _pair(b, d) in other.apart
        )
        return Knowledge(values, apart, owned)


def _pair(a: int, b: int) -> tuple[int, int]:
    return min(a, b), max(a, b)


def local_name(name: str) -> str:
    """The name of a variable of a thread without the call it belongs to."""
    return name.split("/")[-1]


class Frames:
    """Follows the transitions of a system; ``known`` says what holds at every location, per way back.

    With ``among`` it follows only those references of a thread, and with ``through`` only the ways back of those functions.
    ``mark`` is the field by which an object says who owns it, or whatever else it says that is ``marked``: the thread itself.
    """

    def __init__(
        self,
        system: TransitionSystem,
        among: Sequence[str] = (),
        through: Sequence[str] = (),
        mark: FieldKey = OWNER,
        marked: Term | None = None,
    ) -> None:
        self.system = system
        self.mark = mark
        self.marked = marked or system.self_var
        own = [v for v in system.state_vars if v.record == system.thread.name]
        references = [v for v in own if isinstance(v.sort, RefSort) and (among or v.sort.name in ("Sock", "Socket"))]
        returns = [v for v in own if v.name.endswith("$back") and isinstance(v.sort, EnumSort)]
        self.references = {v.key: v.sort for v in references if not among or local_name(v.name) in among}
        self.returns = {v.key: v.sort for v in returns if not through or local_name(v.name).removesuffix(".$back") in through}
        self.read_references = [system.read(key, system.self_var) for key in self.references]
        self.read_returns = [system.read(key, system.self_var) for key in self.returns]
        self.known: dict[str, dict[Backs, Knowledge]] = {}
        steps = self._explore()
        local = {*self.references, *self.returns}
        read = needed(system, {place: list(on.values()) for place, on in steps.items()})
        self.needed = {place: keys & local for place, keys in read.items()}

    def _explore(self) -> dict[Place, dict[str, tuple[Transition, Place]]]:
        """Find what is known everywhere; the transitions that may be taken at each place, by name, and where they lead."""
        start = (0,) * len(self.returns)
        steps: dict[Place, dict[str, tuple[Transition, Place]]] = {(IDLE, start): {}}
        self.known[IDLE] = {start: Knowledge((NULL,) * len(self.references), frozenset(), frozenset())}
        work = [(IDLE, start)]
        while work:
            location, backs = work.pop()
            for t in self.system.leaving.get(location, ()):
                after = _Step(self, backs, self.known[location][backs]).take(t)
                if after is None:
                    continue
                ways = self.known.setdefault(t.target, {})
                returning, found = after
                steps[location, backs][t.name] = (t, (t.target, returning))
                steps.setdefault((t.target, returning), {})
                joined = ways[returning].join(found) if returning in ways else found
                if ways.get(returning) != joined:
                    ways[returning] = joined
                    work.append((t.target, returning))
        return steps


class _Step:
    """One transition from a place at which ``knowledge`` is there."""

    def __init__(self, frames: Frames, backs: Backs, knowledge: Knowledge) -> None:
        self.mark = frames.mark
        self.marked = frames.marked
        self.references = frames.read_references
        self.backs = dict(zip(frames.read_returns, backs, strict=True))
        self.numbers = dict(zip(self.references, knowledge.values, strict=True))
        self.fresh = max(knowledge.values, default=NULL)
        self.apart = set(knowledge.apart)
        self.owned = set(knowledge.owned)

    def take(self, t: Transition) -> tuple[Backs, Knowledge] | None:
        """Where the transition returns to and what is known then; None if it cannot be taken here."""
        if not all(self._possible(literal) for literal in terms.conjuncts(t.guard)):
            return None
        backs = dict(self.backs)
        values = {reference: self.numbers[reference] for reference in self.references}
        for update in t.updates:
            written = Term("field", update.value.sort, (update.obj,), update.key) if update.obj is not None else update.value
            if written in values and update.where is None:
                values[written] = self._number(update.value)
            elif written in backs and update.value.op == "const":
                backs[written] = update.value.data
        freed = {u.obj for u in t.updates if u.key == LIVE and u.value == terms.FALSE}
        made = [u.obj for u in t.updates if u.key == LIVE and u.value == terms.TRUE and u.obj is not None]
        self.apart |= {_pair(self._number(obj), n) for obj in made for n in self.owned}
        for update in t.updates:
            if update.key == self.mark and update.obj not in freed:
                self._lock(update)
        return tuple(backs.values()), self._knowledge([values[r] for r in self.references])

    def _possible(self, literal: Term) -> bool:
        """Whether ``literal`` of a guard may hold; what it says of references is noted."""
        positive = literal.op != "not"
        equation = literal if positive else literal.args[0]
        if equation.op != "eq":
            return True
        a, b = equation.args
        for x, y in ((a, b), (b, a)):
            if x in self.backs and y.op == "const":
                return (self.backs[x] == y.data) is positive
        if not isinstance(a.sort, RefSort) or a.sort.key:
            return True
        m, n = self._number(a), self._number(b)
        if not positive:
            self.apart.add(_pair(m, n))
            return m != n
        if _pair(m, n) in self.apart:
            return False
        self._merge(m, n)
        return True

    def _merge(self, m: int, n: int) -> None:
        keep, drop = _pair(m, n)
        self.numbers = {x: keep if k == drop else k for x, k in self.numbers.items()}
        self.apart = {_pair(*(keep if k == drop else k for k in pair)) for pair in self.apart}
        self.owned = {keep if k == drop else k for k in self.owned}

    def _number(self, value: Term) -> int:
        """The number of the object that ``value`` is before the step."""
        if value.op == "const":
            return NULL
        if value not in self.numbers:
            self.fresh += 1
            self.numbers[value] = self.fresh
            if value.op == "var":
                self.apart.add((NULL, self.fresh))
        return self.numbers[value]

    def _lock(self, update: Update) -> None:
        """Note that the lock of an object is taken, or given free with every object that may be the same."""
        if update.obj is None or update.where is not None:
            self.owned.clear()
            return
        n = self._number(update.obj)
        if self._marks(update.value):
            self.apart |= {_pair(n, m) for m in self.owned if m != n}
            self.owned.add(n)
        else:
            self.owned = {m for m in self.owned if m != n and _pair(m, n) in self.apart}

    def _marks(self, value: Term) -> bool:
        """Whether what gets this value is owned then: also a copy of an object that is."""
        if value.op == "ite":  # of an object and of itself
            return any(self._marks(x) for x in value.args[1:])
        copied = value.op == "field" and value.data == self.mark and bool(value.args)
        return value == self.marked or (copied and self._number(value.args[0]) in self.owned)

    def _knowledge(self, values: list[int]) -> Knowledge:
        """With the numbers of what is still named, in order."""
        names = {NULL: NULL}
        renumbered = tuple(names.setdefault(n, len(names)) for n in values)
        apart = frozenset(_pair(names[a], names[b]) for a, b in self.apart if a in names and b in names)
        return Knowledge(renumbered, apart, frozenset(names[n] for n in self.owned if n in names))
