"""Words that recorded files use: families by name and number, errors by either name, names that are made again."""

from __future__ import annotations

from pathlib import Path

import pytest

from checker.commands.scenario import load_engine
from checker.errors import OutsideModelError, UsageError
from checker.scenario.expect import expectation
from checker.scenario.load import MAIN, load_cases

FILE = """id: x
steps:
{}
"""


def results(tmp_path: Path, *steps: str) -> tuple[str, ...]:
    """What the steps give on the model, which has one outcome."""
    file = tmp_path / "x.yaml"
    file.write_text(FILE.format("\n".join(f"- {step}" for step in steps)))
    (case,) = load_cases(file)
    (outcome,) = load_engine("spec", "")(case.scenario).rows
    return outcome.results[MAIN]


def test_family_0_is_af_unspec_and_2_is_af_inet(tmp_path: Path) -> None:
    connected = ("socket u dgram", "bind u lo P1", "connect u lo P2 family=2", "getpeername u")
    dissolved = results(tmp_path, *connected, "connect u family=0 ANY 0", "getpeername u", "connect u lo P2 family=AF_UNIX")
    assert dissolved == ("0", "0", "0", "0 LOOPBACK:P2", "0", "ENOTCONN", "EAFNOSUPPORT")


def test_a_dissolving_connect_in_numbers_needs_no_address(tmp_path: Path) -> None:
    assert results(tmp_path, "socket u dgram", "{call: connect, args: {s: u, family: 0}}") == ("0", "0")


@pytest.mark.parametrize("family", ["AF_UNIX", "AF_INET6", "1"])
def test_sockets_of_other_families_are_outside_the_model(tmp_path: Path, family: str) -> None:
    with pytest.raises(OutsideModelError):
        results(tmp_path, f"socket a stream domain={family}")


@pytest.mark.parametrize(("written", "given"), [("EWOULDBLOCK", "EAGAIN"), ("EAGAIN", "EWOULDBLOCK"), ("ENOTSUP", "EOPNOTSUPP")])
def test_both_names_of_an_error_are_one(written: str, given: str) -> None:
    assert expectation(written).matches(given)


def test_an_error_the_model_never_gives_can_be_stated() -> None:
    assert not expectation("ENOSYS").matches("EINVAL")
    assert expectation("ENOSYS|EINVAL").matches("EINVAL")


def test_a_closed_name_may_be_made_again(tmp_path: Path) -> None:
    first = ("socket a stream", "bind a lo P1", "close a", "getsockname a")
    assert results(tmp_path, *first, "socket a dgram", "getsockname a") == ("0", "0", "0", "EBADF", "0", "0 ANY:0")


def test_a_name_in_use_may_not(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="already made"):
        results(tmp_path, "socket a stream", "close a", "socket a stream", "socket a stream")


def test_a_silent_peer_may_be_closed(tmp_path: Path) -> None:
    steps = ("silent_peer q", "socket a stream", "connect a lo of:q nonblock", "close q", "connect a lo P1")
    assert results(tmp_path, *steps)[2:] == ("EINPROGRESS", "0", "ECONNREFUSED")


def test_a_port_held_by_others_is_no_port_of_the_scenario(tmp_path: Path) -> None:
    steps = ("port_range 40010 40011", "hold_ports DGRAM lo 40010 40011", "socket a stream", "bind a lo 0", "getsockname a")
    assert results(tmp_path, *steps)[-1] == "0 LOOPBACK:eph_a"
