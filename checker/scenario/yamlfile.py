"""YAML files with line numbers: in goes a path, out come plain values and the line every one of them stands on.

Built on the events of PyYAML, not on its constructors: no tags, no objects, no surprises such as ``no`` being false.
A file that is too large, nested too deep, circular or full of aliases is refused with the line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from checker.errors import Place, UsageError

MAX_BYTES = 2_000_000
MAX_VALUES = 200_000
MAX_DEPTH = 32

Trail = tuple[str | int, ...]
"""Where a value is in a document: keys and positions from the top."""

WORDS = {"": None, "~": None, "null": None, "true": True, "false": False}
INTEGER = re.compile(r"[-+]?[0-9]+")


@dataclass(frozen=True)
class Document:
    """The plain value of a YAML file (dict, list, str, int, bool, None) and the line of everything in it."""

    file: str
    data: Any
    lines: Mapping[Trail, int]
    text: tuple[str, ...]

    def place(self, trail: Trail) -> Place:
        """The line of ``trail``, or of what is nearest above it."""
        while trail and trail not in self.lines:
            trail = trail[:-1]
        return _place(self.file, self.text, self.lines.get(trail, 1))

    def problem(self, code: str, trail: Trail, message: str, fix: str) -> UsageError:
        """The error to raise about what stands at ``trail``."""
        where = dotted(trail)
        return UsageError(code, f"{where}: {message}" if where else message, fix, self.place(trail))


def dotted(trail: Trail) -> str:
    """A trail as people write it.

    >>> dotted(("scenarios", 0, "threads", "A", 2, "call"))
    'scenarios[0].threads.A[2].call'
    """
    parts = [f"[{part}]" if isinstance(part, int) else f".{part}" for part in trail]
    return "".join(parts).removeprefix(".")


@dataclass
class _Node:
    """A value as written: its line, and for collections the nodes in it (keys with their own lines)."""

    line: int
    value: Any = None
    items: list[_Node] | None = None
    entries: dict[str, tuple[int, _Node]] | None = None
    closed: bool = True


def load_yaml(path: Path) -> Document:
    """Read one YAML file.  Raises UsageError with file and line for anything that is not one clean document."""
    file = str(path)
    text = _read(path)
    lines = tuple(text.splitlines())
    try:
        root = _Composer(file, lines).compose(text)
    except yaml.MarkedYAMLError as problem:
        raise _syntax_error(problem, file, lines) from None
    except yaml.YAMLError as problem:
        raise UsageError(
            "yaml-syntax", f"this is no YAML: {problem}", "remove control characters", Place(file, _control_line(lines))
        ) from None
    if root is None:
        raise UsageError("empty-file", "there is nothing in this file", "write a scenario, see docs/scenarios.md", Place(file, 1))
    found = _Plain(file, lines)
    data = found.convert(root, (), 0)
    return Document(file, data, found.lines, lines)


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as problem:
        reason = (problem.strerror or str(problem)).lower()
        raise UsageError("unreadable-file", f"cannot read {path}: {reason}", "give the path of a YAML file") from None
    if len(raw) > MAX_BYTES:
        raise UsageError(
            "huge-file", f"a scenario file has at most {MAX_BYTES:,} bytes", "split it into several files", Place(str(path), 1)
        )
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = raw.count(b"\n", 0, problem.start) + 1
        raise UsageError(
            "not-utf-8", f"byte 0x{raw[problem.start]:02x} is not UTF-8", "save the file as UTF-8", Place(str(path), line)
        ) from None


def _place(file: str, lines: tuple[str, ...], line: int) -> Place:
    text = lines[line - 1] if 0 < line <= len(lines) else ""
    return Place(file, line, text if len(text) <= 160 else text[:157] + "...")


def _syntax_error(problem: yaml.MarkedYAMLError, file: str, lines: tuple[str, ...]) -> UsageError:
    mark = problem.problem_mark or problem.context_mark
    line = mark.line + 1 if mark is not None else 1
    place = _place(file, lines, min(line, max(1, len(lines))))
    told = problem.problem or problem.context or "it cannot be read"
    if "\t" in place.text:
        return UsageError("yaml-tab", "a tab cannot indent YAML", "use spaces", place)
    if "nesting depth" in told:
        return UsageError("too-deep", f"values are nested more than {MAX_DEPTH} deep", "flatten the file", place)
    if "undefined alias" in told:
        return UsageError("yaml-alias", told, "define the anchor before it is used", place)
    return UsageError("yaml-syntax", f"this is no YAML: {told}", "check indentation, brackets and quotes there", place)


def _control_line(lines: tuple[str, ...]) -> int:
    odd = (n for n, line in enumerate(lines, 1) if any(ord(c) < 32 and c != "\t" for c in line))
    return next(odd, 1)


class _Composer:
    """Events to nodes: aliases stay shared, nothing is expanded yet."""

    def __init__(self, file: str, lines: tuple[str, ...]) -> None:
        self.file = file
        self.lines = lines
        self.anchors: dict[str, _Node] = {}

    def error(self, code: str, line: int, message: str, fix: str) -> UsageError:
        return UsageError(code, message, fix, _place(self.file, self.lines, line))

    def compose(self, text: str) -> _Node | None:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        events: Iterator[Any] = iter(yaml.parse(text, Loader=loader))
        root: _Node | None = None
        for event in events:
            starts, line = isinstance(event, yaml.DocumentStartEvent), event.start_mark.line + 1
            if starts:
                if root is not None:
                    raise self.error("two-documents", line, "a second document starts here", "write one document per file")
                root = self.node(next(events), events, 0)
        return root if root is not None and (root.items or root.entries or root.value is not None) else None

    def node(self, event: Any, events: Iterator[Any], depth: int) -> _Node:
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in self.anchors:
                raise self.error("yaml-alias", line, f"no anchor &{event.anchor} is above this", "define it before it is used")
            target = self.anchors[event.anchor]
            if not target.closed:
                raise self.error(
                    "cyclic-anchor", line, f"*{event.anchor} stands inside the value it names", "write the value out"
                )
            return target
        if depth > MAX_DEPTH:
            raise self.error("too-deep", line, f"values are nested more than {MAX_DEPTH} deep", "flatten the file")
        if event.tag is not None and event.tag.startswith(("!", "tag:")):
            raise self.error("yaml-tag", line, f"tags have no meaning here: {event.tag}", "leave the tag out")
        made = _Node(line, closed=False)
        if event.anchor is not None:
            self.anchors[event.anchor] = made
        if isinstance(event, yaml.ScalarEvent):
            made.value = _scalar(event)
        elif isinstance(event, yaml.SequenceStartEvent):
            made.items = []
            while not isinstance(event := next(events), yaml.SequenceEndEvent):
                made.items.append(self.node(event, events, depth + 1))
        else:
            made.entries = {}
            while not isinstance(event := next(events), yaml.MappingEndEvent):
                self.entry(made.entries, event, events, depth)
        made.closed = True
        return made

    def entry(self, entries: dict[str, tuple[int, _Node]], key: Any, events: Iterator[Any], depth: int) -> None:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarEvent):
            raise self.error("yaml-key", line, "a key must be a word", "write KEY: VALUE")
        if key.value in entries:
            first = entries[key.value][0]
            raise self.error("duplicate-key", line, f"the key {key.value} is already in line {first}", "remove one of them")
        entries[key.value] = line, self.node(next(events), events, depth + 1)


def _scalar(event: Any) -> Any:
    """The value of a scalar: quoted is text; plain is nothing, true, false or a decimal number if it looks like one."""
    text: str = event.value
    if event.style in ("'", '"', "|", ">"):
        return text
    if text.lower() in WORDS:
        return WORDS[text.lower()]
    return int(text) if len(text) <= 20 and INTEGER.fullmatch(text) else text


@dataclass
class _Plain:
    """Nodes to plain values, aliases expanded, with the line of every trail and a budget."""

    file: str
    text: tuple[str, ...]
    lines: dict[Trail, int] = field(default_factory=dict)
    made: int = 0

    def convert(self, node: _Node, trail: Trail, depth: int) -> Any:
        self.made += 1
        self.lines.setdefault(trail, node.line)
        if self.made > MAX_VALUES or depth > MAX_DEPTH:
            what = f"more than {MAX_VALUES:,} values" if self.made > MAX_VALUES else f"values nested more than {MAX_DEPTH} deep"
            raise UsageError(
                "yaml-expansion", f"aliases make {what} of this file", "write values out", _place(self.file, self.text, node.line)
            )
        if node.items is not None:
            return [self.convert(item, (*trail, n), depth + 1) for n, item in enumerate(node.items)]
        if node.entries is not None:
            converted = {}
            for key, (line, value) in node.entries.items():
                self.lines[(*trail, key)] = line
                converted[key] = self.convert(value, (*trail, key), depth + 1)
            return converted
        return node.value
