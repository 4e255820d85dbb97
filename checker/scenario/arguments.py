"""The arguments of a call as the engine takes them: complete, addresses by name, numbers for words that stand for one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from checker.scenario.program import Argument, PortChosen, PortOf
from checker.scenario.vocabulary import (
    DEVICES,
    FAMILY_NUMBERS,
    NUMBERED_FAMILIES,
    PREFIXES,
    PROTOCOLS,
    SOMAXCONN,
    CallShape,
    address_name,
)


def arguments(shape: CallShape, args: Mapping[str, Any]) -> dict[str, Argument]:
    """The arguments of a call that the schema accepted, with defaults, addresses by name and ports as the engine takes them."""
    made: dict[str, Argument] = {}
    for p in shape.parameters:
        value = args.get(p.name, p.default)
        if p.kind == "address":
            value = address_name(str(value))
        elif p.kind == "port" and isinstance(value, dict):
            value = PortOf(value["of"])
        elif p.kind == "port" and isinstance(value, str) and value.startswith("eph_"):
            value = PortChosen(value.removeprefix("eph_"))
        else:
            value = _in_one_form(p.kind, value)
        made[p.name] = value
    return made


def _in_one_form(kind: str, value: Any) -> Any:
    """A value without what may be left out, and numbers in place of words that stand for one."""
    match kind:
        case "flags":
            return tuple(flag.removeprefix("SOCK_") for flag in ([value] if isinstance(value, str) else value or ()))
        case "boolean":
            return bool(value)
        case "value":
            return DEVICES[value] if isinstance(value, str) else int(value)
        case "backlog":
            return SOMAXCONN if value == "SOMAXCONN" else value
        case "family":
            return _family(value)
        case "port" | "direction" if isinstance(value, str) and value.isdigit():
            return int(value)
    if kind not in PREFIXES or not isinstance(value, str):
        return value
    word = value.removeprefix(PREFIXES[kind])
    return PROTOCOLS[word] if kind == "protocol" else word


def _family(value: int | str) -> int | str:
    """A family by its name if it means something here, else by its number if that is known."""
    if isinstance(value, int):
        return FAMILY_NUMBERS.get(value, value)
    name = value.replace("PF_", "AF_", 1)
    return NUMBERED_FAMILIES.get(name, name)
