"""A variant that repairs a property is proved to, for any size, with a certificate of its own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import spec
import tests.tiny
from checker import cli
from checker.commands.certify import certificate_folders, certified, facts_about, folder_name, recheck, together
from checker.commands.engines import prove_any_size, run_explicit
from checker.commands.model import Scope, choose_client, compile_package, load_variant, make_instance
from checker.commands.tasks import Extent, Task, model_of, perform, tasks
from checker.language.compile import Compiled, compile_model
from checker.language.dangling import NO_DANGLING
from checker.language.lifetimes import Freed
from checker.symbolic.certificate import property_folder
from checker.symbolic.effort import FAIR
from checker.symbolic.inductive import Prover, prove
from spec import defects

ROOT = Path(__file__).parents[2]
LOCKED = "udp_disconnect_locked,dgram_connect_locked"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the certificates of the tiny model are, with one of its repaired variant."""
    monkeypatch.setattr(tests.tiny, "REPAIRS", {"": {"no_marks": ("marked_taken",)}}, raising=False)
    monkeypatch.setattr(tests.tiny, "CERTIFICATES", str(tmp_path / "certificates"), raising=False)
    monkeypatch.setattr(tests.tiny, "RECHECK", str(ROOT / "proofs" / "recheck.py"), raising=False)
    assert cli.main(["certify", "--spec", "tests.tiny"]) == 0
    return tmp_path / "certificates"


def patched() -> Compiled:
    return compile_package(tests.tiny, load_variant(tests.tiny, "no_marks"))


def test_what_a_variant_repairs_is_expected_to_hold_of_it_alone(folder: Path) -> None:
    assert compile_package(tests.tiny).property("marked_taken").expected == "violated"
    repaired = patched().property("marked_taken")
    assert (repaired.expected, repaired.reason) == ("holds", "A repair: nothing is marked any more.")


def test_the_repaired_property_is_proved_certified_and_confirmed(folder: Path, tmp_path: Path) -> None:
    (verdict,) = prove_any_size(patched(), tests.tiny, tmp_path / "out")
    assert (verdict.property.name, verdict.variant, verdict.verdict) == ("marked_taken", "no_marks", "proved")
    folders = certificate_folders(tests.tiny)
    assert sorted(p.name for p in folders) == ["tiny", "tiny+no_marks"]
    confirmed = together([recheck("tests.tiny", one) for one in folders])
    assert confirmed and confirmed.shown() == ["certificates: 2 confirmed by a second program and solver"]


def test_without_the_repair_nothing_is_proved(folder: Path, tmp_path: Path) -> None:
    names = [v.property.name for v in prove_any_size(compile_package(tests.tiny), tests.tiny, tmp_path / "out")]
    assert names == ["taken_red"]


def test_check_asks_the_proof_and_the_search_of_a_repaired_model(folder: Path, tmp_path: Path) -> None:
    todo = [t for t in tasks(tests.tiny, compile_package(tests.tiny), Scope(), Extent.USUAL) if t.variant == "no_marks"]
    assert [(t.method, t.properties) for t in todo] == [("inductive", ()), ("explicit", ("marked_taken",))]
    search = Task("", "explicit", Scope(2, 2, 1, 1), ("marked_taken",), "no_marks")
    (found,) = perform("tests.tiny", search, tmp_path)
    assert (found.verdict, found.property.expected) == ("proved", "holds")


def test_a_repair_is_the_same_however_its_parts_are_written() -> None:
    assert load_variant(spec, "udp_disconnect_locked, dgram_connect_locked").name == LOCKED


SMALL = [(client, patch) for client in ("create", "foreign", "peername") for patch in spec.REPAIRS[client]]
"""Clients that are compiled and searched in a second or two; ``check`` asks the same of the others."""


def found(client: str, variant: str, *, reduce: bool = True) -> dict[str, str]:
    """What a search of the first instance of a client says, with the names of properties."""
    chosen = choose_client(spec, client)
    assert chosen is not None
    overrides = load_variant(spec, variant).overrides if variant else None
    compiled = compile_model(client, spec.modules(), overrides=overrides, client=chosen, reduce=reduce)
    instance = make_instance(spec, Scope(*chosen.scopes[0]), chosen)
    return {v.property.name: v.verdict for v in run_explicit(compiled, compiled.properties, instance).verdicts}


@pytest.mark.parametrize(("client", "variant"), SMALL)
def test_a_small_client_meets_its_defect_in_the_model_and_not_in_what_repairs_it(client: str, variant: str) -> None:
    plain, repaired = found(client, ""), found(client, variant)
    violated = {p.name for p in compile_package(spec, client=client).properties if p.expected == "violated"}
    assert violated and violated <= set(spec.REPAIRS[client][variant])
    assert plain == {name: "violated" if name in violated else "proved" for name in plain}
    assert set(repaired.values()) == {"proved"}


@pytest.mark.parametrize(("variant", "verdict"), [("", "violated"), ("failed_create_clears_sk", "proved")])
def test_what_is_closed_is_freed_also_when_no_steps_are_joined(variant: str, verdict: str) -> None:
    every = {"released_sk_live": verdict, defects.FREED_SOCK: verdict, "exclusive": "proved"}
    assert found("create", variant, reduce=False) == every


EVERYTHING = [(client.name, patch) for client in defects.CLIENTS for patch in ("", *spec.REPAIRS[client.name])]


@pytest.mark.parametrize(("client", "variant"), EVERYTHING)
def test_joining_steps_hides_nothing_that_any_property_says(client: str, variant: str) -> None:
    """All properties of the model, those among them that the client is not asked because what was freed breaks them."""
    chosen = choose_client(spec, client)
    assert chosen is not None
    unasked = replace(chosen, asked=(), violates={})
    overrides = load_variant(spec, variant).overrides if variant else None
    freed = Freed.NOBODY if variant else None
    answers = []
    for reduce in (True, False):
        modules = spec.modules()
        compiled = compile_model(client, modules, overrides=overrides, client=unasked, reduce=reduce, freed=freed)
        found = run_explicit(compiled, compiled.properties, make_instance(spec, Scope(*chosen.scopes[0]), chosen)).verdicts
        answers.append({v.property.name: v.verdict for v in found if v.property.name != "exclusive"})
    assert answers[0] == answers[1]
    assert (sum(verdict == "violated" for verdict in answers[0].values()) > 3) == ((client, variant) == ("create", ""))


@pytest.mark.parametrize(("client", "variant"), EVERYTHING)
def test_nobody_has_what_is_freed_but_who_says_so(client: str, variant: str) -> None:
    compiled = compile_package(spec, load_variant(spec, variant) if variant else None, client, asking=Freed.ASKED)
    chosen = choose_client(spec, client)
    assert chosen is not None
    asked = (compiled.property(NO_DANGLING),)
    (found,) = run_explicit(compiled, asked, make_instance(spec, Scope(*chosen.scopes[0]), chosen)).verdicts
    assert found.verdict == ("violated" if chosen.dangles and not variant else "proved")


@pytest.mark.parametrize(("client", "variant"), [("create", "failed_create_clears_sk"), ("foreign", "")])
def test_other_steps_of_compiled_programs_are_those_of_a_model_that_is_compiled_for_them(client: str, variant: str) -> None:
    whole = compile_package(spec, load_variant(spec, variant) if variant else None, client, asking=Freed.ASKED)
    _, again, _ = model_of("spec", client, variant, Freed.ASKED)
    assert again == whole
    assert again.system != model_of("spec", client, variant, None)[1].system


def test_check_asks_what_joining_steps_relies_on() -> None:
    def claims(client: str) -> list[tuple[str, Scope, str]]:
        todo = tasks(spec, compile_package(spec, client=client), None, Extent.USUAL)
        return [(t.method, t.scope, t.variant) for t in todo if t.asking]

    ways, small = ("inductive", "explicit"), Scope(2, 1, 1, 1)
    assert claims("create") == [(way, Scope(2, 2, 1, 1), "failed_create_clears_sk") for way in ways]
    assert claims("foreign") == [(way, small, variant) for variant in ("", "bind_checks_family") for way in ways]


@pytest.mark.parametrize(("without", "weak"), [("newborn", "one_head"), ("there", "listed")])
def test_a_membership_has_one_owner_because_of_what_is_known_of_children_and_their_makers(without: str, weak: str) -> None:
    compiled = compile_package(spec, load_variant(spec, "child_without_memberships"), "join")
    facts = facts_about(spec, compiled)
    left = [replace(f, uses=tuple(name for name in f.uses if name != without)) for f in facts if f.name != without]
    for known, holds in ((facts, True), (left, False)):
        prover = Prover(compiled.system, known, FAIR)
        (fact,) = [f for f in known if f.name == weak]
        assert all(o.discharged for o in prover.obligations(fact)) == holds


def test_every_defect_with_a_client_of_its_own_is_repaired_by_some_variant() -> None:
    for client in defects.CLIENTS:
        asked = {p.name for p in compile_package(spec, client=client.name).properties if p.expected == "violated"}
        assert asked and asked <= {name for names in spec.REPAIRS[client.name].values() for name in names}


def test_what_the_model_says_is_repaired_has_a_certificate() -> None:
    for client, repairs in spec.REPAIRS.items():
        for variant, names in repairs.items():
            assert certified(spec, client, variant) == names


def test_lemmas_about_a_repair_are_not_asked_of_the_plain_model() -> None:
    plain = facts_about(spec, compile_package(spec, client="udp"))
    repaired = facts_about(spec, compile_package(spec, load_variant(spec, LOCKED), "udp"))
    assert "connected_hashed" not in {f.name for f in plain}
    assert {"connected_hashed", "sport_cleared"} <= {f.name for f in repaired}


PROVED = ("bind_listen", "udp", "udp_kept", "raw", "connect", "accept", "foreign", "peername", "dial", "await")
SOME = [("raw", ""), ("udp", LOCKED), ("peername", ""), ("foreign", "bind_checks_family"), ("create", "failed_create_clears_sk")]


@pytest.mark.parametrize(("client", "variant"), SOME)
def test_nobody_has_what_is_freed_whatever_the_size(client: str, variant: str, tmp_path: Path) -> None:
    compiled = compile_package(spec, load_variant(spec, variant) if variant else None, client, asking=Freed.ASKED)
    (verdict,) = prove_any_size(compiled, spec, tmp_path)
    assert (verdict.property.name, verdict.verdict, verdict.detail) == (NO_DANGLING, "proved", "")


def test_where_nobody_has_what_is_freed_there_is_a_certificate() -> None:
    folders = {folder_name(client, variant) for client in PROVED for variant in ("", *spec.REPAIRS.get(client, ()))}
    folders |= {folder_name("create", variant) for variant in spec.REPAIRS["create"]}
    with_it = [one for one in certificate_folders(spec) if (one / property_folder(NO_DANGLING) / "manifest.json").is_file()]
    there = {one.name.removesuffix(f".{NO_DANGLING}") for one in with_it}
    assert there == folders


def test_where_it_is_not_proved_no_lemmas_are_asked(tmp_path: Path) -> None:
    assert prove_any_size(compile_package(spec, client="create", asking=Freed.ASKED), spec, tmp_path) == []


def test_the_proof_needs_that_what_is_given_up_is_known_to_nobody_else() -> None:
    """Joined steps have no such place: `sys_socket` frees the socket it could not make in one step there."""
    compiled = compile_package(spec, client="raw", asking=Freed.ASKED)
    facts = [f for f in facts_about(spec, compiled) if not f.name.startswith("given_up")]
    without = [replace(f, uses=tuple(n for n in f.uses if not n.startswith("given_up"))) for f in facts]
    assert "releasing" in {o.fact for o in prove(compiled.system, without, effort=FAIR).failed()}
