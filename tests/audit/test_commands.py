"""``sockproof audit`` and ``sockproof fidelity``: output, exit statuses, errors."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from checker import cli
from tests.audit.toy import GATES, SPEC

SPEC_OPTION = ["--spec", SPEC]


def test_audit_of_the_gates_is_clean(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["audit", str(GATES), *SPEC_OPTION]) == 0
    out = capsys.readouterr().out
    assert "nothing unexplained" in out
    assert "not in the C text: gate_probe" in out
    assert "abstracted at tests/audit/toyspec/gates.py" in out and ": 3 statements" in out


def test_audit_tells_both_places_and_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    listing = tmp_path / "other.txt"
    listing.write_text(GATES.read_text().replace("  return –EBUSY;\n lock_gate", "  return –EACCES;\n lock_gate"))
    assert cli.main(["audit", str(listing), "--function", "gate_open", *SPEC_OPTION]) == 1
    out = capsys.readouterr().out
    assert "return: C returns EACCES; the model EBUSY" in out
    assert "other.txt:14  return -EACCES;" in out
    assert "gates.py:" in out and "return EBUSY" in out
    assert "gate_mode" not in out


def test_a_declared_difference_is_told_and_explained(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    listing = tmp_path / "old.txt"
    listing.write_text(GATES.read_text().replace(" gate_drop(gate);", " legacy_path(gate);\n gate_drop(gate);"))
    assert cli.main(["audit", str(listing), "--function", "gate_hand_over", *SPEC_OPTION]) == 0
    out = capsys.readouterr().out
    assert "unaccounted: call legacy_path" in out and "explained: an old release asks once more" in out


def test_a_kernel_tree(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "drivers").mkdir()
    (tmp_path / "drivers" / "gate.c").write_text(GATES.read_text())
    (tmp_path / "drivers" / "probe.c").write_text("int gate_probe(void)\n{\n return probe();\n}\n")
    assert cli.main(["audit", str(tmp_path), *SPEC_OPTION]) == 1
    out = capsys.readouterr().out
    assert "drivers/gate.c:" in out
    assert "not modelled: the specification has no gate_probe" in out


def test_a_function_that_is_modelled_but_not_listed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "t.c").write_text("void release_gate(struct gate *gate)\n{\n gate->owner = NULL;\n}\n")
    assert cli.main(["audit", str(tmp_path / "t.c"), "--function", "release_gate", *SPEC_OPTION]) == 0
    assert "1 C statements: 1 modelled" in capsys.readouterr().out


def test_a_variant_is_audited(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["audit", str(GATES), "--function", "gate_hand_over", "--variant", "hasty", *SPEC_OPTION]) == 1
    out = capsys.readouterr().out
    assert "no C statement" in out and "toyspec/variants/hasty.py" in out


BAD_INPUT = {
    "unknown variant": (["audit", str(GATES), "--variant", "nope"], "unknown-variant"),
    "no path": (["audit"], "usage"),
    "missing file": (["audit", "nothing.txt"], "no-file"),
    "unknown function": (["audit", str(GATES), "--function", "gate_opem"], "unknown-function"),
    "function not in the text": (["audit", str(GATES), "--function", "gate_probe"], "no-function"),
    "no function at all": (["audit", __file__], "no-function"),
    "specification without tables": (["audit", str(GATES), "--spec", "bare"], "no-audit"),
    "tables without a list": (["audit", str(GATES), "--spec", "unlisted"], "no-audit"),
    "unreadable expression": (["audit", str(GATES), "--spec", "garbled"], "bad-mapping"),
    "no document": (["fidelity", "--out", "nothing.md"], "no-file"),
    "document without totals": (["fidelity", "--out", __file__], "unreadable"),
}


def _package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, tables: str | None) -> None:
    folder = tmp_path / name
    folder.mkdir()
    (folder / "__init__.py").write_text("MODEL_NAME = 'x'\ndef modules(): return []\ndef sizes(*_): return (), ()\n")
    if tables is not None:
        (folder / "audit.py").write_text(tables)
    monkeypatch.delitem(sys.modules, name, raising=False)


@pytest.mark.parametrize("name", BAD_INPUT)
def test_bad_input(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    arguments, code = BAD_INPUT[name]
    monkeypatch.syspath_prepend(str(tmp_path))
    _package(monkeypatch, tmp_path, "bare", None)
    _package(monkeypatch, tmp_path, "unlisted", "")
    _package(monkeypatch, tmp_path, "garbled", "LISTED = {}\nVALUES = {'a +': 'b'}\n")
    given = arguments if "--spec" in arguments or arguments == ["audit"] else [*arguments, *SPEC_OPTION]
    assert cli.main(given) == 2
    printed = capsys.readouterr()
    assert f"error[{code}]" in printed.err and "fix:" in printed.err
    assert "Traceback" not in printed.err and printed.out == ""


def test_fidelity_writes_the_document_and_prints_totals(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, notes = tmp_path / "fidelity.md", tmp_path / "notes.md"
    notes.write_text("## By hand\n\nkept\n")
    options = ["--out", str(out), "--notes", str(notes), *SPEC_OPTION]
    assert cli.main(["fidelity", str(GATES), *options]) == 0
    text = out.read_text()
    assert text.endswith("## By hand\n\nkept\n")
    assert "| 14 | · return EBUSY | `return EBUSY` |" in text
    assert "| 29 | call flush_cache | abstracted: the cache: nothing reads it |" in text
    totals = capsys.readouterr().out
    assert "| gate_mode | 11 | 11 | 0 | 0 | 0 |" in totals
    assert cli.main(["fidelity", *options]) == 0
    assert capsys.readouterr().out == totals
    before = text
    assert cli.main(["fidelity", str(GATES), *options]) == 0
    assert out.read_text() == before


def test_the_document_quotes_no_c(tmp_path: Path) -> None:
    out = tmp_path / "fidelity.md"
    assert cli.main(["fidelity", str(GATES), "--out", str(out), "--notes", "nothing", *SPEC_OPTION]) == 0
    text = out.read_text()
    assert "->" not in text and "&&" not in text and "goto" not in text
