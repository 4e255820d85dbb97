"""Coverage: what fires, what a proof or a reason excludes, and what makes the run fail."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import pytest

from checker import cli
from checker.commands.coverage import cover, plan
from checker.commands.model import Scope, compile_package, load_package, make_instance
from checker.coverage import Covered, Reason, judge, matches, measure, total
from checker.errors import UsageError
from checker.explicit.wander import wander
from checker.report.coverage import coverage_summary
from checker.symbolic.dead import dead_transitions
from checker.symbolic.inductive import Fact
from tests.tiny import coverage as listed

TINY = load_package("tests.tiny")
COMPILED = compile_package(TINY)
SYSTEM = COMPILED.system
FIRED = total([measure(SYSTEM, make_instance(TINY, Scope(1, 1, 1, 1)), 1000)], SYSTEM)
DEAD = next(name for name, c in FIRED.items() if not c.fired)
LISTED = Reason("do_take", ("box.color == PLAIN",), "only red boxes are taken")


def judged(*reasons: Reason, proofs: dict[str, str] | None = None) -> Covered:
    rows, stale = judge(SYSTEM, FIRED, proofs or {}, reasons)
    return Covered(rows, (), stale)


def test_all_but_one_transition_of_the_tiny_model_fire() -> None:
    assert [name for name, c in FIRED.items() if not c.fired] == [DEAD]
    assert all(0 <= c.new <= c.fired for c in FIRED.values())
    assert sum(c.new for c in FIRED.values()) == measure(SYSTEM, make_instance(TINY, Scope(1, 1, 1, 1)), 1000).states - 1


def test_an_unexplained_transition_is_a_problem() -> None:
    covered = judged()
    assert not covered.complete
    assert covered.problems == [f"transition {DEAD} never fires and no reason is listed"]
    assert coverage_summary(covered) == "6 of 7 transitions fire, 1 not explained"


def test_a_reason_or_a_proof_explains_it() -> None:
    assert judged(LISTED).complete
    assert coverage_summary(judged(LISTED)) == "6 of 7 transitions fire, 1 dead for listed reasons"
    proved = judged(proofs={DEAD: "proved"})
    assert proved.complete
    assert coverage_summary(proved) == "6 of 7 transitions fire, 1 proved dead for any size"


def test_stale_reasons_are_problems() -> None:
    gone = Reason("do_take", ("box.color == BLUE",), "there is no blue")
    assert judged(LISTED, gone).problems == ["stale reason: no transition is like that (do_take: box.color == BLUE)"]
    firing = Reason("do_paint", (), "nobody paints")
    assert judged(LISTED, firing).problems == ["stale reason: a transition it covers does fire (do_paint: always)"]


def test_a_reason_for_nothing_is_bad_input() -> None:
    with pytest.raises(UsageError, match="no function do_tkae"):
        judged(Reason("do_tkae", (), "misspelt"))
    with pytest.raises(UsageError, match="a reason is missing"):
        judged(Reason("do_take", ("box.color == PLAIN",), " "))


def test_reasons_do_not_depend_on_numbers() -> None:
    (dead,) = (t for t in SYSTEM.transitions if matches(SYSTEM, LISTED, t))
    assert dead.name == DEAD
    assert not any(ch.isdigit() for ch in LISTED.function)


def test_a_search_cut_short_counts_what_it_saw() -> None:
    part = measure(SYSTEM, make_instance(TINY, Scope(2, 2, 1, 1)), 3)
    assert not part.complete
    assert total([part, part], SYSTEM)[DEAD].fired == 0
    assert any(c.fired for c in part.fired.values())


def test_a_search_of_a_part_counts_only_what_can_fire() -> None:
    instance = make_instance(TINY, Scope(2, 2, 1, 1))
    whole = measure(SYSTEM, instance, 1000)
    part = wander(SYSTEM, instance, 2, 50)
    assert not part.complete and part.states < whole.states
    assert part == wander(SYSTEM, instance, 2, 50)
    assert {n for n, c in part.fired.items() if c.fired} <= {n for n, c in whole.fired.items() if c.fired}
    everything = wander(SYSTEM, instance, 1000, 50)
    assert everything.complete and everything.states == whole.states and everything.fired == whole.fired


def test_what_contradicts_a_fact_is_dead() -> None:
    claim = COMPILED.property("taken_red")
    fact = Fact(claim.name, claim.params, claim.formula)
    assert dead_transitions(SYSTEM, SYSTEM.transitions, [fact]) == {DEAD: ("taken_red",)}
    assert dead_transitions(SYSTEM, SYSTEM.transitions, []) == {}


def test_cover_puts_searches_proofs_and_reasons_together() -> None:
    covered = cover(TINY, COMPILED)
    assert covered.complete
    (row,) = (r for r in covered.rows if not r.fired)
    assert row.proof == "proved, any size: it contradicts taken_red"
    assert row.reason == "only red boxes are taken"
    assert covered.searches == (
        "1 thread, 1 socket, 1 port, 1 address: all 6 states, down to depth 4",
        "2 threads, 1 socket, 1 port, 1 address: all 9 states, down to depth 4",
    )


def test_a_package_may_list_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    bare = ModuleType("bare")
    bare.__path__ = []
    monkeypatch.setitem(sys.modules, "bare", bare)
    planned = plan(bare)
    assert planned.searches and not planned.reasons


@pytest.mark.parametrize(
    ("name", "entries"),
    [
        ("SEARCHES", ((1, 1, 1),)),
        ("SEARCHES", ((1, 1, 1, 1, 0),)),
        ("SEARCHES", ((1, 1, 1, 1, 9, "no such table"),)),
        ("UNFIRED", (("f", "text", "why"),)),
        ("UNFIRED", ("f",)),
    ],
)
def test_malformed_entries_are_bad_input(
    name: str, entries: Sequence[object], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(listed, name, entries)
    assert cli.main(["coverage", "--spec", "tests.tiny"]) == 2
    assert "error[coverage-entry]" in capsys.readouterr().err


def test_the_command_prints_a_row_per_transition(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["coverage", "--spec", "tests.tiny"]) == 0
    printed = capsys.readouterr().out
    assert "new : all" in printed and "6:12" in printed and "only red boxes are taken" in printed
    assert cli.main(["coverage", "--spec", "tests.tiny", "--unfired"]) == 0
    assert "6:12" not in capsys.readouterr().out


def test_check_fails_on_an_unexplained_transition_and_on_a_stale_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    check = ["check", "--quick", "--spec", "tests.tiny", "--out", str(tmp_path), "--diagrams", str(tmp_path)]
    assert cli.main(check) == 0
    assert "6 of 7 transitions fire" in capsys.readouterr().out
    assert "## Coverage" in (tmp_path / "report.md").read_text()
    monkeypatch.setattr(listed, "UNFIRED", (("do_paint", (), "nobody paints"),))
    assert cli.main(check) == 1
    assert "stale reason" in capsys.readouterr().out
    assert "**stale reason" in (tmp_path / "report.md").read_text()


def test_check_refuses_a_malformed_reason_before_it_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(listed, "UNFIRED", (("do_tkae", (), "misspelt"),))
    assert cli.main(["check", "--quick", "--spec", "tests.tiny", "--out", str(tmp_path), "--diagrams", str(tmp_path)]) == 2
    assert "error[coverage-reason]" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_every_transition_of_the_model_fires_or_is_explained() -> None:
    package = load_package("spec")
    covered = cover(package, compile_package(package))
    assert not covered.problems


def test_every_transition_of_raw_fires_or_is_proved_dead() -> None:
    package = load_package("spec")
    covered = cover(package, compile_package(package, client="raw"))
    assert not covered.problems
    assert coverage_summary(covered) == "110 of 169 transitions fire, 59 proved dead for any size"


def test_a_reason_for_what_does_fire_is_refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(listed, "UNFIRED", (*listed.UNFIRED, ("do_paint", (), "nobody paints")))
    assert cli.main(["coverage", "--spec", "tests.tiny"]) == 1
    assert "a transition it covers does fire" in capsys.readouterr().out
