"""The bind/listen client of the model on small instances: pinned numbers of states, verdicts, reductions agree."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import spec
from checker.commands.engines import cone, run_explicit
from checker.explicit import explore
from checker.instance import Instance
from checker.language.compile import Compiled, compile_model
from spec.clients import BIND_LISTEN

GOLDEN = Path(__file__).parent / "golden" / "states.json"


CLIENT = BIND_LISTEN


def instance(threads: int, sockets: int, ports: int, addresses: int) -> Instance:
    return Instance(*spec.sizes(threads, sockets, ports, addresses))


@pytest.fixture(scope="module")
def compiled() -> Compiled:
    return compile_model(spec.MODEL_NAME, spec.modules(), client=CLIENT)


@pytest.mark.parametrize("scope", json.loads(GOLDEN.read_text()))
def test_number_of_states_is_pinned(compiled: Compiled, scope: str) -> None:
    sizes = [int(n) for n in scope.split("x")]
    explored = run_explicit(compiled, compiled.properties, instance(*sizes))
    assert {"states": explored.exploration.states, "depth": explored.exploration.depth} == json.loads(GOLDEN.read_text())[scope]


def test_verdicts_of_one_thread_and_one_socket(compiled: Compiled) -> None:
    """What one thread can do alone: the window is entered, races are not possible."""
    explored = run_explicit(compiled, compiled.properties, instance(1, 1, 1, 1))
    verdicts = {v.property.name: (v.verdict, v.depth) for v in explored.verdicts}
    assert verdicts["both_listens_fail"] == ("unreachable", None)
    assert verdicts["bind_inside_window"] == ("unreachable", None)
    assert verdicts["listen_window"][0] == "reachable"
    assert verdicts["bindaddr_lock"][0] == "violated"
    assert all(verdicts[p.name][0] == "proved" for p in compiled.properties if p.expected == "holds")


def test_traces_are_replayed_on_the_whole_model(compiled: Compiled) -> None:
    wanted = (compiled.property("bindaddr_lock"),)
    (verdict,) = run_explicit(compiled, wanted, instance(1, 1, 1, 1)).verdicts
    assert verdict.trace is not None
    assert verdict.trace.system is compiled.system
    assert len(cone(compiled, wanted).system.state_vars) < len(compiled.system.state_vars)


def test_merging_twins_keeps_verdicts_and_depths(compiled: Compiled) -> None:
    """Two sockets and two socks can be exchanged independently: a quarter of the states, and the same answers."""
    part = cone(compiled, compiled.properties)
    every, merged = (explore(part.system, instance(1, 2, 1, 1), compiled.properties, symmetry=s) for s in (False, True))
    assert (every.twins, merged.twins) == ((), ("Sock", "Socket"))
    assert every.states / 4 <= merged.states < every.states / 3.9
    assert merged.depth == every.depth
    assert merged.antecedents == every.antecedents
    depths = [{name: trace and trace.depth for name, trace in result.found.items()} for result in (every, merged)]
    assert depths[0] == depths[1]
    assert depths[0]["bindaddr_lock"]


def test_merging_steps_keeps_verdicts(compiled: Compiled) -> None:
    """Every verdict of the reduced model is the verdict of the unreduced one."""
    whole = compile_model(spec.MODEL_NAME, spec.modules(), reduce=False, client=CLIENT)
    names = [p.name for p in compiled.properties if p.name != "exclusive"]
    answers = []
    for model in (compiled, whole):
        asked = tuple(model.property(n) for n in names)
        explored = run_explicit(model, asked, instance(2, 1, 1, 1))
        answers.append({v.property.name: v.verdict for v in explored.verdicts})
    assert answers[0] == answers[1]
