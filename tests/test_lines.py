"""Lines that scenarios run: what the committed page is compared with, and what the command takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from checker import cli
from checker.commands import line_page
from checker.commands.line_page import LinesRun, compare_page, lines_run
from checker.commands.suites import run_suite
from checker.errors import EXIT_AS_EXPECTED, EXIT_DIFFERS
from checker.report.sources import document
from checker.scenario.visits import Visit
from spec import coverage

SCENARIO = """id: one
steps:
- socket s stream -> 0
"""


@pytest.fixture(scope="module")
def visited(tmp_path_factory: pytest.TempPathFactory) -> frozenset[Visit]:
    file = tmp_path_factory.mktemp("scenario") / "one.yaml"
    file.write_text(SCENARIO)
    return run_suite("spec", file).visited


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, visited: frozenset[Visit]) -> Path:
    file = tmp_path / "coverage.md"
    file.write_text(document(lines_run("spec", visited)))
    monkeypatch.setattr(line_page, "PAGE", file)
    return file


def compared(visited: frozenset[Visit]) -> LinesRun:
    found = compare_page("spec", visited)
    assert found is not None
    return found


def test_a_file_of_scenarios_says_what_it_ran(visited: frozenset[Visit]) -> None:
    functions = {place.text.strip() for place, _, _ in visited}
    assert "sock.ops = inet_stream_ops" in functions and "sock.ops = inet_dgram_ops" not in functions


def test_the_page_is_as_it_was(page: Path, visited: frozenset[Visit]) -> None:
    assert compared(visited).changed == ()
    assert compared(visited).status == EXIT_DIFFERS, "a socket() alone leaves most of the model without a scenario"


def test_a_line_that_lost_its_scenario_is_seen(page: Path, visited: frozenset[Visit]) -> None:
    fewer = frozenset(v for v in visited if v[0].text.strip() != "sock.ops = inet_stream_ops")
    assert len(fewer) < len(visited)
    found = compared(fewer)
    assert any(line.startswith("+ ") and "sock.ops = inet_stream_ops" in line for line in found.changed)
    assert any("no scenario runs it" in line and "sock.ops = inet_stream_ops" in line for line in found.shown())


def test_all_explained_and_the_page_up_to_date_is_as_expected(
    page: Path, visited: frozenset[Visit], monkeypatch: pytest.MonkeyPatch
) -> None:
    never = {(m.piece.function, m.piece.text) for m in lines_run("spec", visited).missing}
    monkeypatch.setattr(coverage, "UNRUN", tuple((function, text, "one call only") for function, text in never))
    page.write_text(document(lines_run("spec", visited)))
    assert compared(visited).status == EXIT_AS_EXPECTED
    page.write_text(page.read_text().replace("one call only", "nobody knows", 1))
    assert compared(visited).status == EXIT_DIFFERS


def test_a_page_needs_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["coverage", "--write", str(tmp_path / "page.md")]) == 2
    assert "error[write-what]" in capsys.readouterr().err and not list(tmp_path.iterdir())


def test_reasons_have_a_shape(monkeypatch: pytest.MonkeyPatch, visited: frozenset[Visit]) -> None:
    monkeypatch.setattr(coverage, "UNRUN", (("inet_bind", "text"),))
    with pytest.raises(Exception, match="UNRUN has the entry"):
        lines_run("spec", visited)
