"""Schedules as people read them."""

from __future__ import annotations

from checker.report.schedule import schedule_lines, stretches
from checker.scenario.program import Step

SCHEDULE = (
    Step("setup", "open", "f: new", ""),
    Step("setup", "open", "f: done", "0"),
    Step("setup", "fill", "", "EBUSY"),
    Step("A", "push", "g: lock"),
    Step("A", "push", "g: x = 1; h: y = 2"),
    Step("B", "pop"),
    Step("B", "pop", "g: lock"),
    Step("A", "push", "g: unlock", "0"),
    Step("B", "pop", "g: unlock", "0"),
    Step("post", "look", "", "7"),
)


def test_a_step_reads_as_one_line() -> None:
    assert str(SCHEDULE[1]) == "setup: open: f: done = 0"
    assert str(SCHEDULE[2]) == "setup: fill = EBUSY"


def test_a_stretch_ends_where_another_thread_does_something() -> None:
    assert [(s.who, s.call, len(s.steps), s.result) for s in stretches(SCHEDULE)] == [
        ("setup", "open", 2, "0"),
        ("setup", "fill", 0, "EBUSY"),
        ("A", "push", 2, ""),
        ("B", "pop", 1, ""),
        ("A", "push", 1, "0"),
        ("B", "pop", 1, "0"),
        ("post", "look", 0, "7"),
    ]


def test_what_runs_alone_is_one_line_and_a_call_that_goes_on_says_so() -> None:
    assert schedule_lines(SCHEDULE) == [
        "setup: open = 0; fill = EBUSY",
        "A: push",
        "    g: lock; x = 1",
        "    h: y = 2",
        "B: pop",
        "    g: lock",
        "A: push goes on = 0",
        "    g: unlock",
        "B: pop goes on = 0",
        "    g: unlock",
        "post: look = 7",
    ]


def test_a_call_made_again_does_not_go_on() -> None:
    again = (Step("A", "x", "f: 1", "0"), Step("B", "y", "f: 1"), Step("A", "x", "f: 1", "0"))
    assert [line for line in schedule_lines(again) if line.startswith("A")] == ["A: x = 0", "A: x = 0"]
