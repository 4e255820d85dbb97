"""Schedules for people: what one thread does without a break is one entry, and what runs alone one line a call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from checker.scenario.program import Step

ALONE = ("setup", "post")
"""Programs that run by themselves: nothing can come between their steps."""


@dataclass(frozen=True)
class Stretch:
    """Steps of one call that nothing interrupts; ``result`` is empty if the call goes on later."""

    who: str
    call: str
    steps: tuple[str, ...]
    result: str

    @property
    def statements(self) -> list[tuple[str, str]]:
        """Function and text of every statement."""
        parts = [part.partition(": ") for step in self.steps for part in step.split("; ")]
        return [(name, text) for name, _, text in parts]


def stretches(schedule: Sequence[Step]) -> list[Stretch]:
    """The stretches of a schedule, in its order; steps that do nothing others can see are left out."""
    seen = [step for step in schedule if step.what or step.result]
    found = []
    for (who, call), group in groupby(seen, lambda step: (step.who, step.call)):
        steps = list(group)
        found.append(Stretch(who, call, tuple(s.what for s in steps if s.what), steps[-1].result))
    return found


def schedule_lines(schedule: Sequence[Step]) -> list[str]:
    """What runs alone on one line; else a line for each stretch, and below it one for each function it goes through."""
    lines: list[str] = []
    begun: set[tuple[str, str]] = set()
    for who, group in groupby(stretches(schedule), lambda stretch: stretch.who):
        if who in ALONE:
            lines.append(f"{who}: {'; '.join(map(_told, group))}")
            continue
        for stretch in group:
            key = (who, stretch.call)
            lines.append(f"{who}: {_told(stretch, goes_on=key in begun)}")
            lines += [f"    {line}" for line in _by_function(stretch.statements)]
            begun.add(key)
            if stretch.result:
                begun.remove(key)
    return lines


def _told(stretch: Stretch, *, goes_on: bool = False) -> str:
    return f"{stretch.call}{' goes on' if goes_on else ''}{f' = {stretch.result}' if stretch.result else ''}"


def _by_function(statements: Sequence[tuple[str, str]]) -> list[str]:
    """``f: a``, ``f: b``, ``g: c`` as ``f: a; b`` and ``g: c``."""
    return [f"{name}: {'; '.join(text for _, text in group)}" for name, group in groupby(statements, lambda part: part[0])]
