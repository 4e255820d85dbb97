"""The one numbering of findings: which page is about what, and which root causes of the race matrix are told there.

In goes ``docs/findings/pages.json``, which ``sockproof findings --write`` makes; out come numbers and links.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from checker.errors import UsageError

FOLDER = Path("docs/findings")
REGISTRY = FOLDER / "pages.json"


@dataclass(frozen=True)
class Page:
    """A page of ``docs/findings``: its file, what it is ``about`` (an entry's id, or a root cause), and its root causes."""

    file: str
    about: str
    causes: tuple[str, ...] = ()

    @property
    def number(self) -> int:
        """The number that stands before the name."""
        return int(self.file.split("-")[0])


@dataclass(frozen=True)
class Numbering:
    """All pages, in order of their numbers."""

    pages: tuple[Page, ...] = ()

    @property
    def about(self) -> dict[str, int]:
        """The numbers of pages by what they are about."""
        return {page.about: page.number for page in self.pages}

    @property
    def causes(self) -> dict[str, int]:
        """The first page of each root cause, by slug."""
        return {slug: page.number for page in reversed(self.pages) for slug in page.causes}

    @property
    def taken(self) -> dict[str, int]:
        """Every number that is given, by what it was given to."""
        return {**self.about, **self.causes}

    @property
    def files(self) -> dict[int, str]:
        """The files by number."""
        return {page.number: page.file for page in self.pages}

    def numbered(self, about: Sequence[str]) -> dict[str, int]:
        """A number for everything in ``about``: the one it has, or the next that is free.

        >>> Numbering((Page("002-two.md", "b"),)).numbered(["a", "b"])
        {'a': 3, 'b': 2}
        """
        numbers = self.about
        for name in about:
            numbers.setdefault(name, max(numbers.values(), default=0) + 1)
        return {name: numbers[name] for name in about}


def page_file(number: int, name: str) -> str:
    """The file of a page, below ``docs/findings``."""
    return f"{number:03}-{name}.md"


def read_numbering(path: Path = REGISTRY) -> Numbering:
    """The pages there are; none if there is no registry.  Raises UsageError for a file that is none."""
    if not path.exists():
        return Numbering()
    try:
        data: Any = json.loads(path.read_text(encoding="utf-8"))
        pages = [Page(str(file), str(told["about"]), tuple(map(str, told["causes"]))) for file, told in data.items()]
        return Numbering(tuple(sorted(pages, key=lambda page: page.number)))
    except (ValueError, KeyError, TypeError, AttributeError):
        fix = "write it anew with sockproof findings --write"
        raise UsageError("bad-registry", f"{path} is no list of pages", fix) from None


def numbering_text(pages: Sequence[Page]) -> str:
    """The registry: a line for each page."""
    lines = [f" {json.dumps(p.file)}: {json.dumps({'about': p.about, 'causes': p.causes})}" for p in pages]
    return "{\n" + ",\n".join(lines) + "\n}\n"
