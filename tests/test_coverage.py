"""Coverage: what fires, what a proof or a reason excludes, and what makes the run fail."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import pytest

from checker import cli
from checker.commands.coverage import Search, cover, instances_of, plan, run_search
from checker.commands.model import Scope, compile_package, load_package, make_instance
from checker.coverage import BEHIND, Covered, Reason, described, judge, matching, measure, total
from checker.errors import UsageError
from checker.explicit.explore import Coverage
from checker.explicit.wander import wander
from checker.language import terms
from checker.language.client import Client
from checker.language.compile import compile_model
from checker.report.coverage import coverage_summary
from checker.report.pretty import Pretty
from checker.symbolic.dead import dead_transitions, unreached
from checker.symbolic.facts import Fact
from checker.system import IDLE
from tests.language import copies
from tests.tiny import coverage as listed
from tests.tiny import proofs as tiny_proofs

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
    assert coverage_summary(judged(LISTED)) == "6 of 7 transitions fire, 1 listed with a reason"
    proved = judged(proofs={DEAD: "proved"})
    assert proved.complete
    assert coverage_summary(proved) == "6 of 7 transitions fire, 1 proved dead for any size"


def test_a_reason_may_name_the_caller() -> None:
    assert judged(Reason("enter > do_take", LISTED.fragments, LISTED.why)).complete
    with pytest.raises(UsageError, match="no function do_take > enter"):
        judged(Reason("do_take > enter", LISTED.fragments, LISTED.why))


def test_walks_may_go_several_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listed, "WALKS", ((1, 1, 1, 1, 9, 5), (1, 1, 1, 1, 9, (5, 2))), raising=False)
    *_, once, twice = plan(TINY).searches
    assert (once.steps, once.rounds, twice.steps, twice.rounds) == (5, 1, 5, 2)


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
    assert [name for name, found in matching(SYSTEM, [LISTED]).items() if found] == [DEAD]
    assert not any(ch.isdigit() for ch in LISTED.function)


def test_a_search_cut_short_counts_what_it_saw() -> None:
    part = measure(SYSTEM, make_instance(TINY, Scope(2, 2, 1, 1)), 3)
    assert not part.complete
    assert total([part, part], SYSTEM)[DEAD].fired == 0
    assert any(c.fired for c in part.fired.values())


def test_a_search_of_a_part_counts_only_what_can_fire() -> None:
    instance = make_instance(TINY, Scope(2, 2, 1, 1))
    whole = measure(SYSTEM, instance, 1000)
    part = wander(SYSTEM, [instance], 2, 50)
    assert not part.complete and part.states < whole.states
    assert part == wander(SYSTEM, [instance], 2, 50)
    assert {n for n, c in part.fired.items() if c.fired} <= {n for n, c in whole.fired.items() if c.fired}
    everything = wander(SYSTEM, [instance], 1000, 50)
    assert everything.complete and everything.states == whole.states and everything.fired == whole.fired


def test_a_walk_begins_with_every_table() -> None:
    """What tables say does not change, so the states of one are not those of another."""
    package = load_package("spec")
    compiled = compile_package(package, client="raw")
    walk = Search(Scope(1, 1, 1, 2), 100_000, ("127.0.0.1 sent out", "127.0.0.1 broadcast"), 100)
    instances = instances_of(package, walk, compiled.client)
    together = run_search(compiled, instances, walk)
    alone = [run_search(compiled, [instance], walk) for instance in instances]
    assert together.complete and together.states == sum(part.states for part in alone)
    assert together.fired == total(alone, compiled.system)
    assert alone[0].fired != alone[1].fired


def test_what_contradicts_a_fact_is_dead() -> None:
    claim = COMPILED.property("taken_red")
    fact = Fact(claim.name, claim.params, claim.formula)
    assert dead_transitions(SYSTEM, SYSTEM.transitions, [fact]) == {DEAD: ("taken_red",)}
    assert dead_transitions(SYSTEM, SYSTEM.transitions, []) == {}


def test_what_only_dead_transitions_lead_to_is_dead() -> None:
    assert not unreached(SYSTEM, ())
    starting = [t.name for t in SYSTEM.transitions if t.source == IDLE]
    assert unreached(SYSTEM, starting) == [t.name for t in SYSTEM.transitions if t.name not in starting]


def test_what_returns_to_a_caller_that_never_calls_is_dead() -> None:
    system = compile_model("copies", [copies], client=Client("looks", ("sys_look",))).system
    (back,) = (v.key for v in system.state_vars if v.name.endswith("/look.$back"))
    second = [t.name for t in system.transitions if any(u.key == back and u.value.data == 1 for u in t.updates)]
    returning = [t.name for t in system.transitions if "/look.$back != call0" in terms.show(t.guard)]
    assert second and returning
    assert set(returning) <= set(unreached(system, second)) | set(second)


def test_what_only_a_reason_excludes_leads_to_is_listed() -> None:
    silent = {name: Coverage(0, 0) for name in FIRED}
    rows, _ = judge(SYSTEM, silent, {}, (), behind=[DEAD])
    assert [(r.transition.name, r.reason) for r in rows if r.reason] == [(DEAD, BEHIND)]


def test_a_reason_may_tell_where_a_transition_begins_and_ends() -> None:
    (dead,) = (t for t in SYSTEM.transitions if t.name == DEAD)
    shape = described(Pretty(SYSTEM), dead)
    assert shape.startswith("at idle: ") and shape.endswith(", then box.marked = True")


def test_only_a_fact_that_holds_makes_a_transition_dead(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fact on which nothing rests is not even proved."""
    monkeypatch.setattr(listed, "UNFIRED", ())
    made = tiny_proofs.facts(COMPILED)
    more = [Fact("wrong", (), terms.FALSE), Fact("useless", (), terms.TRUE)]
    monkeypatch.setattr(tiny_proofs, "facts", lambda _: [*made, *more])
    heard: list[str] = []
    (row,) = (r for r in cover(TINY, COMPILED, heard.append).rows if not r.fired)
    assert row.proof == "proved, any size: it contradicts taken_red"
    assert [text for text in heard if "proving" in text] == ["coverage: proving wrong"]


def test_cover_puts_searches_proofs_and_reasons_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a reason excludes is not proved besides."""
    (row,) = (r for r in cover(TINY, COMPILED).rows if not r.fired)
    assert (row.proof, row.reason) == ("", "only red boxes are taken")
    monkeypatch.setattr(listed, "UNFIRED", ())
    covered = cover(TINY, COMPILED)
    assert covered.complete
    (row,) = (r for r in covered.rows if not r.fired)
    assert (row.proof, row.reason) == ("proved, any size: it contradicts taken_red", "")
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
        ("SEARCHES", ((1, 1, 1, 1, 9, "one table", "another"),)),
        ("WALKS", ((1, 1, 1, 1, 9, (5, 0)),)),
        ("WALKS", ((1, 1, 1, 1, 9, (5, 2, 1)),)),
        ("UNFIRED", (("f", "text", "why"),)),
        ("UNFIRED", ("f",)),
    ],
)
def test_malformed_entries_are_bad_input(
    name: str, entries: Sequence[object], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(listed, name, entries, raising=False)
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


@pytest.mark.parametrize(
    ("client", "summary"),
    [
        ("udp", "204 of 269 transitions fire, 65 proved dead for any size"),
        ("udp_kept", "188 of 251 transitions fire, 63 proved dead for any size"),
        ("connect", "380 of 636 transitions fire, 191 proved dead for any size, 65 listed with a reason"),
        ("accept", "295 of 626 transitions fire, 208 proved dead for any size, 123 listed with a reason"),
        ("raw", "110 of 169 transitions fire, 59 proved dead for any size"),
        ("create", "92 of 101 transitions fire, 9 listed with a reason"),
        ("foreign", "65 of 116 transitions fire, 51 proved dead for any size"),
        ("peername", "75 of 102 transitions fire, 27 proved dead for any size"),
        ("dial", "138 of 503 transitions fire, 49 proved dead for any size, 316 listed with a reason"),
        ("join", "148 of 503 transitions fire, 133 proved dead for any size, 222 listed with a reason"),
    ],
)
def test_every_transition_of_a_client_fires_or_is_explained(client: str, summary: str) -> None:
    package = load_package("spec")
    covered = cover(package, compile_package(package, client=client))
    assert not covered.problems
    assert coverage_summary(covered) == summary


def test_a_reason_for_what_does_fire_is_refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(listed, "UNFIRED", (*listed.UNFIRED, ("do_paint", (), "nobody paints")))
    assert cli.main(["coverage", "--spec", "tests.tiny"]) == 1
    assert "a transition it covers does fire" in capsys.readouterr().out
