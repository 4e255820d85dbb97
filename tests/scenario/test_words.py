"""Words that recorded files use: families by name and number, errors by either name, names that are made again."""

from __future__ import annotations

from pathlib import Path

import pytest

from checker.commands.scenario import load_engine
from checker.errors import OutsideModelError, UsageError
from checker.scenario.conform import AGREED, DIFFERS, conform_race
from checker.scenario.expect import expectation
from checker.scenario.load import MAIN, load_cases
from checker.scenario.races import load_races
from checker.scenario.yamlfile import load_yaml

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


RACE = """races:
- id: R
  setup: [{setup}]
  A: {a}
  B: {b}
  post: [{post}]
  outcomes:
  - outcome: {outcome}
    2.4.17: 5
"""


@pytest.mark.parametrize(
    ("setup", "a", "b", "post", "outcome"),
    [
        ("socket u dgram 0, connect u lo P1", "send u 5", "bind u lo P2", "", "A=5, B=EINVAL"),
        ("socket u dgram 0, connect u lo P1, send u 8", "so_error u", "getsockname u", "", "A=ECONNREFUSED"),
        ("socket u dgram 0", "bind u dmy P1", "so_error u", "getsockname u", "A=0, getsockname u=0 (fam=2 10.1.2.3:P1)"),
        ("socket u dgram 0, bind u lo P1, sendto u lo P1 9", "recv u", "so_error u", "", "A=9, B=0"),
    ],
)
def test_results_as_a_kernel_run_prints_them(tmp_path: Path, setup: str, a: str, b: str, post: str, outcome: str) -> None:
    assert standing(tmp_path, setup, a, b, post, outcome) == AGREED


@pytest.mark.parametrize(
    ("setup", "a", "b", "post", "outcome"),
    [
        ("socket u dgram 0", "send u 5", "bind u lo P2", "", "A=5, B=0"),
        ("socket u dgram 0, connect u lo P1, send u 8", "so_error u", "getsockname u", "", "A=ECONNRESET"),
        ("socket u dgram 0", "bind u lo P1", "so_error u", "getsockname u", "A=0, getsockname u=0 (fam=2 10.1.2.3:P1)"),
    ],
)
def test_results_that_differ_all_the_same(tmp_path: Path, setup: str, a: str, b: str, post: str, outcome: str) -> None:
    assert standing(tmp_path, setup, a, b, post, outcome) == DIFFERS


def standing(tmp_path: Path, setup: str, a: str, b: str, post: str, outcome: str) -> str:
    """How a race whose outcomes are all sequential compares."""
    file = tmp_path / "races.yaml"
    file.write_text(RACE.format(setup=setup, a=a, b=b, post=post, outcome=outcome))
    (race,) = load_races(load_yaml(file))
    return conform_race(race, None, load_engine("spec", "")).standing


def test_remarks_behind_what_was_seen(tmp_path: Path) -> None:
    file = tmp_path / "races.yaml"
    file.write_text("""races: []
two_threads_one_processor:
- id: x
  setup: [socket s stream 0]
  A: connect s none P1
  B: [connect s unspec, listen s 1]
  seen: ["A=0 (it says so), and so on, state s=LISTEN", A never returns]
""")
    (race,) = load_races(load_yaml(file))
    assert [o.row.text for o in race.observed] == ["A=0, state s=LISTEN", "A=blocks"]
