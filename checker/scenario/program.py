"""Client programs: what the threads of a scenario call, and which outcomes came out.

A loader makes a Scenario from a file, an engine turns it into Outcomes, reports compare and print those.  Calls are named as
scenario files name them; the specification package says which kernel entry point each one is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class PortOf:
    """The local port ``socket`` has at the moment of the call."""

    socket: str


@dataclass(frozen=True)
class PortChosen:
    """The port the kernel chose for ``socket`` earlier, whatever it has now (``eph_x``)."""

    socket: str


Port = int | str | PortOf | PortChosen
"""A number is itself, a string one of the scenario's own names (``P1``, ``E1``)."""

Argument = int | bool | str | PortOf | PortChosen | tuple[str, ...]


@dataclass(frozen=True)
class Call:
    """One call with its arguments, defaults filled in; ``label`` is how tables show it."""

    name: str
    args: Mapping[str, Argument]
    label: str


@dataclass(frozen=True)
class Program:
    """The calls of one thread, one after the other.

    With ``first`` it begins before the other threads, which wait until it sleeps or has ended.
    """

    name: str
    calls: tuple[Call, ...]
    first: bool = False


@dataclass(frozen=True)
class Scenario:
    """``setup`` runs alone, then ``threads`` run against each other, then ``post`` runs alone once they all returned or block.

    ``machine`` is ``smp``, ``up``, or ``serial``, which runs whole calls one after the other; ``events`` are what the
    environment may do besides (``signal``, ``timeout``, ``rst``...);
    ``peers`` say what other hosts do, by address (``REMOTE``): ``listening``, ``refusing``, ``silent``, or ``free`` for any of
    these, which is also the default; ``NONE`` is silent by default.  ``observe`` is what outcomes are told apart by when they
    are compared with sequential orders: ``results`` of the threads, ``probes`` (of ``post``, too), ``state`` (all memory, too).
    """

    id: str
    setup: tuple[Call, ...]
    threads: tuple[Program, ...] = ()
    post: tuple[Call, ...] = ()
    machine: str = "smp"
    events: tuple[str, ...] = ()
    title: str = ""
    peers: Mapping[str, str] = field(default_factory=dict)
    observe: str = "probes"

    @property
    def alone(self) -> bool:
        """Whether one thread runs and nothing else acts: nothing races, and time passes while it waits."""
        return len(self.threads) <= 1 and not self.events


@dataclass(frozen=True)
class Step:
    """One step of a schedule: who takes it, in which call or event, what it does, and the result if the call ends."""

    who: str
    call: str
    what: str = ""
    result: str = ""

    def __str__(self) -> str:
        parts = (self.who, self.call, self.what)
        return ": ".join(p for p in parts if p) + (f" = {self.result}" if self.result else "")


@dataclass(frozen=True)
class Outcome:
    """One vector of results: per program (``setup``, each thread, ``post``) one result per call.

    A result is an errno name, ``0``, ``0 ADDR:PORT``, ``0 value=ERRNO``, a state name for ``state``, or ``blocks`` for a call
    that never returns (the calls behind it are ``-``).  ``interleavings`` counts the schedules that lead here, ``schedule`` is
    a shortest one.  ``memory`` is what is left of it in the end, if the scenario observes that.
    """

    results: Mapping[str, tuple[str, ...]]
    interleavings: int
    schedule: tuple[Step, ...] = field(compare=False, default=())
    memory: tuple[str, ...] = ()


@dataclass(frozen=True)
class Endless:
    """A fair run that never ends: a shortest way to where it goes round, and the steps it repeats for ever."""

    way: tuple[Step, ...]
    cycle: tuple[Step, ...]


@dataclass(frozen=True)
class Stuck:
    """A fair run that never ends, if there is one, and what is lost where runs end: a sentence each."""

    endless: Endless | None
    lost: tuple[str, ...]


@dataclass(frozen=True)
class Outcomes:
    """Every outcome of a scenario, sorted; ``complete`` is False if the search stopped early.

    ``stuck`` is there if a question asks for it.
    """

    scenario: Scenario
    rows: tuple[Outcome, ...]
    states: int
    complete: bool = True
    seconds: float = field(compare=False, default=0.0)
    stuck: Stuck | None = field(compare=False, default=None)


Engine = Callable[[Scenario], Outcomes]
"""Raises LimitError when it runs out of something, OutsideModelError for what the model does not have."""
