"""The races of the model: what generic questions find of the known ones, and what a variant changes."""

from __future__ import annotations

from pathlib import Path

import pytest

import spec
from checker.races.baseline import read_baseline
from checker.races.matrix import jobs_of
from checker.races.pair import check_cell
from checker.races.result import Cell, Verdict
from checker.scenario.vocabulary import MACHINES
from spec.variants import listen_checks_before_announcing as fix

SUBJECT = spec.race_subject()
HERE = Path(__file__).parent.parent.parent


def cell(start: str, a: str, b: str, machine: str = "smp") -> Cell:
    (job,) = (j for j in jobs_of(SUBJECT, (start.split(":")[0],)) if j.key == f"{start} | {a} | {b}")
    return check_cell(SUBJECT, job.start, job.operations, machine)


def test_two_listens_both_fail_on_two_processors_only() -> None:
    found = cell("stream: two bound to one port", "listen", "listen t")
    assert found.verdict is Verdict.HARMFUL
    assert dict(found.nonserial[0].results) == {"A": ("EADDRINUSE",), "B": ("EADDRINUSE",)}
    assert {found.causes[0].first.function, found.causes[0].second.function} == {"tcp_listen_start", "tcp_take_port"}
    assert cell("stream: two bound to one port", "listen", "listen t", "up").verdict is not Verdict.HARMFUL


def test_the_fix_removes_it() -> None:
    fixed = spec.race_subject(fix.OVERRIDES)
    (job,) = (j for j in jobs_of(fixed, ("stream",)) if j.key == "stream: two bound to one port | listen | listen t")
    assert check_cell(fixed, job.start, job.operations, "smp").nonserial == ()


@pytest.mark.parametrize("machine", MACHINES)
def test_a_sleeping_connect_wakes_up_on_a_listening_socket(machine: str) -> None:
    found = cell("stream: connecting, connect sleeps", "listen", "unspec", machine)
    rows = {(dict(row.results)["W"], row.probes[0]) for row in found.nonserial}
    assert (("0",), "state s=LISTEN") in rows
    assert {c.field for c in found.causes} == {"Sock.state"}


def test_a_datagram_socket_without_its_port() -> None:
    """Two threads call connect(addr) and connect(AF_UNSPEC): connected without a port, or with a port it does not tell."""
    found = cell("dgram: fresh", "connect", "unspec")
    told = {row.probes for row in found.nonserial}
    assert any("state s=ESTABLISHED" in p and "field s sk.num=0" in p for p in told)
    assert any("getsockname s=0 LOOPBACK:0" in p and "field s sk.num=0" not in p for p in told)
    assert cell("dgram: fresh", "connect", "unspec", "up").verdict is Verdict.SERIALIZABLE


def test_a_peer_that_never_was() -> None:
    found = cell("stream: connected", "unspec", "getpeername")
    assert any(dict(row.results)["B"] == ("0 LOOPBACK:0",) for row in found.nonserial)


def test_the_committed_matrix_has_every_cell() -> None:
    known = read_baseline(HERE / "docs" / "races.json")
    wanted = [f"{job.key} | {machine}" for job in jobs_of(SUBJECT, SUBJECT.kinds) for machine in MACHINES]
    assert list(known.cells) == wanted
    graves = {key for key, entry in known.cells.items() if entry[0] in (Verdict.HARMFUL, Verdict.STUCK)}
    assert graves == {key for keys in known.causes.values() for key in keys}
