"""Scenario files: YAML in, Cases out - a Scenario for the engine, and what is asked and expected of it.

Short steps are written out, the document is checked against the schema, then everything a schema cannot say: sockets
made before they are used, expressions about things there are, columns as long as the steps.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from checker.errors import Place, UsageError
from checker.races.stuck import require_fair
from checker.scenario.arguments import arguments
from checker.scenario.expect import Expectation, ExpectationError, expectation
from checker.scenario.expression import ExpressionError, expression, parse, paths
from checker.scenario.names import CONFLICT, FINAL, RESERVED, Names, Ref, UnknownName, final_call
from checker.scenario.program import Call, Program, Scenario
from checker.scenario.question import Question, Row
from checker.scenario.race_sections import is_race_file
from checker.scenario.short import ShortStepError, label, long_step
from checker.scenario.sockets import COLUMNS, Placed, check_sockets
from checker.scenario.validate import validate
from checker.scenario.vocabulary import CALLS, SHORT_NAMES
from checker.scenario.yamlfile import Document, Trail, load_yaml

MAIN = "main"
"""The thread that runs ``steps``."""

MAX_CALLS = 200


CLAIMS = ("fixed_by", "still_in", "caught_in")
"""Keys that name variants: without the symptoms of the scenario, still with one, answering some question unlike the model."""


@dataclass(frozen=True)
class Claim:
    """What is said of one variant; ``key`` is one of CLAIMS."""

    key: str
    variant: str
    place: Place = field(compare=False)


@dataclass(frozen=True)
class Case:
    """One scenario of a file: the program, the questions, and for one-thread scenarios the recorded results by column.

    ``serial`` says that sequential orders have to be searched too, ``conflicts`` that accesses have to be watched.  A scenario
    of a ``finding`` makes ``claims``.
    """

    scenario: Scenario
    questions: tuple[Question, ...]
    columns: Mapping[str, tuple[Expectation, ...]]
    features: tuple[str, ...]
    category: str
    place: Place = field(compare=False)
    serial: bool = False
    conflicts: bool = False
    finding: str = ""
    why: str = ""
    refuted: str = ""
    claims: tuple[Claim, ...] = ()

    @property
    def symptoms(self) -> tuple[Question, ...]:
        """The questions about what is wrong."""
        return tuple(q for q in self.questions if q.kind == "symptom")


def load_cases(path: Path) -> list[Case]:
    """The scenarios of one file, in order.  Raises UsageError with file, line and what to write instead."""
    return cases_of(load_yaml(path))


def cases_of(document: Document) -> list[Case]:
    """The scenarios of a document that was read."""
    if is_race_file(document):
        raise document.problem("race-file", (), "this file records observed races", "give it to sockproof conform")
    if not isinstance(document.data, dict):
        raise document.problem(
            "wrong-type", (), "a scenario file is a mapping", "write id: and steps: or threads:, or scenarios: and a list"
        )
    several = "scenarios" in document.data
    found = document.data.get("scenarios")
    tops: list[Trail] = [("scenarios", n) for n in range(len(found))] if isinstance(found, list) else [()]
    if not several:
        return [load_document_case(document)]
    for top in tops:
        write_out(document, top, _at(document.data, top))
    validate(document)
    seen: dict[str, Trail] = {}
    cases = []
    for top in tops:
        case = _Loader(document, top).case()
        if case.scenario.id in seen:
            line = document.place((*seen[case.scenario.id], "id")).line
            raise document.problem(
                "duplicate-id", (*top, "id"), f"{case.scenario.id} is already in line {line}", "give every scenario its own id"
            )
        seen[case.scenario.id] = top
        cases.append(case)
    return cases


def load_document_case(document: Document) -> Case:
    """The scenario of a document that has nothing else in it."""
    write_out(document, (), document.data)
    validate(document)
    return _Loader(document, ()).case()


def write_out(document: Document, top: Trail, scenario: Any) -> None:
    """Replace short steps by the long ones they stand for, in place.  Raises UsageError for one that cannot be read."""
    if not isinstance(scenario, dict):
        return
    threads = scenario.get("threads")
    lists: list[tuple[Trail, Any]] = [((*top, key), scenario.get(key)) for key in ("steps", "setup", "post")]
    lists += [((*top, "threads", name), steps) for name, steps in threads.items()] if isinstance(threads, dict) else []
    for trail, steps in lists:
        if not isinstance(steps, list):
            continue
        for n, step in enumerate(steps):
            if isinstance(step, str):
                steps[n] = _long(document, (*trail, n), step)
            elif isinstance(step, dict):
                _complete(step)


def _complete(step: dict[str, Any]) -> None:
    """Give a long step its arguments, and the call that its word stands for."""
    args = step["args"] = {} if step.get("args") is None else step["args"]
    word = step.get("call")
    if not isinstance(args, dict) or not isinstance(word, str):
        return
    if word == "getsockopt" and args.get("opt") == "SO_ERROR":
        step["call"] = "so_error"
        del args["opt"]
    elif word in SHORT_NAMES:
        step["call"], given = SHORT_NAMES[word]
        args.update(given)


def _long(document: Document, trail: Trail, text: str) -> dict[str, Any]:
    try:
        return long_step(text)
    except ShortStepError as problem:
        raise document.problem(problem.code, trail, str(problem), problem.fix) from None


def _at(data: Any, trail: Trail) -> Any:
    for part in trail:
        data = data[part]
    return data


def call_of(step: Mapping[str, Any]) -> Call:
    """The call a long step describes."""
    made = arguments(CALLS[step["call"]], step["args"])
    return Call(step["call"], made, label(step["call"], made))


class _Loader:
    """One scenario of a valid document."""

    def __init__(self, document: Document, top: Trail) -> None:
        self.document = document
        self.top = top
        self.data = _at(document.data, top)
        self.plan = self.programs()
        self.asks_serial = self.asks_conflicts = False
        self.add_finals()

    def programs(self) -> dict[str, list[Placed]]:
        """The calls of every program with their trails, setup first, post last."""
        threads = self.data.get("threads") or {}
        for name in threads:
            if name in RESERVED:
                raise self.problem("reserved-name", ("threads", name), f"no thread can be called {name}", "choose another name")
        plan = {"setup": self.calls(("setup",), self.data.get("setup"))}
        plan |= {name: self.calls(("threads", name), steps) for name, steps in threads.items()}
        if "steps" in self.data:
            plan[MAIN] = self.calls(("steps",), self.data["steps"])
        plan["post"] = self.calls(("post",), self.data.get("post"))
        if sum(len(calls) for calls in plan.values()) > MAX_CALLS:
            raise self.problem("too-many-steps", (), f"more than {MAX_CALLS} steps", "split the scenario")
        check_sockets(self.document, plan)
        return plan

    def calls(self, trail: Trail, steps: list[dict[str, Any]] | None) -> list[Placed]:
        return [(call_of(step), (*self.top, *trail, n)) for n, step in enumerate(steps or ())]

    def step(self, trail: Trail) -> dict[str, Any]:
        """The step at ``trail`` as written; empty for one that was added to tell a final state."""
        found: dict[str, Any] = {} if trail[-1] == "post" else _at(self.document.data, trail)
        return found

    def problem(self, code: str, trail: Trail, message: str, fix: str) -> UsageError:
        return self.document.problem(code, (*self.top, *trail), message, fix)

    def expressions(self) -> Iterator[tuple[str, Trail, str]]:
        """Kind, trail and text of every ``reach``, ``never``, ``eventually`` and ``symptom``."""
        for kind in ("reach", "never", "eventually", "symptom"):
            value = self.data.get(kind, ())
            if isinstance(value, str):
                yield kind, (kind,), value
            else:
                yield from ((kind, (kind, n), text) for n, text in enumerate(value))

    def add_finals(self) -> None:
        """Put a step into post for every ``state.a``, ``name.a``, ``peer.a`` and ``sk.a.num`` that is asked for."""
        wanted: list[tuple[str, ...]] = []
        for _, trail, text in self.expressions():
            try:
                wanted += sorted(paths(parse(text)))
            except ExpressionError as problem:
                raise self.problem(problem.code, trail, str(problem), problem.fix) from None
        for _, cells in self.row_texts():
            for key in cells:
                wanted.append(tuple(_as_written(key).split(".")))
        self.asks_serial = ("nonserial",) in wanted
        self.asks_conflicts = any(path[0] == CONFLICT for path in wanted)
        made = {str(c.args["as"]) for calls in self.plan.values() for c, _ in calls if c.name in ("socket", "accept")}
        there = [call for call, _ in self.plan["post"]]
        for path in wanted:
            told = final_call(path)
            if told is None or told[1]["s"] not in made:
                continue
            call = call_of({"call": told[0], "args": told[1]})
            if call not in there:
                there.append(call)
                self.plan["post"].append((call, (*self.top, "post")))

    def scenario(self) -> Scenario:
        threads = [name for name in self.plan if name not in ("setup", "post")]
        only = {name: tuple(call for call, _ in calls) for name, calls in self.plan.items()}
        return Scenario(
            id=self.data["id"],
            setup=only["setup"],
            threads=tuple(Program(name, only[name]) for name in threads),
            post=only["post"],
            machine=self.data.get("machine", "smp"),
            observe=self.data.get("observe", "probes"),
            events=tuple(self.data.get("events", ())),
            peers=dict(self.data.get("peers", {})),
            title=self.data.get("title", ""),
        )

    def case(self) -> Case:
        scenario = self.scenario()
        if "eventually" in self.data:
            require_fair(scenario, self.document.place((*self.top, "eventually")))
        names = Names(scenario, self.step_names())
        return Case(
            scenario,
            tuple(self.questions(names)),
            {key: self.column(key) for key in self.data if key.startswith(COLUMNS)},
            tuple(self.data.get("features", ())),
            self.data.get("category", ""),
            self.document.place((*self.top, "id")),
            self.asks_serial,
            self.asks_conflicts,
            self.data.get("finding", ""),
            " ".join(self.data.get("why", "").split()),
            " ".join(self.data.get("refuted", "").split()),
            tuple(self.claims()),
        )

    def claims(self) -> Iterator[Claim]:
        """What is said of variants.  Raises UsageError if there is no symptom they could have or not."""
        for key in (k for k in CLAIMS if self.data.get(k)):
            if key != "caught_in" and "symptom" not in self.data:
                raise self.problem("no-symptom", (key,), f"{key} without a symptom", "add symptom: and an expression")
            for n, variant in enumerate(self.data[key]):
                yield Claim(key, variant, self.document.place((*self.top, key, n)))

    def step_names(self) -> dict[str, dict[str, int]]:
        found: dict[str, dict[str, int]] = {}
        for program, calls in self.plan.items():
            for index, (_, trail) in enumerate(calls):
                name = self.step(trail).get("name")
                if name is None:
                    continue
                if name in found.setdefault(program, {}) or name in CALLS or name in RESERVED:
                    raise self.document.problem(
                        "duplicate-name", (*trail, "name"), f"another step or a call is called {name}", "choose another name"
                    )
                found[program][name] = index
        return found

    def column(self, key: str) -> tuple[Expectation, ...]:
        if "steps" not in self.data:
            raise self.problem("wrong-length", (key,), "recorded results go with steps", "use outcomes for threads")
        given, steps = self.data[key], self.data["steps"]
        if len(given) != len(steps):
            raise self.problem(
                "wrong-length", (key,), f"{len(given)} results for {len(steps)} steps", "write one result per step, null for none"
            )
        return tuple(self.expected((key, n), value) for n, value in enumerate(given))

    def expected(self, trail: Trail, value: object) -> Expectation:
        try:
            return expectation(value)
        except ExpectationError as problem:
            raise self.problem("unknown-result", trail, str(problem), problem.fix) from None

    def questions(self, names: Names) -> Iterator[Question]:
        stated = self.stated_steps()
        if stated:
            yield Question("steps", "every step gives what is stated", self.document.place((*self.top, "id")), expects=stated)
        for kind, trail, text in self.expressions():
            try:
                read = expression(text, names)
            except ExpressionError as problem:
                raise self.problem(problem.code, trail, str(problem), problem.fix) from None
            wanted = not (self.data.get("caught_in") or self.data.get("refuted"))
            yield Question(kind, read.text, self.document.place((*self.top, *trail)), expression=read, wanted=wanted)
        if "lost" in self.data:
            told = self.data["lost"]
            yield Question("lost", told, self.document.place((*self.top, "lost")), wanted=told == "some")
        asked = ("reach", "never", "eventually", "lost", "symptom")
        if "outcomes" in self.data or not (stated or any(key in self.data for key in asked)):
            rows = tuple(self.row(trail, cells, names) for trail, cells in self.row_texts())
            place = self.document.place((*self.top, "outcomes" if "outcomes" in self.data else "id"))
            yield Question("outcomes", f"are the {len(rows)} listed" if rows else "all", place, rows=rows)

    def stated_steps(self) -> dict[str, tuple[Expectation, ...]]:
        found = {}
        for program, calls in self.plan.items():
            stated = []
            for _, trail in calls:
                stated.append(self.expected((*trail[len(self.top) :], "expect"), self.step(trail).get("expect")))
            if any(e.alternatives for e in stated):
                found[program] = tuple(stated)
        return found

    def row_texts(self) -> Iterator[tuple[Trail, dict[str, Any]]]:
        """Where each expected row stands, and its cells as written."""
        given = self.data.get("outcomes", ())
        if isinstance(given, str):
            if given != "all":
                told = f"there is no kind of outcomes called {given}"
                raise self.problem("wrong-type", ("outcomes",), told, "write all, or a list of rows")
            return
        if given == [] and "outcomes" in self.data:
            raise self.problem("wrong-type", ("outcomes",), "no row at all", "write all, or a list of rows")
        for n, row in enumerate(given):
            yield ("outcomes", n), self.cells(("outcomes", n), row)

    def cells(self, trail: Trail, row: Any) -> dict[str, Any]:
        if isinstance(row, dict):
            return row
        cells = {}
        for part in row.split(","):
            key, equals, value = part.partition("=")
            if not equals or not key.strip():
                told = f"{part.strip() or 'nothing'} is no result"
                raise self.problem("bad-row", trail, told, "write A=0, B=EINVAL, state a=LISTEN")
            cells[" ".join(key.split())] = value.strip()
        return cells

    def row(self, trail: Trail, cells: Mapping[str, Any], names: Names) -> Row:
        made: list[tuple[Ref, Expectation]] = []
        for key, value in cells.items():
            try:
                made.append((names.resolve_text(_as_written(key)), self.expected((*trail, key), value)))
            except UnknownName as problem:
                raise self.problem(problem.code, (*trail, key), str(problem), problem.fix) from None
        return Row(", ".join(f"{key}={'anything' if value is None else value}" for key, value in cells.items()), tuple(made))


def _as_written(key: str) -> str:
    """``state a`` and ``getsockname a`` are ``state.a`` and ``name.a`` unless post has such a call."""
    words = key.split()
    word = next((w for w, call in FINAL.items() if words and call == words[0]), "")
    return f"{word}.{words[1]}" if word and len(words) == 2 else key
