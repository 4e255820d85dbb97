"""Who knows which socket when: every name is made once, before it is used, by the program that uses it or by ``setup``."""

from __future__ import annotations

import keyword
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from checker.scenario.program import Argument, Call, PortChosen, PortOf
from checker.scenario.vocabulary import CALLS, DESCRIPTORS, nearest
from checker.scenario.yamlfile import Document, Trail

CLOSING = ("close", "reset_close")
"""After these calls a name is free, and may be made again by who made it; so it is if the call that makes it fails."""

COLUMNS = ("linux_", "seed_")
"""What the keys of recorded results begin with."""

Placed = tuple[Call, Trail]
"""A call, and where its step stands."""


@dataclass(frozen=True)
class _Made:
    call: str
    program: str
    trail: Trail


@dataclass
class _Book:
    """What has been made so far, and what every program makes at all."""

    document: Document
    plan: Mapping[str, Sequence[Placed]]
    made: dict[str, _Made] = field(default_factory=dict)
    closed: set[str] = field(default_factory=set)

    def visible(self, program: str) -> list[str]:
        """The names ``program`` may use now."""
        return [n for n, m in self.made.items() if m.program in ("setup", program) or program == "post"]

    def make(self, name: str, call: Call, program: str, trail: Trail) -> None:
        place = (*trail, "args", "as")
        if keyword.iskeyword(name):
            raise self.document.problem("reserved-name", place, f"nothing can be called {name}", "choose another name")
        before = self.made.get(name)
        accepts = before is not None and (before.call, call.name) == ("accept", "accept")
        free = accepts or name in self.closed or (before is not None and self.fails(before.trail))
        again = before is not None and before.program == program and free
        if before is not None and not again:
            line = self.document.place(before.trail).line
            raise self.document.problem("duplicate-name", place, f"{name} is already made in line {line}", "choose another name")
        self.made[name] = _Made(call.name, program, trail)
        self.closed.discard(name)

    def fails(self, trail: Trail) -> bool:
        """Whether the call at ``trail`` is said to fail, where it is made or in a column of recorded results."""
        *above, program, n = trail
        scenario: Any = self.document.data
        for part in above:
            scenario = scenario[part]
        columns = [value for key, value in scenario.items() if program == "steps" and key.startswith(COLUMNS)]
        said = [scenario[program][n].get("expect"), *(column[n] for column in columns if len(column) > int(n))]
        return any(one not in (None, 0, "0") for one in said)

    def use(self, name: str, program: str, place: Trail, *, as_socket: bool, by: str) -> None:
        if as_socket and name in DESCRIPTORS:
            return
        if name not in self.visible(program):
            raise self.document.problem("missing-socket", place, *self.why_not(name, program))
        if by in CLOSING:
            self.closed.add(name)
        elif as_socket and self.made[name].call == "silent_peer":
            raise self.document.problem(
                "missing-socket", place, f"{name} is a silent peer, no socket", f"use its port: {{of: {name}}}"
            )

    def why_not(self, name: str, program: str) -> tuple[str, str]:
        maker = next((p for p, calls in self.plan.items() if any(c.args.get("as") == name for c, _ in calls)), None)
        if maker is None:
            known = self.visible(program)
            return f"there is no socket {name}", nearest(name, known) if known else "make one: socket a stream"
        if maker == program:
            return f"{name} is used before it is made", "make it earlier"
        return f"{name} is made by {maker}, which may not have run yet", "make it in setup, or use it in post"


def check_sockets(document: Document, plan: Mapping[str, Sequence[Placed]]) -> None:
    """Raise UsageError for the first step that uses a name wrongly; ``plan`` has setup first and post last."""
    book = _Book(document, plan)
    for program, calls in plan.items():
        for call, trail in calls:
            for p in CALLS[call.name].parameters:
                _check_argument(book, program, call, (*trail, "args", p.name), p.kind, call.args[p.name])


def _check_argument(book: _Book, program: str, call: Call, place: Trail, kind: str, value: Argument) -> None:
    if kind == "socket":
        book.use(str(value), program, place, as_socket=True, by=call.name)
    elif kind == "new name" and value:
        book.make(str(value), call, program, place[:-2])
    elif isinstance(value, (PortOf, PortChosen)):
        book.use(value.socket, program, place, as_socket=False, by=call.name)
