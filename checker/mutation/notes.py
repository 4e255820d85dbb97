"""Explanations of survivors, written by hand: a mutant is equivalent, nothing asked can see it, or which gap lets it live.

In goes a YAML file: a list of ``mutants`` (names, or patterns with ``*`` for ``NAME: WHAT``), ``kind`` (``equivalent``,
``unseen`` or ``gap``) and ``why``.  One that explains nothing any more is an error.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from checker.errors import Place, UsageError
from checker.scenario.yamlfile import load_yaml

EQUIVALENT, UNSEEN, GAP = KINDS = ("equivalent", "unseen", "gap")


@dataclass(frozen=True)
class Note:
    """One explanation of one pattern."""

    pattern: str
    kind: str
    why: str
    place: Place

    def about(self, name: str, what: str) -> bool:
        """Whether it speaks of a mutant: of its name, or of its name and what it does."""
        return fnmatchcase(name, self.pattern) or fnmatchcase(f"{name}: {what}", self.pattern)


def load_notes(path: Path) -> list[Note]:
    """The explanations of a file; none if there is no file.  Raises UsageError with the line for a bad one."""
    if not path.exists():
        return []
    document = load_yaml(path)
    if not isinstance(document.data, list):
        raise document.problem("wrong-type", (), "explanations are a list", "write - mutants: [NAME], kind: equivalent, why: ...")
    found = []
    for number, entry in enumerate(document.data):
        if not isinstance(entry, dict) or set(entry) != {"mutants", "kind", "why"}:
            raise document.problem("missing-key", (number,), "an explanation has mutants, kind and why", "write these three keys")
        if entry["kind"] not in KINDS:
            raise document.problem("unknown-value", (number, "kind"), f"there is no kind {entry['kind']}", " or ".join(KINDS))
        if not isinstance(entry["mutants"], list) or not isinstance(entry["why"], str):
            raise document.problem("wrong-type", (number,), "mutants is a list of names, why is a text", "see the other entries")
        for position, pattern in enumerate(entry["mutants"]):
            found.append(Note(str(pattern), entry["kind"], entry["why"].strip(), document.place((number, "mutants", position))))
    return found


Named = tuple[str, str]
"""The name of a mutant, and what it does."""


def explanation(notes: Iterable[Note], named: Named) -> Note | None:
    """The first explanation of a survivor."""
    return next((n for n in notes if n.about(*named)), None)


def check_notes(notes: Iterable[Note], every: Iterable[Named], survivors: Iterable[Named], killed: Iterable[Named]) -> None:
    """Raise UsageError for an explanation of a mutant that does not exist, or of nothing but killed ones.

    ``every`` are all mutants; those in neither of the other lists were not judged.
    """
    names, alive, dead = list(every), list(survivors), list(killed)
    for note in notes:
        if not any(note.about(*n) for n in names):
            raise UsageError("stale-explanation", f"there is no mutant {note.pattern}", "remove its explanation", note.place)
        gone = [n for n in dead if note.about(*n)]
        if gone and not any(note.about(*n) for n in alive):
            raise UsageError("stale-explanation", f"{gone[0][0]} does not survive", "remove its explanation", note.place)
