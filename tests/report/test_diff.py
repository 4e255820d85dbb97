"""``sockproof diff``: which transitions, verdicts and outcomes are told as different, and which are not."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from checker.cli import main
from checker.commands.diff import compare_outcomes, smallest_scope
from checker.commands.engines import silent
from checker.commands.model import Scope, compile_package, load_package, load_variant
from checker.language.client import Client
from checker.report.diff import Judged, difference_lines, outcome_text
from checker.report.transition_diff import Difference, compare_transitions
from checker.scenario.load import load_cases
from checker.scenario.program import Engine, Outcome, Outcomes, Scenario
from checker.system import TransitionSystem
from tests.races.test_cells import Boxes

CASE = """\
scenarios:
- id: one
  machine: smp
  threads:
    A: [socket a stream]
  outcomes: all
- id: two
  machine: smp
  threads:
    A: [socket a dgram]
  outcomes: all
"""


@cache
def system(variant: str = "", *, package: str = "tests.tiny", client: str = "") -> TransitionSystem:
    loaded = load_package(package)
    return compile_package(loaded, load_variant(loaded, variant) if variant else None, client).system


def test_a_model_does_not_differ_from_itself() -> None:
    assert compare_transitions(system(), system()) == ()


def test_a_dropped_guard_is_one_change_and_the_branches_that_are_gone() -> None:
    found = compare_transitions(system(), system("take_any"))
    assert [(d.function, d.kind) for d in found] == [("enter", "changed"), ("enter", "removed"), ("enter", "removed")]
    lines = difference_lines(found[0])
    assert "  - when  box.color == PLAIN" in lines
    assert "  + do    box.taken := True" in lines
    assert "    when  call == DO_TAKE" in lines


def test_the_other_way_round_what_was_removed_is_added() -> None:
    there = compare_transitions(system(), system("take_any"))
    back = compare_transitions(system("take_any"), system())
    opposite = {"added": "removed", "removed": "added", "changed": "changed"}
    assert sorted(d.kind for d in back) == sorted(opposite[d.kind] for d in there)


def test_a_moved_line_is_no_difference() -> None:
    plain = system()
    shifted = {loc.name: loc.name.replace("+", "+1") for loc in plain.locations}
    locations = tuple(replace(loc, name=shifted[loc.name]) for loc in plain.locations)
    at = {**{name: name for name in plain.pc_sort.members}, **shifted}
    moved = tuple(replace(t, source=at[t.source], target=at[t.target]) for t in plain.transitions)
    assert shifted != {name: name for name in shifted}
    assert compare_transitions(plain, replace(plain, locations=locations, transitions=moved)) == ()


def test_clearing_sport_adds_one_update_to_tcp_put_port() -> None:
    plain, patched = (system(v, package="spec", client="bind_listen") for v in ("", "put_port_clears_sport"))
    found = compare_transitions(plain, patched)
    assert found
    assert {(d.function, d.kind) for d in found} == {("tcp_put_port", "changed")}
    assert {added(d) for d in found} == {("  + do    sk.sport := 0",)}


def added(difference: Difference) -> tuple[str, ...]:
    """The marked lines of a difference."""
    return tuple(line for line in difference_lines(difference) if line.startswith(("  +", "  -")))


@pytest.mark.parametrize(
    ("name", "before", "after", "change"),
    [
        ("taken_red", "proved", "proved", "same"),
        ("taken_red", "violated", "proved", "fixed"),
        ("taken_red", "violated", "violated", "still there"),
        ("taken_red", "proved", "violated", "newly broken"),
        ("taken_red", "unknown", "proved", "undecided"),
        ("taken", "reachable", "unreachable", "now unreachable"),
        ("taken", "unreachable", "unreachable", "same"),
    ],
)
def test_the_word_for_two_verdicts(name: str, before: str, after: str, change: str) -> None:
    asked = compile_package(load_package("tests.tiny")).property(name)
    assert Judged(asked, before, after).change == change


def test_the_smallest_instance_in_which_two_threads_meet() -> None:
    alone, pair, crowd = (1, 1, 1, 1), (2, 2, 2, 1), (3, 2, 1, 1)
    assert smallest_scope(Client("c", (), {}, "", scopes=(pair, alone, crowd))) == Scope(2, 2, 1, 1)
    assert smallest_scope(Client("c", (), {}, "", scopes=((1, 2, 1, 1), alone))) == Scope(*alone)
    assert smallest_scope(None) == Scope(2, 1, 1, 1)


def test_outcomes_are_compared_by_results_alone(tmp_path: Path) -> None:
    (tmp_path / "two.yaml").write_text(CASE)
    cases = load_cases(tmp_path / "two.yaml")

    def engine(extra: str, count: int) -> Engine:
        def run(scenario: Scenario) -> Outcomes:
            rows = [Outcome({"A": ("0",)}, count)]
            if scenario.id == "two":
                rows.append(Outcome({"A": (extra,)}, count))
            return Outcomes(scenario, tuple(rows), 1)

        return run

    moved, compared, left_out = compare_outcomes(cases, engine("EINVAL", 1), engine("EBADF", 2), silent)
    assert (compared, left_out) == (2, [])
    assert [m.scenario.id for m in moved] == ["two"]
    assert [outcome_text(o) for o in (*moved[0].gone, *moved[0].new)] == ["A: EINVAL", "A: EBADF"]


def test_the_command_says_what_a_mutant_breaks(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", "take_any", "--spec", "tests.tiny"]) == 1
    told = capsys.readouterr().out
    assert "1 of 3 properties the same" in told
    row = next(line for line in told.splitlines() if "taken_red" in line)
    assert "proved" in row and "violated" in row and "newly broken" in row


def test_too_many_states_are_undecided(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", "take_any", "--spec", "tests.tiny", "--max-states", "1"]) == 3
    assert "undecided" in capsys.readouterr().out


def test_an_unknown_variant_is_bad_input(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", "take_none", "--spec", "tests.tiny"]) == 2
    assert "take_any" in capsys.readouterr().err


def test_cells_of_the_race_matrix_on_request(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tests.tiny.race_subject", lambda _: Boxes(), raising=False)
    asked = ["diff", "take_any", "--spec", "tests.tiny", "--matrix"]
    assert main(asked) == 2
    assert "no-baseline" in capsys.readouterr().err
    assert main(["matrix", "--spec", "tests.tiny", "--write"]) == 0
    path = Path("docs/races.json")
    cell = '"box: empty | increment | increment | smp": '
    path.write_text(path.read_text().replace(f'{cell}["harmful"', f'{cell}["benign"'))
    assert main(asked) == 1
    told = capsys.readouterr().out
    assert "race matrix: 1 of 112 cells moved" in told
    assert "box: empty | increment | increment | smp: was benign" in told
