"""Non-serial outcomes of classic objects, where testers of linearizability agree what they are."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checker.races.nonserial import nonserial, serial_outcomes
from checker.scenario.program import Outcome, Outcomes
from tests.races.toy import program, run, sequential

ATOMIC = ("write 1", "write 2", "read", "increment_locked", "put 1", "put 2", "take", "down", "up")


def rows(found: Outcomes | tuple[Outcome, ...]) -> set[tuple[tuple[str, ...], ...]]:
    every = found.rows if isinstance(found, Outcomes) else found
    return {tuple(r for name, r in o.results.items() if name not in ("setup", "faults")) for o in every}


def test_a_counter_without_a_lock_loses_an_increment() -> None:
    compared = nonserial(program("increment", "increment"), run)
    assert rows(compared.nonserial) == {(("ok",), ("ok",), ("1", "0", "0"))}
    assert rows(compared.serial) == {(("ok",), ("ok",), ("2", "0", "0"))}
    assert compared.complete


def test_a_counter_with_a_lock_loses_none() -> None:
    assert not nonserial(program("increment_locked; increment_locked", "increment_locked"), run).nonserial


def test_a_register_is_atomic() -> None:
    assert not nonserial(program("write 1; read", "write 2; read", "read; read"), run).nonserial


def test_two_takers_without_a_lock_get_the_same_item() -> None:
    compared = nonserial(program("put 1; take_unlocked", "take_unlocked"), run)
    assert (("ok", "1"), ("1",), ("0", "0", "0")) in rows(compared.nonserial)
    assert not nonserial(program("put 1; take", "take"), run).nonserial


def test_a_blocked_call_waits_its_turn() -> None:
    """Either thread may have the semaphore first; the other one sleeps meanwhile and goes on when it is woken."""
    serial = serial_outcomes(program("down; read; up", "down; write 1; up"), run)
    assert {r[0][1] for r in rows(serial)} == {"0", "1"}
    assert not nonserial(program("down; increment; up", "down; increment; up"), run).nonserial


def test_a_call_that_never_can_go_on_blocks_in_sequential_orders_too() -> None:
    serial = serial_outcomes(program("down", "down"), run)
    assert rows(serial) == {(("ok",), ("blocks",), ("0", "0", "0")), (("blocks",), ("ok",), ("0", "0", "0"))}


def test_a_call_that_sleeps_twice_goes_on_at_once_each_time() -> None:
    """Woken by the put, meet counts before the read begins; woken by the take, it counts again before the second read.

    It may begin after the first read instead, or too late.
    """
    serial = serial_outcomes(program("meet", "put 1; read; take; read"), run)
    assert rows(serial) == {
        (("ok",), ("ok", "1", "1", "2"), ("2", "0", "0")),
        (("ok",), ("ok", "0", "1", "2"), ("2", "0", "0")),
        (("blocks",), ("ok", "0", "1", "0"), ("0", "0", "0")),
    }
    late = nonserial(program("meet", "put 1; read; take; read"), run).nonserial
    assert (("ok",), ("ok", "0", "1", "1"), ("2", "0", "0")) in rows(late)


@pytest.mark.parametrize("machine", ["smp", "up"])
@given(st.lists(st.lists(st.sampled_from(ATOMIC), min_size=1, max_size=2).map("; ".join), min_size=2, max_size=3))
@settings(max_examples=25, deadline=None, derandomize=True)
def test_sequential_orders_of_any_program(machine: str, threads: list[str]) -> None:
    """Worked out independently they are the same; atomic calls have no other outcomes, but on ``up`` fewer."""
    scenario = replace(program(*threads), machine=machine)
    compared = nonserial(scenario, run)
    assert rows(compared.serial) == sequential(scenario)
    assert not compared.nonserial
    if machine == "smp":
        assert rows(compared.found) == rows(compared.serial)


@given(st.lists(st.sampled_from(["increment", "take_unlocked", "put 1", "read", "meet"]), min_size=2, max_size=3))
@settings(max_examples=20, deadline=None, derandomize=True)
def test_every_sequential_order_is_an_interleaving(threads: list[str]) -> None:
    compared = nonserial(program(*threads), run)
    assert rows(compared.serial) <= rows(compared.found)
