"""What the race engines find: cells of the race matrix, and findings, which are cells with one root cause.

Plain frozen data, written to and read from JSON; scenarios are rebuilt from a cell by the specification's own subject.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from checker.scenario.program import Scenario, Step


class Verdict(enum.StrEnum):
    """What two operations do to each other, in order of gravity.

    ``serializable``: no conflicting accesses, and every outcome is one of a sequential order.  ``benign``: there are
    conflicts, but both orders of each lead to the same outcomes.  ``value-changing``: the order of a conflict decides
    between outcomes that are all serial.  ``harmful``: an outcome no sequential order gives, or a fault.  ``stuck``: a call
    waits for ever in an outcome no sequential order gives, or whatever the order, though it would return if it was woken.
    ``unknown``: the search ran out of states.
    """

    SERIALIZABLE = "serializable"
    BENIGN = "benign"
    VALUE_CHANGING = "value-changing"
    HARMFUL = "harmful"
    STUCK = "stuck"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Row:
    """One outcome: per thread (``A``, ``B``..., ``W`` for one that slept from the start) the results of its calls, then what
    the probes said afterwards (``state s=LISTEN``), and faults.

    ``by_results``: already the results of the threads are none that a sequential order gives.
    """

    results: tuple[tuple[str, tuple[str, ...]], ...]
    probes: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    by_results: bool = False

    @property
    def waits(self) -> tuple[str, ...]:
        """The threads whose call never returns."""
        return tuple(name for name, results in self.results if "blocks" in results)

    def __str__(self) -> str:
        told = [f"{name}={' then '.join(results)}" for name, results in self.results]
        return ", ".join([*told, *self.probes, *(f"fault: {f}" for f in self.faults)])


@dataclass(frozen=True)
class Site:
    """One end of a conflict: who runs which statement where, and the locks it holds there.

    ``who`` is ``A``, ``B`` or ``softirq``; ``place`` is file and line of the specification, ``stack`` the active functions,
    outermost first.
    """

    who: str
    function: str
    place: str
    text: str
    write: bool
    locks: tuple[str, ...]
    stack: tuple[str, ...] = ()


@dataclass(frozen=True)
class Conflict:
    """Two processes about to access the same ``field`` of the same object without a common lock, one of them writing.

    ``verdict`` is benign, value-changing or harmful; ``evidence`` says why, ``schedule`` is a shortest way to the state
    where both accesses are next.
    """

    field: str
    first: Site
    second: Site
    verdict: Verdict
    evidence: str = ""
    schedule: tuple[Step, ...] = ()

    @property
    def pair(self) -> tuple[str, str, str]:
        """What makes two conflicts the same: the field and the two statements, in either order."""
        one, other = sorted(f"{s.function}: {s.text}" for s in (self.first, self.second))
        return self.field, one, other


@dataclass(frozen=True)
class Lost:
    """A call that waits for ever though woken it would return, or for a lock that nobody will release.

    ``function`` is the one that waits, ``told`` a sentence, ``row`` what else the run amounts to, ``schedule`` a shortest
    way there.
    """

    function: str
    told: str
    row: Row
    schedule: tuple[Step, ...] = ()


@dataclass(frozen=True)
class Cell:
    """One cell of the race matrix: two operations begun in the same starting class, on one machine.

    ``start`` is the name of the class (``stream: listening``); operations carry the socket if it is the second one (``bind
    t``). ``outcomes`` counts all outcomes, ``nonserial`` are those no sequential order gives, ``schedule`` a shortest way
    to the first of them; ``lost`` are the calls that nobody is left to wake.
    """

    operation_a: str
    operation_b: str
    start: str
    machine: str
    verdict: Verdict
    outcomes: int
    states: int = 0
    nonserial: tuple[Row, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    schedule: tuple[Step, ...] = ()
    causes: tuple[Conflict, ...] = ()
    lost: tuple[Lost, ...] = ()

    @property
    def graves(self) -> tuple[Row, ...]:
        """The outcomes that make it harmful or stuck."""
        return (*self.nonserial, *(one.row for one in self.lost))

    @property
    def key(self) -> str:
        """What the committed matrix calls this cell."""
        return f"{self.start} | {self.operation_a} | {self.operation_b} | {self.machine}"


@dataclass(frozen=True)
class Finding:
    """Cells with the same root cause; the first cell is the one with the shortest schedule.

    ``number`` is that of its page, which other causes may share.
    ``conflict`` is the pair of accesses behind it, None if there is none (a call that slept while the object changed).
    ``rule`` says what is broken, ``scenario`` is the smallest program that shows it, ``outcome`` what comes out,
    ``schedule`` how.
    """

    number: int
    slug: str
    title: str
    cells: tuple[Cell, ...]
    conflict: Conflict | None
    rule: str
    scenario: Scenario
    outcome: Row
    schedule: tuple[Step, ...]
    machines: tuple[str, ...]
