"""docs/inference.md and docs/stability.md are about the properties that have certificates now, and their sums are right."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from checker.report.files import file_stem

ROOT = Path(__file__).parents[2]
SECTION = re.compile(r"^## (\w+)\n\n(\d+) of (\d+) within a factor of 3\.\n\n((?:\|.*\n)+)", re.M)
ROW = re.compile(r"^\| `(.+?)` \|(.*)\|$", re.M)


def certified(client: str) -> set[str]:
    return {p.name for p in (ROOT / "proofs" / "certificates" / client / "properties").iterdir()}


def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def test_inference_is_about_every_certified_property_of_its_client_and_counts_right() -> None:
    text = page("inference.md")
    client = re.search(r"every program of the client `(\w+)`", text)
    assert client is not None
    how = {name: rest.split("|")[0].strip() for name, rest in ROW.findall(text)}
    assert {file_stem("", name) for name in how} == certified(client[1])
    alone, every = (int(x) for x in re.findall(r"by inferred lemmas only: (\d+) of (\d+)", text)[0])
    helped, not_so = (int(x) for x in re.findall(r"besides: (\d+); not proved this way: (\d+)", text)[0])
    assert every == len(how) == alone + helped + not_so
    assert alone == list(how.values()).count("inferred lemmas only")
    assert helped == list(how.values()).count("inferred and hand-written lemmas")


@pytest.mark.parametrize(("client", "steady", "every", "table"), SECTION.findall(page("stability.md")))
def test_stability_is_about_every_certified_property_and_counts_right(client: str, steady: str, every: str, table: str) -> None:
    rows = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table.splitlines()[2:]]
    assert {file_stem("", row[0].strip("` ")) for row in rows} == certified(client)
    assert len(rows) == int(every)
    assert sum(row[1] == "yes" and float(row[4]) <= 3 for row in rows) == int(steady)


def test_stability_covers_the_clients_it_names() -> None:
    named = re.findall(r"--client (\w+)", page("stability.md"))
    assert named and named == [client for client, *_ in SECTION.findall(page("stability.md"))]
