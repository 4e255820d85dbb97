"""The audit of the listing that the model was written from, where it is at hand, and the document made of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from checker.audit.fidelity import fidelity_markdown
from checker.audit.names import load_names
from checker.audit.outcome import Audit, Fate
from checker.commands.audit import audit_all
from checker.commands.model import load_package
from checker.language.model import load

ROOT = Path(__file__).parents[2]
CANDIDATES = [folder / "shared" / "seed" for folder in ROOT.parents]
LISTING = next((p for folder in CANDIDATES for p in sorted(folder.glob("*walkthrough.txt"))), None)

pytestmark = pytest.mark.skipif(LISTING is None, reason="the listing is not at hand (../shared/seed)")


@pytest.fixture(scope="module")
def audits() -> list[Audit]:
    """The audit of every listed function."""
    assert LISTING is not None
    package = load_package("spec")
    names = load_names(package)
    return audit_all(LISTING, dict(names.listed), names, load(package.MODEL_NAME, package.modules()))


def test_every_listed_function_is_found(audits: list[Audit]) -> None:
    assert [a.function for a in audits] == list(load_names(load_package("spec")).listed)
    assert all(a.rows for a in audits)


def test_nothing_is_unexplained_in_the_functions_the_model_has(audits: list[Audit]) -> None:
    for found in audits:
        if found.spec_place is not None:
            assert [f"{d.kind} {d.c_place} {d.spec_place} {d.message}" for d in found.unexplained()] == []
            assert found.count(Fate.UNACCOUNTED) == 0


def test_the_document_is_up_to_date(audits: list[Audit]) -> None:
    written = (ROOT / "docs" / "fidelity.md").read_text()
    notes = (ROOT / "docs" / "fidelity-notes.md").read_text()
    assert written == fidelity_markdown(audits, notes), "run: sockproof fidelity LISTING"
