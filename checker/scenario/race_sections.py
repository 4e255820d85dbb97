"""The parts of a file of observed races, and the machine that ran what is there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from checker.scenario.yamlfile import Document

ROWS = ("outcomes", "seen")
"""The keys of what was observed of a race."""

RACE_SECTIONS: Mapping[str, str] = {"races": "smp", "two_threads_one_processor": "up"}
"""The parts of a file of observed races, and the machine that ran what is there unless the race says it."""


def is_race_file(document: Document) -> bool:
    """Whether the document records races that were observed, see ``races.py``."""
    return isinstance(document.data, dict) and bool(race_sections(document.data))


def race_sections(data: Mapping[str, Any]) -> list[str]:
    """The parts of a document that are observed races: those of RACE_SECTIONS, and other lists of what has threads and rows."""
    entries = {key: value[0] for key, value in data.items() if isinstance(value, list) and value}
    others = [
        key
        for key, first in entries.items()
        if isinstance(first, dict) and {"A", "B"} < first.keys() and set(ROWS) & first.keys()
    ]
    return [section for section in data if section in RACE_SECTIONS or section in others]


def machine_of(section: str) -> str:
    """The machine that ran the races of a section, unless they say it."""
    return RACE_SECTIONS.get(section, "up" if "one_processor" in section else "smp")
