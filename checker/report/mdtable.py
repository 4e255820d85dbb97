"""Tables as Markdown."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence


def markdown_table(head: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: Collection[str] = ()) -> list[str]:
    """The lines of a table; the columns called ``numbers`` are set flush right."""
    rule = "".join(" ---: |" if name in numbers else " --- |" for name in head)
    return [_line(head), f"|{rule}", *(_line(row) for row in rows)]


def _line(cells: Sequence[str]) -> str:
    """One row; what would end a cell or the row early is replaced."""
    return f"| {' | '.join(cell.replace('|', chr(92) + '|').replace(chr(10), ' ') for cell in cells)} |"
