"""Three operations at a time as a page: what they do to each other, and whether it takes all three."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from checker.races.result import Cell, Verdict
from checker.report.mdtable import markdown_table
from checker.report.races import MARKS

GRAVE = (Verdict.HARMFUL, Verdict.STUCK)
ORDER = tuple(Verdict)


@dataclass(frozen=True)
class Three:
    """A cell of three operations, and the verdicts of the pairs among them from the same start on the same machine."""

    cell: Cell
    pairs: tuple[Verdict, ...]

    @property
    def worst(self) -> Verdict:
        """The gravest verdict of a pair."""
        return max(self.pairs, key=ORDER.index, default=Verdict.UNKNOWN)

    @property
    def takes_three(self) -> bool:
        """Whether it is grave and none of its pairs is."""
        return self.cell.verdict in GRAVE and bool(self.pairs) and self.worst not in (*GRAVE, Verdict.UNKNOWN)


def triples_page(choices: Sequence[str], found: Sequence[Three]) -> str:
    """``docs/triples.md``."""
    needed = [t for t in found if t.takes_three]
    graves = [t for t in found if t.cell.verdict in GRAVE]
    states = sum(t.cell.states for t in found)
    lines = [
        "# Three operations at a time",
        "",
        f"{len(found)} cells, {states:,} states: {len(graves)} harmful or stuck, {len(needed)} of them though no pair is.",
        "Written by `sockproof matrix --triples --write`; do not edit.",
        "",
        "There are more than ten thousand triples, each with many times the states of a pair; all of them would take more than",
        "a day. These are chosen because a thread that sleeps is not alone in them: two threads wait for the same thing, and a",
        "third one, or the network, does something. The starting classes of [the matrix](races.md) have one sleeper at most.",
        "`sockproof matrix --triples --check` compares them again; `--start` and `--among` choose others.",
        "",
        "Chosen (starting class: operations that are among the three):",
        "",
        *(f"- {choice}" for choice in choices),
        "",
        "## What takes three",
        "",
    ]
    told = [(t.cell.key, f"{t.cell.verdict}; pairs: {t.worst}", str(t.cell.graves[0])) for t in needed]
    lines += markdown_table(("cell", "verdict", "for instance"), told) if told else ["Nothing of these."]
    lines += ["", "## All cells", ""]
    heads = ("cell", "", "pairs", "outcomes", "non-serial", "lost wake-ups", "states")
    rows = [
        (
            t.cell.key,
            MARKS[t.cell.verdict],
            MARKS[t.worst],
            str(t.cell.outcomes),
            str(len(t.cell.nonserial)),
            str(len(t.cell.lost)),
            f"{t.cell.states:,}",
        )
        for t in found
    ]
    lines += markdown_table(heads, rows, numbers=heads[3:])
    return "\n".join(lines) + "\n"
