"""Words that recorded files use: families by name and number, errors by either name, names that are made again."""

from __future__ import annotations

from pathlib import Path

import pytest

from checker import cli
from checker.commands.scenario import load_engine
from checker.errors import LimitError, OutsideModelError, UsageError
from checker.scenario import explore, room
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


@pytest.mark.parametrize("steps", [("socket a stream", "send a 0"), ("socket u dgram", "sendto u lo P1 65508")])
def test_sizes_that_the_model_does_not_tell_apart_are_outside_it(tmp_path: Path, steps: tuple[str, ...]) -> None:
    with pytest.raises(OutsideModelError):
        results(tmp_path, *steps)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("listen a", "listen a 128"),
        ("{call: listen, args: {s: a, backlog: SOMAXCONN, uid: 65534}}", "listen a 128 uid=65534"),
        ("reuse a", "reuse a 1"),
        ("nonblock a off", "nonblock a 0"),
        ("{call: nonblock, args: {s: a, val: true}}", "nonblock a 1"),
        ("bindtodevice a lo", "setsockopt a SO_BINDTODEVICE 1"),
        ("{call: setsockopt, args: {s: a, opt: SO_BINDTODEVICE, val: none}}", "setsockopt a SO_BINDTODEVICE 0"),
        ("send a", "send a 8"),
        ("recvfrom a nonblock", "recv a nonblock"),
        ("{call: recvfrom, args: {s: a, size: 100}}", "recv a 100"),
        ("getsockopt a SO_ERROR", "so_error a"),
        ("{call: getsockopt, args: {s: a, opt: SO_ERROR}}", "so_error a"),
        ("{call: shutdown, args: {s: a, how: '2'}}", "shutdown a 2"),
        ("{call: bind, args: {s: a, addr: ANY, port: '6001'}}", "bind a any 6001"),
        ("{call: connect, args: {s: a, addr: LOOPBACK, port: P1, nonblock: 1, family: PF_INET}}", "connect a lo P1 nonblock"),
        ("connect a lo P1 family=AF_IPX", "connect a lo P1 family=4"),
        ("socket b tcp IPPROTO_TCP domain=PF_INET", "socket b stream 6"),
        ("{call: socket, args: {as: b, type: SOCK_RAW, proto: ICMP, flags: SOCK_NONBLOCK}}", "socket b raw 1 flags=NONBLOCK"),
    ],
)
def test_words_that_mean_the_same(tmp_path: Path, written: str, meant: str) -> None:
    file = tmp_path / "x.yaml"
    file.write_text(FILE.format(f"- socket a stream\n- {written}\n"))
    (case,) = load_cases(file)
    assert case.scenario.threads[0].calls[-1].label == meant


CONNECTED = ("socket l stream", "bind l lo P1", "listen l 1", "socket c stream", "connect c lo P1", "accept l d")


def test_receiving_as_much_as_there_is(tmp_path: Path) -> None:
    assert results(tmp_path, *CONNECTED, "send c 5", "send c 6", "recv d 11")[-1] == "0 data"
    with pytest.raises(OutsideModelError, match="all there is of a stream"):
        results(tmp_path, *CONNECTED, "send c 5", "send c 6", "recv d 10")
    assert results(tmp_path, "socket u dgram", "bind u lo P1", "sendto u lo P1", "recv u 0")[-1] == "0 LOOPBACK:P1"


def test_a_linger_time_of_0_resets_and_no_other_is_in_the_model(tmp_path: Path) -> None:
    steps = (*CONNECTED, "linger c 1 0", "close c", "settle", "so_error d")
    assert results(tmp_path, *steps)[-4:] == ("0", "0", "0", "0 value=ECONNRESET")
    assert results(tmp_path, *CONNECTED, "linger c on 0", "linger c off 0", "close c", "settle", "so_error d")[-1] == "0 value=0"
    with pytest.raises(OutsideModelError, match="linger time"):
        results(tmp_path, *CONNECTED, "linger c on 5")


def test_a_search_stops_before_memory_is_used_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(explore, "ROUND", 5)
    assert results(tmp_path, *CONNECTED)[-1] == "0"
    left = iter((100, *[10] * 100))
    monkeypatch.setattr(room, "resident", iter(range(0, 10_000, 50)).__next__)
    monkeypatch.setattr(room, "available", lambda: next(left))
    with pytest.raises(LimitError, match="no memory is left after"):
        results(tmp_path, *CONNECTED)


@pytest.mark.parametrize(
    ("taken", "left", "used_up"), [(45, 10, True), (80, 20, False), (2, 10, False)], ids=["two searches", "enough", "others"]
)
def test_memory_is_what_all_searches_leave(monkeypatch: pytest.MonkeyPatch, taken: int, left: int, used_up: bool) -> None:
    monkeypatch.setattr(room, "resident", lambda: 7 + taken)
    monkeypatch.setattr(room, "available", lambda: left)
    assert room.Room(7, 100).is_used_up() is used_up


def test_a_machine_that_does_not_tell_its_memory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert room.resident() and room.available() and not room.room_now().is_used_up()
    monkeypatch.setattr(room, "STATUS", tmp_path / "none")
    monkeypatch.setattr(room, "MACHINE", tmp_path / "none")
    assert (room.resident(), room.available(), room.room_now().is_used_up()) == (0, 0, False)


def test_more_ports_than_can_be_held_are_outside_the_model(tmp_path: Path) -> None:
    with pytest.raises(OutsideModelError, match="512 ports"):
        results(tmp_path, "hold_ports stream lo 32768 61000")


COUNTED = """scenarios:
- id: counted
  features: [tcp]
  steps:
    [socket l stream, bind l lo P1, listen l, socket c stream, connect c lo P1, accept l d, send c 5, recv d, recv d nonblock]
  linux_2_4_17: [3, 0, 0, 4, 0, 5, 5, 5, -11]
  seed_listing: [0, 0, 0, 0, 0, 0, 5, 0 data, EAGAIN]
"""
STRANGE = """- id: polled
  category: poll
  features: [poll]
  steps: [socket a stream, {call: poll, args: {s: a}}]
  linux_2_4_17: [0, 0]
  seed_listing: [0, 0]
"""


def test_recorded_counts_of_bytes_and_descriptors(tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    file.write_text(COUNTED)
    assert cli.main(["conform", str(file)]) == 0
    assert cli.main(["conform", str(file), "--expect-key", "linux_2_4_17"]) == 0
    file.write_text(COUNTED.replace("5, 0 data", "EPIPE, 0 data"))
    assert cli.main(["conform", str(file)]) == 1


def test_a_recorded_scenario_with_strange_words_leaves_the_others(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "x.yaml"
    file.write_text(COUNTED + STRANGE)
    assert cli.main(["conform", str(file)]) == 0
    printed = capsys.readouterr().out
    assert "outside the model  polled" in printed and "there is no call poll" in printed
    assert "2 scenarios: 1 agreed, 0 differs, 1 outside the model" in printed
    assert cli.main(["conform", str(file), "--features", "tcp"]) == 0
    assert "1 more use other features" in capsys.readouterr().out
    file.write_text("scenarios:\n" + STRANGE)
    assert cli.main(["conform", str(file)]) == 2
    assert "error[unknown-call]" in capsys.readouterr().err
    file.write_text(COUNTED + STRANGE.replace("[0, 0]", "[0]", 1).replace("poll, args", "listen, args"))
    assert cli.main(["conform", str(file)]) == 2


@pytest.mark.parametrize("step", ["close s (linger 0)", "recv s (MSG_PEEK)", "bind s lo P1 (SO_REUSEADDR set)"])
def test_a_remark_that_changes_a_call(tmp_path: Path, step: str) -> None:
    with pytest.raises(UsageError, match="more than a remark"):
        standing(tmp_path, "socket s stream 0", step, "so_error s", "", "A=0, B=0")


def test_a_race_with_strange_words_leaves_the_others(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "races.yaml"
    strange = OTHER_KERNEL.removeprefix("races:\n").replace("id: R", "id: S").replace("A: send u 5", "A: poll u")
    file.write_text(OTHER_KERNEL + strange)
    assert cli.main(["conform", str(file), "--expect-key", "2.4.17"]) == 0
    printed = capsys.readouterr().out
    assert "there is no call poll" in printed and "1 agreed, 0 differs, 1 outside the model" in printed


def test_an_empty_datagram_is_one(tmp_path: Path) -> None:
    steps = ("socket u dgram", "bind u lo P1", "sendto u lo P1 0", "recv u", "sendto u lo P1 65507")
    assert results(tmp_path, *steps)[2:] == ("0", "0 LOOPBACK:P1", "0")


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


def test_a_name_whose_call_fails_may_be_made_again(tmp_path: Path) -> None:
    again = ("socket a raw 1 uid=65534 -> EPERM", "socket a stream", "bind a lo P1")
    assert results(tmp_path, *again) == ("EPERM", "0", "0")
    recorded = tmp_path / "recorded.yaml"
    recorded.write_text("id: x\nsteps: [socket a raw 1 uid=65534, socket a stream]\nlinux_2_4_17: [EPERM, 0]\n")
    assert load_cases(recorded)


def test_a_socket_may_be_called_like_a_word_of_expressions(tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    file.write_text("""id: x
setup: [socket peer stream, socket sk stream, socket LISTEN dgram]
threads: {A: [listen peer 1], B: [bind sk lo P1]}
reach: A == 0 and state.peer == LISTEN and sk.sk.num == P1 and name.LISTEN == "0 ANY:0" and peer.peer == ENOTCONN
""")
    assert cli.main(["scenario", str(file)]) == 0


def test_short_steps_need_no_capitals(tmp_path: Path) -> None:
    assert results(tmp_path, "socket u DGRAM", "bind u mcast P1", "connect u Lo_Bcast P2", "shutdown u rdwr")[1:] == (
        "0",
        "EACCES",
        "ENOTCONN",
    )


def test_sending_may_be_asked_not_to_wait(tmp_path: Path) -> None:
    steps = ("silent_peer q", "socket a stream", "connect a lo of:q nonblock", "send a 5 nonblock", "recv a nonblock")
    assert results(tmp_path, *steps)[3:] == ("EAGAIN", "EAGAIN")
    assert results(tmp_path, "socket u dgram", "bind u lo P1", "sendto u lo P1 9 nonblock")[2:] == ("0",)


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


@pytest.mark.parametrize(
    ("setup", "a", "b", "post", "outcome"),
    [
        ("socket l stream 0, bind l lo P1, listen l 1, nonblock l 1", "accept l", "accept l", "", "A=EAGAIN, B=EAGAIN"),
        (
            "socket l stream 0, bind l lo P1, listen l 1, socket c stream 0, connect c lo P1",
            "accept l",
            "so_error c",
            "shutdown l rdwr",
            "A=0 (fam=2 127.0.0.1:E), B=0, shutdown l RDWR=0",
        ),
        ("socket a stream 0, nonblock a 1, connect a lo P1", "so_error a", "getpeername a", "", "A=111, B=ENOTCONN"),
        (
            "socket u dgram 0, connect u none P1",
            "getsockname u",
            "getpeername u",
            "",
            "A=0 (fam=2 10.1.2.3:E), B=0 (fam=2 10.9.9.9:P1)",
        ),
        ("socket a stream 0", "reuse a 1; bind a lo P1", "so_error a", "", "A=0/0, B=0"),
        ("socket a stream 0", "connect a lo P1 family=AF_INET6", "shutdown a SHUT_WR", "", "A=-97, B=107"),
        ("socket u SOCK_DGRAM 0, listen u 1 -> -EOPNOTSUPP", "recv u", "connect u AF_UNSPEC", "", "A=blocked, B=0"),
        ("socket a stream 0", "'reuse a 1; bind a lo P1; bind a lo P2'", "so_error a", "", "A=EINVAL, B=0"),
        ("socket a stream (nonblocking), silent_peer q", "connect a lo of:q", "sndtimeo a 1", "", "A=115, B=0, so_error a=0"),
        ("socket a stream 0, silent_peer q", "connect a lo of:q (O_NONBLOCK)", "so_error a (at once)", "", "A=115, B=0"),
        ("socket l stream, bind l lo P1, listen l", "accept l d", "close l", "recv l nonblock", "A=hang, B=0, recv l=EBADF"),
        ("socket a stream 0", "bind a lo P1", "getpeername a", "getsockname a", "A=0, B=107, getsockname a=0 (127.0.0.1:P1)"),
        ("socket a stream 0", "bind a lo P1", "[so_error a, so_error a]", "state a", "A=0, so_error a=0, state a=CLOSE"),
    ],
)
def test_races_as_people_write_them(tmp_path: Path, setup: str, a: str, b: str, post: str, outcome: str) -> None:
    assert standing(tmp_path, setup, a, b, post, outcome) == AGREED


@pytest.mark.parametrize(
    ("b", "outcome"), [("[bind a lo P1, listen a 1]", "B=0/EINVAL"), ("[bind a lo P1, listen a 1]", "B=EINVAL")]
)
def test_results_of_several_calls_that_differ(tmp_path: Path, b: str, outcome: str) -> None:
    assert standing(tmp_path, "socket a stream 0", "so_error a", b, "", outcome) == DIFFERS


def test_the_environment_of_a_race(tmp_path: Path) -> None:
    """A call that a signal ends is restarted or gives EINTR, which is for the program to say."""
    file = tmp_path / "races.yaml"
    text = RACE.format(
        setup="socket s stream 0", a="connect s remote P1", b="getpeername s", post="", outcome="A=EINTR, B=ENOTCONN"
    )
    text = text.replace("2.4.17: 5", "2.4.17-up: 5")
    file.write_text(text + "  events: [signal]\n  peers: {REMOTE: silent}\n  machine: up\n")
    (race,) = load_races(load_yaml(file))
    assert (race.scenario.events, race.scenario.machine, race.scenario.peers) == (("signal",), "up", {"REMOTE": "silent"})
    assert conform_race(race, None, load_engine("spec", "")).standing == AGREED


def test_a_third_thread_and_remarks_about_a_race(tmp_path: Path) -> None:
    file = tmp_path / "races.yaml"
    text = RACE.format(setup="socket a stream 0", a="bind a lo P1", b="bind a lo P2", post="", outcome="A=0, B=EINVAL, C=EINVAL")
    file.write_text(text + "    note: seldom\n  C: bind a lo P3\n  title: three\n  why: to see\n")
    (race,) = load_races(load_yaml(file))
    assert [p.name for p in race.scenario.threads] == ["A", "B", "C"]


OTHER_KERNEL = """races:
- id: R
  setup: [socket u dgram 0]
  A: send u 5
  B: so_error u
  outcomes:
  - {outcome: "A=ENOTCONN, B=0", 2.4.17: 9}
  - {outcome: "A=EDESTADDRREQ, B=0", 2.4.17: 0, 2.4.27: 9}
"""


@pytest.mark.parametrize(("version", "expected"), [("2.4.17", AGREED), ("2.4.27", DIFFERS), (None, DIFFERS), ("2.4.20", DIFFERS)])
def test_what_only_another_kernel_gave_is_told(tmp_path: Path, version: str | None, expected: str) -> None:
    file = tmp_path / "races.yaml"
    file.write_text(OTHER_KERNEL)
    (race,) = load_races(load_yaml(file))
    found = conform_race(race, version, load_engine("spec", ""))
    assert found.standing == expected
    assert "EDESTADDRREQ" in " ".join(found.details)


def test_only_who_names_a_kernel_leaves_out_what_others_gave(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "races.yaml"
    file.write_text(OTHER_KERNEL)
    assert cli.main(["conform", str(file)]) == 1
    assert cli.main(["conform", str(file), "--expect-key", "2.4.17"]) == 0
    assert "not in the model, nor seen on 2.4.17: A=EDESTADDRREQ, B=0  (seen 0 on 2.4.17, 9 on 2.4.27)" in capsys.readouterr().out
    assert cli.main(["conform", str(file), "--expect-key", "2.4.27"]) == 1


@pytest.mark.parametrize(("section", "machine"), [("three_threads", "smp"), ("others_one_processor", "up")])
def test_other_sections_of_races(tmp_path: Path, section: str, machine: str) -> None:
    file = tmp_path / "races.yaml"
    file.write_text(
        "meta: {format: 1}\nremarks: [none]\n" + OTHER_KERNEL.replace("races", section).replace("2.4.17", "linux_2_4_17")
    )
    (race,) = load_races(load_yaml(file))
    assert race.scenario.machine == machine
    assert race.observed[0].seen == {"linux_2_4_17": 9}


def test_remarks_behind_what_was_seen(tmp_path: Path) -> None:
    file = tmp_path / "races.yaml"
    file.write_text("""races: []
two_threads_one_processor:
- id: x
  setup: [socket s stream 0]
  A: connect s none P1
  B: [connect s unspec, listen s 1]
  seen: ["A=0 (it says so), and so on, state s=LISTEN", A never returns, A=EINTR after a signal; B=0]
""")
    (race,) = load_races(load_yaml(file))
    assert [o.row.text for o in race.observed] == ["A=0, state s=LISTEN", "A=blocks", "A=EINTR, B.listen=0"]
