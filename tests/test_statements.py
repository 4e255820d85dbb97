"""Coverage of the source: what is run is counted, what is not needs a reason, and a reason needs something that is not run."""

from __future__ import annotations

from checker.errors import Place
from checker.report.sources import document
from checker.scenario.program import Scenario
from checker.scenario.visits import recorder
from checker.statements import Sources, Why, judge
from tests.mutation.boxes import BOX_GRAPHS, box_engine
from tests.mutation.test_bench import PLAIN, RACE, RED


def seen(*scenarios: Scenario, reasons: tuple[Why, ...] = ()) -> Sources:
    kind, visited = recorder()
    engine = box_engine(lambda _, graphs: graphs, machine=kind)
    for scenario in scenarios:
        engine(scenario)
    return judge(BOX_GRAPHS, visited, reasons)


ONE = Scenario("one", (RED,), (), ())
TWO = Scenario("two", (RED, PLAIN), (), ())


def missing(sources: Sources) -> set[str]:
    return {str(m.piece) for m in sources.missing}


def test_more_scenarios_leave_less() -> None:
    nothing, one, two, race = missing(seen()), missing(seen(ONE)), missing(seen(ONE, TWO)), missing(seen(ONE, TWO, RACE))
    assert race < one < nothing and two <= one
    assert len(nothing) == sum(seen().pieces.values()), "without scenarios nothing is run"


def test_a_test_needs_both_outcomes() -> None:
    halves = {text.rsplit(" is ", 1)[0] for text in missing(seen(ONE)) if text.endswith((" is true", " is false"))}
    whole = {text.rsplit(" is ", 1)[0] for text in missing(seen()) if text.endswith((" is true", " is false"))}
    assert halves and halves <= whole


def test_a_reason_explains_what_is_not_run_and_nothing_else() -> None:
    plain = seen(ONE)
    first = plain.missing[0].piece
    told = seen(ONE, reasons=(Why(first.function, first.text, "nobody can"),))
    assert [m.why for m in told.missing if m.piece == first] == ["nobody can"] and len(told.problems) == len(plain.problems) - 1
    assert "1 cannot be, for listed reasons" in told.summary
    stale = seen(ONE, reasons=(Why(first.function, "no such line", "whatever"),))
    assert any("stale" in problem and "no such line" in problem for problem in stale.problems)


def test_the_page_lists_what_is_missing() -> None:
    sources = seen(ONE)
    page = document(sources)
    assert sources.summary in page and all(m.piece.text.replace("|", "\\|") in page for m in sources.missing)
    assert isinstance(sources.missing[0].piece.place, Place)
