"""Properties of the tiny specification that are asked of one client only."""

from __future__ import annotations

from checker.language import always, implies, inside, sometimes
from tests.tiny.model import Box, do_paint, do_take


@sometimes(stands_for="a box is taken", because="painters do not take", expected="unreachable", clients=("painter",))
def nothing_taken(box: Box) -> bool:
    return box.taken


@always(stands_for="the lock of a box", because="only do_paint and do_take have it", clients=("taker",))
def painting_locked(box: Box) -> bool:
    return implies(box.users, inside(box.owner, do_paint, box=box) or inside(box.owner, do_take, box=box))


@always(stands_for="the lock of a box", because="do_paint has it too", expected="violated", clients=("taker",))
def taking_locked(box: Box) -> bool:
    return implies(box.users, inside(box.owner, do_take, box=box))
