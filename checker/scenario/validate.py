"""A document against the schema: nothing comes out if it is fine, else the first error in the file, in words.

JSON Schema says which rule failed; what people need is the line, what is wrong with the value, and what to write instead.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator, ValidationError

from checker.errors import UsageError
from checker.scenario import vocabulary as words
from checker.scenario.schema import build_schema
from checker.scenario.yamlfile import Document, Trail

Said = tuple[str, str, str]
"""Code, message and fix."""

KNOWN: dict[str, Sequence[str]] = {
    "address": [*words.ADDRESSES, "or write it in numbers"],
    "port": [*words.PORTS, "eph_NAME", "{of: NAME}", "0 to 65535"],
    "type": words.TYPES,
    "family": words.FAMILIES,
    "direction": words.HOWS,
    "option": words.OPTIONS,
    "option of a device": ("SO_BINDTODEVICE",),
    "backlog": ("SOMAXCONN", "or a whole number"),
    "protocol": (*words.PROTOCOLS, "or a number"),
    "value": (*(name for name in words.DEVICES if name), "or a whole number"),
    "flag": words.FLAGS,
    "machine": words.MACHINES,
    "observed": words.OBSERVED,
    "event": tuple(words.EVENTS),
    "behaviour": tuple(words.BEHAVIOURS),
    "host": words.HOSTS,
    "call": tuple(words.CALLS),
}
"""What there is to choose from, by kind."""

SAMPLES = {
    "socket": "the name of a socket, for instance a",
    "new name": "a new name, for instance a",
    "address": "an address, for instance LOOPBACK",
    "port": "a port: a number, P1, E1, eph_a or {of: a}",
    "port number": "a port number",
    "boolean": "true or false",
    "number": "a whole number",
    "value": "a whole number, or lo for SO_BINDTODEVICE",
    "backlog": "a whole number, or SOMAXCONN",
    "protocol": "a number, or TCP, UDP, ICMP",
    "length": "a whole number from 0 on",
    "uid": "a user id: 0 for root, 65534 for nobody",
    "type": "a socket type, for instance STREAM",
    "family": "AF_INET, AF_UNSPEC or a number",
    "direction": "RD, WR, RDWR or a number",
    "option": "SO_REUSEADDR or SO_BROADCAST",
    "field": "a field, for instance sk.num or sock.state",
    "flags": "a list, for instance [NONBLOCK]",
    "result": "a result: 0, an errno, A|B, error, null",
    "step": "a step, for instance: bind a lo P1",
    "steps": "a list of steps",
    "thread": "a list of steps",
    "threads": "threads by name, each with a list of steps",
    "arguments": "arguments by name, for instance {s: a}",
    "scenario": "a scenario: id, and steps or threads",
    "scenarios": "a list of scenarios",
    "outcomes": "all, or a list of rows",
    "row": "results by name, for instance {A.listen: 0, state.a: LISTEN}",
    "expressions": "an expression, or a list of them",
    "expression": "an expression, for instance: A.listen == 0",
    "peers": "hosts with what they do, for instance {REMOTE: silent}",
    "column": "a list with one result per step",
    "id": "a name in quotes, made of letters, digits, -, _ and .",
}

TYPE_NAMES = {dict: "a mapping", list: "a list", str: "a text", bool: "true or false", int: "a number", type(None): "nothing"}


def validate(document: Document) -> None:
    """Raise UsageError for the first thing in ``document`` that the schema forbids."""
    problems = [(list(p.absolute_path), p) for p in _validator().iter_errors(document.data)]
    if problems:
        trail, problem = min(problems, key=lambda p: (document.place(tuple(p[0])).line, -len(p[0]), _rank(p[1])))
        raise _in_words(document, tuple(trail), problem)


@cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator(build_schema())


def _rank(problem: ValidationError) -> int:
    order = ("type", "additionalProperties", "propertyNames", "required", "enum", "pattern", "minimum", "maximum")
    return order.index(problem.validator) if problem.validator in order else len(order)


def _in_words(document: Document, trail: Trail, problem: ValidationError) -> UsageError:
    if problem.validator == "additionalProperties":
        trail = (*trail, _extra(problem)[0])
    elif problem.validator in ("enum", "pattern") and _kind(problem) in ("host",) and isinstance(problem.instance, str):
        trail = (*trail, problem.instance)
    speaker = SPEAKERS.get(str(problem.validator), _any_other)
    code, message, fix = speaker(problem, trail)
    return document.problem(code, trail, message, fix)


def _kind(problem: ValidationError) -> str:
    return str(problem.schema.get("title", "value")) if isinstance(problem.schema, dict) else "value"


def _extra(problem: ValidationError) -> list[str]:
    assert isinstance(problem.schema, dict)
    known = problem.schema.get("properties", {})
    patterns = problem.schema.get("patternProperties", {})
    instance: Any = problem.instance
    return [k for k in instance if k not in known and not any(re.search(p, k) for p in patterns)]


def _unknown_key(problem: ValidationError, _: Trail) -> Said:
    assert isinstance(problem.schema, dict)
    key = _extra(problem)[0]
    known = list(problem.schema.get("properties", {}))
    if known:
        return "unknown-key", f"there is no key {key} in {_article(_kind(problem))}", words.nearest(key, known)
    return "unknown-key", f"{_article(_kind(problem))} have no key {key}", "remove it"


def _article(kind: str) -> str:
    return kind if kind.startswith("arguments") else f"a {kind}"


def _missing_key(problem: ValidationError, trail: Trail) -> Said:
    instance: Any = problem.instance
    needed: Any = problem.validator_value
    missing = [str(k) for k in needed if k not in instance]
    kind = _kind(problem)
    what = kind if kind != "value" else "this"
    return "missing-key", f"{' and '.join(missing)} missing in {what}", f"add {', '.join(f'{k}: ...' for k in missing)}"


def _wrong_type(problem: ValidationError, trail: Trail) -> Said:
    sample = SAMPLES.get(_kind(problem), _type_words(problem.validator_value))
    return "wrong-type", f"{_shown(problem.instance)} is {_described(problem.instance)}", f"write {sample}"


def _type_words(names: Any) -> str:
    known = {"object": "a mapping", "array": "a list", "string": "a text", "integer": "a whole number", "null": "nothing"}
    return " or ".join(known.get(n, str(n)) for n in ([names] if isinstance(names, str) else names))


def _described(value: Any) -> str:
    return "the wrong thing here: " + TYPE_NAMES.get(type(value), type(value).__name__)


def _shown(value: Any) -> str:
    if value is None:
        return "this"
    text = {True: "true", False: "false"}.get(value, str(value)) if isinstance(value, bool) else str(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _unknown_word(problem: ValidationError, trail: Trail) -> Said:
    kind = _kind(problem)
    if kind in KNOWN:
        code = {"behaviour": "unknown-behaviour", "direction": "unknown-direction"}.get(kind, f"unknown-{kind}")
        return code, f"there is no {kind} {_shown(problem.instance)}", words.nearest(problem.instance, KNOWN[kind])
    if kind == "thread":
        told = f"{_shown(problem.instance)} cannot be the name of a thread"
        return "bad-name", told, "use letters, digits and _, a letter first"
    return "bad-name", f"{_shown(problem.instance)} cannot stand here", f"write {SAMPLES.get(kind, 'letters, digits and _')}"


def _out_of_range(problem: ValidationError, _: Trail) -> Said:
    assert isinstance(problem.schema, dict)
    kind = _kind(problem)
    low, high = problem.schema.get("minimum"), problem.schema.get("maximum")
    code = "port-range" if kind.startswith("port") else "out-of-range"
    what = "port" if kind.startswith("port") else kind
    return code, f"{problem.instance} is no {what}: it is not in {low}..{high}", f"write {SAMPLES[kind]}"


def _too_few(problem: ValidationError, _: Trail) -> Said:
    kind = _kind(problem)
    if kind == "thread":
        return "no-calls", "a thread without calls", "give it a step, or remove it"
    return "no-calls", f"{kind} without anything in it", f"write {SAMPLES.get(kind, 'something')}"


def _reserved_name(problem: ValidationError, _: Trail) -> Said:
    return "reserved-name", f"{problem.instance} means a bad descriptor and cannot be made", "choose another name"


def _no_program(problem: ValidationError, _: Trail) -> Said:
    instance: Any = problem.instance
    if "steps" in instance:
        return "steps-and-threads", "a scenario has steps or threads, not both", "put the steps that come first into setup"
    return "no-program", "a scenario without steps and threads", "add steps (one thread) or threads (several)"


def _needs_threads(problem: ValidationError, _: Trail) -> Said:
    return "no-threads", "setup and post go with threads only", "put all calls into steps, or add threads"


def _any_other(problem: ValidationError, _: Trail) -> Said:
    return "schema", problem.message[:200], "see docs/scenarios.md"


SPEAKERS: dict[str, Callable[[ValidationError, Trail], Said]] = {
    "additionalProperties": _unknown_key,
    "required": _missing_key,
    "type": _wrong_type,
    "enum": _unknown_word,
    "pattern": _unknown_word,
    "minimum": _out_of_range,
    "maximum": _out_of_range,
    "minItems": _too_few,
    "minProperties": _too_few,
    "not": _reserved_name,
    "oneOf": _no_program,
    "dependentRequired": _needs_threads,
}
