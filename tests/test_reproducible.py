"""The same input gives the same bytes: reports, traces, certificates and drawings of two runs are compared whole."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import msgspec

from checker.report.results import read_results

TINY = ["check", "--spec", "tests.tiny"]
SMALL = ["--threads", "2", "--sockets", "1", "--ports", "1"]


def run(seed: int, folder: Path, commands: list[list[str]]) -> dict[str, bytes]:
    """What the commands write into ``folder`` and print, by name; sets and dictionaries are ordered by ``seed``."""
    printed = b""
    for command in commands:
        done = subprocess.run(
            [sys.executable, "-m", "checker", *command],
            capture_output=True,
            check=False,
            env={**os.environ, "PYTHONHASHSEED": str(seed), "PYTHONPATH": os.getcwd()},
        )
        assert done.returncode == 0, done.stderr.decode()
        printed += done.stdout.replace(str(folder).encode(), b"")
    files = {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}
    return {**files, "printed": printed}


def without_times(results: bytes) -> bytes:
    """``results.json`` with every ``seconds`` set to zero."""
    return msgspec.json.encode([msgspec.structs.replace(r, seconds=0.0) for r in read_results(results)])


def test_two_checks_write_the_same_bytes(tmp_path: Path) -> None:
    first, second = (
        run(
            seed,
            tmp_path / name,
            [
                [*TINY, "--out", str(tmp_path / name), "--diagrams", str(tmp_path / name / "diagrams")],
                ["certify", "--spec", "tests.tiny", "--out", str(tmp_path / name / "certificates")],
            ],
        )
        for seed, name in ((1, "a"), (2, "b"))
    )
    assert list(first) == list(second)
    assert {"report.md", "traces/taken.itf.json"} <= set(first)
    assert {"diagrams/taken.svg", "diagrams/tiny-states.dot", "diagrams/do_take.svg"} <= set(first)
    assert "diagrams/enter.svg" not in first, "a function that dispatches is drawn on demand only"
    assert any(name.startswith("certificates/") for name in first)
    assert without_times(first.pop("results.json")) == without_times(second.pop("results.json"))
    del first["printed"], second["printed"]  # the table has times
    different = [name for name in first if first[name] != second[name]]
    assert not different
    assert b"second" not in first["report.md"], "times differ from run to run"


def test_commands_on_the_real_model_print_and_write_the_same_bytes(tmp_path: Path) -> None:
    first, second = (
        run(
            seed,
            tmp_path / name,
            [
                ["show", "system_call"],
                ["trace", "bindaddr_lock", *SMALL, "--out", str(tmp_path / name)],
                ["draw", "inet_bind", "tcp_close", "--out", str(tmp_path / name)],
            ],
        )
        for seed, name in ((1, "a"), (2, "b"))
    )
    assert list(first) == list(second)
    assert not [name for name in first if first[name] != second[name]]
