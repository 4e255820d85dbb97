"""Outcomes that no sequential order of the same calls and events gives; see docs/method.md for what a sequential order is.

What can be observed of a run is for the scenario to say (``observe``): results of its threads, those of ``post``, all memory.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from checker.scenario.program import Engine, Outcome, Outcomes, Scenario
from checker.scenario.vocabulary import SERIAL


@dataclass(frozen=True)
class Compared:
    """The outcomes of a scenario on its machine, those of its sequential orders, and the former without the latter."""

    found: Outcomes
    serial: Outcomes
    nonserial: tuple[Outcome, ...]

    @property
    def complete(self) -> bool:
        """Whether both searches saw everything."""
        return self.found.complete and self.serial.complete


def serial_outcomes(scenario: Scenario, engine: Engine) -> Outcomes:
    """What the sequential orders of ``scenario`` give."""
    return engine(replace(scenario, machine=SERIAL))


def nonserial(scenario: Scenario, engine: Engine) -> Compared:
    """Compare ``scenario`` with its sequential orders.  Raises what ``engine`` raises."""
    found, serial = engine(scenario), serial_outcomes(scenario, engine)
    known = {_seen(row, scenario.observe) for row in serial.rows}
    return Compared(found, serial, tuple(row for row in found.rows if _seen(row, scenario.observe) not in known))


def _seen(row: Outcome, observe: str) -> tuple[object, ...]:
    """What can be observed of an outcome."""
    unseen = ("post",) if observe == "results" else ()
    return tuple(sorted((name, values) for name, values in row.results.items() if values and name not in unseen)), row.memory
