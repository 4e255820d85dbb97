"""What is asked of a scenario, and the answers: rows of outcomes, ``reach``, ``never``, and what its steps are said to give.

A question is yes, no or open: a search that stopped early decides only what it has seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from checker.errors import EXIT_AS_EXPECTED, EXIT_DIFFERS, EXIT_UNDETERMINED, Place
from checker.scenario.expect import Expectation, one_form
from checker.scenario.expression import Expression
from checker.scenario.names import Ref, programs
from checker.scenario.program import Outcome, Outcomes

SHOWN = 6
"""How many differing rows an answer lists."""


@dataclass(frozen=True)
class Row:
    """An outcome as far as it is stated: results by the names the file uses."""

    text: str
    cells: tuple[tuple[Ref, Expectation], ...]

    def matches(self, outcome: Outcome) -> bool:
        """Whether ``outcome`` has all these results."""
        return all(expected.matches(ref.value(outcome)) for ref, expected in self.cells)


@dataclass(frozen=True)
class Question:
    """``kind`` is ``outcomes``, ``reach``, ``never``, ``eventually``, ``lost``, ``symptom`` or ``steps``.

    ``outcomes`` without rows just asks for the set.  A symptom is ``wanted`` if some outcome is to have it, else none; so is
    what is lost.
    """

    kind: str
    text: str
    place: Place
    expression: Expression | None = None
    rows: tuple[Row, ...] = ()
    expects: Mapping[str, tuple[Expectation, ...]] = field(default_factory=dict)
    wanted: bool = True


@dataclass(frozen=True)
class Answer:
    """``as_expected`` is None if it is open; ``hits`` are the numbers, from 1, of the outcomes that decide it."""

    question: Question
    verdict: str
    as_expected: bool | None
    hits: tuple[int, ...] = ()
    details: tuple[str, ...] = ()


def judge(question: Question, outcomes: Outcomes) -> Answer:
    """Answer one question from the outcomes found."""
    if question.kind == "outcomes":
        return _judge_rows(question, outcomes) if question.rows else _judge_listing(question, outcomes)
    if question.kind == "steps":
        return _judge_steps(question, outcomes)
    if question.kind == "lost":
        return _judge_lost(question, outcomes)
    assert question.expression is not None
    if question.kind == "eventually":
        return _judge_eventually(question, question.expression, outcomes)
    hits = tuple(n for n, row in enumerate(outcomes.rows, 1) if question.expression.holds(row))
    wanted = question.kind == "reach" or (question.kind == "symptom" and question.wanted)
    seen, unseen = ("reached", "not reached") if question.kind == "reach" else ("happens", "never")
    if hits:
        return Answer(question, seen, wanted, hits)
    return _if_complete(Answer(question, unseen, not wanted), outcomes)


def _if_complete(answer: Answer, outcomes: Outcomes) -> Answer:
    if outcomes.complete:
        return answer
    return Answer(answer.question, "open", None, details=("the search stopped early", *answer.details))


def _judge_listing(question: Question, outcomes: Outcomes) -> Answer:
    count = len(outcomes.rows)
    if outcomes.complete and not count:
        return Answer(question, "no outcome", False, details=("no thread ever gets to its end or stays blocked",))
    told = f"{count} outcome{'s' if count != 1 else ''}"
    return _if_complete(Answer(question, told, True), outcomes)


def _judge_rows(question: Question, outcomes: Outcomes) -> Answer:
    unexpected = [n for n, o in enumerate(outcomes.rows, 1) if not any(row.matches(o) for row in question.rows)]
    missing = [row for row in question.rows if not any(row.matches(o) for o in outcomes.rows)]
    details = [f"missing: {row.text}" for row in missing] if outcomes.complete else []
    details += [f"unexpected: outcome {n}" for n in unexpected]
    if unexpected or (missing and outcomes.complete):
        return Answer(question, "differs", False, tuple(unexpected), _first(details))
    return _if_complete(Answer(question, "exactly these", True), outcomes)


def _judge_steps(question: Question, outcomes: Outcomes) -> Answer:
    calls = programs(outcomes.scenario)
    hits, details = [], []
    for n, outcome in enumerate(outcomes.rows, 1):
        for program, index, expected, got in differing_steps(question.expects, outcome):
            hits.append(n)
            what = calls[program][index].label
            details.append(f"outcome {n}: {program} step {index + 1}, {what}: expected {expected}, got {got}")
    if hits:
        return Answer(question, "differs", False, tuple(dict.fromkeys(hits)), _first(details))
    if outcomes.complete and not outcomes.rows:
        return Answer(question, "no outcome", False)
    return _if_complete(Answer(question, "as stated", True), outcomes)


def _judge_eventually(question: Question, wanted: Expression, outcomes: Outcomes) -> Answer:
    assert outcomes.stuck is not None
    hits = tuple(n for n, row in enumerate(outcomes.rows, 1) if not wanted.holds(row))
    run = outcomes.stuck.endless
    if run is not None:
        steps = ["a fair run never ends; it begins", *map(str, run.way), "and does for ever", *map(str, run.cycle)]
        return Answer(question, "not always", False, hits, tuple(steps))
    if hits:
        return Answer(question, "not always", False, hits)
    return _if_complete(Answer(question, "always", True), outcomes)


def _judge_lost(question: Question, outcomes: Outcomes) -> Answer:
    assert outcomes.stuck is not None
    if outcomes.stuck.lost:
        return Answer(question, "some", question.wanted, details=_first(list(outcomes.stuck.lost)))
    return _if_complete(Answer(question, "none", not question.wanted), outcomes)


def differing_steps(expects: Mapping[str, Sequence[Expectation]], outcome: Outcome) -> list[tuple[str, int, Expectation, str]]:
    """The steps of ``outcome`` that did not give what is expected: program, position, expected, got."""
    found = []
    for program, expected in expects.items():
        for n, (wanted, got) in enumerate(zip(expected, outcome.results[program], strict=False)):
            if not wanted.matches(got):
                found.append((program, n, wanted, one_form(got)))
    return found


def _first(details: list[str]) -> tuple[str, ...]:
    rest = len(details) - SHOWN
    return (*details[:SHOWN], f"and {rest} more") if rest > 0 else tuple(details)


def status_of_answers(answers: Sequence[Answer]) -> int:
    """1 if an answer is not as expected, else 3 if one is open, else 0."""
    if any(a.as_expected is False for a in answers):
        return EXIT_DIFFERS
    return EXIT_UNDETERMINED if any(a.as_expected is None for a in answers) else EXIT_AS_EXPECTED
