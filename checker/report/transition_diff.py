"""Two systems compared transition by transition: what was added, removed, or changed at a program point.

A program point is the same in both if the same calls are active and the same statement is about to run: line numbers do not
count, for they move with every statement that is put in before.  In go two systems, out come the pairs that differ.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from checker.report.transitions import TransitionRow, transition_rows
from checker.system import IDLE, Transition, TransitionSystem

Point = tuple[tuple[str, ...], str, str]
"""The active functions, the statement about to run, and which of its accesses if it has several."""


@dataclass(frozen=True)
class Difference:
    """A transition that starts in ``function``, as one system has it and as the other has; None if it has none like it."""

    function: str
    before: TransitionRow | None
    after: TransitionRow | None

    @property
    def kind(self) -> str:
        """``added``, ``removed`` or ``changed``."""
        return "added" if self.before is None else "removed" if self.after is None else "changed"


@dataclass(frozen=True)
class _Placed:
    """A row with the points its transition leads from and to."""

    row: TransitionRow
    source: Point
    target: Point

    @property
    def meaning(self) -> tuple[object, ...]:
        """What has to be equal for two transitions to be the same."""
        return self.source, self.row.guard, self.row.updates, self.target

    def likeness(self, other: _Placed) -> int:
        """How much two transitions from the same point have in common."""
        shared = len(set(self.row.guard) & set(other.row.guard)) + len(set(self.row.updates) & set(other.row.updates))
        return shared + (self.target == other.target)


def compare_transitions(before: TransitionSystem, after: TransitionSystem) -> tuple[Difference, ...]:
    """The transitions that only one system has, those from the same point with the most in common as pairs, by function."""
    old, new = _placed(before), _placed(after)
    for placed in list(old):
        same = next((p for p in new if p.meaning == placed.meaning), None)
        if same is not None:
            old.remove(placed)
            new.remove(same)
    found = list(_paired(old, new))
    order = {function: n for n, function in enumerate(dict.fromkeys(d.function for d in found))}
    return tuple(sorted(found, key=lambda d: order[d.function]))


def _paired(old: list[_Placed], new: list[_Placed]) -> Iterator[Difference]:
    """Each of ``old`` with its likest partner of ``new``; then what is left of ``new``."""
    left = list(new)
    for placed in old:
        partner = max((p for p in left if p.source == placed.source), key=placed.likeness, default=None)
        if partner is not None:
            left.remove(partner)
        yield Difference(placed.source[0][-1], placed.row, partner.row if partner else None)
    for placed in left:
        yield Difference(placed.source[0][-1], None, placed.row)


def _placed(system: TransitionSystem) -> list[_Placed]:
    rows = transition_rows(system)
    return [_Placed(row, _source(system, t), _target(system, t, row)) for t, row in zip(system.transitions, rows, strict=True)]


def _source(system: TransitionSystem, t: Transition) -> Point:
    return _point(system, t.source) if t.source != IDLE else (t.steps[0].stack[:1] if t.steps else (t.name,), "", "")


def _target(system: TransitionSystem, t: Transition, row: TransitionRow) -> Point:
    return _point(system, t.target) if t.target != IDLE else ((), row.target, "")


def _point(system: TransitionSystem, name: str) -> Point:
    """A location without its line number: ``inet_listen+9.2`` is the second access of its statement."""
    location = system.locations_by_name[name]
    return (location.root, *location.stack, location.function), location.text, name.rpartition("+")[2].partition(".")[2]
