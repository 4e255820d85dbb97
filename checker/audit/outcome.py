"""What an audit says: every C statement with what became of it, every difference with its two places."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from checker.audit.normal import Source
from checker.errors import Place


class Fate(enum.Enum):
    """What became of one C statement."""

    MATCHED = "modelled"
    ABSTRACTED = "abstracted"
    SETTLED = "no step"
    UNACCOUNTED = "unaccounted"


@dataclass(frozen=True)
class Difference:
    """One thing that C and specification do not agree on; ``explained`` says why that is right, if it is known."""

    kind: str
    c_place: Place
    spec_place: Place | None
    message: str
    explained: str = ""


@dataclass(frozen=True)
class Row:
    """One C statement: its fate, the specification statements that model it, or the reason why none does."""

    source: Source
    fate: Fate
    steps: tuple[Source, ...] = ()
    reason: str = ""


@dataclass(frozen=True)
class Audit:
    """One function audited; ``spec_place`` is None if the specification does not have it.

    ``steps`` counts the statements of the specification, ``covering`` what its abstractions without names cover.
    """

    function: str
    c_place: Place
    spec_place: Place | None
    rows: tuple[Row, ...]
    differences: tuple[Difference, ...]
    steps: int = 0
    covering: tuple[tuple[Source, int], ...] = ()

    def count(self, fate: Fate) -> int:
        """How many C statements met ``fate``."""
        return sum(r.fate is fate for r in self.rows)

    def unexplained(self, kind: str = "") -> list[Difference]:
        """The differences without an explanation, of one kind if given."""
        return [d for d in self.differences if not d.explained and kind in ("", d.kind)]
