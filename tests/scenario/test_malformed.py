"""Every way to get a scenario file wrong: one error, with file and line, a code, what is wrong and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from checker import cli
from checker.scenario.yamlfile import MAX_BYTES

TWO = """\
id: two
setup:
- socket a stream
- socket b stream
threads:
  A:
  - listen a 1
  B:
  - listen b 1
"""


def steps(*lines: str) -> str:
    """A one-thread scenario; its first step stands in line 4."""
    return "\n".join(["id: x", "steps:", "- socket a stream", *(f"- {line}" for line in lines), ""])


def bomb() -> str:
    """Aliases that stand for a billion values."""
    lines = ["meta:", "  l0: &l0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"  l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]" for n in range(1, 9)]
    return "\n".join([*lines, "scenarios: []", ""])


# what is wrong: (the file, the code, the line, part of the message)
MALFORMED: dict[str, tuple[str | bytes, str, int, str]] = {
    "unknown call, long": (steps("{call: bnd, args: {s: a}}"), "unknown-call", 4, "there is no call bnd"),
    "unknown call, short": (steps("bnd a lo P1"), "unknown-call", 4, "there is no call bnd"),
    "no call at all": (steps("''"), "unknown-call", 4, "a step without a call"),
    "call missing": (steps("{args: {s: a}}"), "missing-key", 4, "steps[1]: call missing"),
    "step that is a number": (steps("7"), "wrong-type", 4, "steps[1]: 7 is"),
    "unknown argument": (
        steps("{call: listen, args: {s: a, backlog: 1, queue: 2}}"),
        "unknown-key",
        4,
        "no key queue in arguments of listen",
    ),
    "unknown key of a step": (steps("{call: listen, args: {s: a, backlog: 1}, expects: 0}"), "unknown-key", 4, "expects"),
    "missing argument, long": (steps("{call: shutdown, args: {s: a}}"), "missing-key", 4, "how missing"),
    "missing argument, short": (steps("shutdown a"), "missing-key", 4, "shutdown needs how"),
    "missing address of connect": (
        steps("{call: connect, args: {s: a}}"),
        "missing-key",
        4,
        "addr and port missing in arguments of connect",
    ),
    "too many arguments": (steps("listen a 1 2"), "too-many-arguments", 4, "no place for 2"),
    "backlog that is no number": (steps("{call: listen, args: {s: a, backlog: many}}"), "unknown-backlog", 4, "no backlog many"),
    "backlog too large": (steps("listen a 99999999999"), "out-of-range", 4, "is no backlog"),
    "negative length": (steps("send a -1"), "out-of-range", 4, "-1 is no length"),
    "negative port": (steps("bind a lo -1"), "port-range", 4, "-1 is no port"),
    "port out of range": (
        steps("{call: bind, args: {s: a, addr: ANY, port: 65536}}"),
        "port-range",
        4,
        "steps[1].args.port: 65536",
    ),
    "unknown port": (steps("bind a lo P9"), "unknown-port", 4, "there is no port P9"),
    "port of something odd": (
        steps("{call: bind, args: {s: a, addr: ANY, port: {off: a}}}"),
        "unknown-key",
        4,
        "there is no key off",
    ),
    "unknown address": (steps("bind a local P1"), "unknown-address", 4, "there is no address local"),
    "address of five numbers": (steps("bind a 1.2.3.4.5 P1"), "unknown-address", 4, "1.2.3.4.5"),
    "address out of range": (steps("bind a 127.0.0.256 P1"), "unknown-address", 4, "127.0.0.256"),
    "unknown option": (steps("setsockopt a SO_REUSE 1"), "unknown-option", 4, "there is no option SO_REUSE"),
    "unknown type": (steps("socket b streem"), "unknown-type", 4, "there is no type STREEM"),
    "unknown direction": (steps("shutdown a BOTH"), "unknown-direction", 4, "there is no direction BOTH"),
    "unknown family": (steps("bind a lo P1 family=AF_INTE"), "unknown-family", 4, "AF_INTE"),
    "no boolean": (steps("connect a lo P1 nonblock=maybe"), "wrong-type", 4, "maybe is"),
    "missing socket": (steps("listen b 1"), "missing-socket", 4, "there is no socket b"),
    "socket used before it is made": (steps("listen b 1", "socket b stream"), "missing-socket", 4, "used before it is made"),
    "socket of another thread": (
        "id: x\nthreads:\n  A:\n  - socket a stream\n  B:\n  - listen a 1\n",
        "missing-socket",
        6,
        "made by A, which may not have run yet",
    ),
    "port of no socket": (steps("bind a lo of:z"), "missing-socket", 4, "there is no socket z"),
    "chosen port of no socket": (steps("bind a lo eph_z"), "missing-socket", 4, "there is no socket z"),
    "silent peer as socket": (steps("silent_peer q", "listen q 1"), "missing-socket", 5, "q is a silent peer"),
    "duplicate name": (steps("socket a dgram"), "duplicate-name", 4, "a is already made in line 3"),
    "duplicate name in two threads": (
        "id: x\nthreads:\n  A: [socket a stream]\n  B: [socket a stream]\n",
        "duplicate-name",
        4,
        "a is already made in line 3",
    ),
    "reserved socket": (steps("socket BADFD stream"), "reserved-name", 4, "BADFD"),
    "socket named like a word of Python": (steps("socket not stream"), "reserved-name", 4, "nothing can be called not"),
    "reserved thread": ("id: x\nthreads:\n  post: [settle]\n", "reserved-name", 3, "no thread can be called post"),
    "thread with an odd name": ("id: x\nthreads:\n  A-1: [settle]\n", "bad-name", 2, "A-1"),
    "thread without calls": (
        TWO.replace("  - listen b 1\n", "").replace("  B:", "  B: []"),
        "no-calls",
        8,
        "a thread without calls",
    ),
    "thread that is nothing": (TWO.replace("  - listen b 1\n", ""), "wrong-type", 8, "threads.B"),
    "no threads": ("id: x\nthreads: {}\n", "no-calls", 2, "threads"),
    "no steps": ("id: x\nsteps: []\n", "no-calls", 2, "steps"),
    "neither steps nor threads": ("id: x\ntitle: nothing\n", "no-program", 1, "without steps and threads"),
    "steps and threads": (TWO + "steps: [settle]\n", "steps-and-threads", 1, "not both"),
    "setup without threads": ("id: x\nsetup: [settle]\nsteps: [settle]\n", "no-threads", 1, "threads only"),
    "two steps of one name": (
        steps("{call: listen, args: {s: a, backlog: 1}, name: l}", "{call: listen, args: {s: a, backlog: 1}, name: l}"),
        "duplicate-name",
        5,
        "called l",
    ),
    "bad expression": (TWO + "reach: A.listen = 0\n", "bad-expression", 10, "cannot read A.listen = 0"),
    "expression that is a call": (TWO + "reach: exit(1) == 0\n", "bad-expression", 10, "outside the language"),
    "expression that compares nothing": (TWO + "reach: A.listen\n", "bad-expression", 10, "a comparison is expected"),
    "expression with an order": (TWO + "reach: A.listen < 1\n", "bad-expression", 10, "no order"),
    "expression of constants": (TWO + "reach: 0 == 0\n", "bad-expression", 10, "two constants"),
    "expression nested too deep": (TWO + f"reach: {'(' * 900}A == 0{')' * 900}\n", "bad-expression", 10, "cannot read"),
    "expression that is too long": (
        TWO + f"reach: A == 0{' or A == 0' * 300}\n",
        "bad-expression",
        10,
        "more than 2000 characters",
    ),
    "expression naming an unknown thread": (TWO + "reach: C.listen == 0\n", "unknown-thread", 10, "there is no thread C"),
    "expression naming an unknown socket": (TWO + "never: state.c == LISTEN\n", "unknown-socket", 10, "there is no socket c"),
    "expression naming an unknown call": (TWO + "never: A.bind == 0\n", "unknown-step", 10, "A has no call bind"),
    "expression naming an unknown errno": (TWO + "never: A == EINVALID\n", "unknown-name", 10, "nothing is called EINVALID"),
    "expression with an unknown part": (TWO + "never: name.a.family == 2\n", "unknown-part", 10, "family"),
    "expression that is ambiguous": (
        TWO.replace("  - listen a 1\n", "  - listen a 1\n  - listen a 2\n") + "never: A.listen == 0\n",
        "ambiguous-name",
        11,
        "A has several calls listen",
    ),
    "row with an unknown name": (TWO + "outcomes:\n- {A: 0, C: 0}\n", "unknown-thread", 11, "there is no thread C"),
    "row that is no row": (TWO + "outcomes:\n- A is 0\n", "bad-row", 11, "A is 0 is no result"),
    "row with an unknown errno": (TWO + "outcomes:\n- {A: EWHAT}\n", "unknown-result", 11, "there is no errno EWHAT"),
    "unknown kind of outcomes": (TWO + "outcomes: some\n", "wrong-type", 10, "no kind of outcomes"),
    "unknown errno in expect": (
        steps("listen a 1 -> EADRINUSE"),
        "unknown-result",
        4,
        "steps[1].expect: there is no errno EADRINUSE",
    ),
    "unknown address in expect": (steps("getsockname a -> 0 LOCAL:0"), "unknown-result", 4, "there is no address LOCAL"),
    "nothing behind the arrow": (steps("listen a 1 ->"), "missing-key", 4, "nothing is expected"),
    "column of wrong length": (steps("listen a 1") + "seed_listing: [0]\n", "wrong-length", 5, "1 results for 2 steps"),
    "column that is no list": (steps("listen a 1") + "seed_listing: 0\n", "wrong-type", 5, "seed_listing"),
    "column with threads": (TWO + "seed_listing: [0]\n", "wrong-length", 10, "go with steps"),
    "unknown machine": (TWO + "machine: numa\n", "unknown-machine", 10, "there is no machine numa"),
    "unknown event": (TWO + "events: [signal, earthquake]\n", "unknown-event", 10, "there is no event earthquake"),
    "unknown behaviour": (TWO + "peers: {REMOTE: sleeping}\n", "unknown-behaviour", 10, "there is no behaviour sleeping"),
    "unknown host": (TWO + "peers: {MARS: silent}\n", "unknown-host", 10, "there is no host MARS"),
    "unknown key": (TWO + "outcome: all\n", "unknown-key", 10, "there is no key outcome"),
    "missing id": ("steps:\n- settle\n", "missing-key", 1, "id missing"),
    "id that is a number": ("id: 7\nsteps:\n- settle\n", "wrong-type", 1, "7 is"),
    "duplicate id": (
        "scenarios:\n- id: x\n  steps: [settle]\n- id: x\n  steps: [settle]\n",
        "duplicate-id",
        4,
        "scenarios[1].id: x is already in line 2",
    ),
    "no scenarios": ("scenarios: []\n", "no-calls", 1, "scenarios"),
    "scenarios that are no list": ("scenarios: 3\n", "wrong-type", 1, "3 is"),
    "scenario that is no mapping": ("scenarios:\n- hello\n", "wrong-type", 2, "hello is"),
    "file that is a list": ("- settle\n", "wrong-type", 1, "is a mapping"),
    "file that is a word": ("hello\n", "wrong-type", 1, "is a mapping"),
    "too many steps": (steps(*["listen a 1"] * 200), "too-many-steps", 1, "more than 200 steps"),
    "YAML syntax": ("id: x\nsteps: [settle\n", "yaml-syntax", 2, "no YAML"),
    "indentation": ("id: x\n  steps: y: z\n", "yaml-syntax", 2, "no YAML"),
    "tab": ("id: x\nsteps:\n\t- settle\n", "yaml-tab", 3, "a tab cannot indent"),
    "control character": ("id: x\nsteps: [set\x01tle]\n", "yaml-syntax", 2, "no YAML"),
    "duplicate key": ("id: x\nid: y\nsteps: [settle]\n", "duplicate-key", 2, "already in line 1"),
    "key that is a list": ("id: x\n? [a]\n: 1\n", "yaml-key", 2, "a key must be a word"),
    "tag": ("id: x\nsteps: !!python/object/apply:os.system [ls]\n", "yaml-tag", 2, "tags have no meaning"),
    "two documents": ("id: x\nsteps: [settle]\n---\nid: y\n", "two-documents", 3, "second document"),
    "cyclic anchors": ("id: x\nsteps: &s\n- *s\n", "cyclic-anchor", 3, "stands inside"),
    "unknown alias": ("id: x\nsteps: *s\n", "yaml-alias", 2, "no anchor &s"),
    "alias bomb": (bomb(), "yaml-expansion", 2, "aliases make more than"),
    "too deep": (f"id: x\nsteps: {'[' * 100_000}\n", "too-deep", 2, "nested more than"),
    "huge file": ("#" * (MAX_BYTES + 1), "huge-file", 1, "at most"),
    "not UTF-8": (b"id: x\ntitle: caf\xe9\n", "not-utf-8", 2, "0xe9"),
    "UTF-16": ("id: x\n".encode("utf-16"), "not-utf-8", 1, "0xff"),
    "empty file": ("", "empty-file", 1, "nothing in this file"),
    "only comments": ("# todo\n\n", "empty-file", 1, "nothing in this file"),
    "file of races": ("races: []\n", "race-file", 1, "sockproof conform"),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_file_is_one_error_with_its_line(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content, code, line, message = MALFORMED[name]
    path = tmp_path / "bad.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    assert cli.main(["scenario", str(path), "--spec", "tests.scenario.toyspec"]) == 2
    printed = capsys.readouterr()
    assert f"bad.yaml:{line}:" in printed.err
    assert f"error[{code}]" in printed.err
    assert message in printed.err
    assert "fix: " in printed.err
    assert printed.err.count("error[") == 1
    assert "Traceback" not in printed.err
    assert len(printed.err) < 1200
    assert printed.out == ""


def test_files_that_cannot_be_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for path in (tmp_path / "none.yaml", tmp_path):
        assert cli.main(["scenario", str(path)]) == 2
        assert "error[unreadable-file]" in capsys.readouterr().err


def test_a_suggestion_comes_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(steps("lissten a 1"))
    cli.main(["scenario", str(path)])
    assert "did you mean listen?" in capsys.readouterr().err


RACE = """\
races:
- id: r
  setup:
  - socket a stream
  A: listen a 1
  B: bind a lo P1
  post:
  - state a
  outcomes:
  - 2.4.17: 3
    outcome: A=0, B=EINVAL, state a=LISTEN
"""

MALFORMED_RACES = {
    "unknown call": (RACE.replace("listen a 1", "lissten a 1"), "unknown-call", 5),
    "missing socket": (RACE.replace("state a\n", "state b\n"), "missing-socket", 8),
    "missing thread": (RACE.replace("  B: bind a lo P1\n", ""), "missing-key", 2),
    "unknown key": (RACE.replace("  post:", "  then:"), "unknown-key", 7),
    "unknown name in an outcome": (RACE.replace("state a=LISTEN", "state c=LISTEN"), "missing-socket", 10),
    "unknown result": (RACE.replace("EINVAL", "EWHAT"), "unknown-result", 10),
    "no outcome": (RACE.replace("    outcome: A=0, B=EINVAL, state a=LISTEN\n", ""), "missing-key", 10),
    "count that is none": (RACE.replace("2.4.17: 3", "2.4.17: many"), "wrong-type", 10),
    "version that is none": (RACE.replace("2.4.17: 3", "newest: 3"), "unknown-key", 10),
    "mark that is none": (RACE.replace("2.4.17: 3", "nonserial: 3"), "wrong-type", 10),
    "no races": ("races: []\n", "no-calls", 1),
    "races that are no list": ("races: 7\n", "wrong-type", 1),
}


@pytest.mark.parametrize("name", MALFORMED_RACES)
def test_a_malformed_file_of_races(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content, code, line = MALFORMED_RACES[name]
    path = tmp_path / "races.yaml"
    path.write_text(content)
    assert cli.main(["conform", str(path), "--spec", "tests.scenario.toyspec"]) == 2
    printed = capsys.readouterr()
    assert f"races.yaml:{line}:" in printed.err
    assert f"error[{code}]" in printed.err
    assert printed.err.count("error[") == 1
    assert "fix: " in printed.err
    assert printed.out == ""
