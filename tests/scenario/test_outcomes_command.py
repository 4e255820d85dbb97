"""sockproof outcomes: what it prints, draws and writes, and how it exits; its page and its drawings are fresh."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType

import pytest

import spec
from checker import cli
from checker.commands import outcomes as command
from checker.scenario.outcome_rows import groups, split
from checker.scenario.outcomes import Tabulated

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def loaded() -> tuple[ModuleType, list[Tabulated]]:
    return command.load_tables("spec")


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch, loaded: tuple[ModuleType, list[Tabulated]]) -> None:
    """The command on tables that are made already."""

    def tables(spec_name: str, kind: str = "", variant: str = "") -> tuple[ModuleType, list[Tabulated]]:
        return loaded[0], [t for t in loaded[1] if kind in ("", t.kind)]

    monkeypatch.setattr(command, "load_tables", tables)


@pytest.mark.usefixtures("quick")
def test_a_function(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["outcomes", "inet_listen"]) == 0
    shown = [[cell.strip() for cell in line.split("│")[1:-1]] for line in capsys.readouterr().out.splitlines() if "│" in line]
    assert ["UNCONNECTED", "CLOSE", "0", "no free port", "", "EADDRINUSE", "same"] in shown
    assert ["UNCONNECTED", "CLOSE", "!= 0", "", "another socket listens on the port", "EADDRINUSE", "same"] in shown
    assert ["UNCONNECTED", "CLOSE", "!= 0", "", "", "0", "LISTEN"] in shown
    assert ["CONNECTED*", "LISTEN", "!= 0", "", "", "EINVAL", "same"] in shown
    assert sum(row[:3] == ["CONNECTING", "SYN_SENT", "!= 0"] for row in shown) == 1


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(
    ("function", "kinds"),
    [
        ("inet_bind", {"stream", "dgram", "raw"}),
        ("raw_bind", {"raw"}),
        ("udp_connect", {"dgram", "raw"}),
        ("inet_stream_connect", {"stream"}),
        ("inet_dgram_connect", {"dgram", "raw"}),
        ("tcp_reset", {"stream"}),
    ],
)
def test_functions_belong_to_the_types_whose_calls_enter_them(
    function: str, kinds: set[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["outcomes", function]) == 0
    out = capsys.readouterr().out
    assert {kind for kind in ("stream", "dgram", "raw") if f"{function} ({kind})" in out} == kinds


@pytest.mark.usefixtures("quick")
def test_an_overview(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["outcomes", "--type", "dgram"]) == 0
    out = capsys.readouterr().out
    assert "dgram: calls" in out and "dgram: reachable pairs" in out and "stream" not in out


@pytest.mark.usefixtures("quick")
def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["outcomes", "listen", "--type", "raw", "--json"]) == 0
    (table,) = json.loads(capsys.readouterr().out)
    assert {o["result"] for o in table["outcomes"]} == {"EOPNOTSUPP"}
    assert all(len(o["class"]) == len(table["columns"]) for o in table["outcomes"])


@pytest.mark.usefixtures("quick")
def test_drawing(tmp_path: Path) -> None:
    assert cli.main(["outcomes", "inet_listen", "--draw", str(tmp_path)]) == 0
    assert sorted(p.name for p in tmp_path.iterdir()) == ["outcomes-inet_listen-stream.dot", "outcomes-inet_listen-stream.svg"]


@pytest.mark.usefixtures("quick")
def test_an_unknown_function(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["outcomes", "inet_lisent"]) == 2
    told = capsys.readouterr()
    assert told.out == "" and told.err.startswith("error[unknown-function]: no call enters a function inet_lisent\n")
    assert "inet_listen" in told.err and told.err.count("error[") == 1


def test_an_unknown_type(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["outcomes", "--type", "seqpacket"]) == 2
    assert "choose one of stream, dgram, raw" in capsys.readouterr().err


def test_a_specification_without_tables(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["outcomes", "--spec", "tests.scenario.toyspec"]) == 2
    assert capsys.readouterr().err.startswith("error[")


def test_the_page_is_fresh(loaded: tuple[ModuleType, list[Tabulated]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    page = (ROOT / "docs/outcomes.md").read_text(encoding="utf-8")
    assert page == command.document(*loaded), "run sockproof outcomes --write docs/outcomes.md"


def test_the_drawings_are_fresh(loaded: tuple[ModuleType, list[Tabulated]]) -> None:
    drawn = {f"{stem}.dot": graph.source for stem, graph in command.drawings(*loaded, "")}
    kept = {p.name: p.read_text(encoding="utf-8") for p in (ROOT / "diagrams").glob("outcomes-*.dot")}
    assert kept == drawn, "run sockproof outcomes --draw diagrams"


def test_documented_functions_exist(loaded: tuple[ModuleType, list[Tabulated]]) -> None:
    for name in (*spec.OUTCOME_FUNCTIONS, *spec.OUTCOME_DRAWN):
        command.check_name(loaded[1], name)


def test_rows_are_split_on_what_makes_a_difference() -> None:
    same, other = frozenset({"0"}), frozenset({"EINVAL"})
    function = {("a", "x"): same, ("a", "y"): other, ("b", "x"): same, ("b", "y"): other, ("b", "z"): same}
    assert [only for only, _ in split(function, ())] == [((1, ("x", "z")),), ((1, ("y",)),)]
    assert [words for words, _ in groups(function, 0)] == [("a", "b")]
