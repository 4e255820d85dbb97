"""Scenario files as ``sockproof check`` runs them, with the toy engine."""

from __future__ import annotations

import pickle
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from checker.commands.suites import run_suite, suite_files
from checker.errors import EXIT_AS_EXPECTED, EXIT_DIFFERS, EXIT_UNDETERMINED
from checker.report.suites import print_suite_problems, suites_markdown, suites_summary

TOY = "tests.scenario.toyspec"
LISTENS = """\
scenarios:
- id: right
  setup: [socket a stream, bind a lo P1]
  threads: {A: [listen a 1], B: [listen a 1]}
  never: A == EADDRINUSE
- id: wrong
  setup: [socket a stream, bind a lo P1]
  threads: {A: [listen a 1], B: [listen a 1]}
  reach: A == EADDRINUSE
"""
LARGE = "id: large\nsteps: ['port_range 40010 40011']\n"


def test_the_folders_of_a_package_are_read_in_order(tmp_path: Path) -> None:
    for name in ("b.yaml", "a.yaml", "notes.txt"):
        (tmp_path / name).write_text(LARGE)
    package: Any = SimpleNamespace(SCENARIOS=(str(tmp_path),))
    assert [f.name for f in suite_files(package)] == ["a.yaml", "b.yaml"]
    nothing: Any = SimpleNamespace()
    assert list(suite_files(nothing)) == []


def test_what_is_not_as_stated_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "listens.yaml").write_text(LISTENS)
    (tmp_path / "large.yaml").write_text(LARGE)
    ran = [*run_suite(TOY, tmp_path / "listens.yaml").ran, *run_suite(TOY, tmp_path / "large.yaml").ran]
    assert [(r.name, r.status) for r in ran] == [
        ("right", EXIT_AS_EXPECTED),
        ("wrong", EXIT_DIFFERS),
        ("large", EXIT_UNDETERMINED),
    ]
    assert suites_summary(ran) == "3 scenarios with 2 questions: 1 as expected, 1 different, 1 undecided"
    assert "large" in capsys.readouterr().err
    print_suite_problems(ran, Console(width=120))
    told = capsys.readouterr().out
    assert "wrong" in told and "not reached" in told and "right" not in told


def test_the_report_has_a_row_for_each(tmp_path: Path) -> None:
    (tmp_path / "listens.yaml").write_text(LISTENS)
    rows = suites_markdown(run_suite(TOY, tmp_path / "listens.yaml").ran)
    assert len(rows) == 4
    assert "| right | smp | 1 |" in rows[2] and rows[2].endswith("| 1 as expected |")
    assert rows[3].endswith("| 1 **not as expected** |")


def test_results_go_from_one_process_to_another(tmp_path: Path) -> None:
    (tmp_path / "listens.yaml").write_text(LISTENS)
    ran = run_suite(TOY, tmp_path / "listens.yaml").ran
    assert [(r.name, r.status) for r in pickle.loads(pickle.dumps(ran))] == [(r.name, r.status) for r in ran]
