"""What is found about the frames of calls: one object under several names, and locks held; the prover does not trust it."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

import proofs
import spec
from checker.language import terms
from checker.language.compile import Compiled, compile_model
from checker.symbolic.inductive import Prover
from proofs.frame_facts import frame_facts
from proofs.frames import Frames, Knowledge
from spec.clients import CONNECT


@cache
def compiled() -> Compiled:
    return compile_model(spec.MODEL_NAME, spec.modules(), client=CONNECT)


@cache
def frames() -> Frames:
    return Frames(compiled().system)


def number(known: Knowledge, name: str) -> int:
    return known.values[list(frames().references).index(("Thread", name))]


@pytest.mark.parametrize("root", ["segment_arrives", "system_call"])
def test_tcp_done_works_on_the_locked_socket_of_its_caller(root: str) -> None:
    for known in frames().known[f"{root}:tcp_put_port+2" + (".3" if root == "system_call" else "")].values():
        done = number(known, f"{root}/tcp_done.sk")
        assert done in known.owned
        callers = ("rx_sk",) if root == "segment_arrives" else tuple(f"{root}/{f}.sk" for f in CALLERS)
        assert any(number(known, name) == done for name in callers)


CALLERS = ("inet_bind", "inet_stream_connect", "inet_release")


def test_some_call_comes_to_every_location() -> None:
    """Nobody listens, so the code for children is gone, and what is left is not there for returns to the wrong caller."""
    assert set(frames().known) == {loc.name for loc in compiled().system.locations}
    assert not any("tcp_child_process" in loc.stack for loc in compiled().system.locations)


def test_nothing_is_locked_where_a_call_begins_or_sleeps() -> None:
    for place in ("idle", "system_call:schedule_timeout+11", "system_call:sockfd_put+2"):
        assert all(not known.owned for known in frames().known[place].values())


def test_a_wrong_claim_about_frames_is_refused() -> None:
    system = compiled().system
    fact = next(f for f in frame_facts(system) if f.name == "frames")
    prover = Prover(system, [fact])
    arrival = next(t for t in system.transitions if t.name == "segment_arrives/1")
    assert prover.consecution(fact, arrival).discharged
    (t,) = fact.params
    wrong = terms.implies(
        system.at(t, arrival.target),
        terms.eq(system.read(("Thread", "rx_sk"), t), system.read(("Thread", "segment_arrives/tcp_reset.sk"), t)),
    )
    assert not prover.consecution(replace(fact, formula=terms.conj(fact.formula, wrong)), arrival).discharged


def test_the_facts_of_connect_are_about_its_waiting_callers() -> None:
    facts = {f.name: f for f in proofs.facts(compiled())}
    assert not {u for f in facts.values() for u in f.uses} - set(facts)
    prover = Prover(compiled().system, list(facts.values()))
    closing = next(t for t in compiled().system.transitions if t.name == "system_call:inet_release+6/1")
    assert prover.consecution(facts["closing"], closing).discharged
    assert not prover.consecution(replace(facts["closing"], uses=("frames",)), closing).discharged


VALUES = st.lists(st.integers(0, 3), min_size=4, max_size=4)


@st.composite
def knowledge(draw: st.DrawFn) -> Knowledge:
    names = {0: 0}
    values = tuple(names.setdefault(n, len(names)) for n in draw(VALUES))
    numbers = sorted(set(values) - {0})
    pairs = [(a, b) for a in (0, *numbers) for b in numbers if a < b]
    apart = draw(st.frozensets(st.sampled_from(pairs))) if pairs else frozenset()
    return Knowledge(values, apart, draw(st.frozensets(st.sampled_from(numbers))) if numbers else frozenset())


def claims(known: Knowledge) -> set[tuple[str, int, int]]:
    """What is claimed of references, by their places."""
    places = range(len(known.values))
    pairs = [(i, j, known.values[i], known.values[j]) for i in places for j in places]
    same = {("same", i, j) for i, j, a, b in pairs if a == b}
    apart = {("apart", i, j) for i, j, a, b in pairs if (min(a, b), max(a, b)) in known.apart}
    return same | apart | {("owned", i, i) for i in places if known.values[i] in known.owned}


@given(knowledge(), knowledge())
def test_joining_keeps_what_both_know(a: Knowledge, b: Knowledge) -> None:
    assert claims(a.join(b)) == claims(a) & claims(b)


@given(knowledge(), knowledge())
def test_joining_has_an_end(a: Knowledge, b: Knowledge) -> None:
    joined = a.join(b)
    assert joined.join(b) == joined and joined.join(a) == joined and a.join(a) == a
