"""Calls of scenario files that stand for several: a silent peer, a close that resets, ports that are held."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from checker.errors import OutsideModelError
from checker.scenario.program import Call, Outcomes, Scenario

HELD = "held_"
"""What the names of sockets behind ``hold_ports`` begin with; the ports they hold are no ports the scenario names."""

MOST_HELD = 512
LOW_16_BITS = 0xFFFF
"""What inet_create stores of a protocol number in sk->num; a RAW socket goes by nothing else unless that is 0."""


def expand(scenario: Scenario) -> Scenario:
    """Replace calls that stand for several by those."""

    def all_of(calls: Iterable[Call]) -> tuple[Call, ...]:
        return tuple(part for call in calls for part in parts_of(call))

    threads = tuple(replace(p, calls=all_of(p.calls)) for p in scenario.threads)
    return Scenario(
        scenario.id,
        all_of(scenario.setup),
        threads,
        all_of(scenario.post),
        scenario.machine,
        scenario.events,
        scenario.title,
        scenario.peers,
        scenario.observe,
    )


def parts_of(call: Call) -> tuple[Call, ...]:
    """The calls behind ``call``; all but the last are labelled with what they are part of."""
    args = call.args

    def part(name: str, **given: Any) -> Call:
        defaults: dict[str, Any] = {"uid": 0, "nonblock": False, "addr_len": 16, "proto": 0, "flags": ()}
        defaults.update(family="AF_INET", domain="AF_INET")
        return Call(name, {**defaults, **given}, f"part of {call.label}")

    match call.name:
        case "silent_peer":
            name = args["as"]
            return (
                part("socket", **{"as": name}, type="STREAM"),
                part("bind", s=name, addr="LOOPBACK", port=0),
                part("listen", s=name, backlog=0),
                Call("drop_syns", {"s": name}, call.label),
            )
        case "linger":
            if args["onoff"] and args["seconds"]:
                raise OutsideModelError("outside-model", "the model has no linger time but 0", "leave the scenario out")
            given = {"s": args["s"], "opt": "SO_LINGER", "val": int(bool(args["onoff"]))}
            return (replace(part("setsockopt", **given), label=call.label),)
        case "reset_close":
            return (part("setsockopt", s=args["s"], opt="SO_LINGER", val=1), Call("close", {"s": args["s"]}, call.label))
        case "hold_ports":
            held: list[Call] = []
            low, high = int(str(args["lo"])), int(str(args["hi"]))
            if high - low >= MOST_HELD:
                raise OutsideModelError("outside-model", f"more than {MOST_HELD} ports are held", "choose a smaller port_range")
            for port in range(low, high + 1):
                name = f"{HELD}{args['type']}_{port}"
                held.append(part("socket", **{"as": name}, type=args["type"]))
                if args.get("reuse"):
                    held.append(part("setsockopt", s=name, opt="SO_REUSEADDR", val=1))
                held.append(part("bind", s=name, addr=args["addr"], port=port))
            return (*held, Call("settle", {}, call.label))
        case "socket" if args["type"] in ("RAW", 3) and int(str(args["proto"])) & LOW_16_BITS:
            return (replace(call, args={**args, "proto": int(str(args["proto"])) & LOW_16_BITS}),)
        case _:
            return (call,)


def folded(calls: Sequence[Call], results: Sequence[str]) -> tuple[str, ...]:
    """The results of expanded ``calls`` as results of those that were asked for."""
    told, at = [], 0
    for call in calls:
        size = len(parts_of(call))
        group = results[at : at + size]
        told.append(next((r for r in group if r != "0"), "0") if size > 1 else group[0])
        at += size
    return tuple(told)


def fold(scenario: Scenario, found: Outcomes) -> Outcomes:
    """The outcomes of an expanded scenario as outcomes of the one that was asked for."""
    programs = {"setup": scenario.setup, **{p.name: p.calls for p in scenario.threads}, "post": scenario.post}
    rows = []
    for row in found.rows:
        results = dict(row.results)
        for name, calls in programs.items():
            results[name] = folded(calls, results[name])
        if not results["faults"]:
            del results["faults"]
        rows.append(replace(row, results=results))
    return replace(found, scenario=scenario, rows=tuple(rows))
