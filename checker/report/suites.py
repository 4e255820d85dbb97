"""Scenario files that were run: a summary, what is not as stated, and a table for the report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console

from checker.errors import EXIT_AS_EXPECTED
from checker.report.mdtable import markdown_table
from checker.report.outcomes import answer_text
from checker.scenario.program import Outcomes
from checker.scenario.question import Answer


@dataclass(frozen=True)
class Ran:
    """One scenario of a file: what came out (None if it could not be run) and the answers."""

    file: str
    name: str
    outcomes: Outcomes | None
    answers: tuple[Answer, ...]
    status: int


def suites_summary(ran: Sequence[Ran]) -> str:
    """One line: how many scenarios and questions, and how many questions are not as stated."""
    asked = [answer.as_expected for one in ran for answer in one.answers]
    parts = [f"{asked.count(True)} as expected"]
    parts += [f"{asked.count(False)} different"] if False in asked else []
    undecided = asked.count(None) + sum(one.outcomes is None for one in ran)
    parts += [f"{undecided} undecided"] if undecided else []
    return f"{len(ran)} scenarios with {len(asked)} questions: {', '.join(parts)}"


def print_suite_problems(ran: Sequence[Ran], console: Console) -> None:
    """Every answer that is not as stated, with its scenario."""
    for one in ran:
        if one.status != EXIT_AS_EXPECTED:
            console.print(f"{one.file}: {one.name}", style="bold red", markup=False)
            for answer in one.answers:
                if answer.as_expected is not True:
                    console.print(answer_text(answer), soft_wrap=True)


def suites_markdown(ran: Sequence[Ran]) -> list[str]:
    """One row a scenario: machine, outcomes, states and how its questions were answered."""
    rows = []
    for one in ran:
        o = one.outcomes
        size = (o.scenario.machine, str(len(o.rows)), str(o.states)) if o else ("", "", "")
        standing = "as expected" if one.status == EXIT_AS_EXPECTED else "**not as expected**"
        rows.append((one.file, one.name, *size, f"{len(one.answers)} {standing}"))
    head = ("file", "scenario", "machine", "outcomes", "states", "questions")
    return markdown_table(head, rows, numbers=("outcomes", "states"))
