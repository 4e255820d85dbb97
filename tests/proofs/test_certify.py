"""``sockproof certify`` writes what the second program confirms, and ``check`` notices every difference."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

import tests.tiny
from checker import cli
from checker.commands.certify import recheck
from checker.commands.console import status_of
from checker.commands.engines import prove_any_size
from checker.commands.model import compile_package
from checker.symbolic.facts import Fact
from checker.verdict import Verdict
from tests.tiny import proofs as tiny_proofs

ROOT = Path(__file__).parents[2]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the certificate of the tiny model is, written by the command."""
    monkeypatch.setattr(tests.tiny, "CERTIFICATES", str(tmp_path / "certificates"), raising=False)
    monkeypatch.setattr(tests.tiny, "RECHECK", str(ROOT / "proofs" / "recheck.py"), raising=False)
    assert cli.main(["certify", "--spec", "tests.tiny"]) == 0
    return tmp_path / "certificates" / "tiny"


def proved(out: Path) -> list[Verdict]:
    """The verdicts of the proofs of the tiny model."""
    return prove_any_size(compile_package(tests.tiny), tests.tiny, out)


def test_the_certificate_is_that_of_the_model(folder: Path, tmp_path: Path) -> None:
    (verdict,) = proved(tmp_path / "out")
    assert (verdict.verdict, verdict.detail, status_of([verdict])) == ("proved", "", 0)
    assert verdict.certificate and (tmp_path / "out" / verdict.certificate / "manifest.json").resolve().is_file()


def test_certify_prints_what_was_owed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cli.main(["certify", "--spec", "tests.tiny"])
    printed = capsys.readouterr().out
    assert "taken_red" in printed and "by frame" in printed
    assert "wrote 1 properties, 5 files" in printed


def test_a_difference_names_the_file_and_the_way_to_repair_it(folder: Path, tmp_path: Path) -> None:
    system = folder / "system.sexp"
    system.write_text(system.read_text(encoding="ascii").replace("Color.RED", "Color.BLUE"), encoding="ascii")
    (verdict,) = proved(tmp_path)
    assert (
        verdict.detail
        == f"certificate: {system} differs from what the model gives: run sockproof certify, and look at what it changes"
    )
    assert status_of([verdict]) == 1


def test_every_kind_of_difference_is_one(folder: Path, tmp_path: Path) -> None:
    fact, extra = folder / "facts" / "taken_red.smt2.gz", folder / "facts" / "more.smt2.gz"
    data = fact.read_bytes()
    fact.unlink()
    assert "taken_red.smt2.gz and 1 more differs" in proved(tmp_path)[0].detail, "what it noted is not known either"
    fact.write_bytes(data[:50])
    assert "taken_red.smt2.gz and 1 more differs" in proved(tmp_path)[0].detail
    fact.write_bytes(gzip.compress(gzip.decompress(data), compresslevel=1))
    assert proved(tmp_path)[0].detail == "", "how it is compressed makes no difference"
    extra.write_bytes(data)
    assert "more.smt2.gz differs" in proved(tmp_path)[0].detail


def test_certify_repairs_whatever_is_there(folder: Path, tmp_path: Path) -> None:
    (folder / "facts" / "old" / "deep").mkdir(parents=True)
    (folder / "facts" / "old" / "deep" / "stale.smt2").write_text("(check-sat)\n", encoding="ascii")
    (folder / "facts.sexp").unlink()
    assert cli.main(["certify", "--spec", "tests.tiny"]) == 0
    assert proved(tmp_path)[0].detail == ""


def test_the_second_program_confirms_and_rejects(folder: Path) -> None:
    fine = recheck("tests.tiny", folder)
    assert fine.status == 0
    assert fine.shown() == ["certificates: 1 confirmed by a second program and solver"]
    (folder / "facts.sexp").write_text("", encoding="ascii")
    bad = recheck("tests.tiny", folder)
    assert bad.status == 1
    assert any("tiny: rejected: taken_red rests on taken_red, which is neither proved" in line for line in bad.shown())


def test_what_is_not_proved_is_saved_and_not_certified(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    compiled = compile_package(tests.tiny)
    wrong = compiled.property("marked_taken")
    monkeypatch.setattr(tiny_proofs, "facts", lambda _: [Fact(wrong.name, wrong.params, wrong.formula)])
    (verdict,) = prove_any_size(compiled, tests.tiny, tmp_path)
    assert verdict.verdict == "unknown" and verdict.certificate is None
    path = Path(verdict.detail.split(": see ")[1])
    assert path.is_relative_to(tmp_path / "open" / "tiny")
    assert "(check-sat)" in path.read_text(encoding="utf-8")
    assert cli.main(["certify", "--spec", "tests.tiny", "--out", str(tmp_path / "certificates")]) == 3
    assert "not proved: marked_taken" in capsys.readouterr().out
    assert not list((tmp_path / "certificates").rglob("*"))


def test_without_a_place_for_certificates_one_must_be_given(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["certify", "--spec", "tests.tiny"]) == 2
    assert "define CERTIFICATES in it" in capsys.readouterr().err


def test_check_has_certificates_rechecked_and_fails_on_a_difference(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["check", "--spec", "tests.tiny", "--out", str(tmp_path / "out"), "--diagrams", str(tmp_path / "diagrams")]
    capsys.readouterr()
    assert cli.main(command) == 0
    assert "certificates: 1 confirmed by a second program and solver" in capsys.readouterr().out
    (folder / "facts" / "taken_red.smt2.gz").unlink()
    assert cli.main(command) == 1
    printed = " ".join(capsys.readouterr().out.split())
    assert "run sockproof certify" in printed
    assert "tiny: rejected: facts/taken_red.smt2 is missing" in printed
