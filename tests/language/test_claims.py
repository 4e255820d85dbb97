"""``with exclusive(x)`` is a claim: it is violated by whoever holds x meanwhile, and by whoever may begin with it."""

from __future__ import annotations

import pytest

import spec
from checker.commands.engines import run_explicit
from checker.instance import Instance
from checker.language.client import Client
from checker.language.compile import Compiled, compile_model
from checker.system import IDLE
from spec.clients import CLIENTS
from tests.language import lent

INSTANCE = Instance((("Thread", 2), ("Box", 1), ("Shelf", 1)), ())


def model(*roots: str) -> Compiled:
    return compile_model("lent", [lent], client=Client("lent", roots))


def verdict(*roots: str) -> str:
    compiled = model(*roots)
    (found,) = run_explicit(compiled, (compiled.property("exclusive"),), INSTANCE).verdicts
    return found.verdict


def test_whoever_closed_the_box_is_alone() -> None:
    assert any(location.exclusive for location in model("sys_close", "sys_look").system.locations)
    assert verdict("sys_close", "sys_look") == "proved"


def test_a_step_that_begins_with_the_object_breaks_the_claim() -> None:
    assert verdict("sys_close", "sys_look", "sys_poke") == "violated"
    assert verdict("sys_close", "sys_look", "sys_peek") == "proved", "it looks whether the box is open first"
    poke = next(t for t in model("sys_close", "sys_look", "sys_poke").system.transitions if t.function == "sys_poke")
    assert (poke.source, poke.target) == (IDLE, IDLE), "nobody is ever seen to hold the box while poking"


@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.name)
def test_steps_that_use_an_exclusive_object_begin_or_end_where_the_claim_is_checked(client: Client) -> None:
    """Else no state between steps would show who else holds the object.

    A call through NULL goes nowhere, and nobody else ever has a socket that the same step makes.  Not to return to a call
    from where a shared function was not called uses nothing.
    """
    system = compile_model(spec.MODEL_NAME, spec.modules(), client=client).system
    claimed = {location.name for location in system.locations if location.exclusive}
    using = [t for t in system.transitions if any("sock_release" in s.stack and s.text != "not ()" for s in t.steps)]
    lost = [t for t in using if not {t.source, t.target} & claimed]
    nowhere = {t.name for t in lost if any("call through NULL" in str(u.key) for u in t.updates)}
    made = {t.name for t in lost if any(step.text == "new(Socket)" for step in t.steps)}
    assert using and {t.name for t in lost} == nowhere | made
