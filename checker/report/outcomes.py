"""Outcomes of scenarios for people and programs: results, shortest schedules, answers, and the comparison with kernels.

In go Outcomes, Answers and Findings; out come rich tables, lines of text and JSON values.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from checker.report.schedule import schedule_lines
from checker.scenario.conform import AGREED, DIFFERS, OUTSIDE, STANDINGS, UNDECIDED, Finding
from checker.scenario.expect import one_form
from checker.scenario.names import WHOLE, programs
from checker.scenario.program import Outcome, Outcomes
from checker.scenario.question import Answer

MAX_COLUMNS = 10
"""Up to so many results an outcome is a row of the table, beyond it is a column."""

COLORS = {AGREED: "green", DIFFERS: "bold red", OUTSIDE: "dim", UNDECIDED: "yellow"}
WORDS = {True: ("as expected", "green"), False: ("DIFFERS", "bold red"), None: ("undecided", "yellow")}


def outcome_table(found: Outcomes) -> Table:
    """All outcomes with the number of interleavings that lead to each; setup only where it did not simply succeed."""
    shown = [
        (program, n, call.label)
        for program, calls in programs(found.scenario).items()
        for n, call in enumerate(calls)
        if program != "setup" or any(one_form(o.results[program][n]) != "0" for o in found.rows)
    ]
    shown += [(word, 0, "") for word in WHOLE if any(o.results.get(word) for o in found.rows)]
    heads = [f"{program}: {label}" if label else program for program, _, label in shown]
    rows = [
        [str(number), _large(o.interleavings), *(_cell(o, program, n) for program, n, _ in shown)]
        for number, o in enumerate(found.rows, 1)
    ]
    grid = [["outcome", "interleavings", *heads], *rows]
    if len(shown) > MAX_COLUMNS:
        grid = [list(line) for line in zip(*grid, strict=True)]
    table = Table(header_style="bold", title_justify="left")
    for head in grid[0]:
        table.add_column(Text(head), overflow="fold")
    for line in grid[1:]:
        table.add_row(*(Text(cell) for cell in line))
    return table


def _cell(outcome: Outcome, program: str, n: int) -> str:
    """One result; all faults together."""
    if program in WHOLE:
        return "\n".join(outcome.results.get(program, ()))
    return one_form(outcome.results[program][n])


def heading(found: Outcomes) -> str:
    """One line: the scenario, its machine, how much was searched."""
    total = sum(o.interleavings for o in found.rows)
    size = f"{_count(len(found.rows), 'outcome')} of {_count(total, 'interleaving')}, {found.states:,} states"
    stopped = "" if found.complete else ", stopped early: there may be more"
    title = f": {found.scenario.title}" if found.scenario.title else ""
    return f"{found.scenario.id}{title} ({found.scenario.machine}, {size}{stopped})"


def _count(number: int, what: str) -> str:
    return f"{_large(number)} {what}{'' if number == 1 else 's'}"


def _large(number: int) -> str:
    """A count in full as long as anybody would read it."""
    return f"{number:,}" if number < 10**12 else f"{number:.1e}"


def print_scenario(found: Outcomes, answers: Sequence[Answer], console: Console) -> None:
    """Table, a shortest schedule per outcome, and the answer to each question."""
    console.print(heading(found), style="bold", markup=False, soft_wrap=True)
    if found.rows:
        console.print(outcome_table(found))
    for number, outcome in enumerate(found.rows, 1):
        console.print(f"  a shortest schedule of outcome {number}:", markup=False)
        for line in schedule_lines(outcome.schedule):
            console.print(f"    {line}", markup=False, soft_wrap=True)
    for answer in answers:
        console.print(answer_text(answer), soft_wrap=True)
        for detail in answer.details:
            console.print(f"      {detail}", markup=False, soft_wrap=True)
    console.print()


def answer_text(answer: Answer) -> Text:
    """``as expected  reach A == 0: reached (outcomes 1, 3)``."""
    word, color = WORDS[answer.as_expected]
    number = ", ".join(map(str, answer.hits))
    hits = f" (outcome{'s' if len(answer.hits) > 1 else ''} {number})" if answer.hits else ""
    return Text.assemble("  ", (f"{word:11}", color), f"  {answer.question.kind} {answer.question.text}: {answer.verdict}{hits}")


def scenario_json(found: Outcomes, answers: Sequence[Answer]) -> dict[str, Any]:
    """One scenario as JSON values; no times, so that equal runs give equal texts."""
    return {
        "id": found.scenario.id,
        "machine": found.scenario.machine,
        "complete": found.complete,
        "states": found.states,
        "calls": {name: [c.label for c in calls] for name, calls in programs(found.scenario).items()},
        "outcomes": [_outcome_json(o) for o in found.rows],
        "questions": [
            {
                "kind": a.question.kind,
                "text": a.question.text,
                "place": str(a.question.place),
                "verdict": a.verdict,
                "as_expected": a.as_expected,
                "outcomes": list(a.hits),
                "details": list(a.details),
            }
            for a in answers
        ],
    }


def _outcome_json(o: Outcome) -> dict[str, Any]:
    results = {name: [one_form(r) for r in given] for name, given in o.results.items() if given}
    return {"results": results, "interleavings": o.interleavings, "schedule": [str(step) for step in o.schedule]}


def print_findings(findings: Sequence[Finding], console: Console) -> None:
    """Everything that is not simply agreed, in detail, then the totals by category."""
    for f in findings:
        if f.standing == AGREED and not f.details:
            continue
        console.print(Text.assemble((f.standing, COLORS[f.standing]), f"  {f.id}  ({f.place})"), soft_wrap=True)
        for detail in f.details:
            console.print(f"    {detail}", markup=False, soft_wrap=True)
    if findings:
        console.print(totals_table(findings))
    counts = Counter(f.standing for f in findings)
    console.print(f"{len(findings)} scenarios: " + ", ".join(f"{counts[s]} {s}" for s in STANDINGS))


def totals_table(findings: Sequence[Finding]) -> Table:
    """How many scenarios of each category agree, differ, are outside the model, are undecided."""
    table = Table(header_style="bold")
    table.add_column("category")
    for standing in STANDINGS:
        table.add_column(standing, justify="right")
    for category in dict.fromkeys(f.category for f in findings):
        counts = Counter(f.standing for f in findings if f.category == category)
        table.add_row(Text(category or "-"), *(Text(str(counts[s]), style=COLORS[s] if counts[s] else "") for s in STANDINGS))
    return table


def findings_json(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """Findings as JSON values."""
    return [
        {
            "id": f.id,
            "category": f.category,
            "standing": f.standing,
            "place": str(f.place),
            "details": list(f.details),
            "outcomes": f.outcomes,
            "states": f.states,
        }
        for f in findings
    ]
