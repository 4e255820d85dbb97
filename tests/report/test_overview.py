"""The overview of a client: engines side by side, assertions with the same answers in one row, differences on their own."""

from __future__ import annotations

import io
from dataclasses import replace

from rich.console import Console

from checker.report.overview import overview_table, print_amiss, print_overview
from checker.verdict import Verdict
from tests.report import toy
from tests.report.test_verdicts import HOLDS, verdict


def printed(verdicts: list[Verdict], title: str = "listener: Sockets that listen.", covered: str = "all fire") -> str:
    raw = io.StringIO()
    print_overview(verdicts, title, covered, Console(file=raw, width=160))
    return raw.getvalue()


def amiss(verdicts: list[Verdict]) -> list[str]:
    raw = io.StringIO()
    print_amiss(verdicts, Console(file=raw, width=160))
    return raw.getvalue().splitlines()


def named(name: str, **changes: object) -> Verdict:
    return verdict(replace(HOLDS, name=name), "proved", **changes)  # type: ignore[arg-type]


def row_of(text: str, name: str) -> str:
    (row,) = (line for line in text.splitlines() if name in line)
    return row


def test_engines_stand_side_by_side() -> None:
    trace = toy.late_write()
    both = [
        verdict(toy.HASHED_SPORT, "violated", trace=trace, scope="1 thread, 1 socket"),
        verdict(toy.HASHED_SPORT, "no violation within 14", method="bounded", scope="1 thread, 1 socket"),
        named("num_is_set", method="inductive", scope="any size"),
    ]
    text = printed(both)
    assert text.startswith("listener: Sockets that listen.") and text.rstrip().endswith("all fire")
    assert f"violated, {trace.depth}" in row_of(text, "hashed_sport") and "no violation" in row_of(text, "hashed_sport")
    assert row_of(text, "hashed_sport").count("✓") == 1, "another engine decides what the bounded search leaves open"
    heads = [str(column.header).splitlines()[0] for column in overview_table(both).columns[2:]]
    assert heads == ["inductive", "explicit", "bounded"]


def test_assertions_with_the_same_answers_share_a_row() -> None:
    alike = [named(f"BUG_TRAP(f: x == {n})") for n in range(3)]
    text = printed(alike)
    assert "3 BUG_TRAPs" in text and "BUG_TRAP(f" not in text
    assert "BUG_TRAP(f: x == 0)" in printed(alike[:1]), "one alone keeps its name"
    away = [*alike, named("BUG_TRAP(g: y)", scope="another instance")]
    assert "3 BUG_TRAPs" in printed(away) and "BUG_TRAP(g: y)" in printed(away), "other answers, another row"


def test_an_assertion_that_fails_is_never_hidden() -> None:
    failing = verdict(replace(HOLDS, name="BUG_TRAP(f: x == 9)"), "violated", trace=toy.late_write(), detail="on purpose")
    text = printed([*(named(f"BUG_TRAP(f: x == {n})") for n in range(3)), failing])
    assert "3 BUG_TRAPs" in text
    assert "✗" in row_of(text, "│ BUG_TRAP(f: x == 9)")
    (line,) = amiss([named("BUG_TRAP(f: x == 1)"), replace(failing, client="toy")])
    assert line.startswith("toy: BUG_TRAP(f: x == 9), explicit") and line.endswith("violated, expected holds: on purpose")


def test_a_question_nobody_decides_is_marked() -> None:
    found = [verdict(HOLDS, "unknown", detail="out of memory"), verdict(HOLDS, "no violation within 3", method="bounded")]
    assert "?" in row_of(printed(found), "│ num_is_set")
    (line,) = amiss(found)
    assert "out of memory" in line, "what a bounded search did not find is no line"


def test_variants_have_rows_of_their_own() -> None:
    text = printed([named("num_is_set"), named("num_is_set", variant="no_window")])
    assert text.count("num_is_set") == 2 and "in no_window" in text
