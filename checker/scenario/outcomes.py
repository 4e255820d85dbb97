"""Outcome tables: from every reachable class of a watched object, what each call and each event can result in, and lead to.

One thread calls, the environment does one thing at a time, breadth-first from a new object until no new class appears.  A
class is what the specification's columns say about the object; of each class one state is kept, the first one found.  A call
that waits is followed through everything that may happen meanwhile.  At the end another thread may call while the first one
waits: classes that only this reaches are marked ``raced``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Protocol

from checker.errors import LimitError
from checker.scenario.alone import Alone, Decide, Ran, Stack
from checker.scenario.heap import Heap
from checker.scenario.states import Started
from checker.scenario.steps import Frame

Class = tuple[str, ...]
"""What the columns say, one word each."""

WAITS = "waits"
"""The result of a call that has not returned yet."""

ROW, DETAIL, HIDDEN = "row", "detail", "hidden"

MAX_CLASSES = 20_000
MAX_EVENTS = 3
"""How many events a waiting call is followed through."""
MAX_RIVALS = 2
"""How many calls another thread makes before the waiting one goes on."""


@dataclass(frozen=True)
class Column:
    """One thing a class tells; ``values`` in the order tables have them.

    ``role`` is ``row`` for the columns that make the rows of an overview, ``detail`` for those that tables of one function add,
    ``hidden`` for what is only told apart while exploring.
    """

    name: str
    role: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Action:
    """A call or an event.  ``how`` tells the variants of one call apart; unusual ones have arguments no state accepts."""

    name: str
    how: str = ""
    event: bool = False
    usual: bool = True

    def __str__(self) -> str:
        return f"{self.name} ({self.how})" if self.how else self.name


@dataclass(frozen=True)
class Spot:
    """A state of the machine and the objects watched in it.

    ``title`` says in which circumstances; a spot with one is only tried, not explored further.
    """

    heap: Heap
    watched: tuple[int, ...]
    title: str = ""


@dataclass(frozen=True)
class Outcome:
    """What ``action`` results in for an object of class ``before``.

    ``situation`` is that of the state, if it was only tried, ``when`` is what the environment decided, ``events`` happened while
    the call waited.  ``made`` is the class of an object the call made.  ``functions`` are those entered.
    """

    before: Class
    situation: str
    action: Action
    when: tuple[str, ...]
    events: tuple[str, ...]
    result: str
    after: Class
    made: Class | None
    functions: frozenset[str] = field(compare=False)
    raced: bool = False


@dataclass(frozen=True)
class Move:
    """``what`` went from one value to another because of ``who``; ``fresh``: it was the first value of a new object."""

    what: str
    before: str
    after: str
    who: str
    fresh: bool = False
    raced: bool = field(default=False, compare=False)


@dataclass(frozen=True)
class Tabulated:
    """Everything found about one kind of object, in the order of exploration; ``raced`` are classes only a race reaches."""

    kind: str
    columns: tuple[Column, ...]
    classes: tuple[Class, ...]
    raced: frozenset[Class]
    outcomes: tuple[Outcome, ...]
    moves: tuple[Move, ...]

    @cached_property
    def places(self) -> dict[tuple[str, ...], tuple[int, ...]]:
        """Where the columns with some roles are, as far as asked."""
        return {}

    @cached_property
    def by_row(self) -> dict[tuple[Class, str], list[Outcome]]:
        """The outcomes of each row and each call or event."""
        found: dict[tuple[Class, str], list[Outcome]] = {}
        for o in self.outcomes:
            found.setdefault((self.part(o.before, ROW), o.action.name), []).append(o)
        return found

    @cached_property
    def raced_rows(self) -> frozenset[Class]:
        """The rows that only a race reaches."""
        return frozenset(self.part(c, ROW) for c in self.raced) - {self.part(c, ROW) for c in self.classes if c not in self.raced}

    def part(self, of: Class, *roles: str) -> Class:
        """The words of ``of`` in the columns with one of ``roles``."""
        at = self.places.get(roles)
        if at is None:
            at = self.places[roles] = tuple(n for n, column in enumerate(self.columns) if column.role in roles)
        return tuple([of[n] for n in at])

    def rank(self, of: Class, *roles: str) -> tuple[int, ...]:
        """What to sort parts of classes by."""
        columns = [c for c in self.columns if c.role in roles]
        return tuple(c.values.index(word) for c, word in zip(columns, of, strict=True))

    def rows(self, *roles: str) -> list[Class]:
        """The different parts of all classes, sorted."""
        return sorted({self.part(c, *roles) for c in self.classes}, key=lambda part: self.rank(part, *roles))


class Subject(Protocol):
    """What a specification says about one kind of object, its calls and events."""

    kind: str
    columns: tuple[Column, ...]
    machine: Alone

    def start(self) -> list[Spot]:
        """Where to begin: before there is an object, and circumstances to try besides."""
        ...

    def actions(self, spot: Spot) -> Sequence[Action]:
        """What may be done to the object or happen to it."""
        ...

    def while_waiting(self, spot: Spot) -> Sequence[Action]:
        """Events that may end the wait of a call."""
        ...

    def rivals(self, spot: Spot) -> Sequence[Action]:
        """Calls another thread may make while one waits."""
        ...

    def races(self, action: Action) -> bool:
        """Whether another thread may call while ``action`` waits."""
        ...

    def begin(self, spot: Spot, action: Action) -> tuple[Heap, Started]:
        """The memory an action begins with, and the entry point."""
        ...

    def decide(self, action: Action) -> Decide: ...

    def finish(self, spot: Spot, action: Action, ran: Ran) -> tuple[str, Spot, Spot | None]:
        """What the result is called, what is watched afterwards, and what the call made."""
        ...

    def classify(self, spot: Spot) -> Class: ...

    def moves(self, ran: Ran) -> list[Move]:
        """The changes to show."""
        ...


@dataclass(frozen=True)
class _Waiting:
    """A call under way: what has happened since it began."""

    ran: Ran
    when: tuple[str, ...]
    stacks: frozenset[Stack]
    events: tuple[str, ...] = ()
    rivals: int = 0


class Tabulation:
    """The exploration of one kind of object."""

    def __init__(self, subject: Subject, max_classes: int = MAX_CLASSES) -> None:
        self.subject = subject
        self.max_classes = max_classes
        self.machine = subject.machine
        self.found: dict[Class, Spot] = {}
        self.queue: list[Spot] = []
        self.racing = False
        self.raced: set[Class] = set()
        self.outcomes: dict[Outcome, None] = {}
        self.moves: dict[Move, None] = {}
        self.followed: set[tuple[Class, str, Action, tuple[str, ...]]] = set()
        self.functions: dict[frozenset[Stack], frozenset[str]] = {}
        self.blocking: dict[tuple[Class, Action], Spot] = {}

    def run(self) -> Tabulated:
        """Explore everything.  Raises LimitError beyond ``max_classes``."""
        for spot in self.subject.start():
            self._reach(spot)
        self._explore()
        self.racing = True
        for (_, action), spot in list(self.blocking.items()):
            for outcome, after, made in self._perform(spot, action, rivals=MAX_RIVALS):
                del outcome
                for one in (after, made):
                    if one is not None:
                        self._reach(one)
        self._explore()
        return Tabulated(
            self.subject.kind,
            self.subject.columns,
            tuple(self.found),
            frozenset(self.raced),
            tuple(self.outcomes),
            tuple(sorted(self.moves, key=lambda m: (m.what, m.before, m.after, m.who))),
        )

    # -- classes --------------------------------------------------------------------------------------------------

    def _reach(self, spot: Spot) -> None:
        """Note the class of ``spot``; explore it if it is a new one, or only to be tried."""
        if spot.title:
            self.queue.append(spot)
            return
        of = self.subject.classify(spot)
        if of in self.found:
            return
        if len(self.found) >= self.max_classes:
            told = f"{self.subject.kind}: more than {self.max_classes} classes"
            raise LimitError("too-many-classes", told, "choose fewer columns")
        self.found[of] = spot
        self.queue.append(spot)
        if self.racing:
            self.raced.add(of)

    def _explore(self) -> None:
        for spot in self.queue:
            for action in self.subject.actions(spot):
                for outcome, after, made in self._perform(spot, action):
                    self.outcomes.setdefault(replace(outcome, raced=True) if self.racing else outcome)
                    if outcome.result == WAITS or spot.title:
                        continue
                    for one in (after, made):
                        if one is not None:
                            self._reach(one)
        self.queue.clear()

    # -- one action -----------------------------------------------------------------------------------------------

    def _perform(self, spot: Spot, action: Action, rivals: int = 0) -> Iterator[tuple[Outcome, Spot, Spot | None]]:
        """Everything ``action`` can come to; with ``rivals``, only what it comes to if another thread calls meanwhile."""
        heap, started = self.subject.begin(spot, action)
        thread = 2 if action.event else 1
        frame = self.machine.enter(started.root, dict(started.arguments))
        before = self.subject.classify(spot)
        waiting: list[_Waiting] = []
        seen: set[tuple[Heap, Frame]] = set()
        for ran in self._run(heap, frame, thread, action):
            waiting.append(_Waiting(ran, ran.remarks, ran.stacks))
        for now in waiting:
            if not now.ran.blocked:
                if not rivals or now.rivals:
                    yield self._ended(spot, before, action, now)
                continue
            if action.event or (now.ran.heap, now.ran.frame) in seen:
                continue
            seen.add((now.ran.heap, now.ran.frame))
            if not rivals and not now.events:
                yield self._ended(spot, before, action, now)
                if not self._follow(spot, before, action, now.when):
                    continue
            waiting += self._meanwhile(spot, action, now, rivals)

    def _follow(self, spot: Spot, before: Class, action: Action, when: tuple[str, ...]) -> bool:
        """Whether to follow a wait: once for all classes that tables show as one."""
        shown = tuple(word for word, column in zip(before, self.subject.columns, strict=True) if column.role != HIDDEN)
        key = (shown, spot.title, action, when)
        if key in self.followed:
            return False
        self.followed.add(key)
        if not when and not spot.title and self.subject.races(action):
            self.blocking[shown, action] = spot
        return True

    def _meanwhile(self, spot: Spot, action: Action, now: _Waiting, rivals: int) -> Iterator[_Waiting]:
        """What ``now`` becomes after one event, or after calls of another thread."""
        here = replace(spot, heap=now.ran.heap)
        if not rivals and len(now.events) < MAX_EVENTS:
            for event in self.subject.while_waiting(here):
                for ran in self._other(here, event):
                    for on in self._run(ran.heap, now.ran.frame, 1, action):
                        when, events = (*now.when, *on.remarks), (*now.events, str(event))
                        yield replace(now, ran=on, when=when, stacks=now.stacks | on.stacks, events=events)
        if now.rivals < rivals:
            for call in self.subject.rivals(here):
                for ran in self._other(here, call):
                    told = replace(now, when=(*now.when, f"another thread: {call}"), rivals=now.rivals + 1)
                    yield replace(told, ran=replace(now.ran, heap=ran.heap))
                    for on in self._run(ran.heap, now.ran.frame, 1, action):
                        yield replace(told, ran=on, stacks=now.stacks | on.stacks)

    def _other(self, here: Spot, action: Action) -> Iterator[Ran]:
        """``action`` done by somebody else while a call waits; what would have to wait itself is left out."""
        heap, started = self.subject.begin(here, action)
        frame = self.machine.enter(started.root, dict(started.arguments))
        yield from (ran for ran in self._run(heap, frame, 2, action) if not ran.blocked)

    def _run(self, heap: Heap, frame: Frame, thread: int, action: Action) -> Iterator[Ran]:
        for ran in self.machine.run(heap, frame, thread, self.subject.decide(action)):
            for move in self.subject.moves(ran):
                self.moves.setdefault(replace(move, raced=True) if self.racing else move)
            yield ran

    def _ended(self, spot: Spot, before: Class, action: Action, now: _Waiting) -> tuple[Outcome, Spot, Spot | None]:
        functions = self.functions.get(now.stacks)
        if functions is None:
            functions = self.functions[now.stacks] = frozenset(name for stack in now.stacks for name in stack)
        if now.ran.blocked:
            after: Spot = replace(spot, heap=now.ran.heap)
            result, made = WAITS, None
        elif now.ran.faults:
            after, made = replace(spot, heap=now.ran.heap), None
            result = "; ".join(now.ran.faults)
        else:
            result, after, made = self.subject.finish(spot, action, now.ran)
        return (
            Outcome(
                before,
                spot.title,
                action,
                now.when,
                now.events,
                result,
                self.subject.classify(after),
                self.subject.classify(made) if made is not None else None,
                functions,
            ),
            after,
            made,
        )


def tabulate(subject: Subject, *, max_classes: int = MAX_CLASSES) -> Tabulated:
    """The outcome tables of one kind of object.  Raises LimitError beyond ``max_classes``."""
    return Tabulation(subject, max_classes).run()
