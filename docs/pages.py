"""README.md and docs/tutorial.md show what the commands really print: this fills their blocks, and ``make readme`` runs it.

A block starts with a comment that holds a command, ``<!-- sockproof show inet_listen -->``, and ends with ``<!-- end -->``.
What stands between them is replaced by the command and its output.  ``<!-- sockproof check [rows: REGEX] -->`` keeps only
matching rows of the table and cuts out times.  ``sockproof check`` takes minutes: its blocks are left alone with ``--fast``.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGES = (ROOT / "README.md", ROOT / "docs" / "tutorial.md")
BLOCK = re.compile(r"<!-- (sockproof[^\n]*?)(?: \[rows: ([^\n]*)\])? -->\n.*?<!-- end -->\n", re.DOTALL)
SLOW = "sockproof check"
ROW = re.compile(r"│ [^ ] │")
"""The first line of a verdict in the table of ``check``."""
SHOWN = 40
"""How many lines of what a command printed are shown if it fails: the last ones say what is wrong."""
SECONDS = re.compile(r", [0-9.]+ s$")
"""How long something took, at the end of a line: the next run takes another time."""


def filled(text: str, *, fast: bool) -> str:
    """``text`` with every block as its command prints it now; slow ones as they are with ``fast``."""

    def block(found: re.Match[str]) -> str:
        command, rows = found[1], found[2]
        if fast and command == SLOW:
            return found[0]
        head = f"<!-- {command}{f' [rows: {rows}]' if rows else ''} -->"
        shown = output(command)
        if rows:
            shown = excerpt(without_column(shown, "time"), rows)
        return f"{head}\n```text\n$ {command}\n{shown}```\n<!-- end -->\n"

    return BLOCK.sub(block, text)


def output(command: str) -> str:
    """What ``command`` prints; all but ``sockproof check`` write their files into a folder that is thrown away.

    Raises RuntimeError if its exit status is not 0.
    """
    with tempfile.TemporaryDirectory() as scratch:
        done = subprocess.run(
            [sys.executable, "-m", "checker", *command.split()[1:]],
            cwd=ROOT if command == SLOW else _desk(Path(scratch)),
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"},
            capture_output=True,
            check=False,
        )
    if done.returncode:
        said = "\n".join(done.stdout.decode().splitlines()[-SHOWN:])
        raise RuntimeError(f"{command} ends with status {done.returncode}:\n{said}\n{done.stderr.decode()}")
    lines = done.stdout.decode().strip("\n").splitlines()
    return "".join(f"{SECONDS.sub('', line.rstrip())}\n" for line in lines)


def _desk(folder: Path) -> Path:
    """``folder``, from which files of the project can be named but none is overwritten."""
    for name in ("docs", "tests"):
        (folder / name).symlink_to(ROOT / name)
    return folder


def without_column(text: str, title: str) -> str:
    """A printed table without the column called ``title``."""
    lines = text.splitlines()
    head = next((line for line in lines if re.search(rf"┃ +{title} ┃", line)), "")
    if not head:
        return text
    end = head.index(f" {title} ┃") + len(title) + 2
    start = head.rindex("┃", 0, end - 1)
    table = ("┏", "┃", "┡", "│", "├", "└")
    return "".join(f"{line[:start] + line[end:] if line.startswith(table) else line}\n" for line in lines)


def excerpt(text: str, rows: str) -> str:
    """The tables with only those rows in which the regular expression ``rows`` is found, and all that is no row.

    A row is what begins with a mark or below a rule.  A paragraph with a table none of whose rows is kept is left out.
    """
    return "\n\n".join(kept for part in text.rstrip("\n").split("\n\n") if (kept := _kept(part.splitlines(), rows))) + "\n"


def _kept(lines: list[str], rows: str) -> str:
    """What is kept of one paragraph."""
    kept: list[str] = []
    groups: list[list[str]] = []
    rule: list[str] = []
    tables, found = 0, 0
    for line in [*lines, ""]:
        if line.startswith("├"):
            rule = [line]
            groups.append([])
        elif line.startswith("│"):
            if not groups or ROW.match(line):
                groups.append([])
            groups[-1].append(line)
        else:
            chosen = [group for group in groups if re.search(rows, " ".join(group))]
            for number, group in enumerate(chosen):
                kept += [*(rule if number else []), *group]
            tables, found = tables + bool(groups), found + len(chosen)
            groups, rule = [], []
            kept.append(line)
    return "\n".join(kept[:-1]) if found or not tables else ""


def main(arguments: list[str]) -> int:
    """Rewrite the pages; ``--fast`` leaves out what takes minutes."""
    for page in PAGES:
        page.write_text(filled(page.read_text(encoding="utf-8"), fast="--fast" in arguments), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
