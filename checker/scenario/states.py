"""What a search of interleavings goes through: states and moves, and what a specification says of calls."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from checker.language.graph import Node
from checker.scenario.heap import Heap
from checker.scenario.program import Call
from checker.scenario.steps import NO_FRAME, Did, Frame, Touch

Names = tuple[tuple[str, int], ...]


class Occurs(enum.StrEnum):
    """When an event of the environment happens: perhaps, surely, or as time passes, once nothing else can happen.

    Soon: 200 milliseconds at most.  Again: data and FINs that are lost are sent again.  Late: three seconds, so are SYNs and
    SYN-ACKs.  Last: three minutes, attempts are given up.  Afterwards: what is still not acknowledged is sent again.  In the
    end: after a quarter of an hour that is given up as well.
    """

    MAYBE = "maybe"
    SURELY = "surely"
    SOON = "soon"
    AGAIN = "again"
    LATE = "late"
    LAST = "last"
    AFTERWARDS = "afterwards"
    END = "end"


TIMERS = (Occurs.SOON, Occurs.AGAIN, Occurs.LATE, Occurs.LAST, Occurs.AFTERWARDS, Occurs.END)
"""What only time brings about, in this order, for one thread that waits.

Several are asked who waits for ever: for them what is lost is sent again, in any order, and nothing runs out.  Each time a call
of one of them begins or ends that may happen once more, not when one wakes only to sleep again: so every run has an end.
"""

SECONDS = (Occurs.SOON, Occurs.AGAIN, Occurs.LATE)
"""Those that a few seconds bring about."""

SETTLE = "settle"
"""The call that waits until what happens soon has happened."""


Happened = frozenset[tuple[str, Occurs]]
"""Events of the environment that have happened."""


class Client(NamedTuple):
    """One thread: its process and softirq frames, how many calls it has finished, and their results."""

    frame: Frame = NO_FRAME
    irq: Frame = NO_FRAME
    calls: int = 0
    results: tuple[str, ...] = ()


class State(NamedTuple):
    """The whole machine.

    ``names`` are what the programs call their sockets and ports; ``running`` is the thread that a machine runs which runs one
    thread at a time; ``due`` are the timers of a lone thread that go off together with one that did.
    """

    heap: Heap
    clients: tuple[Client, ...]
    names: Names = ()
    phase: int = 0
    running: int = 0
    faults: frozenset[str] = frozenset()
    events: Happened = frozenset()
    due: tuple[tuple[str, Occurs], ...] = ()


@dataclass(frozen=True)
class Started:
    """A call that is a kernel entry: the root and its arguments, by name."""

    root: str
    arguments: Mapping[str, int]


@dataclass(frozen=True)
class Done:
    """A call that needs no kernel code: its result, the memory and the names after it."""

    result: str
    heap: Heap
    names: Names


class Interface(Protocol):
    """What a specification says about calls: how each starts, and what its result is called."""

    softirq: str

    def start(self, call: Call, heap: Heap, names: Names, thread: int) -> Started | Done: ...

    def finish(self, call: Call, returned: int, heap: Heap, names: Names, thread: int) -> tuple[str, Names]: ...

    def events(self, heap: Heap, occurs: Occurs) -> list[tuple[str, Started]]:
        """What the environment may do now, with its name."""
        ...

    def pending(self, heap: Heap, thread: int) -> bool:
        """Whether packets wait for the softirq of the thread's CPU."""
        ...

    def decide(self, node: Node, call: Call | None) -> tuple[int, ...] | None:
        """The values a choice of the environment may have during ``call``; None for all."""
        ...

    def kept(self, heap: Heap) -> list[tuple[str, int]]:
        """The objects that can be found without a reference (a descriptor, a hash table): record and number."""
        ...

    def is_late(self, node: Node) -> bool:
        """Whether the environment decides this only when nothing else can happen (a timer that expires)."""
        ...


Process = tuple[int, bool]
"""A client, and whether it is its softirq."""


class Move(NamedTuple):
    """One step of the machine: what ``client`` does, or its softirq (``irq``); nobody (-1) if only the phase changes.

    ``about`` is the call or event, ``result`` what the call returned if it ended, ``did`` the kernel code that ran.
    """

    client: int
    irq: bool = False
    about: str = ""
    result: str | None = None
    did: Did | None = None

    @property
    def process(self) -> Process:
        """Who moves."""
        return self.client, self.irq

    @property
    def touched(self) -> tuple[Touch, ...]:
        """The accesses it makes, on a machine that watches."""
        return self.did.touched if self.did is not None else ()


class Edge(NamedTuple):
    """A move from one state of a search to the state numbered ``target``."""

    target: int
    move: Move


PASSING = Move(-1)
"""Nothing but the phase changes."""

Found = list[tuple[State, Move]]
