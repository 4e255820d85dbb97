"""Clients: who is asked which property, on which instances, and that wrong names are told."""

from __future__ import annotations

from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from checker.commands.coverage import plan
from checker.commands.engines import run_explicit
from checker.commands.model import Scope, choose_client, clients_of, compile_package, load_package, make_instance
from checker.commands.tasks import Extent, instances, tasks
from checker.errors import SpecError, UsageError
from checker.language.client import Client
from checker.language.compile import compile_model
from checker.language.declare import Kind
from tests.tiny import clients_model

SPEC = load_package("spec")
PAINTER = Client("painter", ("enter",), {"enter.call": ("DO_PAINT",)}, "Only paints.", scopes=((2, 1, 1, 1),))
TAKER = Client("taker", ("enter",), {}, "Does everything.", scopes=((2, 2, 1, 1), (3, 1, 1, 1)), larger=((3, 2, 1, 1),))


def package(*clients: Client) -> ModuleType:
    tiny = load_package("tests.tiny")
    modules = lambda: [*tiny.modules(), clients_model]  # noqa: E731
    found = SimpleNamespace(**{**vars(tiny), "CLIENTS": clients, "modules": modules})
    return found  # type: ignore[return-value]


def test_a_property_is_asked_of_the_clients_it_names() -> None:
    asked = {
        c.name: {p.name for p in compile_package(package(PAINTER, TAKER), client=c.name).properties} for c in (PAINTER, TAKER)
    }
    assert asked["painter"] == {"taken_red", "marked_taken", "taken", "nothing_taken"}
    assert asked["taker"] == {"taken_red", "marked_taken", "taken", "painting_locked", "taking_locked"}


def test_without_a_client_everything_is_asked() -> None:
    whole = compile_model("tiny", package().modules())
    assert {"nothing_taken", "painting_locked", "taken_red"} <= {p.name for p in whole.properties}


def test_the_client_is_found_by_the_property() -> None:
    assert compile_package(package(PAINTER, TAKER), asked="painting_locked").client == TAKER
    assert compile_package(package(PAINTER, TAKER), asked="taken").client == PAINTER
    assert compile_package(package(PAINTER, TAKER), client="painter", asked="painting_locked").client == PAINTER


def test_a_property_that_names_an_unknown_client_is_an_error() -> None:
    with pytest.raises(SpecError, match="there is no client taker"):
        compile_package(package(PAINTER))


def test_a_client_may_be_asked_less_and_violate_what_others_are_to_keep() -> None:
    careless = Client("careless", ("enter",), {}, asked=("taken_red", "taken"), violates={"taken_red": "so it is"})
    kept = Client("kept", ("enter",))
    asked = {c.name: compile_package(package(careless, kept, PAINTER, TAKER), client=c.name).properties for c in (careless, kept)}
    assert [(p.name, p.expected, p.reason) for p in asked["careless"]] == [
        ("taken_red", "violated", "so it is"),
        ("taken", "reachable", "paint it red first"),
    ]
    assert "marked_taken" in {p.name for p in asked["kept"]}
    assert {p.name: p.expected for p in asked["kept"]}["taken_red"] == "holds"


@pytest.mark.parametrize("wrong", [{"asked": ("taken_rde",)}, {"violates": {"taken_rde": "so it is"}}])
def test_a_client_that_speaks_of_an_unknown_property_is_an_error(wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="there is no property taken_rde"):
        compile_package(package(Client("careless", ("enter",), **wrong), PAINTER, TAKER), client="careless")


def test_properties_may_ask_where_a_thread_is() -> None:
    compiled = compile_package(package(PAINTER, TAKER), client="taker")
    asked = (compiled.property("painting_locked"), compiled.property("taking_locked"))
    found = run_explicit(compiled, asked, make_instance(package(), Scope(2, 1, 1, 1))).verdicts
    assert [v.verdict for v in found] == ["proved", "violated"]
    assert all(v.as_expected for v in found)


def test_instances_of_a_client() -> None:
    wide = Scope(3, 1, 1, 1)
    assert instances(TAKER, None, Extent.USUAL) == [Scope(2, 2, 1, 1), wide]
    assert instances(TAKER, None, Extent.QUICK) == [Scope(2, 2, 1, 1)]
    assert instances(TAKER, None, Extent.FULL)[-1] == Scope(3, 2, 1, 1)
    assert instances(TAKER, Scope(1, 1, 1, 1), Extent.USUAL) == [Scope(1, 1, 1, 1)]
    assert instances(None, None, Extent.USUAL) == [Scope()]


def test_tasks_say_their_client_and_come_once() -> None:
    compiled = compile_package(package(PAINTER, TAKER), client="taker")
    todo = tasks(package(PAINTER, TAKER), compiled, None, Extent.USUAL)
    assert {t.client for t in todo} == {"taker"}
    assert len(todo) == len(set(todo))


def test_representative_words_of_a_client() -> None:
    raw = choose_client(SPEC, "raw")
    words = dict(make_instance(SPEC, Scope(1, 1, 1, 1), raw).words)
    assert words["Port"] == words["Protocol"] == (17,)
    assert dict(make_instance(SPEC, Scope(1, 1, 1, 1)).words)["Port"] != (17,)


def test_coverage_tables_are_by_client() -> None:
    assert all(plan(SPEC, client).searches for client in clients_of(SPEC))
    assert not plan(SPEC, PAINTER).searches
    with pytest.raises(UsageError, match="is not what it should be"):
        plan(load_package("tests.tiny"), PAINTER)


def test_every_client_of_the_model_is_asked_something() -> None:
    model = compile_package(SPEC, client="raw").model
    named = {name for s in model.of_kind(Kind.ALWAYS, Kind.SOMETIMES) for name in s.declaration.clients}
    assert named == {c.name for c in clients_of(SPEC)}
    assert all(c.scopes for c in clients_of(SPEC))
