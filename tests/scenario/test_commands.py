"""sockproof scenario and sockproof conform: what they print and how they exit, with the toy engine."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from checker import cli
from checker.scenario.conform import conform_race
from checker.scenario.program import Engine, Outcome, Outcomes, Scenario
from checker.scenario.races import load_races
from checker.scenario.yamlfile import load_yaml

TOY = ["--spec", "tests.scenario.toyspec"]

TWO = """\
id: two
title: two listen()
setup: [socket a stream, socket b stream, reuse a 1, reuse b 1, bind a lo P1, bind b lo P1]
threads:
  A: [listen a 1]
  B: [listen b 1]
"""

ROWS = """\
outcomes:
- {A: 0, B: EADDRINUSE, state.a: LISTEN, state.b: CLOSE}
- A=EADDRINUSE, B=0, state a=CLOSE, state b=LISTEN
"""

RECORDED = """\
scenarios:
- id: good
  category: bind
  features: [tcp]
  steps: [socket a stream, bind a lo P1, getsockname a]
  seed_listing: [0, 0, "0 LOOPBACK:P1"]
  linux_6_18: [0, 0, "0 LOOPBACK:P1"]
- id: bad
  category: bind
  features: [tcp, reuse]
  steps: [socket a stream, bind a lo P1, bind a lo P2]
  seed_listing: [0, 0, 0]
  linux_6_18: [0, 0, EINVAL]
- id: foreign
  category: udp
  features: [udp]
  steps: [socket a dgram, send a 5]
  seed_listing: [0, ENOTCONN]
  linux_6_18: [0, EDESTADDRREQ]
- id: large
  category: udp
  features: [udp]
  steps: ["port_range 40010 40011"]
  seed_listing: [0]
  linux_6_18: [0]
"""

RACES = """\
races:
- id: listens
  setup: [socket a stream 0, socket b stream 0, reuse a 1, reuse b 1, bind a lo P1, bind b lo P1]
  A: listen a 1
  B: listen b 1
  post: [state a, state b]
  outcomes:
  - outcome: A=0, B=EADDRINUSE, state a=LISTEN, state b=CLOSE
    2.4.17: 21971
"""

LOST = "  - {nonserial: true, 2.4.17: 24, outcome: 'A=EADDRINUSE, B=EADDRINUSE, state a=CLOSE, state b=CLOSE'}\n"
MARKED = "  - {nonserial: true, 2.4.27: 4, outcome: 'A=EADDRINUSE, B=0, state a=CLOSE, state b=LISTEN'}\n"


def run(tmp_path: Path, command: str, text: str, *options: str) -> int:
    path = tmp_path / "file.yaml"
    path.write_text(text)
    return cli.main([command, str(path), *TOY, *options])


def test_scenario_prints_outcomes_schedules_and_answers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, "scenario", TWO + ROWS + "never: state.a == LISTEN and state.b == LISTEN\n") == 0
    printed = capsys.readouterr().out
    assert "two: two listen() (smp, 2 outcomes of 2 interleavings" in printed
    assert "A: listen a 1" in printed
    assert "    B: listen b 1 = 0\n    A: listen a 1 = EADDRINUSE\n" in printed
    assert "as expected  outcomes are the 2 listed: exactly these" in printed
    assert "1 of 1 scenarios, 2 questions: 2 as expected, 0 different, 0 undecided" in printed


@pytest.mark.parametrize(
    ("question", "status", "told"),
    [
        ("", 0, "as expected  outcomes all: 2 outcomes"),
        ("outcomes: all\n", 0, "outcomes all: 2 outcomes"),
        ("reach: A == 0 and B == EADDRINUSE\n", 0, "reached (outcome 1)"),
        ("reach: A == 0 and B == 0\n", 1, "DIFFERS      reach A == 0 and B == 0: not reached"),
        ("never: A == EADDRINUSE\n", 1, "happens (outcome 2)"),
        ("outcomes: [{A: 0}]\n", 1, "unexpected: outcome 2"),
        (ROWS + "- {A: EINVAL}\n", 1, "missing: A=EINVAL"),
    ],
)
def test_answers(question: str, status: int, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, "scenario", TWO + question) == status
    assert told in capsys.readouterr().out


@pytest.mark.parametrize(
    ("question", "status"),
    [("reach: A == 0\n", 0), ("never: A == 0\n", 1), ("reach: B == 0\n", 3), ("never: B == 0\n", 3), (ROWS, 3), ("", 3)],
)
def test_a_search_that_stopped_decides_only_what_it_saw(question: str, status: int, tmp_path: Path) -> None:
    assert run(tmp_path, "scenario", TWO + question, "--variant", "stop") == status


def test_steps_that_give_something_else(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, "scenario", "id: x\nsteps: [socket a stream -> 0, bind a lo P1, bind a lo P1 -> 0]\n") == 1
    assert "main step 3, bind a lo P1: expected 0, got EINVAL" in capsys.readouterr().out


def test_calls_that_block(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (
        "id: x\nsetup: [socket a stream]\nthreads: {A: [accept a d, listen a 1]}\noutcomes: [{A.accept: blocks, A.listen: '-'}]\n"
    )
    assert run(tmp_path, "scenario", text + "reach: A.accept == blocks and A.listen == unreached\n") == 0
    assert "blocks" in capsys.readouterr().out


def test_what_cannot_be_run_is_undecided_and_the_rest_is_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "scenarios:\n- {id: x, steps: [settle]}\n- {id: y, steps: ['port_range 1 2']}\n- {id: z, steps: [socket a stream]}\n"
    assert run(tmp_path, "scenario", text) == 3
    printed = capsys.readouterr()
    assert "file.yaml:2:" in printed.err
    assert "error[outside-model]: x: settle is not in the model" in printed.err
    assert "error[too-many-states]: y" in printed.err
    assert "1 of 3 scenarios" in printed.out


def test_the_machine_can_be_chosen(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, "scenario", TWO, "--machine", "up") == 0
    assert "(up, 2 outcomes" in capsys.readouterr().out
    assert run(tmp_path, "scenario", TWO, "--machine", "numa") == 2
    assert "error[unknown-machine]" in capsys.readouterr().err


def test_interrupted_runs_tell_what_they_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "scenarios:\n- {id: x, steps: [socket a stream]}\n- {id: y, steps: [socket a stream]}\n"
    assert run(tmp_path, "scenario", text, "--variant", "interrupt") == 3
    printed = capsys.readouterr()
    assert "x (smp, 1 outcome of 1 interleaving" in printed.out
    assert "interrupted after 1 of 2 scenarios" in printed.err
    assert run(tmp_path, "conform", RECORDED, "--variant", "interrupt") == 3
    printed = capsys.readouterr()
    assert "1 scenarios: 1 agreed" in printed.out
    assert "interrupted after 1 of 4 scenarios" in printed.err


def test_scenario_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, "scenario", TWO + ROWS, "--json") == 0
    (found,) = json.loads(capsys.readouterr().out)["scenarios"]
    assert found["outcomes"][0]["results"]["post"] == ["LISTEN", "CLOSE"]
    assert found["outcomes"][0]["interleavings"] == 1
    assert found["questions"][0]["as_expected"] is True
    assert found["calls"]["A"] == ["listen a 1"]


def test_a_package_without_scenarios(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "file.yaml"
    path.write_text(TWO)
    assert cli.main(["scenario", str(path), "--spec", "tests.report.toy"]) == 2
    assert capsys.readouterr().err.count("error[") == 1


def test_conform_tells_agreed_differs_outside_and_undecided(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, "conform", RECORDED) == 1
    printed = capsys.readouterr().out
    assert "step 3, bind a lo P2: expected 0, got EINVAL" in printed
    assert "outside the model  foreign" in printed
    assert "undecided  large" in printed
    assert "good" not in printed
    assert "4 scenarios: 1 agreed, 1 differs, 1 outside the model, 1 undecided" in printed


@pytest.mark.parametrize(
    ("options", "status"),
    [
        (["--features", "tcp"], 0),
        (["--features", "tcp,reuse"], 1),
        (["--features", "tcp, reuse", "--expect-key", "linux_6_18"], 0),
        (["--features", "udp"], 3),
    ],
)
def test_conform_chooses_by_feature_and_column(options: list[str], status: int, tmp_path: Path) -> None:
    assert run(tmp_path, "conform", RECORDED, *options) == status


@pytest.mark.parametrize(
    ("text", "options", "code"),
    [
        (RECORDED, ["--expect-key", "linux_2_2"], "unknown-column"),
        (RECORDED, ["--features", "sctp"], "unknown-feature"),
        (RACES, ["--expect-key", "2.2.26"], "unknown-column"),
        (RACES, ["--features", "tcp"], "no-features"),
        (TWO, [], "no-columns"),
    ],
)
def test_conform_with_wrong_options(
    text: str, options: list[str], code: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path, "conform", text, *options) == 2
    assert f"error[{code}]" in capsys.readouterr().err


def test_observed_races_must_be_outcomes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, "conform", RACES) == 0
    assert run(tmp_path, "conform", RACES + LOST) == 1
    printed = capsys.readouterr().out
    assert "not in the model: A=EADDRINUSE, B=EADDRINUSE, state a=CLOSE, state b=CLOSE  (seen 24 on 2.4.17)" in printed
    assert run(tmp_path, "conform", RACES + LOST, "--variant", "stop") == 3


def test_nonserial_outcomes_must_not_be_serial(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, "conform", RACES + MARKED) == 1
    assert "marked nonserial, but a sequential order gives it" in capsys.readouterr().out
    assert run(tmp_path, "conform", RACES + MARKED, "--json") == 1
    assert json.loads(capsys.readouterr().out)["scenarios"][0]["standing"] == "differs"


def test_a_race_with_remarks(tmp_path: Path) -> None:
    path = tmp_path / "races.yaml"
    path.write_text("""\
two_threads_one_processor:
- id: r
  setup: [socket s stream 0 (blocking)]
  A: connect s none P1 (blocks in SYN_SENT)
  B: [connect s unspec, listen s 1]
  seen:
  - A=0, state s=LISTEN, then getpeername ENOTCONN, listen EINVAL, accept works
  - A=ECONNRESET, state s=LISTEN
  versions: [2.4.17]
""")
    (race,) = load_races(load_yaml(path))
    assert race.scenario.machine == "up"
    assert [c.label for c in race.scenario.post] == ["state s", "getpeername s", "listen s 1"]
    assert [len(o.row.cells) for o in race.observed] == [4, 2]

    def canned(*rows: tuple[str, ...]) -> Engine:
        def engine(scenario: Scenario) -> Outcomes:
            found = [Outcome({"setup": ("0",), "A": r[:1], "B": ("0", "0"), "post": r[1:]}, 1) for r in rows]
            return Outcomes(scenario, tuple(found), 1)

        return engine

    both = (("0", "LISTEN", "ENOTCONN", "EINVAL"), ("ECONNRESET", "LISTEN", "ENOTCONN", "0"))
    assert conform_race(race, None, canned(*both)).standing == "agreed"
    assert conform_race(race, None, canned(both[1])).standing == "differs"
