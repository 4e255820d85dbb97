"""Schedules drawn: lanes, stretches, locks; no text over another, none outside."""

from __future__ import annotations

from checker.report.sequence import sequence_canvas, sequence_svg
from checker.scenario.program import Step

SCHEDULE = (
    Step("setup", "socket u", "sock_alloc: new(Socket)", "0"),
    Step("A", "connect u lo P1", "inet_connect: lock_sock(sk); inet_connect: sk.num = 1"),
    Step("B", "bind u lo P1", "inet_bind: sk.state & <mask>"),
    Step("softirq", "RST", "tcp_reset: sk.err = ECONNRESET"),
    Step("A", "connect u lo P1", "inet_connect: release lock_sock(sk)", "0"),
    Step("B", "bind u lo P1", "; ".join(f"inet_bind: sk.field_{n} = value" for n in range(12)), "EINVAL"),
    Step("post", "state u", "", "CLOSE"),
)


def test_a_chart_has_a_lane_for_everybody_but_who_runs_alone() -> None:
    texts = [box.text for box in sequence_canvas("a race", SCHEDULE).texts]
    assert texts[:4] == ["a race", "A", "B", "softirq"]
    assert "setup" not in texts and "state u" not in texts
    assert texts.count("connect u lo P1") == 2 and "returns EINVAL" in texts
    assert "... 6 more" in texts and "sk.field_11 = value" in texts and "sk.field_5 = value" not in texts


def test_texts_do_not_overlap_and_stay_inside() -> None:
    canvas = sequence_canvas("a race", SCHEDULE)
    for n, box in enumerate(canvas.texts):
        assert box.x >= 0 and box.x + box.width <= canvas.width and box.y + box.height <= canvas.height
        assert not any(box.overlaps(other) for other in canvas.texts[:n]), box


def test_a_lock_is_held_from_the_stretch_that_takes_it_to_the_one_that_releases_it() -> None:
    assert sequence_svg("a race", SCHEDULE).count('class="lock"') == 1
    assert 'class="lock"' not in sequence_svg("a race", SCHEDULE[:4])
    assert any(box.text == "lock_sock(sk)" and box.height > box.width for box in sequence_canvas("a race", SCHEDULE).texts)


def test_a_chart_is_small_and_always_the_same() -> None:
    text = sequence_svg("a race", SCHEDULE)
    assert text == sequence_svg("a race", SCHEDULE) and "&lt;mask&gt;" in text
    assert len(text) < 30_000
    assert len(sequence_svg("a long race", SCHEDULE * 4)) < 30_000
