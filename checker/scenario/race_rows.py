"""What a file of races says was seen: each outcome as the text of a row, with the remarks behind it, its counts and its mark.

Some outcomes are told in words.  What they state (``A=0``, ``A never returns``) is taken, whatever else they tell is not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from checker.scenario.expect import ExpectationError, expectation
from checker.scenario.names import numbered
from checker.scenario.vocabulary import SHORT_NAMES
from checker.scenario.yamlfile import Document, Trail

REMARK_BEHIND = re.compile(r"\s*\((?!fam=|\d+(?:\.\d+){3}:)[^)]*\)")
NEVER = re.compile(r"(\w+) (?:blocks|hangs|sleeps|never returns|does not return)(?: for ever| forever)?\s*$")
BETWEEN = re.compile(r"[,;]|\band\b")
KERNEL = re.compile(r"(linux[ _-])?\d+([._]\d+)+([ _-]\w+)?")
"""A version, perhaps with the machine: ``2.4.17``, ``2.4.17-up``, ``linux_2_4_17``."""

OF_EACH_CALL = "/"


@dataclass(frozen=True)
class Told:
    """One outcome as a file tells it; ``then`` is what it says of calls that followed."""

    text: str
    then: str
    seen: Mapping[str, int]
    nonserial: bool | None


def read_row(document: Document, trail: Trail, row: Any, entry: Mapping[str, Any]) -> Told:
    """One element of ``outcomes`` or ``seen``.  Raises UsageError."""
    if isinstance(row, str):
        versions = entry.get("versions", [])
        seen = {str(v): 1 for v in versions} if isinstance(versions, list) else {}
        text, then = _in_words(row)
        return Told(_by_call(text, entry), then, seen, None)
    if not isinstance(row, dict) or not isinstance(row.get("outcome"), str):
        raise document.problem("missing-key", trail, "outcome missing in an observed outcome", "add outcome: A=0, B=EINVAL")
    counts = {key: value for key, value in row.items() if key not in ("outcome", "nonserial", "note")}
    for key, value in counts.items():
        if not KERNEL.fullmatch(key):
            fix = "write outcome, nonserial, note, or a kernel version with a count"
            raise document.problem("unknown-key", (*trail, key), f"there is no key {key} in an observed outcome", fix)
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise document.problem("wrong-type", (*trail, key), f"{value} is no count", "write how often it was seen")
    nonserial = row.get("nonserial", False)
    if not isinstance(nonserial, bool):
        raise document.problem("wrong-type", (*trail, "nonserial"), f"{nonserial} is not true or false", "write true or false")
    text, then = _in_words(row["outcome"])
    return Told(_by_call(text, entry), then, counts, nonserial)


def _in_words(row: str) -> tuple[str, str]:
    """What a row in words states, and what it says of calls that followed.

    >>> _in_words("A=0 (so it says), and so on; state s=LISTEN after a while, then listen EINVAL")
    ('A=0, state s=LISTEN', 'listen EINVAL')
    >>> _in_words("A never returns")
    ('A=blocks', '')
    """
    text, _, then = row.partition(", then ")
    pieces = [NEVER.sub(r"\1=blocks", piece.strip()) for piece in BETWEEN.split(REMARK_BEHIND.sub("", text))]
    stated = [_without_words(piece) for piece in pieces if "=" in piece]
    return ", ".join(stated) or text, then


def _without_words(piece: str) -> str:
    """``KEY=RESULT`` without words behind the result."""
    key, _, value = piece.partition("=")
    try:
        expectation(value.strip())
    except ExpectationError:
        value = (value.split() or [""])[0]
    return f"{key.strip()}={value.strip()}"


def _by_call(text: str, entry: Mapping[str, Any]) -> str:
    """``A=0/EINVAL`` of a thread with several calls says what each gave, ``A=EINVAL`` what the last one did.

    >>> _by_call("B=0/EINVAL, state a=CLOSE", {"B": ["reuse a 1", "listen a 1"]})
    'B.setsockopt=0, B.listen=EINVAL, state a=CLOSE'
    """
    return ", ".join(cell for part in text.split(",") for cell in _cells(part.strip(), entry))


def _cells(part: str, entry: Mapping[str, Any]) -> Sequence[str]:
    thread, equals, results = part.partition("=")
    steps = entry.get(thread.strip())
    if not equals or not isinstance(steps, list) or len(steps) < 2 or not all(isinstance(s, str) and s.split() for s in steps):
        return [part]
    words = [step.split()[0] for step in steps]
    calls = numbered([SHORT_NAMES.get(word, (word, {}))[0] for word in words])
    given = [result.strip() for result in results.split(OF_EACH_CALL)]
    if len(given) == 1:
        calls = calls[-1:]
    return [f"{thread.strip()}.{call}={result}" for call, result in zip(calls, given, strict=False)]
