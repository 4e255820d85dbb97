"""What is proved of sockets that accept: the committed certificate, and that its facts need each other."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

import proofs
import spec
from checker.commands.certify import facts_about
from checker.commands.model import compile_package
from checker.language.compile import Compiled, compile_model
from checker.language.lifetimes import Freed
from checker.language.terms import fields_of
from checker.symbolic.facts import Fact
from checker.symbolic.inductive import Prover
from proofs import accept_names
from proofs.locks import CARRIER, Locks
from spec.clients import ACCEPT

CERTIFICATE = Path(__file__).parents[2] / spec.CERTIFICATES / ACCEPT.name


@cache
def compiled() -> Compiled:
    return compile_model(spec.MODEL_NAME, spec.modules(), client=ACCEPT)


@cache
def facts() -> dict[str, Fact]:
    return {f.name: f for f in proofs.facts(compiled())}


@cache
def prover() -> Prover:
    return Prover(compiled().system, list(facts().values()))


def failing(name: str, without: str) -> set[str]:
    """The places whose transitions may break a fact if it may not use another."""
    fact = facts()[name]
    weaker = replace(fact, uses=tuple(u for u in fact.uses if u != without))
    found = (t for t in compiled().system.transitions if t.source.startswith("system_call:s") or t.source == "idle")
    return {t.source for t in found if not prover().consecution(weaker, t).discharged}


def breaks(name: str, without: str, step: str) -> bool:
    """Whether one transition may break a fact that may not use another."""
    fact = facts()[name]
    weaker = replace(fact, uses=tuple(u for u in fact.uses if u != without))
    t = next(t for t in compiled().system.transitions if t.name == step)
    return not prover().consecution(weaker, t).discharged


def claimed() -> set[str]:
    return {p.name for p in compiled().properties if p.kind == "always"}


def test_the_certificate_is_of_every_property() -> None:
    manifests = [json.loads(p.read_text(encoding="utf-8")) for p in sorted(CERTIFICATE.glob("properties/*/manifest.json"))]
    assert {m["property"] for m in manifests} == claimed()
    assert {m["client"] for m in manifests} == {"accept"}


def test_every_property_is_proved_from_known_facts() -> None:
    assert {p.name for p in compiled().properties} & set(facts()) == claimed()
    assert not {u for f in facts().values() for u in f.uses} - set(facts())


def test_what_softirqs_and_calls_know_of_their_locks_are_facts_of_their_own() -> None:
    assert not {"frames", "locked", "same_sock"} & set(facts())
    for root in ("segment_arrives", "system_call"):
        others = {"segment_arrives", "system_call"} - {root}
        for name in ("same_sock", "locked"):
            read = {key[1].split("/")[0] for key in fields_of(facts()[f"{name} in {root}"].formula) if "/" in key[1]}
            assert root in read
            assert not read & others


@pytest.mark.parametrize(
    ("name", "without", "step"),
    [
        ("unaccepted", "carrying", "system_call:sock_graft+2/1"),
        ("queue_nexts", "head_or_next", "system_call:tcp_accept+18/2"),
        ("queue_heads", "emptied", "system_call:tcp_listen_stop+12/1"),
        ("head_or_next", "one_next", "system_call:tcp_accept+18/2"),
        ("locked in system_call", "freed_alone", "system_call:sk_free+3.3/1"),
        ("hash_ready", "parent_ready", "system_call:tcp_create_openreq_child+5/1"),
        ("hashed_sport", "not_hashed", "segment_arrives:tcp_put_port+2/1"),
        ("backlog_heads", "packet_head_or_next", "system_call:__release_sock+3/14"),
        ("packet_head_or_next", "one_packet_next", "system_call:__release_sock+3/14"),
        ("in_hand in segment_arrives", "waiting", "system_call:__release_sock+3/1"),
        ("completes", "refused_request", "system_call:tcp_check_req+5/21"),
        ("syn_recv", "completed", "system_call:tcp_child_process+2/5"),
        ("parent_locked", "taken_established", "system_call:tcp_accept+18/1"),
        ("never_accepted", "installed", "system_call:fd_install+3/1"),
        ("backlog_given", "backlog_asked", "system_call:inet_listen+4/5"),
        ("counts_before_second", "room_for_child", "system_call:tcp_acceptq_queue+2/2"),
        ("counted", "counts_behind_taking", "system_call:tcp_accept+24/1"),
        ("counted", "starts_empty", "system_call:tcp_listen_start+13/1"),
        ("one_left", "closes_listener", "system_call:tcp_set_state+6.2/1"),
        ("BUG_TRAP(tcp_listen_stop: sk.ack_backlog == 0)", "last_left", "system_call:tcp_listen_stop+24/2"),
    ],
)
def test_a_step_is_safe_because_of_one_of_the_facts(name: str, without: str, step: str) -> None:
    assert not breaks(name, "", step)
    assert breaks(name, without, step)


def test_a_child_is_carried_from_its_birth_to_the_queue_and_from_the_queue_to_its_socket() -> None:
    frames = Locks(compiled().system, accept_names.IN_HAND, CARRIER).frames
    references = list(frames.references)

    def carried(place: str) -> set[str]:
        ways = frames.known[place].values()
        return set.intersection(*({r[1] for r, n in zip(references, k.values, strict=True) if n in k.owned} for k in ways))

    assert "segment_arrives/tcp_check_req.child" in carried("segment_arrives:tcp_acceptq_queue+4")
    assert not carried("segment_arrives:tcp_child_process+2")
    assert "system_call/tcp_accept.newsk" in carried("system_call:tcp_accept+26"), (
        "also behind release_sock, which may free another"
    )
    assert "system_call/inet_accept.sk2" in carried("system_call:sock_graft+2")
    assert "system_call/inet_accept.sk2" not in carried("system_call:inet_accept+6")


def test_a_segment_is_in_the_hands_of_who_processes_it_and_of_nobody_while_it_waits() -> None:
    frames = Locks(compiled().system, accept_names.PACKETS, ("Segment", "carrier")).frames
    references = list(frames.references)

    def handled(place: str) -> set[str]:
        ways = frames.known[place].values()
        return set.intersection(*({r[1] for r, n in zip(references, k.values, strict=True) if n in k.owned} for k in ways))

    assert handled("segment_arrives:tcp_v4_deliver+3") == {"segment_arrives/segment_arrives.skb"}
    assert not handled("segment_arrives:rx_sock_put+3"), "it is in a backlog, or free"
    assert not handled("system_call:__release_sock+3")
    assert handled("system_call:tcp_v4_hnd_req+3") == {"system_call/__release_sock.skb", "system_call/tcp_v4_do_rcv.skb"}


def test_the_socket_that_accept_makes_is_known_to_be_connected_behind_the_write_of_its_state() -> None:
    own = facts()["connected in system_call"]
    (written,) = (t for t in compiled().system.transitions if t.name == "system_call:inet_accept+10/1")
    assert not breaks(own.name, "", written.name)
    without = replace(written, updates=tuple(u for u in written.updates if u.key != ("Socket", "state")))
    assert not prover().consecution(own, without).discharged


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


@cache
def asked() -> tuple[Prover, dict[str, Fact]]:
    """The facts that ``no_dangling`` rests on, of the steps of which it is asked."""
    those = compile_package(spec, client="accept", asking=Freed.ASKED)
    found = facts_about(spec, those)
    return Prover(those.system, found), {f.name: f for f in found}


def dangles(name: str, without: str, step: str) -> bool:
    """Whether one transition may break a fact that may not use another, where ``no_dangling`` is asked."""
    prover, known = asked()
    weaker = replace(known[name], uses=tuple(u for u in known[name].uses if u != without))
    t = next(t for t in prover.encoder.system.transitions if t.name == step)
    return not prover.consecution(weaker, t).discharged


@pytest.mark.parametrize(
    ("name", "without", "step"),
    [
        ("chained", "head_or_next", "system_call:tcp_accept+18/1"),
        ("chained", "unpreceded", "system_call:tcp_listen_stop+12/1"),
        ("followed", "forgets", "system_call:sock_def_wakeup+3/1"),
        ("copy_bare", "chained", "segment_arrives:tcp_check_req+2/8"),
        ("copy_backlog", "copies_unknown", "segment_arrives:tcp_v4_deliver+3/1"),
        ("given_up_alone", "given_up_bare", "system_call/1"),
        ("dying", "orphaned", "system_call:tcp_close+25/1"),
    ],
)
def test_nothing_dangles_behind_a_step_because_of_one_of_the_facts(name: str, without: str, step: str) -> None:
    assert not dangles(name, "", step)
    assert dangles(name, without, step)


@pytest.mark.parametrize("step", ["system_call:tcp_listen_stop+15/1", "system_call:tcp_accept+21/2"])
def test_what_leaves_the_queue_must_forget_the_connection_behind_it(step: str) -> None:
    """Else it leads to that one when it is freed: a softirq may keep the first alive for longer."""
    prover, known = asked()
    t = next(t for t in prover.encoder.system.transitions if t.name == step)
    assert prover.consecution(known["chained"], t).discharged
    without = replace(t, updates=tuple(u for u in t.updates if u.key != ("Sock", "dl_next")))
    assert not prover.consecution(known["chained"], without).discharged


def test_a_copy_is_locked_like_the_listener_it_is_a_copy_of() -> None:
    prover, _ = asked()
    frames = Locks(prover.encoder.system, accept_names.NAMES).frames
    references = list(frames.references)
    for root in ("segment_arrives", "system_call"):
        ways = frames.known[f"{root}:tcp_create_openreq_child+7"].values()
        for known in ways:
            owned = {r[1] for r, n in zip(references, known.values, strict=True) if n in known.owned}
            assert {f"{root}/tcp_v4_do_rcv.sk", f"{root}/tcp_create_openreq_child.newsk"} <= owned
