"""Where walks of the tiny specification go on."""

from __future__ import annotations

from checker.language import pure, waypoint
from tests.tiny.model import Box


@pure
def taken_and_marked(box: Box) -> bool:
    return box.taken and box.marked


@waypoint()
def done(box: Box) -> bool:
    """A box that has been taken and marked."""
    return taken_and_marked(box)


@waypoint(clients=("nobody",))
def elsewhere(box: Box) -> bool:
    """Not for whom the package is compiled."""
    return box.marked
