"""What is proved of sockets that accept: the committed certificate, and that its facts need each other."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

import proofs
import spec
from checker.language.compile import Compiled, compile_model
from checker.symbolic.inductive import Fact, Prover
from spec.clients import ACCEPT

CERTIFICATE = Path(__file__).parents[2] / spec.CERTIFICATES / ACCEPT.name
PROVED = {
    "exclusive",
    "call through NULL (sys_listen: sock.ops.listen)",
    "call through NULL (sys_accept: sock.ops.accept)",
}


@cache
def compiled() -> Compiled:
    return compile_model(spec.MODEL_NAME, spec.modules(), client=ACCEPT)


@cache
def facts() -> dict[str, Fact]:
    return {f.name: f for f in proofs.facts(compiled())}


@cache
def prover() -> Prover:
    return Prover(compiled().system, list(facts().values()), 10.0, 0)


def failing(name: str, without: str) -> set[str]:
    """The functions whose transitions may break a fact if it may not use another."""
    fact = facts()[name]
    weaker = replace(fact, uses=tuple(u for u in fact.uses if u != without))
    found = (t for t in compiled().system.transitions if t.source.startswith("system_call:s") or t.source == "idle")
    return {t.source for t in found if not prover().consecution(weaker, t).discharged}


def test_the_certificate_is_of_the_properties_that_are_proved() -> None:
    manifests = [json.loads(p.read_text(encoding="utf-8")) for p in sorted(CERTIFICATE.glob("properties/*/manifest.json"))]
    assert {m["property"] for m in manifests} == PROVED
    assert {m["client"] for m in manifests} == {"accept"}


def test_every_proved_property_is_asked_and_rests_on_known_facts() -> None:
    assert {p.name for p in compiled().properties} >= PROVED
    assert {p.name for p in compiled().properties} & set(facts()) == PROVED
    assert not {u for f in facts().values() for u in f.uses} - set(facts())


def test_the_facts_do_not_need_all_of_the_frames() -> None:
    assert not {"frames", "locked", "owners"} & set(facts())
    assert {"ways", "same_socket"} <= set(facts())


@pytest.mark.parametrize(
    ("name", "without", "place"),
    [
        ("file_open", "releaser_shut", "idle"),
        ("releasing", "alone", "system_call:sock_release+5"),
        ("releaser_shut", "file_open", "system_call:sockfd_put+2"),
    ],
)
def test_a_fact_needs_what_it_uses(name: str, without: str, place: str) -> None:
    assert not failing(name, "")
    assert place in failing(name, without)
