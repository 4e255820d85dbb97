"""Whether a search has taken most of the memory that the machine had left: better to stop than to be killed."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

STATUS = Path("/proc/self/statm")
MACHINE = Path("/proc/meminfo")
LEFT = 0.2
"""A search stops when no more than this is left of what was free when it began."""

OWN = 0.1
"""It goes on if it has not taken even this itself: then others did."""


@dataclass(frozen=True)
class Room:
    """What this process had and what was free when the search began, in bytes."""

    taken: int
    free: int

    def is_used_up(self) -> bool:
        """Whether most of what was free is taken, by this search and those beside it; never where the system does not tell."""
        return available() < LEFT * self.free and resident() - self.taken > OWN * self.free


def room_now() -> Room:
    """What there is to start with."""
    return Room(resident(), available())


def resident() -> int:
    """The memory this process has, 0 if the system does not tell."""
    try:
        return int(STATUS.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError, ValueError):
        return 0


def available() -> int:
    """The memory the machine could give, 0 if the system does not tell."""
    try:
        lines = dict(line.split(":", 1) for line in MACHINE.read_text().splitlines() if ":" in line)
        return int(lines["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError, ValueError):
        return 0
