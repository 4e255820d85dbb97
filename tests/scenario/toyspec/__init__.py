"""A specification package that is nothing but a scenario engine: TCP sockets bound and listening, one call after the other.

A call is one step, so threads interleave between calls only; ``send`` is outside this model and ``port_range`` too large for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from checker.errors import LimitError, OutsideModelError
from checker.scenario.program import Call, Engine, Outcome, Outcomes, Program, Scenario, Step

MODEL_NAME = "toy"


def modules() -> list[Any]:
    """No specification at all."""
    return []


def sizes(*_: int) -> tuple[tuple[()], tuple[()]]:
    """No instances."""
    return (), ()


@dataclass
class World:
    """What the calls so far left behind: address, port, state and SO_REUSEADDR by socket."""

    names: dict[str, tuple[str, str]] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)
    reuse: dict[str, bool] = field(default_factory=dict)

    def call(self, call: Call) -> str:
        if not hasattr(self, f"do_{call.name}") and call.name != "port_range":
            raise OutsideModelError("outside-model", f"{call.name} is not in the model")
        if call.name == "port_range":
            raise LimitError("too-many-states", "more states than fit")
        method: Callable[[Mapping[str, Any]], str] = getattr(self, f"do_{call.name}")
        return method(call.args)

    def do_socket(self, args: Mapping[str, Any]) -> str:
        self.names[args["as"]], self.states[args["as"]], self.reuse[args["as"]] = ("ANY", "0"), "CLOSE", False
        return "0"

    def do_setsockopt(self, args: Mapping[str, Any]) -> str:
        self.reuse[args["s"]] = bool(args["val"])
        return "0"

    def do_bind(self, args: Mapping[str, Any]) -> str:
        s, name = args["s"], (args["addr"], str(args["port"] or f"eph_{args['s']}"))
        if s not in self.states:
            return "EBADF"
        if self.names[s][1] != "0":
            return "EINVAL"
        if any(n == name and not (self.reuse[s] and self.reuse[o] and self.states[o] != "LISTEN") for o, n in self.names.items()):
            return "EADDRINUSE"
        self.names[s] = name
        return "0"

    def do_listen(self, args: Mapping[str, Any]) -> str:
        s = args["s"]
        if s not in self.states:
            return "EBADF"
        if any(n == self.names[s] and o != s and self.states[o] == "LISTEN" for o, n in self.names.items()):
            return "EADDRINUSE"
        self.states[s] = "LISTEN"
        return "0"

    def do_accept(self, args: Mapping[str, Any]) -> str:
        return "EAGAIN" if args["nonblock"] else "blocks"

    def do_close(self, args: Mapping[str, Any]) -> str:
        return "0" if self.states.pop(args["s"], "") and self.names.pop(args["s"]) else "EBADF"

    def do_getsockname(self, args: Mapping[str, Any]) -> str:
        return "0 {}:{}".format(*self.names[args["s"]]) if args["s"] in self.names else "EBADF"

    def do_getpeername(self, args: Mapping[str, Any]) -> str:
        return "ENOTCONN"

    def do_state(self, args: Mapping[str, Any]) -> str:
        return self.states.get(args["s"], "EBADF")


def interleavings(threads: tuple[Program, ...]) -> list[tuple[str, ...]]:
    """Every order in which the threads can take their calls."""
    counts = {p.name: len(p.calls) for p in threads}

    def orders(left: dict[str, int]) -> list[tuple[str, ...]]:
        if not any(left.values()):
            return [()]
        return [(t, *rest) for t in left if left[t] for rest in orders({**left, t: left[t] - 1})]

    return orders(counts)


def run_order(scenario: Scenario, order: tuple[str, ...]) -> Outcome:
    """One schedule from beginning to end."""
    world = World()
    results: dict[str, list[str]] = {"setup": [world.call(c) for c in scenario.setup]}
    calls = {p.name: p.calls for p in scenario.threads}
    results |= {name: [] for name in calls}
    schedule = []
    for thread in order:
        done = results[thread]
        call = calls[thread][len(done)]
        done.append("-" if "blocks" in done else world.call(call))
        schedule.append(Step(thread, call.label, "", done[-1]))
    results["post"] = [world.call(c) for c in scenario.post]
    return Outcome({name: tuple(given) for name, given in results.items()}, 1, tuple(schedule))


def scenario_engine(overrides: Mapping[str, Any] | None) -> Engine:
    """The engine; the override ``stop`` makes it give up after one schedule, ``interrupt`` raises KeyboardInterrupt."""
    overrides = overrides or {}
    calls = 0

    def engine(scenario: Scenario) -> Outcomes:
        nonlocal calls
        calls += 1
        if "interrupt" in overrides and calls > 1:
            raise KeyboardInterrupt
        found: dict[tuple[tuple[str, ...], ...], Outcome] = {}
        orders = interleavings(scenario.threads)
        for order in orders[:1] if "stop" in overrides else orders:
            outcome = run_order(scenario, order)
            key = tuple(outcome.results.values())
            count = found[key].interleavings + 1 if key in found else 1
            first = found.get(key, outcome)
            found[key] = Outcome(first.results, count, first.schedule)
        return Outcomes(scenario, tuple(found[k] for k in sorted(found)), len(orders), complete="stop" not in overrides)

    return engine
