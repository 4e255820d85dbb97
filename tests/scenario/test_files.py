"""Scenario files that are right: what they become, what their expressions and expectations mean."""

from __future__ import annotations

import doctest
import json
import re
from importlib import import_module
from pathlib import Path

import pytest
import yaml

from checker.scenario.arguments import arguments
from checker.scenario.expect import expectation
from checker.scenario.expression import ExpressionError, expression
from checker.scenario.load import MAIN, load_cases
from checker.scenario.names import Names
from checker.scenario.program import Call, Outcome, PortChosen, PortOf, Program, Scenario
from checker.scenario.schema import build_schema, schema_text
from checker.scenario.short import label, long_step
from checker.scenario.vocabulary import CALLS, SHORT_NAMES
from checker.scenario.yamlfile import load_yaml

HERE = Path(__file__).parent
OURS = sorted((HERE.parent / "scenarios").glob("*.yaml"))


def test_the_schema_in_the_repository_is_fresh() -> None:
    text = (HERE.parents[1] / "checker" / "scenario" / "schema.json").read_text()
    assert text == schema_text()
    assert json.loads(text) == json.loads(json.dumps(build_schema()))


@pytest.mark.parametrize("module", ["expect", "kernel_words", "short", "vocabulary", "yamlfile"])
def test_examples_in_docstrings(module: str) -> None:
    done = doctest.testmod(import_module(f"checker.scenario.{module}"))
    assert done.attempted
    assert not done.failed


def test_the_example_of_the_manual(tmp_path: Path) -> None:
    manual = (HERE.parents[1] / "docs" / "scenarios.md").read_text()
    example = [line.removeprefix("    ") for line in manual.splitlines() if line.startswith("    ")]
    (case,) = load_cases(one(tmp_path, "\n".join(example)))
    assert [q.kind for q in case.questions] == ["reach", "never", "outcomes"]
    assert set(SHORT_NAMES) | set(CALLS) <= set(re.findall(r"\w+", manual))


def test_our_scenarios_are_many_and_well_formed() -> None:
    cases = [case for path in OURS for case in load_cases(path)]
    assert len({case.scenario.id for case in cases}) == len(cases)
    assert sum(len(case.scenario.threads) > 1 for case in cases) >= 25
    assert all(case.questions for case in cases)
    for path in OURS:
        for scenario in load_yaml(path).data["scenarios"]:
            assert scenario["why"]
            assert "steps" in scenario or "machine" in scenario


def one(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "one.yaml"
    path.write_text(text)
    return path


def test_short_and_long_steps_are_the_same(tmp_path: Path) -> None:
    short = "id: x\nsteps: [socket a stream, bind a lo of:a, bind a lo eph_a -> EINVAL, reuse a 1]\n"
    long = """\
id: x
steps:
- {call: socket, args: {as: a, type: STREAM}}
- {call: bind, args: {s: a, addr: 127.0.0.1, port: {of: a}}}
- {call: bind, args: {s: a, addr: LOOPBACK, port: eph_a}, expect: EINVAL}
- call: setsockopt
  args: {s: a, opt: SO_REUSEADDR, val: 1}
"""
    (a,), (b,) = load_cases(one(tmp_path, short)), load_cases(one(tmp_path, long))
    assert a.scenario == b.scenario
    assert a.questions[0].expects == b.questions[0].expects
    calls = a.scenario.threads[0].calls
    assert calls[1].args["port"] == PortOf("a")
    assert calls[2].args["port"] == PortChosen("a")
    assert [c.label for c in calls] == ["socket a stream 0", "bind a lo of:a", "bind a lo eph_a", "reuse a 1"]


@pytest.mark.parametrize(
    "text",
    [
        "socket u raw 200",
        "bind a lo 80 uid=65534",
        "bind a 4.4.4.4 P1 addr_len=15",
        "connect u unspec",
        "connect a none P1 nonblock",
        "accept l d nonblock",
        "listen a -1",
        "shutdown a RDWR",
        "setsockopt a SO_BROADCAST 1",
        "hold_ports dgram lo 40010 40137 reuse=1",
        "settle",
    ],
)
def test_labels_are_short_steps(text: str) -> None:
    step = long_step(text)
    made = arguments(CALLS[step["call"]], step["args"])
    assert label(step["call"], made) == text


def test_plain_words_stay_words(tmp_path: Path) -> None:
    text = "a: no\nb: on\nc: 010\nd: 1:30\ne: ~\nf: 'true'\ng: true\nh: 2.4.17\n"
    found = load_yaml(one(tmp_path, text)).data
    assert found == {"a": "no", "b": "on", "c": 10, "d": "1:30", "e": None, "f": "true", "g": True, "h": "2.4.17"}


def test_our_reader_agrees_with_pyyaml() -> None:
    for path in OURS:
        assert load_yaml(path).data == yaml.safe_load(path.read_text())


def test_aliases_that_are_harmless(tmp_path: Path) -> None:
    (case,) = load_cases(one(tmp_path, "id: x\nsetup: &s [socket a stream]\nthreads: {A: [listen a 1], B: &b [bind a lo P1]}\n"))
    assert [p.name for p in case.scenario.threads] == ["A", "B"]
    again = load_yaml(one(tmp_path, "a: &a {b: [1, 2]}\nc: *a\n"))
    assert again.data == {"a": {"b": [1, 2]}, "c": {"b": [1, 2]}}


def test_a_name_may_be_accepted_again(tmp_path: Path) -> None:
    text = "id: x\nsteps: [socket l stream, listen l 1, accept l d nonblock, accept l d nonblock]\n"
    assert len(load_cases(one(tmp_path, text))[0].scenario.threads[0].calls) == 4


def test_one_thread_scenarios_and_their_columns(tmp_path: Path) -> None:
    text = "id: x\ncategory: c\nfeatures: [tcp]\nsteps: [socket a stream, listen a 1 -> 0]\nseed_listing: [0, EADDRINUSE]\n"
    (case,) = load_cases(one(tmp_path, text))
    assert case.scenario.threads[0].name == MAIN
    assert [str(e) for e in case.columns["seed_listing"]] == ["0", "EADDRINUSE"]
    assert (case.category, case.features) == ("c", ("tcp",))
    assert [q.kind for q in case.questions] == ["steps"]


def test_final_states_are_put_into_post(tmp_path: Path) -> None:
    text = """\
id: x
setup: [socket a stream]
threads: {A: [listen a 1]}
post: [getsockname a]
peers: {REMOTE: silent}
events: [signal]
reach: state.a == LISTEN and name.a.port == eph
outcomes: [{A: 0, peer.a: ENOTCONN}]
"""
    (case,) = load_cases(one(tmp_path, text))
    assert [c.label for c in case.scenario.post] == ["getsockname a", "state a", "getpeername a"]
    assert (case.scenario.machine, case.scenario.events, case.scenario.peers) == ("smp", ("signal",), {"REMOTE": "silent"})
    row = case.questions[1].rows[0]
    results = {"setup": ("0",), "A": ("0",), "post": ("0 ANY:eph_a", "LISTEN", "ENOTCONN")}
    assert row.matches(Outcome(results, 1))
    assert not row.matches(Outcome({**results, "A": ("EINVAL",)}, 1))
    found = case.questions[0].expression
    assert found is not None
    assert found.holds(Outcome(results, 1))


@pytest.mark.parametrize(
    ("wanted", "result", "matches"),
    [
        (0, "0", True),
        ("0", "0 LOOPBACK:P1", True),
        (0, "EINVAL", False),
        ("A|B".replace("A", "EINVAL").replace("B", "0"), "EINVAL", True),
        ("EINVAL|0", "0 ANY:0", True),
        ("error", "EINVAL", True),
        ("error", "0", False),
        ("error", "blocks", False),
        ("error", "LISTEN", False),
        (None, "anything at all", True),
        ("0 LOOPBACK:nz", "0 LOOPBACK:eph_a", True),
        ("0 LOOPBACK:nz", "0 LOOPBACK:0", False),
        ("0 ANY:eph", "0 ANY:eph_b", True),
        ("0 ANY:eph", "0 ANY:P1", False),
        ("0 ANY:eph_a", "0 ANY:eph_b", False),
        ("0 *:*", "0 MCAST:7", True),
        ("0 *:*", "0", False),
        ("0 (fam=2 127.0.0.1:P1)", "0 LOOPBACK:P1", True),
        ("0 (fam=2 0.0.0.0:E)", "0 ANY:eph_u", True),
        ("LISTEN", "TCP_LISTEN", True),
        ("0 value=ECONNREFUSED", "0 value=ECONNREFUSED", True),
        ("0 value=0", "0 value=ECONNREFUSED", False),
        ("blocks", "blocks", True),
        ("-", "-", True),
        (5, "5", True),
    ],
)
def test_expectations(wanted: object, result: str, matches: bool) -> None:
    assert expectation(wanted).matches(result) is matches


def call(name: str, **args: int | str) -> Call:
    made = arguments(CALLS[name], args)
    return Call(name, made, label(name, made))


SCENARIO = Scenario(
    "x",
    (call("socket", **{"as": "s", "type": "STREAM"}),),
    (
        Program("A", (call("connect", s="s", addr="NONE", port="P1"),)),
        Program("B", (call("listen", s="s", backlog=1), call("listen", s="s", backlog=2))),
    ),
    (call("state", s="s"), call("getsockname", s="s")),
)
OUTCOME = Outcome({"setup": ("0",), "A": ("0",), "B": ("EINVAL", "0"), "post": ("LISTEN", "0 LOOPBACK:eph_s")}, 1)


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("A.connect == 0 and state.s == LISTEN", True),
        ("A == 0", True),
        ("0 == A", True),
        ("A != 0", False),
        ("not A.connect == blocks", True),
        ("B.listen_1 in (0, EINVAL) and B.listen_2 not in [EINVAL, error]", True),
        ("B.first == EINVAL", True),
        ("B.listen_1 == B.listen_2", False),
        ("A == B.listen_2 == 0", True),
        ("B.listen_1 == error or A == error", True),
        ("name.s == '0 LOOPBACK:eph'", True),
        ("name.s == 0", True),
        ("name.s.port == eph and name.s.addr == LOOPBACK and name.s.addr == '127.0.0.1'", True),
        ("name.s.port == 0 or name.s.port == P1", False),
        ("name.s.port == nz", True),
        ("state.s.port == nz", False),
        ("setup.socket == 0 and post.state == LISTEN", True),
        ("A.connect == unreached", False),
    ],
)
def test_expressions(text: str, holds: bool) -> None:
    names = Names(SCENARIO, {"B": {"first": 0}})
    assert expression(text, names).holds(OUTCOME) is holds


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os')",
        "A.__class__ == 0",
        "A == f'{A}'",
        "(lambda: 0)() == 0",
        "A == 0 if A else B",
        "A[0] == 0",
        "A == 1.5",
        "A is 0",
    ],
)
def test_expressions_are_no_python(text: str) -> None:
    with pytest.raises(ExpressionError):
        expression(text, Names(SCENARIO, {}))
