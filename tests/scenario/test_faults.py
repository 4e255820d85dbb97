"""Objects with two owners, and calls whose failure leaves something behind: faults are part of outcomes."""

from __future__ import annotations

import pytest

from checker.alarms.replay import unreduced
from checker.language.model import Model
from checker.scenario.load import call_of
from checker.scenario.program import Call, Engine, Outcome, Program, Scenario
from checker.scenario.short import long_step
from checker.scenario.steps import Program as Machines
from spec.scenarios.engine import Runner, _program, scenario_engine
from spec.scenarios.unused import Used


@pytest.fixture(scope="module")
def engine() -> Engine:
    return scenario_engine()


def steps(*texts: str) -> tuple[Call, ...]:
    return tuple(call_of(long_step(text)) for text in texts)


def run(engine: Engine, *texts: str, events: tuple[str, ...] = ()) -> tuple[Outcome, ...]:
    return engine(Scenario("x", (), (Program("A", steps(*texts)),), events=events)).rows


def faults(row: Outcome) -> list[str]:
    """What kinds of faults an outcome has."""
    return sorted({fault.split(":")[0].split(" (")[0] for fault in row.results.get("faults", ())})


ACCEPTED = ("listen l 1", "socket c stream", "connect c lo P1", "accept l d", "close d", "close l", "close c")


def test_an_accepted_socket_inherits_the_memberships_of_its_listener(engine: Engine) -> None:
    """CVE-2017-8890: the child is a copy, and close frees the list of both."""
    (row,) = run(engine, "socket l stream", "bind l lo P1", "setsockopt l IP_ADD_MEMBERSHIP 1", *ACCEPTED)
    assert faults(row) == ["double free", "use after free"]
    (plain,) = run(engine, "socket l stream", "bind l lo P1", *ACCEPTED)
    assert faults(plain) == []


@pytest.mark.parametrize("kind", ["stream", "raw 200"])
def test_a_failing_init_leaves_a_dangling_pointer(engine: Engine, kind: str) -> None:
    """CVE-2024-56601: inet_create frees the sock, sock_create closes it again."""
    good, bad = run(engine, f"socket s {kind}", "getsockname s", events=("init_fails",))
    assert good.results["A"][0] == "0" and faults(good) == []
    assert bad.results["A"] == ("blocks", "-")
    assert faults(bad) == ["call through NULL", "use after free"]


def test_udp_has_no_init_that_could_fail(engine: Engine) -> None:
    (row,) = run(engine, "socket s dgram", events=("init_fails",))
    assert row.results["A"] == ("0",)


@pytest.mark.parametrize("kind", ["stream", "dgram", "raw 200"])
def test_without_a_descriptor_the_new_socket_is_closed(engine: Engine, kind: str) -> None:
    rows = run(engine, f"socket s {kind}", events=("no_memory",))
    assert {row.results["A"][0] for row in rows} == {"0", "EMFILE", "ENFILE", "ENOBUFS"}
    assert all(not faults(row) for row in rows)


def test_what_nobody_received_goes_with_the_socket(engine: Engine) -> None:
    """The receive queue is emptied when the sock is freed, also by a second close long after."""
    (row,) = run(
        engine, "socket r dgram", "bind r lo P1", "socket s dgram", "sendto s lo P1", "sendto s lo P1", "close r", "so_error s"
    )
    assert faults(row) == []
    assert row.results["A"][-1] == "0 value=0"


def test_programs_that_use_what_was_freed_run_again_with_nothing_joined_that_touches_it(monkeypatch: pytest.MonkeyPatch) -> None:
    threads = (Program("A", steps("socket a stream")), Program("B", steps("socket b stream", "bind b lo P1")))
    scenario = Scenario("x", (), threads, events=("init_fails",))

    def alone(used: Used) -> tuple[Model, Machines]:
        model, program = _program(None, used)
        return model, unreduced(model, program)

    careful = scenario_engine()(scenario)
    monkeypatch.setattr("spec.scenarios.engine.used_freed", lambda outcomes: False)
    joined, whole = scenario_engine()(scenario), Runner(alone)(scenario)
    assert any("use after free" in faults(row) for row in careful.rows)
    assert [row.results for row in careful.rows] == [row.results for row in whole.rows]
    assert joined.states < careful.states < whole.states
