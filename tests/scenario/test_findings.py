"""Findings: scenarios that claim something of variants, the list and the pages made of them."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from checker import cli
from checker.commands.beside import beside
from checker.commands.findings import cases_of_findings, documents, load_entries, write_documents
from checker.commands.model import load_package, load_variant, variant_names
from checker.errors import UsageError
from checker.races.baseline import Baseline
from checker.report.findingparts import Repair
from checker.report.findings import Entry, claim_word, verdict
from checker.report.numbering import Numbering, Page
from checker.scenario.finding import Examined, examine
from checker.scenario.load import CLAIMS, Case, load_cases
from checker.scenario.program import Engine
from checker.scenario.run import run_case
from spec.scenarios.engine import scenario_engine

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "tests" / "scenarios" / "findings"
ENTRIES = ROOT / "docs" / "findings" / "entries.yaml"
PACKAGE = load_package("spec")
CASES = {case.scenario.id: case for case in cases_of_findings(FOLDER, ())}
LARGE = ("B01-listen-again", "B02-close", "B03-port", "B12-simultaneous-open", "B15-limit", "C02-no-free-port", "A15-two-owners")
"""Left to `sockproof findings`, which runs them all."""


@cache
def engine_of(variant: str) -> Engine:
    return scenario_engine(load_variant(PACKAGE, variant).overrides if variant else None)


@pytest.mark.parametrize("name", [name for name in CASES if name not in LARGE])
def test_the_model_answers_as_stated(name: str) -> None:
    _, answers = run_case(CASES[name], engine_of(""))
    assert answers
    assert [a for a in answers if not a.as_expected] == []


@pytest.mark.parametrize("name", ["A01-sleeps-on", "A10-half-a-bind", "B13-close"])
def test_claims_about_variants(name: str) -> None:
    """A fix that helps and one that does not, and a mutant."""
    examined = examine(CASES[name], engine_of)
    assert examined.as_expected is True
    assert {claim_word(c) for c in examined.claims} <= {"none", "still there", "caught"}


def test_every_variant_named_exists_and_composes() -> None:
    for case in CASES.values():
        for claim in case.claims:
            assert claim.key in CLAIMS
            assert load_variant(PACKAGE, claim.variant).overrides


def test_every_entry_has_a_scenario_or_a_reason() -> None:
    entries = load_entries(ENTRIES)
    findings = {case.finding for case in CASES.values()}
    assert findings <= {e.id for e in entries}
    for e in entries:
        assert (e.id in findings) != bool(e.missing), e.id


def test_variants_that_replace_the_same_function_clash() -> None:
    with pytest.raises(UsageError, match="disconnect_counted and connect_chooses_port_last both replace inet_stream_connect"):
        load_variant(PACKAGE, "disconnect_counted,connect_chooses_port_last")
    assert "every_disconnect_counted" in variant_names(PACKAGE)
    assert set(load_variant(PACKAGE, "every_disconnect_counted").overrides) == {"tcp_disconnect", "inet_stream_connect"}


def one(tmp_path: Path, text: str) -> Case:
    path = tmp_path / "one.yaml"
    path.write_text(text)
    (case,) = load_cases(path)
    return case


WRONG = """\
id: x
finding: A26
steps: [socket a stream, bind a lo P1 family=10]
symptom: main.bind == 0
"""


def test_a_wrong_claim_is_told(tmp_path: Path) -> None:
    """A variant that repairs nothing, a mutant that changes nothing."""
    examined = examine(one(tmp_path, WRONG + "fixed_by: [getname_locked]\n"), engine_of)
    assert (examined.happens, examined.as_expected, claim_word(examined.claims[0])) == (True, False, "STILL THERE")
    assert examined.shown is not None
    text = WRONG.replace("main.bind == 0", "main.bind == EINVAL") + "caught_in: [getname_locked]\n"
    examined = examine(one(tmp_path, text), engine_of)
    assert (examined.happens, examined.as_expected, claim_word(examined.claims[0])) == (False, False, "MISSED")
    assert verdict(Entry("A26", "control", "t"), [examined]) == "not reported; MUTANT MISSED"


def test_a_claim_needs_a_symptom(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="fixed_by without a symptom"):
        one(tmp_path, "id: x\nsteps: [socket a stream]\nfixed_by: [getname_locked]\n")


def test_non_serial_outcomes_and_fields(tmp_path: Path) -> None:
    text = "id: x\nsetup: [socket u dgram]\nthreads: {A: [connect u lo P1], B: [connect u unspec]}\n"
    case = one(tmp_path, text + "symptom: nonserial == yes and sk.u.hashed == UDP_HASH and sk.u.num == nz and sk.u.sport == 0\n")
    assert case.serial
    assert [c.label for c in case.scenario.post] == ["field u sk.hashed", "field u sk.num", "field u sk.sport"]
    (answer,) = run_case(case, engine_of(""))[1]
    assert (answer.verdict, answer.as_expected) == ("happens", True)


def test_pages(tmp_path: Path) -> None:
    entries = [
        Entry("A26", "must", "bind() and families", "d0733d2e29b6", "up to 2.6.39"),
        Entry("A02", "optional", "t", missing="m"),
    ]
    found: dict[str, list[Examined]] = {"A26": [examine(one(tmp_path, WRONG + "still_in: [getname_locked]\n"), engine_of)]}
    made = documents(entries, found, Numbering(), {}, ())
    chart = "findings/x-smp.svg"
    names = ["expected-findings.md", "findings/001-bind-and-families.md", "findings/README.md", "findings/pages.json", chart]
    assert sorted(made) == names
    assert "bind a lo P1 family=10" in made[chart] and "![schedule](x-smp.svg)" in made["findings/001-bind-and-families.md"]
    listed = made["expected-findings.md"]
    assert "rediscovered (one thread)" in listed
    assert "Not modelled: m." in listed
    page = made["findings/001-bind-and-families.md"]
    assert "| main: bind a lo P1 family=10 | 0 |" in page
    assert "`getname_locked`: still there" in page
    kept = documents(entries, found, Numbering((Page("007-old-title.md", "A26"),)), {}, ())
    assert "findings/007-bind-and-families.md" in kept


def test_pages_that_are_no_more_are_removed(tmp_path: Path) -> None:
    folder = tmp_path / "docs" / "findings"
    folder.mkdir(parents=True)
    kept = {"entries.yaml", "notes.txt"}
    for name in (*kept, "001-bind-and-families.md", "099-gone.md", "gone-smp.svg"):
        (folder / name).write_text("old")
    entries = [Entry("A26", "must", "bind() and families")]
    write_documents(tmp_path / "docs", entries, {"A26": [examine(one(tmp_path, WRONG), engine_of)]}, {}, ())
    assert {path.name for path in folder.iterdir()} == {*kept, "001-bind-and-families.md", "x-smp.svg", "pages.json", "README.md"}
    assert (folder / "001-bind-and-families.md").read_text() != "old"


def test_what_a_page_says_besides_its_scenarios(tmp_path: Path) -> None:
    """A race: its root cause as the matrix calls it, the other machine, the variants that were tried."""
    text = """\
id: x
finding: A08
threads: {A: [connect u lo P1], B: [connect u unspec]}
setup: [socket u dgram]
symptom: [nonserial == yes, A == 0 and sk.u.state == ESTABLISHED and sk.u.num == 0]
"""
    examined = examine(one(tmp_path, text), engine_of)
    cells = ("dgram: fresh | connect | unspec | smp", "raw: x | a | b | up")
    told = beside([examined], engine_of, {}, Baseline({}, {"udp-connect-and-udp-disconnect": cells}))
    assert told.elsewhere == {"x": False}
    assert dict(told.causes) == {"udp-connect-and-udp-disconnect": cells}
    repairs = {
        Repair("udp_connect_locked", "Linux 4.2"): frozenset({"udp_connect"}),
        Repair("none", "n"): frozenset({"tcp_close"}),
    }
    tried = beside([examined], engine_of, repairs, Baseline({}, {})).repairs["x"]
    assert [repair.variant for repair in tried] == ["udp_connect_locked"]
    page = documents([Entry("A08", "must", "t")], {"A08": [examined]}, Numbering(), {"A08": told}, ())["findings/001-t.md"]
    assert "Machines: smp; not on up." in page
    assert "| `udp-connect-and-udp-disconnect` | 1 | 1 | dgram: fresh \\| connect" in page
    assert ": no sequential order of the calls gives this outcome" in page


def test_the_list_has_every_scenario_and_nothing_wrong() -> None:
    """`sockproof findings --write` makes it."""
    text = (ROOT / "docs" / "expected-findings.md").read_text()
    assert [name for name in CASES if f"| {name} |" not in text] == []
    assert not any(word in text for word in ("STILL THERE", "GONE", "MISSED", "undecided"))


def test_bad_input(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["findings", "Z99"]) == 2
    assert "there is no finding Z99" in capsys.readouterr().err
