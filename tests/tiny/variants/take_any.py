"""A mutant: do_take does not look at the colour."""

from __future__ import annotations

from checker.language import kernel
from tests.tiny.model import Box, Errno, lock_box

BREAKS = "taken_red"


@kernel("take.c")
def do_take(box: Box) -> Errno:
    with lock_box(box):
        box.taken = True
        return 0


OVERRIDES = {"do_take": do_take}
