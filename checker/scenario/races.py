"""Races that real kernels ran: a file of observed outcomes becomes Scenarios and the rows they must contain.

Calls A and B (C... if there are more threads) run against each other after ``setup``; ``post`` looks at what is left.
``two_threads_one_processor`` has longer programs and less exact remarks, see ``race_rows.py``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from checker.errors import Place, UsageError
from checker.scenario.kernel_words import in_words_of_the_model
from checker.scenario.load import load_document_case
from checker.scenario.program import Scenario
from checker.scenario.question import Row
from checker.scenario.race_rows import Told, read_row
from checker.scenario.race_sections import ROWS, machine_of, race_sections
from checker.scenario.unread import Unread, unread_part
from checker.scenario.vocabulary import ERRNOS
from checker.scenario.yamlfile import Document, Trail

REMARK = re.compile(r"\s*\([^)]*\)")
THREAD = re.compile(r"[A-Z]")
WAITS_NOT = re.compile(r"\b(o_)?non-?block")
TELLING = re.compile(r"\blinger|\bso_|\bmsg_")
PROBED = re.compile(r"\b(?:state|so_error) \w+(?= *=)")
PROBES = {
    "getpeername": "getpeername {}",
    "getsockname": "getsockname {}",
    "listen": "listen {} 1",
    "connect": "connect {} none P1 nonblock",
}
"""Calls that a remark (``then listen EINVAL``) mentions without arguments."""

PROGRAMS = ("setup", "post")
REMARKS = ("title", "category", "source", "tries", "versions", "note", "why")
ENVIRONMENT = ("machine", "events", "peers")
KEYS = ("id", *REMARKS, *ENVIRONMENT, "setup", "A", "B", "post", *ROWS)


@dataclass(frozen=True)
class Observed:
    """One outcome that was seen: how often by kernel version, and whether no sequential order gives it (None: not said)."""

    row: Row
    seen: Mapping[str, int]
    nonserial: bool | None
    place: Place = field(compare=False)

    def required(self, version: str | None) -> bool:
        """Whether the model must have it: seen on ``version``, or on any kernel if that is None or nobody counted."""
        return version is None or not self.seen or self.seen.get(version, 0) > 0


@dataclass(frozen=True)
class Race:
    """A scenario of two threads, and what was observed of it."""

    scenario: Scenario
    observed: tuple[Observed, ...]
    place: Place = field(compare=False)


def load_races(document: Document) -> list[Race]:
    """The races of a document that was read.  Raises UsageError with file and line."""
    races, unread = readable_races(document)
    if unread:
        raise unread[0].problem
    return races


def readable_races(document: Document) -> tuple[list[Race], list[Unread]]:
    """The races of a document, and those in which a word is not known.  Raises UsageError if that is so of all of them."""
    if not isinstance(document.data, dict):
        raise document.problem("wrong-type", (), "a file of races is a mapping", "write races: and a list")
    found: list[Race] = []
    unread: list[Unread] = []
    for section in race_sections(document.data):
        entries = document.data.get(section, [])
        if not isinstance(entries, list):
            raise document.problem("wrong-type", (section,), f"{section} is no list", "write a list of races")
        for n, entry in enumerate(entries):
            try:
                found.append(_race(document, (section, n), entry))
            except UsageError as problem:
                unread.append(unread_part(document, (section, n), entry, problem))
    if not found and unread:
        raise unread[0].problem
    if not found:
        raise document.problem("no-calls", ("races",), "no race in this file", "write a list of races")
    return found, unread


def _race(document: Document, top: Trail, entry: Any) -> Race:
    if not isinstance(entry, dict):
        raise document.problem("wrong-type", top, "a race is a mapping", "write id:, setup:, A:, B:")
    for key in entry:
        if key not in KEYS and not THREAD.fullmatch(str(key)):
            raise document.problem("unknown-key", (*top, key), f"there is no key {key} in a race", ", ".join(KEYS))
    rows_key = next((key for key in ROWS if key in entry), ROWS[0])
    missing = [key for key in ("id", "A", "B", rows_key) if not entry.get(key)]
    if missing:
        raise document.problem("missing-key", top, f"{' and '.join(missing)} missing in a race", f"add {missing[0]}: ...")
    for key in (*PROGRAMS, rows_key):
        if not isinstance(entry.get(key, []), list):
            raise document.problem("wrong-type", (*top, key), f"{key} is no list", "write a list")
    threads = {key: _several(value) for key, value in entry.items() if THREAD.fullmatch(str(key))}
    told = [read_row(document, (*top, rows_key, n), row, {**entry, **threads}) for n, row in enumerate(entry[rows_key])]
    scenario, lines = _as_scenario(document, top, entry, threads, rows_key, told)
    case = load_document_case(Document(document.file, scenario, lines, document.text))
    asked = next(q for q in case.questions if q.kind == "outcomes")
    observed = [
        Observed(in_words_of_the_model(row, case.scenario), one.seen, one.nonserial, document.place((*top, rows_key, n)))
        for n, (row, one) in enumerate(zip(asked.rows, told, strict=True))
    ]
    return Race(case.scenario, tuple(observed), document.place((*top, "id")))


def _several(steps: Any) -> Any:
    """The steps of a thread as a list if there are several, also of one text: ``reuse a 1; listen a 1``."""
    if isinstance(steps, str) and ";" in steps:
        return [step.strip() for step in steps.split(";")]
    return steps


def _as_scenario(
    document: Document, top: Trail, entry: Mapping[str, Any], threads: Mapping[str, Any], rows_key: str, told: Sequence[Told]
) -> tuple[dict[str, Any], dict[Trail, int]]:
    """A race as a scenario document with the lines of the race."""
    lines: dict[Trail, int] = {(): document.place(top).line, ("id",): document.place((*top, "id")).line}

    def steps(given: Any, source: Trail, target: Trail) -> list[Any]:
        several = isinstance(given, list)
        found: list[Any] = []
        for n, step in enumerate(given if several else [given]):
            place = (*top, *source, n) if several else (*top, *source)
            meant = _without_remark(document, place, step) if isinstance(step, str) else [step]
            lines.update({(*target, len(found) + k): document.place(place).line for k in range(len(meant))})
            found += meant
        return found

    setup = steps(entry.get("setup", []), ("setup",), ("setup",))
    programs = {name: steps(given, (name,), ("threads", name)) for name, given in threads.items()}
    post = steps(entry.get("post", []), ("post",), ("post",))
    probes = [_probes(row.then, row.text) for row in told]
    wanted = [(n, step) for n, row in enumerate(told) for step in PROBED.findall(row.text)]
    wanted += [(n, step) for n, asked in enumerate(probes) for step in asked]
    asked_before = [step for calls in programs.values() for step in calls]
    for n, step in wanted:
        if step not in post and not (step.startswith("so_error") and step in asked_before):
            lines[("post", len(post))] = document.place((*top, rows_key, n)).line
            post.append(step)
    texts = []
    for n, (row, asked) in enumerate(zip(told, probes, strict=True)):
        lines[("outcomes", n)] = document.place((*top, rows_key, n)).line
        texts.append(", ".join([row.text, *(f"{step}={result}" for step, result in asked.items())]))
    machine = entry.get("machine", machine_of(str(top[0])))
    data = {key: entry[key] for key in ENVIRONMENT if key in entry} | {"id": entry["id"], "machine": machine}
    data |= {"setup": setup, "threads": programs, "post": post, "outcomes": texts}
    return {key: value for key, value in data.items() if value != []}, lines


def _without_remark(document: Document, trail: Trail, step: str) -> list[str]:
    """A step without what is said in brackets, which may be that it does not wait.  Raises UsageError if it says more."""
    told = " ".join(REMARK.findall(step)).lower()
    plain = REMARK.sub("", step)
    if TELLING.search(told):
        fix = "write a step of its own, for instance linger S 1 0"
        raise document.problem("unknown-call", trail, f"{told.strip()} is more than a remark", fix)
    if not WAITS_NOT.search(told):
        return [plain]
    words = plain.split()
    return [plain, f"nonblock {words[1]} 1"] if words[0] == "socket" else [f"{plain} nonblock"]


def _probes(told: str, stated: str) -> dict[str, str]:
    """The calls a remark says were made afterwards, with their results; whatever is not a call and an errno is left out."""
    socket = re.search(r"\bstate (\w+)", stated)
    found = {}
    for part in told.split(","):
        words = part.split()
        if socket and len(words) == 2 and words[0] in PROBES and words[1] in ERRNOS:
            found[PROBES[words[0]].format(socket[1])] = words[1]
    return found
