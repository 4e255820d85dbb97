"""Finding C functions in text that is not quite C: a listing with prose, typographic signs and missing pieces.

In goes the text of a file; out come the functions in it, each with its parameters and its body at their lines.
Comments and strings are blanked first, so that nothing in them is mistaken for code.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from checker.errors import Place, UsageError

TYPOGRAPHIC = {
    "\u2013": "-",
    "\u2014": "-",
    "\u2212": "-",
    "\u2018": "'",
    "\u2019": "'",
    "\u201c": '"',
    "\u201d": '"',
    "\u00a0": " ",
    "\u3000": " ",
    "\uff08": "(",
    "\uff09": ")",
    "\uff1b": ";",
    "\uff0c": ",",
    "\ufeff": " ",
}
"""Signs that word processors put in the place of C's."""

_BLANKED = re.compile(r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])'", re.DOTALL)
_HEADER = re.compile(r"([A-Za-z_]\w*)[ \t]*\(((?:[^(){};]|\([^(){};]*\))*)\)\s*$")
_NOT_FUNCTIONS = frozenset({"if", "for", "while", "switch", "do", "else", "return", "sizeof"})


@dataclass(frozen=True)
class CFunction:
    """One function definition: its text from the name on, and the line the name is in."""

    name: str
    file: str
    line: int
    text: str

    def place(self, row: int, lines: list[str]) -> Place:
        """The place of row ``row`` (from 0) of the text."""
        return Place(self.file, self.line + row, lines[row].strip() if row < len(lines) else "")


def read_text(path: Path) -> str:
    """The text of a file.  Raises UsageError if it is missing, unreadable or no text."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise UsageError("no-file", f"there is no file {path}", "give a listing or the top of a kernel tree") from None
    except OSError as problem:
        raise UsageError(
            "unreadable", f"{path} cannot be read: {problem.strerror}", "check the path and its permissions"
        ) from None
    if b"\0" in data:
        raise UsageError("unreadable", f"{path} is no text", "give C source or a listing")
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")


def plain(text: str) -> str:
    """``text`` with typographic signs replaced by C's, character by character."""
    return text.translate({ord(k): v for k, v in TYPOGRAPHIC.items()}).replace("\r\n", "\n").replace("\r", "\n")


def blank(text: str, file: str = "") -> str:
    """``text`` with comments, strings and directives turned into spaces; line breaks stay.

    Raises UsageError if a comment never ends.
    """

    def spaces(match: re.Match[str]) -> str:
        return re.sub(r"[^\n]", " ", match[0])

    done = _BLANKED.sub(spaces, text)
    opened = done.find("/*")
    if opened >= 0:
        line = text.count("\n", 0, opened) + 1
        raise UsageError("unreadable", "a comment is never closed", "close it with */", Place(file, line))
    return re.sub(r"(?m)^[ \t]*#(?:[^\n\\]|\\\n|\\.)*", spaces, done)


def functions(text: str, file: str) -> dict[str, CFunction]:
    """The function definitions in ``text``, by name; of several with one name, the first.

    Raises UsageError if the body of one never ends.
    """
    text = plain(text)
    code = blank(text, file)
    found: dict[str, CFunction] = {}
    at = 0
    while (opening := code.find("{", at)) >= 0:
        header = _HEADER.search(code, at, opening)
        closing = _closing(code, opening)
        if header is None or header[1] in _NOT_FUNCTIONS:
            at = opening + 1 if closing < 0 else closing
            continue
        line = code.count("\n", 0, header.start(1)) + 1
        if closing < 0:
            raise UsageError("unreadable", f"{header[1]} is never closed", "add the missing }", Place(file, line))
        found.setdefault(header[1], CFunction(header[1], file, line, text[header.start(1) : closing]))
        at = closing
    return found


def _closing(code: str, opening: int) -> int:
    """The index behind the brace that closes ``opening``; -1 if there is none."""
    depth = 0
    for match in re.finditer(r"[{}]", code[opening:]):
        depth += 1 if match[0] == "{" else -1
        if depth == 0:
            return opening + match.end()
    return -1


def find(path: Path, wanted: dict[str, str]) -> dict[str, CFunction]:
    """Those of ``wanted`` (function: kernel file) that are in a listing, or in the files of a kernel tree.

    Raises UsageError if there is nothing to read or none of them is found.
    """
    found: dict[str, CFunction] = {}
    if path.is_dir():
        files = sorted(set(wanted.values()))
        present = [f for f in files if (path / f).exists()]
        if not present:
            raise UsageError("no-file", f"{path} has none of {', '.join(files)}", "give the top of a kernel tree")
        for file in present:
            inside = functions(read_text(path / file), file)
            found |= {n: inside[n] for n, f in wanted.items() if f == file and n in inside}
    else:
        inside = functions(read_text(path), path.name)
        found = {n: inside[n] for n in wanted if n in inside}
    if not found:
        raise UsageError("no-function", f"none of {', '.join(wanted)} is defined in {path}", "give a file that defines one")
    return found
