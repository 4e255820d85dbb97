"""Files of observations that others wrote: what has words that are not known here is told, the rest is read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from checker.errors import Place, UsageError
from checker.scenario.load import Case, cases_of, load_document_case
from checker.scenario.yamlfile import Document, Trail


@dataclass(frozen=True)
class Unread:
    """A part of a file of observations with words that are not known here, and which ones."""

    id: str
    category: str
    features: tuple[str, ...]
    problem: UsageError
    place: Place = field(compare=False)


MALFORMED = ("wrong-length", "duplicate-id", "no-calls", "no-program", "no-threads", "steps-and-threads", "no-symptom")
"""What is wrong with a file whatever its words mean; anything else may be the vocabulary of others."""


def readable_cases(document: Document) -> tuple[list[Case], list[Unread]]:
    """The scenarios of a document, and those in which a word is not known, unless that is so of all of them."""
    try:
        return cases_of(document), []
    except UsageError as problem:
        if problem.code in MALFORMED or not isinstance(document.data, dict) or not isinstance(_scenarios(document), list):
            raise
        first = problem
    cases: list[Case] = []
    unread: list[Unread] = []
    for n, scenario in enumerate(_scenarios(document)):
        top = ("scenarios", n)
        lines = {trail[2:]: line for trail, line in document.lines.items() if trail[:2] == top}
        try:
            cases.append(load_document_case(Document(document.file, scenario, lines, document.text)))
        except UsageError as problem:
            unread.append(unread_part(document, top, scenario, problem))
    if not cases:
        raise first
    return cases, unread


def unread_part(document: Document, top: Trail, data: Any, problem: UsageError) -> Unread:
    """What cannot be asked because of ``problem``, which is raised again if it is more than an unknown word."""
    if problem.code in MALFORMED or not isinstance(data, dict):
        raise problem
    features = data.get("features") or ()
    used = tuple(str(feature) for feature in features) if isinstance(features, list) else ()
    return Unread(str(data.get("id")), str(data.get("category", "")), used, problem, document.place(top))


def _scenarios(document: Document) -> Any:
    return document.data.get("scenarios")
