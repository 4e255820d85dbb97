"""Races that real kernels ran: a file of observed outcomes becomes Scenarios and the rows they must contain.

Two calls A and B run against each other after ``setup``; ``post`` looks at what is left.  ``two_threads_one_processor`` has
longer programs and less exact remarks; what they state is taken, what they tell in words is not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from checker.errors import Place
from checker.scenario.kernel_words import in_words_of_the_model
from checker.scenario.load import load_document_case
from checker.scenario.program import Scenario
from checker.scenario.question import Row
from checker.scenario.vocabulary import ERRNOS
from checker.scenario.yamlfile import Document, Trail

REMARK = re.compile(r"\s*\([^)]*\)")
REMARK_BEHIND = re.compile(r"\s*\((?!fam=)[^)]*\)")
NEVER = re.compile(r"(\w+) (?:blocks|never returns)\s*$")
VERSION = re.compile(r"\d+(\.\d+)+")
PROBES = {
    "getpeername": "getpeername {}",
    "getsockname": "getsockname {}",
    "listen": "listen {} 1",
    "connect": "connect {} none P1 nonblock",
}
"""Calls that a remark (``then listen EINVAL``) mentions without arguments."""

KEYS = {
    "races": ("id", "tries", "setup", "A", "B", "post", "outcomes", "note", "machine"),
    "two_threads_one_processor": ("id", "setup", "A", "B", "seen", "versions", "note"),
}


@dataclass(frozen=True)
class Observed:
    """One outcome that was seen: how often by kernel version, and whether no sequential order gives it (None: not said)."""

    row: Row
    seen: Mapping[str, int]
    nonserial: bool | None
    place: Place = field(compare=False)

    def required(self, version: str | None) -> bool:
        """Whether the model must have it: seen on ``version``, or on any kernel if that is None."""
        return version is None or version not in self.seen or self.seen[version] > 0


@dataclass(frozen=True)
class Race:
    """A scenario of two threads, and what was observed of it."""

    scenario: Scenario
    observed: tuple[Observed, ...]
    place: Place = field(compare=False)


def load_races(document: Document) -> list[Race]:
    """The races of a document that was read.  Raises UsageError with file and line."""
    if not isinstance(document.data, dict):
        raise document.problem("wrong-type", (), "a file of races is a mapping", "write races: and a list")
    found = []
    for section in KEYS:
        entries = document.data.get(section, [])
        if not isinstance(entries, list):
            raise document.problem("wrong-type", (section,), f"{section} is no list", "write a list of races")
        found += [_race(document, (section, n), entry) for n, entry in enumerate(entries)]
    if not found:
        raise document.problem("no-calls", ("races",), "no race in this file", "write a list of races")
    return found


def _race(document: Document, top: Trail, entry: Any) -> Race:
    section = str(top[0])
    if not isinstance(entry, dict):
        raise document.problem("wrong-type", top, "a race is a mapping", "write id:, setup:, A:, B:")
    for key in entry:
        if key not in KEYS[section]:
            raise document.problem("unknown-key", (*top, key), f"there is no key {key} in a race", ", ".join(KEYS[section]))
    rows_key = "seen" if section == "two_threads_one_processor" else "outcomes"
    missing = [key for key in ("id", "A", "B", rows_key) if not entry.get(key)]
    if missing:
        raise document.problem("missing-key", top, f"{' and '.join(missing)} missing in a race", f"add {missing[0]}: ...")
    for key in ("setup", "post", rows_key):
        if not isinstance(entry.get(key, []), list):
            raise document.problem("wrong-type", (*top, key), f"{key} is no list", "write a list")
    entries = entry[rows_key]
    rows = [_row_entry(document, (*top, rows_key, n), row, entry) for n, row in enumerate(entries)]
    scenario, lines = _as_scenario(document, top, entry, rows_key, rows)
    case = load_document_case(Document(document.file, scenario, lines, document.text))
    asked = next(q for q in case.questions if q.kind == "outcomes")
    observed = [
        Observed(in_words_of_the_model(row, case.scenario), told["seen"], told["nonserial"], document.place((*top, rows_key, n)))
        for n, (row, told) in enumerate(zip(asked.rows, rows, strict=True))
    ]
    return Race(case.scenario, tuple(observed), document.place((*top, "id")))


def _row_entry(document: Document, trail: Trail, row: Any, entry: Mapping[str, Any]) -> dict[str, Any]:
    """One observed outcome as text, probes, counts by version, and whether it is non-serial."""
    if isinstance(row, str):
        text, _, told = row.partition(", then ")
        pieces = [NEVER.sub(r"\1=blocks", piece) for piece in REMARK_BEHIND.sub("", text).split(",")]
        stated = ",".join(piece for piece in pieces if "=" in piece) or text
        versions = entry.get("versions", [])
        seen = {str(v): 1 for v in versions} if isinstance(versions, list) else {}
        return {"text": stated, "then": told, "seen": seen, "nonserial": None}
    if not isinstance(row, dict) or not isinstance(row.get("outcome"), str):
        raise document.problem("missing-key", trail, "outcome missing in an observed outcome", "add outcome: A=0, B=EINVAL")
    counts = {key: value for key, value in row.items() if key not in ("outcome", "nonserial")}
    for key, value in counts.items():
        if not VERSION.fullmatch(key):
            fix = "write outcome, nonserial, or a kernel version with a count"
            raise document.problem("unknown-key", (*trail, key), f"there is no key {key} in an observed outcome", fix)
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise document.problem("wrong-type", (*trail, key), f"{value} is no count", "write how often it was seen")
    nonserial = row.get("nonserial", False)
    if not isinstance(nonserial, bool):
        raise document.problem("wrong-type", (*trail, "nonserial"), f"{nonserial} is not true or false", "write true or false")
    return {"text": row["outcome"], "then": "", "seen": counts, "nonserial": nonserial}


def _as_scenario(
    document: Document, top: Trail, entry: Mapping[str, Any], rows_key: str, rows: list[dict[str, Any]]
) -> tuple[dict[str, Any], dict[Trail, int]]:
    """A race as a scenario document with the lines of the race."""
    lines: dict[Trail, int] = {(): document.place(top).line, ("id",): document.place((*top, "id")).line}

    def steps(given: Any, source: Trail, target: Trail) -> list[Any]:
        several = isinstance(given, list)
        found = given if several else [given]
        for n in range(len(found)):
            lines[(*target, n)] = document.place((*top, *source, n) if several else (*top, *source)).line
        return [REMARK.sub("", step) if isinstance(step, str) else step for step in found]

    setup = steps(entry.get("setup", []), ("setup",), ("setup",))
    threads = {name: steps(entry[name], (name,), ("threads", name)) for name in ("A", "B")}
    post = steps(entry.get("post", []), ("post",), ("post",))
    probes = [_probes(row["then"], row["text"]) for row in rows]
    wanted = [(n, step) for n, row in enumerate(rows) for step in re.findall(r"\bstate \w+", row["text"])]
    wanted += [(n, step) for n, asked in enumerate(probes) for step in asked]
    for n, step in wanted:
        if step not in post:
            lines[("post", len(post))] = document.place((*top, rows_key, n)).line
            post.append(step)
    texts = []
    for n, (row, asked) in enumerate(zip(rows, probes, strict=True)):
        lines[("outcomes", n)] = document.place((*top, rows_key, n)).line
        texts.append(", ".join([row["text"], *(f"{step}={result}" for step, result in asked.items())]))
    machine = entry.get("machine", "up" if rows_key == "seen" else "smp")
    data = {"id": entry["id"], "machine": machine, "setup": setup, "threads": threads, "post": post, "outcomes": texts}
    return {key: value for key, value in data.items() if value != []}, lines


def _probes(told: str, stated: str) -> dict[str, str]:
    """The calls a remark says were made afterwards, with their results; whatever is not a call and an errno is left out."""
    socket = re.search(r"\bstate (\w+)", stated)
    found = {}
    for part in told.split(","):
        words = part.split()
        if socket and len(words) == 2 and words[0] in PROBES and words[1] in ERRNOS:
            found[PROBES[words[0]].format(socket[1])] = words[1]
    return found
