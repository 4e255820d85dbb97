"""Results of long runs, one JSON line each, so that a run that was interrupted goes on where it stopped."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

E = TypeVar("E")


class _Line(msgspec.Struct):
    """What an entry is about, and the entry, which is decoded only if it is asked for."""

    of: str
    entry: msgspec.Raw


class Journal(Generic[E]):
    """Entries of one ``kind`` (a struct or dataclass) in a file.

    Each line says with ``mark`` what the entry is about (a hash of a model, say); those of other marks are kept and not read,
    and a line that was cut off is passed over.
    """

    def __init__(self, path: Path, mark: str, kind: type[E]) -> None:
        self.path = path
        self.mark = mark
        self.kind = kind

    def entries(self) -> Iterator[E]:
        """What is known already, oldest first."""
        for line in self.path.read_bytes().splitlines() if self.path.exists() else ():
            try:
                found = msgspec.json.decode(line, type=_Line)
                if found.of == self.mark:
                    yield msgspec.json.decode(found.entry, type=self.kind)
            except msgspec.MsgspecError:
                continue

    def add(self, entry: E) -> None:
        """Append an entry; it is in the file when this returns."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        line = msgspec.json.encode(_Line(self.mark, msgspec.Raw(msgspec.json.encode(entry)))) + b"\n"
        with self.path.open("a+b") as file:
            file.seek(max(0, file.seek(0, 2) - 1))
            cut_off = file.read(1) not in (b"", b"\n")
            file.write(b"\n" + line if cut_off else line)
