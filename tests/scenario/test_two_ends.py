"""Which of two threads allocates first does not show in memory: each takes objects from its own end of the instance."""

from __future__ import annotations

from checker.scenario.program import Call, Program, Scenario
from checker.scenario.short import long_step
from spec.scenarios.engine import scenario_engine


def calls(*steps: str) -> tuple[Call, ...]:
    long = [long_step(step) for step in steps]
    defaults = {"uid": 0, "proto": 0, "flags": (), "domain": "AF_INET"}
    return tuple(Call(s["call"], {**defaults, **s["args"]}, step) for s, step in zip(long, steps, strict=True))


def states(**threads: tuple[str, ...]) -> int:
    """How many states two programs have, run against each other."""
    programs = tuple(Program(name, calls(*steps)) for name, steps in threads.items())
    return scenario_engine()(Scenario("two-ends", (), programs)).states


def test_the_order_of_allocations_makes_no_states() -> None:
    """Two threads that share nothing have as many states as one has beside each state of the other."""
    made = ("socket x stream", "socket y stream"), ("socket v stream", "socket w stream")
    alone = states(A=made[0], B=()), states(A=(), B=made[1])
    assert states(A=made[0], B=made[1]) <= alone[0] * alone[1]
