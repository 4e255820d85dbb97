"""Short steps: ``bind a lo P1 -> EADDRINUSE`` to and from the long form of scenario files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from checker.scenario.arguments import arguments
from checker.scenario.program import Argument, PortChosen, PortOf
from checker.scenario.vocabulary import (
    ADDRESSES,
    CALLS,
    ENOUGH,
    SHORT_ADDRESSES,
    SHORT_NAMES,
    TYPES,
    CallShape,
    nearest,
    required,
)

OTHER_OPTIONS = "getsockopt"
ALSO_TYPES: Mapping[str, str] = {"tcp": "STREAM", "udp": "DGRAM"}
SWITCHES: Mapping[str, bool] = {"true": True, "on": True, "1": True, "false": False, "off": False, "0": False}


class ShortStepError(ValueError):
    """A short step that cannot be read: ``code``, what is wrong, what to do."""

    def __init__(self, code: str, message: str, fix: str) -> None:
        super().__init__(message)
        self.code = code
        self.fix = fix


def long_step(text: str) -> dict[str, Any]:
    """A short step as the mapping it stands for.  Raises ShortStepError.

    >>> long_step("bind a lo P1 -> EADDRINUSE")
    {'call': 'bind', 'args': {'s': 'a', 'addr': 'LOOPBACK', 'port': 'P1'}, 'expect': 'EADDRINUSE'}
    >>> long_step("connect u unspec")
    {'call': 'connect', 'args': {'s': 'u', 'family': 'AF_UNSPEC'}}
    """
    said, arrow, expect = text.partition("->")
    words = said.split()
    if not words:
        raise ShortStepError("unknown-call", "a step without a call", "write a call, for instance: bind a lo P1")
    if words[0] == OTHER_OPTIONS:
        words = _so_error(words)
    name, given = SHORT_NAMES.get(words[0], (words[0], {}))
    if name not in CALLS:
        known = nearest(words[0], [*CALLS, *SHORT_NAMES])
        raise ShortStepError("unknown-call", f"there is no call {words[0]}", known)
    shape = CALLS[name]
    order = [n for n in shape.short if n not in given]
    args: dict[str, Any] = {}
    for word in words[1:]:
        key, equals, value = word.partition("=")
        if equals:
            args[key] = _value(shape, key, value)
        elif any(p.name == word and p.kind == "boolean" for p in shape.parameters):
            args[word] = True
        elif word in ("unspec", "AF_UNSPEC") and name == "connect":
            args["family"] = "AF_UNSPEC"
        elif order:
            key = order.pop(0)
            args[key] = _value(shape, key, word)
        else:
            raise ShortStepError("too-many-arguments", f"{words[0]} has no place for {word}", f"write {short_form(words[0])}")
    for key, fixed in given.items():
        args[key] = fixed
    dissolves = args.get("family") == "AF_UNSPEC" and name == "connect"
    needed = [] if dissolves else required(shape)
    missing = [n for n in order if n in needed and n not in args]
    if missing:
        raise ShortStepError("missing-key", f"{words[0]} needs {' and '.join(missing)}", f"write {short_form(words[0])}")
    if arrow and not expect.strip():
        raise ShortStepError("missing-key", "nothing is expected after ->", "write a result, for instance -> EINVAL")
    return {"call": name, "args": args} | ({"expect": plain_number(expect.strip())} if arrow else {})


def in_one_form(text: str) -> str:
    """A short step as tables show it, whatever was left out of it; ``text`` itself if it is none.

    >>> in_one_form("listen a"), in_one_form("state.a")
    ('listen a 128', 'state.a')
    """
    try:
        step = long_step(text)
        return label(step["call"], arguments(CALLS[step["call"]], step["args"]))
    except (ShortStepError, KeyError, ValueError):
        return text


def _so_error(words: list[str]) -> list[str]:
    """``getsockopt S SO_ERROR`` as so_error: of what can be asked the model knows that alone."""
    if words[2:3] != ["SO_ERROR"]:
        raise ShortStepError("unknown-option", f"the model answers {OTHER_OPTIONS} for SO_ERROR only", "write so_error S")
    return ["so_error", words[1], *words[3:]]


def short_form(word: str) -> str:
    """How a short step looks: ``bind S ADDR PORT``."""
    name, given = SHORT_NAMES.get(word, (word, {}))
    return " ".join([word, *(n.upper() for n in CALLS[name].short if n not in given)])


def plain_number(text: str) -> int | str:
    """A decimal number as such, anything else as text."""
    return int(text) if re.fullmatch(r"-?[0-9]{1,20}", text) else text


def _value(shape: CallShape, key: str, word: str) -> Any:
    """A word of a short step as the value it would have in a long one; wrong ones are left to the schema."""
    kind = next((p.kind for p in shape.parameters if p.name == key), "")
    if kind == "address":
        return SHORT_ADDRESSES.get(word, word.upper() if word.upper() in ADDRESSES else word)
    if kind == "port" and word.startswith("of:"):
        return {"of": word.removeprefix("of:")}
    if kind == "type":
        return plain_number(ALSO_TYPES.get(word, word.upper()))
    if kind in ("direction", "protocol"):
        return plain_number(word.upper())
    if kind == "boolean" or (kind == "value" and word.lower() in SWITCHES):
        return SWITCHES.get(word.lower(), word)
    if kind == "flags":
        return word.split(",")
    if kind in ("socket", "new name"):
        return word
    return plain_number(word)


def label(name: str, args: Mapping[str, Argument]) -> str:
    """A call as tables show it, in its short form; ``args`` are complete.

    >>> label("listen", {"s": "a", "backlog": 1, "uid": 0})
    'listen a 1'
    """
    shape = CALLS[name]
    shown = {p.name for p in shape.parameters if p.name in shape.short}
    words = [name]
    if name == "setsockopt" and args["opt"] == "SO_REUSEADDR":
        words, shown = ["reuse"], shown - {"opt"}
    if name == "connect" and args["family"] == "AF_UNSPEC":
        shown -= {"addr", "port"}
    if name == "recv" and args["size"] == ENOUGH:
        shown -= {"size"}
    words += [word for n in shape.short if n in shown and (word := _word(args[n]))]
    for p in shape.parameters:
        if p.name not in shape.short and args[p.name] != p.default:
            plain = p.name if p.kind == "boolean" and args[p.name] else f"{p.name}={_word(args[p.name])}"
            words.append("unspec" if (p.name, args[p.name]) == ("family", "AF_UNSPEC") else plain)
    return " ".join(words)


def _word(value: Argument) -> str:
    if isinstance(value, PortOf):
        return f"of:{value.socket}"
    if isinstance(value, PortChosen):
        return f"eph_{value.socket}"
    if isinstance(value, tuple):
        return ",".join(value)
    text = str(value)
    short = {name: word for word, name in SHORT_ADDRESSES.items()}
    return short.get(text, text.lower() if text in TYPES else text)
