"""The JSON Schema of scenario files, made from the vocabulary; ``schema.json`` beside this module is its text.

Every kind of value has its kind as ``title``: error messages are chosen by it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from checker.scenario import vocabulary as words

Schema = dict[str, Any]

COLUMN = "^(linux|seed)_[a-z0-9_]+$"
"""Keys of recorded results: one result per step."""

OCTET = "(25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])"
INT = 2**31
NUMBER_OF_A_PORT = "([0-9]{1,4}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])"


def _one_of(*known: str) -> str:
    return f"({'|'.join(known)})"


def _exactly(known: Iterable[str]) -> str:
    return f"^{_one_of(*known)}$"


def _integer(low: int, high: int) -> Schema:
    return {"type": "integer", "minimum": low, "maximum": high}


KINDS: dict[str, Schema] = {
    "socket": {"type": "string", "pattern": f"^{words.NAME.pattern}$"},
    "new name": {"type": "string", "pattern": f"^{words.NAME.pattern}$", "not": {"enum": list(words.DESCRIPTORS)}},
    "address": {"type": "string", "pattern": f"^({_one_of(*words.ADDRESSES)}|{OCTET}(\\.{OCTET}){{3}})$"},
    "port": {
        "type": ["integer", "string", "object"],
        "minimum": 0,
        "maximum": 65535,
        "pattern": f"^({_one_of(*words.PORTS)}|eph_{words.NAME.pattern}|{NUMBER_OF_A_PORT})$",
        "properties": {"of": {"title": "socket", "type": "string"}},
        "required": ["of"],
        "additionalProperties": False,
    },
    "port number": _integer(1, 65535),
    "boolean": {"type": ["boolean", "integer"], "minimum": 0, "maximum": 1},
    "number": _integer(-INT, INT - 1),
    "length": _integer(0, INT - 1),
    "uid": _integer(0, 65535),
    "type": {"type": ["string", "integer"], "pattern": f"^({words.PREFIXES['type']})?{_one_of(*words.TYPES)}$"},
    "value": {"type": ["integer", "boolean", "string"], "minimum": -INT, "maximum": INT - 1, "pattern": _exactly(words.DEVICES)},
    "backlog": {"type": ["integer", "string"], "minimum": -INT, "maximum": INT - 1, "pattern": "^SOMAXCONN$"},
    "protocol": {
        "type": ["integer", "string"],
        "minimum": -INT,
        "maximum": INT - 1,
        "pattern": f"^({words.PREFIXES['protocol']})?{_one_of(*words.PROTOCOLS)}$",
    },
    "family": {
        "type": ["string", "integer"],
        "pattern": f"^{_one_of(*words.FAMILIES, *(f'PF_{name[3:]}' for name in words.FAMILIES))}$",
    },
    "direction": {"type": ["string", "integer"], "pattern": f"^(({words.PREFIXES['direction']})?{_one_of(*words.HOWS)}|[0-9]+)$"},
    "option": {"type": "string", "enum": list(words.OPTIONS)},
    "flag": {"type": "string", "pattern": f"^(SOCK_)?{_one_of(*words.FLAGS)}$"},
    "flags": {"type": ["array", "string"], "items": {"$ref": "#/$defs/flag"}, "pattern": f"^(SOCK_)?{_one_of(*words.FLAGS)}$"},
    "field": {"type": "string", "pattern": f"^{words.FIELD.pattern}$"},
    "machine": {"type": "string", "enum": list(words.MACHINES)},
    "observed": {"type": "string", "enum": list(words.OBSERVED)},
    "event": {"type": "string", "enum": list(words.EVENTS)},
    "behaviour": {"type": "string", "enum": list(words.BEHAVIOURS)},
    "result": {"type": ["string", "integer", "null"]},
    "expression": {"type": "string"},
    "text": {"type": "string"},
}


def _key(kind: str) -> str:
    return kind.replace(" ", "_")


def _ref(kind: str) -> Schema:
    return {"$ref": f"#/$defs/{_key(kind)}"}


def _list(kind: str, **more: Any) -> Schema:
    return {"type": "array", "items": _ref(kind), **more}


def call_schema(shape: words.CallShape) -> Schema:
    """The arguments of one call."""
    schema: Schema = {
        "title": f"arguments of {shape.name}",
        "description": shape.doc,
        "type": "object",
        "additionalProperties": False,
        "properties": {p.name: _ref(p.kind) | ({} if p.default is None else {"default": p.default}) for p in shape.parameters},
        "required": words.required(shape),
    }
    if shape.name == "setsockopt":
        schema["if"] = {"required": ["val"], "properties": {"val": {"type": "string"}}}
        schema["then"] = {"properties": {"opt": {"title": "option of a device", "enum": ["SO_BINDTODEVICE"]}}}
    if shape.name == "connect":
        schema["required"] = ["s"]
        schema["if"] = {"not": {"required": ["family"], "properties": {"family": {"enum": ["AF_UNSPEC", 0]}}}}
        schema["then"] = {"title": "arguments of connect", "required": ["addr", "port"]}
    return schema


def step_schema() -> Schema:
    """A step: a short text, or a call with its arguments."""
    return {
        "title": "step",
        "description": "short (bind a lo P1 -> EADDRINUSE) or long ({call: bind, args: {s: a, addr: LOOPBACK, port: P1}})",
        "type": ["string", "object"],
        "additionalProperties": False,
        "properties": {
            "call": {"title": "call", "type": "string", "enum": list(words.CALLS)},
            "args": {"title": "arguments", "type": "object"},
            "expect": _ref("result"),
            "name": {"title": "name", "type": "string", "pattern": f"^{words.NAME.pattern}$"},
            "note": _ref("text"),
        },
        "required": ["call"],
        "allOf": [
            {
                "if": {"type": "object", "required": ["call"], "properties": {"call": {"const": name}}},
                "then": {"properties": {"args": {"$ref": f"#/$defs/args_{name}"}}},
            }
            for name in words.CALLS
        ],
    }


def scenario_schema() -> Schema:
    """One scenario."""
    texts = {"type": ["string", "array"], "items": _ref("expression")}
    return {
        "title": "scenario",
        "type": "object",
        "additionalProperties": False,
        "required": ["id"],
        "properties": {
            "id": {"title": "id", "type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9_.-]*$"},
            **{key: _ref("text") for key in ("title", "why", "note", "category", "differs_why")},
            "source": {"title": "source", "description": "where it comes from, not read"},
            "features": _list("text"),
            "machine": _ref("machine"),
            "observe": _ref("observed"),
            "events": _list("event"),
            "peers": {
                "title": "peers",
                "description": "what other hosts do; a scenario's own sockets need no entry",
                "type": "object",
                "propertyNames": {"title": "host", "enum": list(words.HOSTS)},
                "additionalProperties": _ref("behaviour"),
            },
            "steps": _list("step", title="steps", description="a scenario of one thread", minItems=1),
            "setup": _list("step", title="steps", description="run alone, before the threads"),
            "threads": {
                "title": "threads",
                "type": "object",
                "minProperties": 1,
                "propertyNames": {"title": "thread", "pattern": f"^{words.NAME.pattern}$"},
                "additionalProperties": _list("step", title="thread", minItems=1),
            },
            "post": _list("step", title="steps", description="run alone, when no thread can go on"),
            "outcomes": {
                "title": "outcomes",
                "description": "all: print the set; a list of rows: exactly these",
                "type": ["string", "array"],
                "items": {
                    "title": "row",
                    "type": ["object", "string"],
                    "minProperties": 1,
                    "additionalProperties": _ref("result"),
                },
            },
            "reach": {"title": "expressions", "description": "expressions some outcome must satisfy", **texts},
            "never": {"title": "expressions", "description": "expressions no outcome may satisfy", **texts},
            "eventually": {
                "title": "expressions",
                "description": "expressions that hold at the end of every fair run, and every fair run has one",
                **texts,
            },
            "lost": {
                "title": "lost",
                "description": "whether a lock is held or waited for, a sleeper forgotten or an object leaked where a run ends",
                "type": "string",
                "enum": ["none", "some"],
            },
            "symptom": {
                "title": "expressions",
                "description": "what is wrong: it happens, or with caught_in or refuted it does not",
                **texts,
            },
            "finding": {"title": "id", "description": "which finding this is a scenario of", "type": "string"},
            "refuted": _ref("text"),
            "fixed_by": _list("text", title="variants", description="variants in which the symptom never happens"),
            "still_in": _list("text", title="variants", description="variants in which the symptom still happens"),
            "caught_in": _list("text", title="variants", description="mutants in which the symptom happens, unlike in the model"),
        },
        "patternProperties": {COLUMN: {"title": "column", "description": "one recorded result per step", **_list("result")}},
        "dependentRequired": {"setup": ["threads"], "post": ["threads"]},
        "oneOf": [{"required": ["steps"]}, {"required": ["threads"]}],
    }


def build_schema() -> Schema:
    """The whole schema: a file is one scenario, or ``scenarios:`` with a list of them."""
    schema: Schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "sockproof scenarios",
        "if": {"type": "object", "required": ["scenarios"]},
        "then": {
            "title": "file",
            "additionalProperties": False,
            "properties": {"meta": {"description": "not read"}, "scenarios": _list("scenario", title="scenarios", minItems=1)},
        },
        "else": _ref("scenario"),
        "$defs": {
            **{_key(kind): {"title": kind, **schema} for kind, schema in KINDS.items()},
            **{f"args_{name}": call_schema(shape) for name, shape in words.CALLS.items()},
            "step": step_schema(),
            "scenario": scenario_schema(),
        },
    }
    return schema


def schema_text() -> str:
    """The text of ``schema.json``."""
    return json.dumps(build_schema(), indent=2, sort_keys=False) + "\n"


if __name__ == "__main__":
    print(schema_text(), end="")
