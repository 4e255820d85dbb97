"""Findings: scenarios of something that is wrong, on the model and in the variants that repair it or bring it about.

In goes a Case with symptoms and claims; out comes what happens where, and whether that is as claimed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from checker.errors import LimitError
from checker.scenario.load import Case, Claim
from checker.scenario.program import Engine, Outcome, Outcomes
from checker.scenario.question import Answer, judge
from checker.scenario.run import outcomes_of, run_case


@dataclass(frozen=True)
class Claimed:
    """What became of a claim: the outcomes in that variant, and the answers there.

    Of a mutant every question is asked as of the model, else only the symptoms.
    """

    claim: Claim
    found: Outcomes
    answers: tuple[Answer, ...]

    @property
    def as_expected(self) -> bool | None:
        """Whether a fix answers every symptom with never, another variant still has one, a mutant differs from the model."""
        standings = [a.as_expected for a in self.answers]
        if self.claim.key == "fixed_by":
            return worst(standings)
        sought = self.claim.key == "still_in"
        return True if sought in standings else None if None in standings else False


@dataclass(frozen=True)
class Examined:
    """A scenario of a finding: its outcomes and answers in the model, and what became of its claims."""

    case: Case
    found: Outcomes
    answers: tuple[Answer, ...]
    claims: tuple[Claimed, ...]

    @property
    def as_expected(self) -> bool | None:
        """Whether every answer and every claim is as it should be."""
        return worst([*(a.as_expected for a in self.answers), *(c.as_expected for c in self.claims)])

    @property
    def happens(self) -> bool:
        """Whether a symptom happens in the model."""
        return any(a.hits for a in self.answers if a.question.kind == "symptom")

    @property
    def shown(self) -> Outcome | None:
        """The outcome with a symptom and the shortest schedule: in the model, else in the first variant that has one."""
        for found, answers in ((self.found, self.answers), *((c.found, c.answers) for c in self.claims)):
            hits = [found.rows[n - 1] for a in answers if a.question.kind == "symptom" for n in a.hits]
            if hits:
                return min(hits, key=lambda outcome: len(outcome.schedule))
        return None


def worst(standings: Sequence[bool | None]) -> bool | None:
    """False if one is, else None if one is undecided, else True."""
    return False if False in standings else None if None in standings else True


def examine(case: Case, engine_of: Callable[[str], Engine]) -> Examined:
    """Run a scenario on the model (variant ``""``) and in every variant it says something about.

    Raises LimitError for what is too large, UsageError for an unknown variant or what is outside the model.
    """
    found, answers = run_case(case, engine_of(""))
    return Examined(case, found, tuple(answers), tuple(_claimed(case, claim, engine_of) for claim in case.claims))


def _claimed(case: Case, claim: Claim, engine_of: Callable[[str], Engine]) -> Claimed:
    try:
        found = outcomes_of(case, engine_of(claim.variant))
    except LimitError as problem:
        raise LimitError(problem.code, f"in {claim.variant}, {problem.message}", problem.fix) from None
    if claim.key == "caught_in":
        return Claimed(claim, found, tuple(judge(question, found) for question in case.questions))
    asked = (replace(symptom, wanted=claim.key == "still_in") for symptom in case.symptoms)
    return Claimed(claim, found, tuple(judge(symptom, found) for symptom in asked))
