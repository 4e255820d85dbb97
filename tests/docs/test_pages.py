"""README.md and the tutorial: their blocks show what the commands print now, and its links lead somewhere."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]


def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("pages_script", ROOT / "docs" / "pages.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


pages = script()

TABLE = """\
verdicts
┏━━━┳━━━━━━━━━┳━━━━━━━━┳━━━━━━━┓
┃   ┃ verdict ┃   time ┃ depth ┃
┡━━━╇━━━━━━━━━╇━━━━━━━━╇━━━━━━━┩
│ ✓ │ one     │ 0.03 s │       │
│   │ in v    │        │       │
│ ✓ │ two     │ 0.75 s │     1 │
└───┴─────────┴────────┴───────┘
2 verdicts
"""


@pytest.mark.parametrize("page", pages.PAGES, ids=lambda page: page.name)
def test_blocks_are_fresh(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert len(pages.BLOCK.findall(text)) >= 4
    assert pages.filled(text, fast=True) == text, "run make readme"


def test_the_block_of_check_has_its_table() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (block,) = (found[0] for found in pages.BLOCK.finditer(text) if found[1] == pages.SLOW)
    assert "as expected" in block and "both_listens_fail" in block
    assert not re.search(r"\d s │", block), "times differ from run to run"


@pytest.mark.parametrize("page", pages.PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)#]+)\)", text)
    assert any(t.endswith(".svg") for t in targets)
    assert not [t for t in targets if not t.startswith("http") and not (page.parent / t).exists()]


def test_a_column_is_cut_out() -> None:
    cut = pages.without_column(TABLE, "time")
    assert "time" not in cut and "0.03" not in cut
    assert {len(line) for line in cut.splitlines()[1:-1]} == {23}
    assert pages.without_column(cut, "time") == cut


def test_an_excerpt_keeps_whole_rows() -> None:
    kept = pages.excerpt(TABLE, "in v")
    assert "one" in kept and "in v" in kept and "two" not in kept
    assert kept.splitlines()[-1] == "2 verdicts"
    assert pages.excerpt(f"{TABLE}\nmore\n{TABLE}\nlast\n", "no row") == "last\n"
    sections = "┡━━━━┩\n│ aa │\n│ bb │\n├────┤\n│ cc │\n├────┤\n│ dd │\n└────┘\n"
    assert pages.excerpt(sections, "^│ [ad]") == "┡━━━━┩\n│ aa │\n│ bb │\n├────┤\n│ dd │\n└────┘\n"


def test_a_command_that_fails_stops_the_script() -> None:
    with pytest.raises(RuntimeError, match="status 2"):
        pages.filled("<!-- sockproof show nothing -->\n<!-- end -->\n", fast=True)
