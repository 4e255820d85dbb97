"""The command line: what it prints, and the exit status of everything a user can get wrong."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from checker import cli
from checker.commands import explore
from checker.commands.check import agree, clearest, settle_vacuity
from checker.commands.console import status_of
from checker.commands.model import Scope, compile_package, load_package, make_instance, variant_names
from checker.commands.tasks import families
from checker.errors import InternalError, LimitError, Place
from checker.language import terms
from checker.system import Property
from checker.verdict import Verdict
from tests.report import toy

SMALL = ["--threads", "1", "--sockets", "1", "--ports", "1"]

BAD_INPUT = {
    "no such command": (["proof"], "usage"),
    "no such option": (["check", "--fast"], "usage"),
    "no function": (["show"], "usage"),
    "unknown function": (["show", "inet_lisen"], "unknown-function"),
    "property instead of function": (["show", "one_listener"], "unknown-function"),
    "unknown variant": (["show", "inet_listen", "--variant", "nope"], "unknown-variant"),
    "unknown specification": (["show", "inet_listen", "--spec", "nospec"], "unknown-spec"),
    "no specification": (["show", "inet_listen", "--spec", "json"], "unknown-spec"),
    "unknown property": (["trace", "one_listner", *SMALL], "unknown-property"),
    "unknown property to explore": (["explore", "one_listner", *SMALL], "unknown-property"),
    "unknown method": (["trace", "one_listener", "--method", "guess"], "usage"),
    "size 0": (["explore", "--threads", "0"], "instance-size"),
    "negative size": (["explore", "--sockets=-1"], "instance-size"),
    "absurd size": (["explore", "--ports", "70000"], "instance-size"),
    "size that is no number": (["explore", "--threads", "two"], "usage"),
    "size 0 in check": (["check", "--addresses", "0"], "instance-size"),
    "unknown property to prove": (["prove", "one_listner"], "unknown-property"),
    "no lemma to leave out": (["prove", "taken_red", "--spec", "tests.tiny", "--without", "nope"], "unknown-lemma"),
    "no seeds": (["prove", "taken_red", "--spec", "tests.tiny", "--seeds", "0"], "usage"),
    "more effort than Z3 counts": (["prove", "taken_red", "--spec", "tests.tiny", "--effort", "5000000000"], "usage"),
    "no states": (["explore", *SMALL, "--max-states", "0"], "max-states"),
    "unknown function to draw": (["draw", "nope"], "unknown-function"),
}


@pytest.mark.parametrize("name", BAD_INPUT)
def test_bad_input_is_one_message_and_status_2(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    arguments, code = BAD_INPUT[name]
    assert cli.main(arguments) == 2
    printed = capsys.readouterr()
    assert f"error[{code}]" in printed.err
    assert "fix:" in printed.err
    assert printed.err.count("error[") == 1
    assert "Traceback" not in printed.err
    assert printed.out == ""


def test_unknown_names_list_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    cli.main(["trace", "nope", *SMALL])
    assert "one_listener" in capsys.readouterr().err
    cli.main(["show", "inet_bind", "--variant", "nope"])
    assert "hash_before_validation" in capsys.readouterr().err


def test_missing_dot(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    def nowhere(*_: object, **__: object) -> None:
        return None

    monkeypatch.setattr(shutil, "which", nowhere)
    assert cli.main(["draw", "inet_listen", "--out", str(tmp_path)]) == 2
    assert "error[missing-dot]" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def raising(problem: BaseException) -> object:
    def run(*_: object, **__: object) -> int:
        raise problem

    return run


@pytest.mark.parametrize(
    ("problem", "status", "message"),
    [
        (LimitError("too-many-states", "stopped"), 3, "error[too-many-states]: stopped"),
        (KeyboardInterrupt(), 3, "interrupted"),
        (MemoryError(), 3, "out of memory"),
        (InternalError("trace-replay", "step 3 is not enabled"), 4, "error[trace-replay]"),
        (ZeroDivisionError("division by zero"), 4, "error[internal]: ZeroDivisionError"),
    ],
)
def test_exit_status_of_problems(
    problem: BaseException, status: int, message: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(explore, "run_explore", raising(problem))
    assert cli.main(["explore"]) == status
    printed = capsys.readouterr().err
    assert message in printed
    assert "Traceback" not in printed


def test_debug_adds_the_traceback(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(explore, "run_explore", raising(ZeroDivisionError()))
    monkeypatch.setenv("SOCKPROOF_DEBUG", "1")
    assert cli.main(["explore"]) == 4
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize(
    "command", ["", "check", "show", "explore", "coverage", "trace", "draw", "scenario", "conform", "audit", "fidelity"]
)
def test_help_on_every_level(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([*command.split(), "--help"]) == 0
    assert "Usage: sockproof" in capsys.readouterr().out


def test_show_prints_guarded_transitions(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["show", "inet_listen"]) == 0
    printed = capsys.readouterr().out
    assert "sk.state := TCP_LISTEN" in printed
    assert "not sock.sk.users" in printed
    assert "return EADDRINUSE" in printed
    assert cli.main(["show", "inet_listen", "--steps"]) == 0
    assert _transitions(capsys.readouterr().out) > _transitions(printed) > 10


def _transitions(printed: str) -> int:
    found = re.search(r"^(\d+) transitions", printed, re.MULTILINE)
    assert found is not None
    return int(found[1])


@pytest.mark.parametrize("form, rule", [("markdown", "| --- | --- | --- | --- |"), ("text", "    do    sk.prev := NULL")])
def test_show_prints_for_other_programs(form: str, rule: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["show", "tcp_put_port", "--format", form]) == 0
    assert rule in capsys.readouterr().out.splitlines()


def test_trace_of_the_window(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["trace", "listen_window", *SMALL, "--out", str(tmp_path)]) == 0
    assert "Sock[1].state: TCP_CLOSE -> TCP_LISTEN" in capsys.readouterr().out
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "listen_window.itf.json",
        "listen_window.mmd",
        "listen_window.svg",
        "listen_window.txt",
    ]


def test_explore_says_when_a_verdict_differs(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["explore", "hashed_sport", *SMALL]) == 0
    assert cli.main(["explore", "both_listens_fail", *SMALL]) == 1  # needs two sockets
    assert "unreachable" in capsys.readouterr().out


def test_explore_stops_undetermined(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["explore", "hashed_sport", *SMALL, "--max-states", "10"]) == 3
    assert "error[too-many-states]" in capsys.readouterr().err


def test_a_malformed_specification(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    package = tmp_path / "tiny"
    package.mkdir()
    (package / "model.py").write_text(
        "from __future__ import annotations\n"
        "from checker.language import Process, Record, syscall\n\n"
        "class Box(Record):\n    taken: bool\n\n"
        "class Thread(Process):\n    box: Box\n\n"
        "@syscall('tiny.c')\ndef sys_take(b: Box) -> None:\n    b.token = True\n"
    )
    (package / "__init__.py").write_text(
        "MODEL_NAME = 'tiny'\ndef modules():\n    import tiny.model\n    return [tiny.model]\ndef sizes(*_):\n    return (), ()\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    assert cli.main(["show", "sys_take", "--spec", "tiny"]) == 2
    printed = capsys.readouterr().err
    assert "tiny/model.py:12:" in printed
    assert "b.token = True" in printed
    assert "error[unknown-field]: Box has no field token" in printed


def test_ports_of_an_instance() -> None:
    package = load_package("spec")
    words = [dict(make_instance(package, Scope(ports=n)).words)["Port"] for n in (1, 2, 3, 4)]
    assert words == [(4999,), (80, 4999), (80, 1024, 4999), (80, 1024, 1025, 4999)]


def test_variants_are_found() -> None:
    assert {"hash_before_validation", "listen_checks_before_announcing"} <= set(variant_names(load_package("spec")))


def verdict(answer: str, expected: str = "holds", method: str = "explicit", detail: str = "") -> Verdict:
    prop = Property("p", "always", (), terms.TRUE, terms.TRUE, "", expected, "", Place("p.py", 1))
    return Verdict(prop, "", answer, method, "any", 0.0, None, None, detail)


def test_status_of_verdicts() -> None:
    assert status_of([verdict("proved")]) == 0
    assert status_of([verdict("proved"), verdict("violated")]) == 1
    assert status_of([verdict("proved"), verdict("unknown")]) == 3
    assert status_of([verdict("no violation within 9"), verdict("proved", "violated")]) == 1
    assert status_of([verdict("proved", detail="vacuous: its antecedent is never met")]) == 1


def test_a_proof_is_vacuous_only_if_no_instance_exercises_it() -> None:
    empty = verdict("proved", detail="vacuous: its antecedent is never met")
    assert status_of(settle_vacuity([empty, empty])) == 1
    assert status_of(settle_vacuity([empty, verdict("proved")])) == 0
    assert status_of(settle_vacuity([empty, verdict("proved", method="inductive")])) == 1


def test_engines_must_agree() -> None:
    agree([verdict("proved"), verdict("proved", method="inductive"), verdict("unknown", method="bounded")])
    with pytest.raises(InternalError, match="explicit says violated"):
        agree([verdict("violated"), verdict("proved", method="inductive")])


def test_the_trace_with_the_fewest_threads_is_shown() -> None:
    def found(*processes: int) -> Verdict:
        moves = {1: toy.socket(1, 1), 2: toy.socket(2, 2)}
        return replace(verdict("violated", "violated"), trace=toy.run(*(moves[p] for p in processes)))

    wide, narrow = found(1, 2), found(2)
    assert clearest([wide, narrow, verdict("proved")]) == {("", "", "p"): narrow}
    assert clearest([narrow, wide]) == {("", "", "p"): narrow}


def test_families_share_ghosts() -> None:
    compiled = compile_package(load_package("spec"))
    groups = families(compiled)
    assert sorted(name for group in groups for name in group) == sorted(p.name for p in compiled.properties)
    (home,) = (group for group in groups if "both_listens_fail" in group)
    assert "bind_inside_window" in home and "double_bind" not in home


def test_python_m_checker() -> None:
    done = subprocess.run([sys.executable, "-m", "checker", "show", "nope"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "error[unknown-function]" in done.stderr
