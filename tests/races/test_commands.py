"""``sockproof matrix`` and ``sockproof races`` on classic objects: what they print, write, compare, and refuse."""

from __future__ import annotations

import json
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from checker import cli
from checker.commands.matrix import begin_comparing

TOY = ("--spec", "tests.races.toyspec")


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_matrix_is_written_and_compared(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["matrix", *TOY, "--write"]) == 0
    assert "wrote docs/races.json" in capsys.readouterr().out
    page = Path("docs/races.md").read_text()
    assert "| 1 | " in page and "![box](../diagrams/race-matrix-box.svg)" in page
    assert Path("diagrams/race-matrix-box.svg").read_text().startswith("<svg")
    assert cli.main(["matrix", *TOY, "--check"]) == 0
    assert "112 cells of the race matrix compared with docs/races.json: 0 moved" in capsys.readouterr().err
    path = Path("docs/races.json")
    path.write_text(path.read_text().replace('"box: empty | increment | increment | smp": ["harmful"', _benign))
    assert cli.main(["matrix", *TOY, "--check", "--machine", "smp"]) == 1
    told = capsys.readouterr().err
    assert "increment | increment | smp: was benign (2 outcomes, 1 non-serial), is harmful" in told
    assert "56 cells of the race matrix compared with docs/races.json: 1 moved" in told


def test_check_has_its_workers_compare_the_matrix(capsys: pytest.CaptureFixture[str]) -> None:
    with ProcessPoolExecutor(2, mp_context=get_context("fork")) as pool:
        assert begin_comparing(TOY[1], pool, whole=True) is None, "there is nothing to compare with"
        assert cli.main(["matrix", *TOY, "--write"]) == 0
        capsys.readouterr()
        Path("build/matrix.jsonl").unlink()
        wait = begin_comparing(TOY[1], pool, whole=True)
        assert wait is not None
        assert wait().shown() == ["112 cells of the race matrix compared with docs/races.json: 0 moved"]
        path = Path("docs/races.json")
        path.write_text(path.read_text().replace('"box: empty | increment | increment | smp": ["harmful"', _benign))
        wait = begin_comparing(TOY[1], pool, whole=True)
        assert wait is not None
        moved, summary = wait().shown()
    assert "increment | increment | smp: was benign (2 outcomes, 1 non-serial), is harmful" in moved
    assert summary.endswith("1 moved")


_benign = '"box: empty | increment | increment | smp": ["benign"'


def test_findings_are_listed_and_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["races", *TOY, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    lost = next(f for f in found if f["slug"] == "increment-twice")
    assert lost["machines"] == ["smp"] and lost["schedule"]
    assert cli.main(["races", *TOY]) == 0
    assert "increment against itself on Box.value" in " ".join(capsys.readouterr().out.split())
    for name in ("increment-twice", str(lost["number"])):
        assert cli.main(["races", name, *TOY]) == 0
        told = capsys.readouterr().out
        assert "conflict on Box.value:" in told and "without a lock" in told and "  A      increment" in told


def test_locks_are_told_and_checked(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["races", "--locks", *TOY]) == 0
    told = capsys.readouterr().out
    assert "semaphore_lock" in told and ": 0 accesses without the lock" in told


def test_the_cells_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["matrix", *TOY, "--machine", "up", "--json"]) == 0
    assert {c["machine"] for c in json.loads(capsys.readouterr().out)} == {"up"}


def test_three_at_a_time(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["matrix", *TOY, "--triples", "--json"]) == 0
    cells = json.loads(capsys.readouterr().out)
    assert {c["operation_b"] for c in cells} == {"increment | increment"} and len(cells) == 4


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["matrix", "--type", "round"], "there is no type round"),
        (["matrix", "--machine", "numa"], "there is no machine numa"),
        (["matrix", "--check"], "there is no docs/races.json to compare with"),
        (["matrix", "--write", "--type", "box"], "only the whole matrix of the plain model is committed"),
        (["races", "lost"], "there is no finding lost"),
    ],
)
def test_what_is_refused(arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([*arguments, *TOY]) == 2
    assert told in capsys.readouterr().err


def test_a_package_without_races(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["matrix", "--spec", "tests.scenario.toyspec"]) == 2
    assert "has no race matrix" in capsys.readouterr().err
