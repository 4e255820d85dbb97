"""The step ``segment``: what a peer puts on the wire."""

from __future__ import annotations

from pathlib import Path

import pytest

from checker import cli

STEPS = """id: one
steps:
- socket l stream
- bind l lo P1
{steps}
"""


def run(tmp_path: Path, *steps: str) -> int:
    file = tmp_path / "one.yaml"
    file.write_text(STEPS.format(steps="\n".join(f"- {step}" for step in steps)))
    return cli.main(["scenario", str(file)])


def test_a_handshake_by_hand(tmp_path: Path) -> None:
    accepted = ("listen l 1", "segment l syn", "segment l ack", "accept l d -> 0", "getpeername d -> 0 REMOTE:7001")
    assert run(tmp_path, *accepted) == 0
    assert run(tmp_path, *accepted, "segment d fin ack", "state d -> CLOSE_WAIT") == 0
    assert run(tmp_path, *accepted, "segment d fin ack", "state d -> ESTABLISHED") == 1


def test_a_segment_needs_somebody_to_come_from(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, "segment l syn", "state l -> CLOSE") == 3
    assert "a segment comes from a peer" in capsys.readouterr().err
