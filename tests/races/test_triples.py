"""``sockproof matrix --triples``: chosen, written, compared, refused; and the memory that three threads need."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import spec
from checker import cli
from checker.commands.matrix import BASELINE
from checker.commands.triples import COMMITTED, PAGE, Choice, compare_triples, read_triples, three
from checker.errors import InternalError
from checker.races.baseline import Baseline, read_baseline
from checker.races.matrix import jobs_of
from checker.races.pair import check_cell
from checker.races.result import Verdict
from tests.races import toy

ROOT = Path(__file__).parents[2]
TOY = ("--spec", "tests.races.toyspec", "--triples")
CHOSEN = ("--start", "box: empty", "--among", "increment,increment")


def test_triples_are_chosen_written_and_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert compare_triples(TOY[1]) is None
    assert cli.main(["matrix", *TOY, "--check"]) == 2
    assert "no triples are chosen" in capsys.readouterr().err
    assert cli.main(["matrix", *TOY, *CHOSEN, "--write"]) == 0
    known = read_triples()
    assert known.choices == (Choice("box: empty", ("increment", "increment")),)
    assert list(known.cells) == [f"box: empty | increment | increment | increment | {m}" for m in ("smp", "up")]
    assert "box: empty" in PAGE.read_text()
    assert cli.main(["matrix", *TOY, "--check"]) == 0
    same = compare_triples(TOY[1])
    assert same and (same.status, same.shown()) == (0, ["2 triples compared with docs/triples.json: 0 moved"])
    COMMITTED.write_text(COMMITTED.read_text().replace('"harmful"', '"benign"'))
    capsys.readouterr()
    assert cli.main(["matrix", *TOY, "--check"]) == 1
    told = capsys.readouterr().err
    assert "increment | smp: was benign" in told and "2 triples compared with docs/triples.json: 1 moved" in told


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--start", "box: empty"], "--start and --among together"),
        (["--start", "box: empty", "--among", "fly"], "there are no triples box: empty: fly"),
        ([*CHOSEN, "--machine", "numa"], "there is no machine numa"),
        ([*CHOSEN, "--write", "--machine", "up"], "whole choices of the plain model are committed"),
    ],
)
def test_what_is_refused(
    arguments: list[str], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.main(["matrix", *TOY, *arguments]) == 2
    assert told in capsys.readouterr().err


def test_a_choice_needs_triples(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["matrix", *TOY[:2], *CHOSEN]) == 2
    assert "add --triples" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["", "{}", '{"choices": [1], "cells": {}}', '{"choices": [], "cells": {"a": ["x"]}}'])
def test_a_file_that_has_no_triples(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    COMMITTED.parent.mkdir()
    COMMITTED.write_text(text)
    assert cli.main(["matrix", *TOY, "--check"]) == 2
    assert "has no triples" in capsys.readouterr().err


def test_a_program_with_more_threads_than_the_memory_has_is_refused() -> None:
    small = toy.search(toy.program("read"))
    with pytest.raises(InternalError, match="3 threads with the one of setup, the memory has 2"):
        type(small)(toy.program("read", "read"), small.machine, small.interface)


def test_two_sleepers_and_a_disconnect_take_three() -> None:
    """One accept() is left asleep, which no two of these calls show."""
    subject = spec.race_subject()
    key = "stream: listening | unspec | accept | accept"
    (job,) = (j for j in jobs_of(subject, ("stream",), triples=True) if j.key == key)
    found = check_cell(subject, job.start, job.operations, "up")
    assert found.verdict is Verdict.STUCK and found.nonserial == ()
    assert {lost.row.waits for lost in found.lost} == {("B",), ("C",)}
    pairs = read_baseline(ROOT / BASELINE)
    assert three(found, pairs).takes_three
    assert not three(found, Baseline({}, {})).takes_three


def test_the_committed_triples_are_those_chosen() -> None:
    known = read_triples(ROOT / COMMITTED)
    subject = spec.race_subject()
    jobs = [j for j in jobs_of(subject, subject.kinds, triples=True) if any(c.has(j) for c in known.choices)]
    assert list(known.cells) == [f"{j.key} | {machine}" for j in jobs for machine in ("smp", "up")]
    page = (ROOT / PAGE).read_text(encoding="utf-8")
    assert all(key.replace("|", "\\|") in page for key in known.cells)
    assert json.loads((ROOT / COMMITTED).read_text())["choices"]
