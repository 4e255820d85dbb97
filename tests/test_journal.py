"""A journal gives back what was added under its mark, whatever else became of the file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given
from hypothesis import strategies as st

from checker.journal import Journal


@dataclass(frozen=True)
class Judged:
    name: str
    asked: tuple[str, ...] = ()


entries = st.builds(Judged, st.text(max_size=5), st.lists(st.text(max_size=3), max_size=2).map(tuple))


@given(st.lists(st.tuples(st.sampled_from("ab"), entries), max_size=6))
def test_every_entry_of_a_mark_comes_back_in_order(added: list[tuple[str, Judged]]) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "deep" / "results.jsonl"
        for mark, entry in added:
            Journal(path, mark, Judged).add(entry)
        for mark in "ab":
            assert list(Journal(path, mark, Judged).entries()) == [e for m, e in added if m == mark]


def test_a_line_that_was_cut_off_is_passed_over(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "results.jsonl", "a", Judged)
    one, two = Judged("one", ("x",)), Judged("two")
    journal.add(one)
    with journal.path.open("ab") as file:
        file.write(b'{"of": "a", "entry": {"name": "cut')
    assert list(journal.entries()) == [one]
    journal.add(two)
    assert list(journal.entries()) == [one, two]
    journal.path.write_bytes(b'[1]\nnonsense\n{"of": "a", "entry": {"nom": 1}}\n' + journal.path.read_bytes())
    assert list(journal.entries()) == [one, two]


def test_nothing_is_known_without_a_file(tmp_path: Path) -> None:
    assert not list(Journal(tmp_path / "results.jsonl", "a", Judged).entries())
