"""The tiny specification on the bench: each mutant is noticed by the question that should notice it, equivalent ones by none."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import pytest

from checker.errors import OutsideModelError, Place, UsageError
from checker.instance import Instance
from checker.language.compile import compile_graphs, lower_model
from checker.language.graph import Action
from checker.mutation.asker import Asker
from checker.mutation.bench import CONFLICTS, PROPERTIES, RACES, SCENARIOS, STUCK, Bench, Judged, Library, make_tests
from checker.mutation.fingerprint import fingerprint
from checker.mutation.notes import check_notes, explanation, load_notes
from checker.mutation.operators import Mutant
from checker.mutation.properties import PropertyTest, make_properties
from checker.mutation.questions import lost_difference, notices, race_difference
from checker.scenario.load import Case
from checker.scenario.program import Call, Outcome, Outcomes, Program, Scenario
from checker.scenario.question import Question
from tests import tiny
from tests.mutation.boxes import BOX_GRAPHS, MODEL, box_engine

RED = Call("DO_PAINT", {"red": True}, "paint red")
PLAIN = Call("DO_PAINT", {}, "paint plain")
TAKE = Call("DO_TAKE", {}, "take")
HERE = Place("boxes.yaml", 1)


@dataclass(frozen=True)
class TakenOrPainted:
    """That a plain box cannot be taken and painted over: exactly one of both threads has its way."""

    def holds(self, row: Outcome) -> bool:
        return row.results["A"] == ("EBUSY",) and row.results["post"] == ("EBUSY", "0")


RACE = Scenario("paint-take", (RED,), (Program("A", (PLAIN,)), Program("B", (TAKE,))), (PLAIN, TAKE))
ASKED = Question("reach", "A fails", HERE, expression=TakenOrPainted())  # type: ignore[arg-type]
TWICE = Scenario("paint-paint", (), (Program("A", (RED,)), Program("B", (RED,))), ())
NOTHING = Scenario("nothing", (Call("DO_NOTHING", {}, "nothing"),), (), ())
SEEN = Question("outcomes", "whatever comes", HERE)


@cache
def bench(*more: str) -> Bench:
    library = Library()
    chosen = ((RACE, ASKED), (NOTHING, SEEN), *(((TWICE, SEEN),) if "paint-paint" in more else ()))
    cases = [(Case(s, (q,), {}, (), "", HERE), "") for s, q in chosen]
    tests, left_out = make_tests(library, box_engine, cases, lambda _: None)
    assert not left_out
    tiny_model, tiny_graphs = lower_model(tiny.MODEL_NAME, tiny.modules())
    asked = PropertyTest(
        "",
        tuple(tiny_graphs),
        lambda changed: compile_graphs(tiny_model, list(changed)),
        (Instance((("Thread", 2), ("Box", 1))),),
        10_000,
    )
    return Bench(library, box_engine, tests, left_out, (make_properties(asked, BOX_GRAPHS, lambda _: None),))


@cache
def found() -> dict[str, Mutant]:
    return bench().library.mutants(MODEL, BOX_GRAPHS)


def judged(name: str, *questions: str) -> Judged:
    """What becomes of a mutant if only ``questions`` are asked."""
    whole = bench()
    asked = whole if PROPERTIES in questions else replace(whole, properties=())
    return asked.judge(found()[name], every_question=True)


def test_scenarios_are_run_only_where_they_go() -> None:
    counts = {t.name: len(t.visits) for t in bench().tests}
    assert counts["nothing"] < counts["paint-take"]
    assert len(judged("do_take+5 no-assign").against) == 1
    assert len(judged("mark+2 no-assign").against) == 2


@pytest.mark.parametrize("name", ["do_take+5 no-assign", "do_paint+3 if-false", "enter+4 if-false"])
def test_a_scenario_notices(name: str) -> None:
    assert SCENARIOS in judged(name).killed


@pytest.mark.parametrize("name", ["do_take+2 no-lock", "do_take+2 early-release", "do_paint+2 early-release"])
def test_only_race_engines_notice_a_lock(name: str) -> None:
    result = judged(name)
    assert list(result.killed) == [RACES, CONFLICTS]
    assert result.killed[RACES].startswith("paint-take: new: A=0, B=0")
    assert result.killed[CONFLICTS].startswith("paint-take: new: Box.")


def test_a_conflict_is_noticed_though_no_outcome_differs() -> None:
    """Two threads paint a box in one colour: without the lock their writes meet, and nobody can tell."""
    whole = bench("paint-paint")
    alone = replace(whole, tests=tuple(t for t in whole.tests if t.name == "paint-paint"), properties=())
    result = alone.judge(found()["do_paint+2 no-lock"], every_question=True)
    assert list(result.killed) == [CONFLICTS]
    assert "Box.color written in" in result.killed[CONFLICTS]


def test_a_lock_that_is_kept_is_noticed() -> None:
    kept = {
        g.root: {n.index: replace(n, action=Action.NOTE, lock=None) for n in g.nodes if n.action is Action.RELEASE}
        for g in BOX_GRAPHS
    }
    mutant = replace(found()["do_paint+2 no-lock"], name="kept", nodes=kept)
    library = Library()
    library.known[id(BOX_GRAPHS)] = (BOX_GRAPHS, {"kept": mutant})
    result = replace(bench(), library=library, properties=()).judge(mutant, every_question=True)
    assert "waits for users for ever in do_paint" in result.killed[STUCK]
    assert STUCK in judged("do_paint+2 no-lock").asked
    assert STUCK not in judged("do_paint+2 no-lock").killed


@pytest.mark.parametrize(
    ("name", "how"),
    [
        ("do_paint+2 no-lock", "taken_red: violated, not holds"),
        ("do_paint+3 if-false", "taken_red: violated, not holds"),
        ("do_take+5 no-assign", "taken: unreachable, not reachable"),
        ("mark+2 no-assign", "marked_taken: holds for want of cases, not violated"),
    ],
)
def test_a_property_notices(name: str, how: str) -> None:
    result = judged(name, PROPERTIES)
    assert how in result.killed[PROPERTIES] or how.startswith("taken:")
    assert PROPERTIES in result.killed


@pytest.mark.parametrize("name", ["do_take+3 if-false 2", "do_take+4 no-error"])
def test_an_equivalent_mutant_survives(name: str) -> None:
    """A taken box is red, so the test for a plain one never holds."""
    result = judged(name, PROPERTIES)
    assert PROPERTIES in result.asked
    assert not result.killed


def test_the_first_question_that_notices_is_the_last_asked() -> None:
    result = bench().judge(found()["do_paint+3 if-false"])
    assert result.asked == (SCENARIOS,) == tuple(result.killed)


def test_the_plain_model_is_not_killed() -> None:
    nothing = replace(found()["do_take+5 no-assign"], name="another", nodes={})
    assert not bench().judge(nothing, every_question=True).killed


def test_a_mutant_that_leaves_the_model_is_noticed() -> None:
    """It has no outcomes; whatever is asked of it afterwards, it is run once."""
    (test,) = (t for t in bench().tests if t.name == "paint-take")
    runs = []

    def leaves(scenario: Scenario) -> Outcomes:
        runs.append(scenario)
        raise OutsideModelError("outside-model", "no way on", "none")

    asker = Asker(leaves, lambda found: True)
    assert notices(test, asker) == "no outcomes (outside-model)"
    assert race_difference(test, asker) == lost_difference(test, asker) == "no outcomes (outside-model)"
    assert runs == [test.case.scenario]


# -- clients and journals --------------------------------------------------------------------------------------------------


def test_a_client_is_asked_if_its_steps_are_others() -> None:
    """The verdicts are wrong on purpose: who looks sees it."""
    (test,) = bench().properties
    wrong = replace(test, expected={i: dict.fromkeys(verdicts, "wrong") for i, verdicts in test.expected.items()})
    same = replace(found()["do_take+5 no-assign"], nodes={})
    assert wrong.difference(same) == ""
    assert "not wrong" in wrong.difference(found()["do_take+5 no-assign"])


def test_a_client_is_asked_of_functions_it_runs() -> None:
    (test,) = bench().properties
    assert test.asks(found()["do_take+5 no-assign"])
    assert not test.asks(replace(found()["do_take+5 no-assign"], function="elsewhere"))


@pytest.mark.parametrize("every_question", [False, True])
@pytest.mark.parametrize("name", ["do_paint+2 no-lock", "do_paint+3 if-false", "do_take+3 if-false 2", "do_paint+5 no-assign"])
def test_with_new_scenarios_only_these_are_asked_and_the_result_is_that_of_all(name: str, every_question: bool) -> None:
    few, many, mutant = bench(), bench("paint-paint"), found()[name]
    known = few.judge(mutant, every_question=every_question)
    assert few.is_done(mutant, known, every_question=every_question)
    settled = "scenarios" in known.killed and not every_question
    new = {t.mark for t in many.concerned(mutant)}.difference(known.against)
    assert many.is_done(mutant, known, every_question=every_question) is (settled or not new)
    all_anew = many.judge(mutant, every_question=every_question)
    added = many.judge(mutant, every_question=every_question, known=known)
    assert (added.asked, set(added.killed)) == (all_anew.asked, set(all_anew.killed))
    assert set(added.against) == set(all_anew.against)
    assert many.is_done(mutant, added, every_question=every_question)


def test_a_scenario_that_was_changed_makes_a_result_worthless() -> None:
    mutant = found()["do_take+5 no-assign"]
    known = bench().judge(mutant)
    changed = replace(bench(), tests=tuple(replace(t, mark=f"{t.mark}'") for t in bench().tests))
    assert not changed.is_done(mutant, known)
    assert changed.judge(mutant, known=known).against == tuple(t.mark for t in changed.concerned(mutant))


# -- fingerprint and explanations ----------------------------------------------------------------------------------------------


def test_a_change_of_the_model_changes_the_mark() -> None:
    assert fingerprint(found()["do_take+3 if-true"].apply(BOX_GRAPHS)) != fingerprint(BOX_GRAPHS)


NOTES = """
- mutants: [f+1 if-true, "g+* no-lock: *bell*"]
  kind: equivalent
  why: nobody rings
"""


def test_explanations_are_found_and_stale_ones_refused(tmp_path: Path) -> None:
    path = tmp_path / "notes.yaml"
    path.write_text(NOTES)
    notes = load_notes(path)
    every = [("f+1 if-true", "x"), ("g+2 no-lock", "`bell` is not taken"), ("g+3 no-lock", "other")]
    first = explanation(notes, every[1])
    assert first is not None and (first.kind, first.why) == ("equivalent", "nobody rings")
    assert explanation(notes, every[2]) is None
    check_notes(notes, every, every[:2], every[2:])
    check_notes(notes, every, [], [])  # What was not judged is not stale.
    with pytest.raises(UsageError, match="does not survive") as stale:
        check_notes(notes, every, every[1:], every[:1])
    assert stale.value.place is not None and stale.value.place.line == 2
    with pytest.raises(UsageError, match="there is no mutant"):
        check_notes(notes, every[1:], [], [])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("mutants: x", "a list"),
        ("- mutants: [x]\n  why: y", "has mutants, kind and why"),
        ("- mutants: [x]\n  kind: odd\n  why: y", "no kind odd"),
        ("- mutants: x\n  kind: gap\n  why: y", "list of names"),
    ],
)
def test_bad_explanations(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "notes.yaml"
    path.write_text(text)
    with pytest.raises(UsageError, match=told):
        load_notes(path)
