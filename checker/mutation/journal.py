"""The journal of a run: one JSON line per judged mutant, so that an interrupted run goes on where it stopped.

The first line has the fingerprint of what was judged; a journal of something else is begun anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from checker.language import terms
from checker.language.graph import Graph
from checker.report.files import write_atomic


def fingerprint(graphs: Iterable[Graph], files: Iterable[Path], more: str = "") -> str:
    """A hash of the graphs and of the scenario files."""
    digest = sha256(more.encode())
    for graph in graphs:
        for n in graph.nodes:
            value = terms.show(n.value) if n.value is not None else ""
            digest.update(repr((n.function, n.place.line, n.action.value, n.text, n.key, value, n.successors)).encode())
    for path in files:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


class Entry(Protocol):
    """What a journal holds: a dataclass with a name."""

    @property
    def name(self) -> str: ...


E = TypeVar("E", bound=Entry)


class Journal(Generic[E]):
    """The lines of a file; ``known`` are the mutants judged before, by name, as ``kind``."""

    def __init__(self, path: Path, mark: str, kind: type[E]) -> None:
        self.path = path
        self.known: dict[str, E] = {}
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        first = {"fingerprint": mark}
        entries = [e for e in map(_parsed, lines[1:]) if e] if lines and _parsed(lines[0]) == first else []
        for entry in entries:
            self.known[entry["name"]] = kind(**{k: tuple(v) if isinstance(v, list) else v for k, v in entry.items()})
        # Written anew: the last line may have been cut off.
        write_atomic(path, "".join(json.dumps(e) + "\n" for e in (first, *entries)))

    def add(self, judged: E) -> None:
        """Append one line."""
        self.known[judged.name] = judged
        with self.path.open("a", encoding="utf-8") as out:
            out.write(json.dumps(vars(judged)) + "\n")


def _parsed(line: str) -> dict[str, Any] | None:
    """A line as an object; None for one that was cut off."""
    try:
        found = json.loads(line)
    except json.JSONDecodeError:
        return None
    return found if isinstance(found, dict) else None
