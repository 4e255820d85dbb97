"""False alarms: harmful cells whose outcome does not stand when it is looked at again; docs/method.md defines the word.

A cell is asked three things without the reduction of the search: does its schedule lead to its outcome, has no sequential order
one of its outcomes (or, if a wake-up is lost, would the sleeper return were it woken), and is one left in a variant that reads C
more closely than the model.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass, field, replace

from checker.alarms.replay import on_unreduced, replay, unreduced
from checker.races.matrix import Job
from checker.races.pair import MAX_STATES, Subject, check_cell, row_of
from checker.races.result import Cell, Lost, Row
from checker.races.stuck import Blocking, waiters
from checker.scenario.explore import Search
from checker.scenario.steps import Program
from checker.scenario.vocabulary import SERIAL


class Standing(enum.StrEnum):
    """What became of an alarm."""

    CONFIRMED = "confirmed"
    NOT_REPLAYED = "the schedule does not lead to the outcome"
    SERIAL = "a sequential order has the outcome"
    ABSTRACTION = "gone in a closer reading of C"


@dataclass(frozen=True)
class Alarm:
    """A harmful cell, the outcome reported first, what became of it, and ``why``: what refutes it."""

    cell: str
    outcome: Row
    standing: Standing
    why: str = ""

    @property
    def false(self) -> bool:
        """Whether it should not have been reported."""
        return self.standing is not Standing.CONFIRMED


@dataclass(frozen=True)
class Reading:
    """A variant that does what C does where the model allows more: what of C that is, and the functions it replaces."""

    name: str
    closer: str
    functions: frozenset[str]
    subject: Subject


@dataclass
class Court:
    """Judges the cells of a matrix; code without the reduction is made once for each kind of object."""

    subject: Subject
    readings: Sequence[Reading] = ()
    max_states: int = MAX_STATES
    _programs: dict[str, Program] = field(default_factory=dict, init=False)

    def judge(self, job: Job, cell: Cell) -> Alarm:
        """What becomes of one harmful or stuck cell of ``job``.  Raises LimitError."""
        judged = [self._judge_outcome(job, cell)] if cell.nonserial else []
        judged += [self._judge_lost(job, cell, lost) for lost in cell.lost]
        return next((alarm for alarm in judged if alarm.false), judged[0])

    def _judge_outcome(self, job: Job, cell: Cell) -> Alarm:
        first = cell.nonserial[0]
        search = self._search(job, cell.machine)
        runs = {row_of(search.scenario, results): names for results, names in replay(search, cell.schedule).items()}
        names = runs.get(replace(first, by_results=False))
        if names is None:
            return Alarm(cell.key, first, Standing.NOT_REPLAYED)
        orders = self._search(job, SERIAL)
        orders.run()
        serial = {row_of(orders.scenario, orders.results_of(end)) for end in orders.ends}
        for row in cell.nonserial:
            if replace(row, by_results=False) in serial:
                return Alarm(cell.key, first, Standing.SERIAL, str(row))
        return self._read_closer(job, cell, first, names, lambda closer: not closer.nonserial)

    def _judge_lost(self, job: Job, cell: Cell, lost: Lost) -> Alarm:
        search = self._search(job, cell.machine)
        runs = {row_of(search.scenario, results): names for results, names in replay(search, lost.schedule).items()}
        machine = Blocking(search.machine)
        stands = any(
            waiter.function == lost.function and row_of(search.scenario, search.results_of(end)) == lost.row
            for end in range(len(search.states))
            for waiter in waiters(search, end, machine)
        )
        if not stands:
            return Alarm(cell.key, lost.row, Standing.NOT_REPLAYED)
        return self._read_closer(job, cell, lost.row, runs[lost.row], lambda closer: not closer.lost)

    def _read_closer(self, job: Job, cell: Cell, row: Row, names: Set[str], gone: Callable[[Cell], bool]) -> Alarm:
        """Confirmed, unless the cell has nothing of the kind in a closer reading of what the schedule goes through."""
        for reading in self.readings:
            if names & reading.functions:
                closer = check_cell(reading.subject, job.start, job.operations, cell.machine, max_states=self.max_states)
                if closer.states and gone(closer):
                    return Alarm(cell.key, row, Standing.ABSTRACTION, f"{reading.name}: {reading.closer}")
        return Alarm(cell.key, row, Standing.CONFIRMED)

    def _search(self, job: Job, machine: str) -> Search:
        kind = job.start.kind
        if kind not in self._programs:
            self._programs[kind] = unreduced(*self.subject.compiled(kind))
        scenario = self.subject.scenario(job.start, job.operations, machine)
        return on_unreduced(self.subject.search(scenario, self.max_states), self._programs[kind])
