"""The pages of findings that are committed: those listed and no others, each root cause on one, every link leads somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from checker.commands.findings import generated
from checker.commands.matrix import BASELINE
from checker.errors import UsageError
from checker.races.baseline import read_baseline
from checker.report.numbering import FOLDER, REGISTRY, Numbering, Page, numbering_text, read_numbering

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
NUMBERING = read_numbering(ROOT / REGISTRY)
MATRIX = read_baseline(ROOT / BASELINE)
LINK = re.compile(r"\]\(([^)#\s]+)")


def text(page: Page) -> str:
    return (ROOT / FOLDER / page.file).read_text(encoding="utf-8")


def test_there_are_the_listed_pages_and_no_others() -> None:
    there = {path.name for path in (ROOT / FOLDER).glob("*.md")} - {"README.md"}
    assert there == {page.file for page in NUMBERING.pages}
    index = (ROOT / FOLDER / "README.md").read_text(encoding="utf-8")
    assert [name for name in LINK.findall(index) if "/" not in name] == [page.file for page in NUMBERING.pages]


def test_there_are_the_drawings_that_pages_show_and_no_others() -> None:
    shown = {name for page in NUMBERING.pages for name in LINK.findall(text(page)) if name.endswith(".svg")}
    assert shown == {path.name for path in generated(ROOT / FOLDER) if path.suffix == ".svg"}


def test_every_root_cause_is_on_a_page_that_names_it() -> None:
    assert MATRIX.causes.keys() == NUMBERING.causes.keys()
    for page in NUMBERING.pages:
        for slug in page.causes:
            assert f"| `{slug}` |" in text(page), (page.file, slug)


def test_every_page_says_what_an_engineer_asks() -> None:
    parts = (
        "Verdict: ",
        "Kernels: ",
        "Fix",
        "How to provoke it",
        "![schedule](",
        "```mermaid",
        "Rule broken",
        "| call | result |",
    )
    for page in NUMBERING.pages:
        told = text(page)
        assert [part for part in parts if part not in told] == [], page.file
        assert "Machines: " in told or "cells: " in told, page.file


@pytest.mark.parametrize("name", ["races.md", "expected-findings.md", "findings/README.md"])
def test_links_lead_somewhere(name: str) -> None:
    page = DOCS / name
    found = LINK.findall(page.read_text(encoding="utf-8"))
    assert found and [target for target in found if not target.startswith("http") and not (page.parent / target).exists()] == []


def test_every_grave_cell_of_the_tables_and_drawings_leads_to_its_pages() -> None:
    page = (DOCS / "races.md").read_text(encoding="utf-8")
    assert re.findall(r"\*\*[HS]\*\*(?! (?:\[\d+\]\(findings/|meaning))", page.split("\n## ", 2)[2]) == []
    files = {page.file for page in NUMBERING.pages}
    cells = {key for keys in MATRIX.causes.values() for key in keys}
    for kind in ("stream", "dgram", "raw"):
        drawing = (ROOT / "diagrams" / f"race-matrix-{kind}.svg").read_text(encoding="utf-8")
        links = re.findall(r'<a href="\.\./docs/findings/([^"]+)"', drawing)
        assert len(links) == sum(key.startswith(f"{kind}: ") for key in cells)
        assert set(links) <= files


def test_the_numbering_is_read_as_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "pages.json"
    assert read_numbering(path) == Numbering()
    path.write_text(numbering_text(NUMBERING.pages))
    assert read_numbering(path) == NUMBERING
    numbers = NUMBERING.numbered([NUMBERING.pages[3].about, "new", "newer"])
    highest = NUMBERING.pages[-1].number
    assert list(numbers.values()) == [NUMBERING.pages[3].number, highest + 1, highest + 2]
    for wrong in ("", "[]", '{"x": 1}', '{"one.md": {"about": "A", "causes": []}}'):
        path.write_text(wrong)
        with pytest.raises(UsageError, match="no list of pages"):
            numbers = read_numbering(path).about
