"""Outcome tables against the fact sheet: its sections 10.1 to 10.5 and 7.18, as data.

A cell is a set of ``RESULT`` (nothing moves) or ``RESULT>SOCK_STATE,SK_STATE``.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from checker.commands.outcomes import load_tables
from checker.scenario.outcomes import Outcome, Tabulated

ANY = ("0", "!= 0")
OPEN = ("ESTABLISHED", "CLOSE_WAIT", "FIN_WAIT1", "FIN_WAIT2", "CLOSING", "LAST_ACK")
UC = "UNCONNECTED,CLOSE"
UNSPEC = "connect(AF_UNSPEC)"
RARE = ("no memory", "no descriptor")
CALLS = ("bind", "listen", "connect", UNSPEC, "accept", "shutdown")
LOST = ("EPIPE", "ECONNRESET", "ETIMEDOUT", "ECONNREFUSED", "EHOSTUNREACH", "ECONNABORTED")
RESET = ("ESTABLISHED", "CLOSE_WAIT", "FIN_WAIT1", "FIN_WAIT2", "SYN_RECV")


@pytest.fixture(scope="module")
def tables() -> dict[str, Tabulated]:
    return {t.kind: t for t in load_tables("spec")[1]}


@pytest.fixture(scope="module")
def tcp(tables: dict[str, Tabulated]) -> Tabulated:
    return tables["stream"]


def word(table: Tabulated, outcome: Outcome, column: str, *, after: bool = False) -> str:
    """What a column says before or after an outcome."""
    place = [c.name for c in table.columns].index(column)
    return (outcome.after if after else outcome.before)[place]


def alone(table: Tabulated, call: str, where: Callable[[Outcome], bool] = lambda o: True) -> list[Outcome]:
    """The outcomes of ``call`` with good arguments and enough memory."""
    return [o for o in table.outcomes if o.action.name == call and o.action.usual and not set(o.when) & set(RARE) and where(o)]


def cell(table: Tabulated, call: str, sock: str, sk: str, num: tuple[str, ...]) -> set[str]:
    """What ``call`` can come to at once, for all classes of a row."""
    found = set()
    for o in alone(table, call, lambda o: o.before[:2] == (sock, sk) and o.before[2] in num and not o.events):
        found.add(o.result if o.after[:2] == o.before[:2] else f"{o.result}>{o.after[0]},{o.after[1]}")
    return found


# -- 10.1 -----------------------------------------------------------------------------------------------------------------

LISTENING = {
    "bind": {"EINVAL"},
    "listen": {"0"},
    "connect": {"EISCONN"},
    UNSPEC: {f"0>{UC}"},
    "accept": {"0", "EAGAIN", "waits"},
    "shutdown": {"0", f"0>{UC}"},
}
STARTS = {"EINPROGRESS>CONNECTING,SYN_SENT", "waits>CONNECTING,SYN_SENT"}
REFUSED = {"bind": {"EINVAL"}, "listen": {"EINVAL"}, "accept": {"EINVAL"}, UNSPEC: {f"0>{UC}"}}
BINDS = {"0": {"0", "EADDRINUSE"}, "!= 0": {"EINVAL"}}

TCP_ROWS: dict[tuple[str, str, str], dict[str, set[str]]] = {
    ("UNCONNECTED", "CLOSE", "0"): {
        "bind": {"0", "EADDRINUSE"},
        "listen": {"0>UNCONNECTED,LISTEN", "EADDRINUSE"},
        "connect": STARTS | {"EAGAIN"},
        UNSPEC: {"0"},
        "accept": {"EINVAL"},
        "shutdown": {"ENOTCONN"},
    },
    ("UNCONNECTED", "CLOSE", "!= 0"): {
        "bind": {"EINVAL"},
        "listen": {"0>UNCONNECTED,LISTEN", "EADDRINUSE"},
        "connect": STARTS | {"EADDRNOTAVAIL"},
        UNSPEC: {"0"},
        "accept": {"EINVAL"},
        "shutdown": {"ENOTCONN"},
    },
    ("UNCONNECTED", "LISTEN", "!= 0"): LISTENING,
    ("CONNECTED", "LISTEN", "!= 0"): LISTENING | {"listen": {"EINVAL"}},
    ("CONNECTING", "SYN_SENT", "!= 0"): REFUSED | {"connect": {"EALREADY", "waits"}, "shutdown": {f"0>{UC}"}},
    ("CONNECTING", "SYN_RECV", "!= 0"): REFUSED
    | {"connect": {"EALREADY", "waits"}, "shutdown": {"0>DISCONNECTING,SYN_RECV", "0>DISCONNECTING,FIN_WAIT1"}},
    ("CONNECTING", "ESTABLISHED", "!= 0"): REFUSED
    | {"connect": {"0>CONNECTED,ESTABLISHED"}, "shutdown": {"0>CONNECTED,ESTABLISHED", "0>CONNECTED,FIN_WAIT1"}},
    ("CONNECTING", "CLOSE_WAIT", "!= 0"): REFUSED
    | {"connect": {"0>CONNECTED,CLOSE_WAIT"}, "shutdown": {"0>CONNECTED,CLOSE_WAIT", "0>CONNECTED,LAST_ACK"}},
    ("DISCONNECTING", "SYN_RECV", "!= 0"): REFUSED | {"connect": {"EINVAL"}, "shutdown": {"0", "0>DISCONNECTING,FIN_WAIT1"}},
}
for _num in ANY:
    TCP_ROWS["CONNECTING", "CLOSE", _num] = REFUSED | {
        "bind": BINDS[_num],
        "connect": {f"{e}>{UC}" for e in LOST},
        "shutdown": {"ENOTCONN>DISCONNECTING,CLOSE"},
    }
    for _sock, _connect in (("CONNECTED", "EISCONN"), ("DISCONNECTING", "EINVAL")):
        TCP_ROWS[_sock, "CLOSE", _num] = REFUSED | {"bind": BINDS[_num], "connect": {_connect}, "shutdown": {"ENOTCONN"}}
for _sock, _connect in (("CONNECTED", "EISCONN"), ("DISCONNECTING", "EINVAL")):
    for _sk in OPEN:
        _half = {"ESTABLISHED": {f"0>{_sock},FIN_WAIT1"}, "CLOSE_WAIT": {f"0>{_sock},LAST_ACK"}}.get(_sk, set())
        TCP_ROWS[_sock, _sk, "!= 0"] = REFUSED | {"connect": {_connect}, "shutdown": {"0"} | _half}


@pytest.mark.parametrize(("row", "call"), [(row, call) for row in TCP_ROWS for call in CALLS], ids=str)
def test_tcp(tcp: Tabulated, row: tuple[str, str, str], call: str) -> None:
    assert cell(tcp, call, row[0], row[1], (row[2],)) == TCP_ROWS[row][call]


def test_tcp_has_no_other_row(tcp: Tabulated) -> None:
    assert {row for row in tcp.rows("row") if row[0] not in ("none", "closed")} == set(TCP_ROWS)


def test_no_memory_for_listen(tcp: Tabulated) -> None:
    found = {o.result for o in tcp.outcomes if o.action.name == "listen" and o.before[:2] == ("UNCONNECTED", "CLOSE") and o.when}
    assert found == {"ENOMEM", "EADDRINUSE"}
    refused = [o for o in tcp.outcomes if o.action.name == "listen" and o.when == ("no memory",) and o.result == "EADDRINUSE"]
    assert {o.before[2] for o in refused} == {"0"}


def test_no_memory_for_a_port(tcp: Tabulated) -> None:
    fresh = [o for o in tcp.outcomes if o.before[:3] == ("UNCONNECTED", "CLOSE", "0") and o.when == ("no memory",)]
    assert {o.result for o in fresh if o.action.name == "bind"} >= {"EADDRINUSE"}
    assert {o.result for o in fresh if o.action.name == "connect"} == {"EAGAIN", "ENOBUFS"}


def test_bad_arguments_of_bind_come_before_the_state(tcp: Tabulated) -> None:
    """But a wrong length and a wrong state give the same error."""
    bad = {
        (o.action.how, o.result) for o in tcp.outcomes if o.action.name == "bind" and not o.action.usual and o.before[2] == "!= 0"
    }
    assert bad == {
        ("address not local", "EADDRNOTAVAIL"),
        ("port 80, no capability", "EACCES"),
        ("short address", "EINVAL"),
    }


def test_bad_arguments_of_connect_only_matter_when_unconnected(tcp: Tabulated) -> None:
    bad = [o for o in tcp.outcomes if o.action.name == "connect" and not o.action.usual and not o.when and not o.situation]
    mattering = {o.before[:2] for o in bad if o.result in ("EAFNOSUPPORT", "ENETUNREACH")}
    assert mattering == {("UNCONNECTED", "CLOSE")}


def test_shutdown_in_close_sets_the_bits(tcp: Tabulated) -> None:
    fresh = alone(tcp, "shutdown", lambda o: o.before[:2] == ("UNCONNECTED", "CLOSE") and word(tcp, o, "shutdown") == "none")
    assert {(o.action.how, word(tcp, o, "shutdown", after=True)) for o in fresh} == {(w, w) for w in ("RD", "WR", "RDWR")}


def test_a_listener_only_minds_shutdown_of_reading(tcp: Tabulated) -> None:
    found = alone(tcp, "shutdown", lambda o: o.before[1] == "LISTEN")
    assert {(o.action.how, o.after[1]) for o in found} == {("RD", "CLOSE"), ("WR", "LISTEN"), ("RDWR", "CLOSE")}
    assert all(o.after == o.before for o in found if o.action.how == "WR")


def test_shutdown_while_connecting(tcp: Tabulated) -> None:
    found = alone(tcp, "shutdown", lambda o: o.before[:2] == ("CONNECTING", "SYN_RECV"))
    ends = {("RD", "SYN_RECV"), ("WR", "FIN_WAIT1"), ("RDWR", "FIN_WAIT1")}
    assert {(o.action.how, o.after[1]) for o in found} == ends
    sent = alone(tcp, "shutdown", lambda o: o.before[1] == "SYN_SENT")
    assert {word(tcp, o, "err", after=True) for o in sent} == {"ECONNRESET"}


def test_disconnect_keeps_the_port_only_with_port_lock_or_in_close(tcp: Tabulated) -> None:
    for o in alone(tcp, UNSPEC):
        kept = word(tcp, o, "port lock") == "yes" or o.before[1] == "CLOSE"
        assert o.after[2] == (o.before[2] if kept else "0"), o


def test_disconnect_resets_the_address_unless_bound(tcp: Tabulated) -> None:
    for o in alone(tcp, UNSPEC):
        bound = word(tcp, o, "addr lock") == "yes"
        assert word(tcp, o, "rcv_saddr", after=True) == (word(tcp, o, "rcv_saddr") if bound else "0"), o


def test_disconnect_resets_the_connection(tcp: Tabulated) -> None:
    """No RST and no error in CLOSING and LAST_ACK: the fact sheet says "err RESET" of all open states."""
    for o in alone(tcp, UNSPEC):
        sk = o.before[1]
        failed = sk in RESET or sk == "SYN_SENT"
        assert word(tcp, o, "err", after=True) == ("ECONNRESET" if failed else word(tcp, o, "err")), o
        if sk != "LISTEN":  # Connections nobody accepted are reset there.
            assert ("tcp_send_active_reset" in o.functions) == (sk in RESET), o


def test_only_a_race_makes_a_connected_socket_listen(tcp: Tabulated) -> None:
    assert {c[:2] for c in tcp.raced} == {("CONNECTED", "LISTEN")}


# -- 7.18 -----------------------------------------------------------------------------------------------------------------

PAIRS = {
    "UNCONNECTED": {"CLOSE", "LISTEN"},
    "CONNECTING": {"SYN_SENT", "SYN_RECV", "ESTABLISHED", "CLOSE_WAIT", "CLOSE"},
    "CONNECTED": {*OPEN, "CLOSE", "LISTEN"},
    "DISCONNECTING": {"CLOSE", "SYN_RECV", *OPEN},
}


@pytest.mark.parametrize("sock", PAIRS)
def test_reachable_pairs(tcp: Tabulated, sock: str) -> None:
    assert {c[1] for c in tcp.classes if c[0] == sock} == PAIRS[sock]


def test_datagram_sockets_stay_unconnected(tables: dict[str, Tabulated]) -> None:
    for kind in ("dgram", "raw"):
        assert {c[0] for c in tables[kind].classes} == {"none", "UNCONNECTED", "closed"}
    assert {c[1:3] for c in tables["raw"].classes if c[0] == "UNCONNECTED"} == {("CLOSE", "!= 0"), ("ESTABLISHED", "!= 0")}


# -- 10.2 -----------------------------------------------------------------------------------------------------------------

SITUATIONS = {
    ("SYN-ACK",): ("0", "CONNECTED,ESTABLISHED"),
    ("RST",): ("ECONNREFUSED", UC),
    ("retransmissions run out",): ("ETIMEDOUT", UC),
    ("ICMP error",): ("EHOSTUNREACH", UC),
    ("signal",): ("ERESTARTSYS", "CONNECTING,SYN_SENT"),
    ("SYN", "ACK"): ("0", "CONNECTED,ESTABLISHED"),
    ("SYN", "RST"): ("ECONNRESET", UC),
}
"""What happens while connect waits: its result, and where that leaves the socket."""


def starting(o: Outcome) -> bool:
    return o.before[:2] == ("UNCONNECTED", "CLOSE") and not o.situation


@pytest.mark.parametrize("events", SITUATIONS, ids=str)
def test_blocking_connect(tcp: Tabulated, events: tuple[str, ...]) -> None:
    found = alone(tcp, "connect", lambda o: starting(o) and o.action.how == "blocking" and o.events == events)
    assert {(o.result, f"{o.after[0]},{o.after[1]}") for o in found} == {SITUATIONS[events]}


@pytest.mark.parametrize("events", [e for e in SITUATIONS if e != ("signal",)], ids=str)
def test_non_blocking_connect_tells_the_next_one(tcp: Tabulated, events: tuple[str, ...]) -> None:
    """EINPROGRESS; then what happened stays CONNECTING; the next connect gives what a blocking one would have given."""
    here = {o.after for o in alone(tcp, "connect", lambda o: starting(o) and o.action.how == "non-blocking")}
    here = {c for c in here if c[1] == "SYN_SENT"}
    for event in events:
        here = {o.after for o in tcp.outcomes if o.action.event and o.action.name == event and o.before in here}
    assert here and {c[0] for c in here} == {"CONNECTING"}
    then = alone(tcp, "connect", lambda o: o.before in here and o.action.how == "non-blocking")
    assert {(o.result, f"{o.after[0]},{o.after[1]}") for o in then} == {SITUATIONS[events]}


def test_connect_that_times_out(tcp: Tabulated) -> None:
    found = alone(tcp, "connect", lambda o: o.action.how == "blocking, SO_SNDTIMEO" and o.when == ("the timeout ends",))
    at_once = [o for o in found if not o.events and o.after[1] == "SYN_SENT"]
    assert {(o.before[0], o.result) for o in at_once} == {("UNCONNECTED", "EINPROGRESS"), ("CONNECTING", "EALREADY")}
    signalled = alone(tcp, "connect", lambda o: starting(o) and o.events == ("signal",) and "SO_SNDTIMEO" in o.action.how)
    assert {o.result for o in signalled} == {"EINTR"}


def test_connect_that_cannot_start(tcp: Tabulated) -> None:
    bad = {
        (o.action.how, o.result, o.after[:3])
        for o in tcp.outcomes
        if o.action.name == "connect" and starting(o) and not o.action.usual and not o.when
    }
    left = ("UNCONNECTED", "CLOSE", "!= 0")
    assert bad == {
        ("no route", "ENETUNREACH", left),
        ("broadcast address", "ENETUNREACH", left),
        ("wrong family", "EAFNOSUPPORT", left),
        ("short address", "EINVAL", left),
    }
    used = alone(tcp, "connect", lambda o: o.situation == "another socket has this connection" and o.action.how == "non-blocking")
    assert {(o.result, o.after[:3], word(tcp, o, "rcv_saddr", after=True)) for o in used} == {("EADDRNOTAVAIL", left, "!= 0")}
    without = alone(tcp, "connect", lambda o: starting(o) and o.action.how == "no free port" and o.before[2] == "0")
    assert {o.result for o in without} == {"EAGAIN"}


def test_soft_errors(tcp: Tabulated) -> None:
    """With one thread an ICMP error in SYN_SENT is hard; later ones are reported when retransmissions run out."""
    established = [o for o in tcp.outcomes if o.before[:2] == ("CONNECTED", "ESTABLISHED")]
    ends = [o for o in established if o.action.name == "retransmissions run out"]
    found = {(word(tcp, o, "err_soft"), word(tcp, o, "err", after=True)) for o in ends}
    assert found == {("0", "ETIMEDOUT"), ("!= 0", "EHOSTUNREACH")}
    assert {word(tcp, o, "err_soft") for o in tcp.outcomes if o.before[1] == "SYN_SENT"} == {"0"}


def test_aborted_connect(tcp: Tabulated) -> None:
    found = alone(tcp, "connect", lambda o: o.before[:2] == ("CONNECTING", "CLOSE"))
    assert all((o.result == "ECONNABORTED") == (word(tcp, o, "err") == "0") for o in found)


# -- 10.3, 10.4 -----------------------------------------------------------------------------------------------------------

NO = {"listen": {"EOPNOTSUPP"}, "accept": {"EOPNOTSUPP"}}
DISSOLVED = {UNSPEC: {f"0>{UC}"}, "shutdown": {"0"}, "bind": {"EINVAL"}, "connect": {"0"}}
OTHER_ROWS: dict[tuple[str, str, str], dict[str, set[str]]] = {
    ("dgram", "CLOSE", "0"): NO
    | {
        "bind": {"0", "EADDRINUSE"},
        "connect": {"0>UNCONNECTED,ESTABLISHED", "EAGAIN"},
        UNSPEC: {"0"},
        "shutdown": {"ENOTCONN"},
    },
    ("dgram", "CLOSE", "!= 0"): NO
    | {"bind": {"EINVAL"}, "connect": {"0>UNCONNECTED,ESTABLISHED"}, UNSPEC: {"0"}, "shutdown": {"ENOTCONN"}},
    ("dgram", "ESTABLISHED", "!= 0"): NO | DISSOLVED,
    ("raw", "CLOSE", "!= 0"): NO
    | {"bind": {"0"}, "connect": {"0>UNCONNECTED,ESTABLISHED"}, UNSPEC: {"0"}, "shutdown": {"ENOTCONN"}},
    ("raw", "ESTABLISHED", "!= 0"): NO | DISSOLVED,
}


@pytest.mark.parametrize(("row", "call"), [(row, call) for row in OTHER_ROWS for call in CALLS], ids=str)
def test_udp_and_raw(tables: dict[str, Tabulated], row: tuple[str, str, str], call: str) -> None:
    assert cell(tables[row[0]], call, "UNCONNECTED", row[1], (row[2],)) == OTHER_ROWS[row][call]


@pytest.mark.parametrize("kind", ["dgram", "raw"])
def test_bad_arguments_of_udp_and_raw(tables: dict[str, Tabulated], kind: str) -> None:
    bad = [o for o in tables[kind].outcomes if not o.action.usual and not o.when]
    assert {(o.action.how, o.result) for o in bad if o.action.name == "connect"} == {
        ("no route", "ENETUNREACH"),
        ("broadcast address", "EACCES"),
        ("wrong family", "EAFNOSUPPORT"),
        ("short address", "EINVAL"),
    }
    closed = {(o.action.how, o.result) for o in bad if o.action.name == "bind" and o.before[1] == "CLOSE"}
    assert ("address not local", "EADDRNOTAVAIL") in closed and ("short address", "EINVAL") in closed


def test_udp_disconnect(tables: dict[str, Tabulated]) -> None:
    """Without PORT lock the port is gone, sport too; without ADDR lock the address; shutdown bits stay."""
    udp = tables["dgram"]
    for o in alone(udp, UNSPEC):
        locked, bound = (word(udp, o, name) == "yes" for name in ("port lock", "addr lock"))
        assert o.after[2] == (o.before[2] if locked else "0")
        assert word(udp, o, "sport", after=True) == (word(udp, o, "sport") if locked else "0")
        assert word(udp, o, "rcv_saddr", after=True) == (word(udp, o, "rcv_saddr") if bound else "0")
        assert word(udp, o, "shutdown", after=True) == word(udp, o, "shutdown")
        assert ("udp_v4_unhash" in o.functions) == (not locked)


def test_udp_connect_again_keeps_the_address(tables: dict[str, Tabulated]) -> None:
    udp = tables["dgram"]
    again = alone(udp, "connect", lambda o: o.before[1] == "ESTABLISHED" and o.action.how == "another peer")
    assert again and all(o.after == o.before for o in again)


def test_raw_disconnect(tables: dict[str, Tabulated]) -> None:
    """A RAW socket has no locks: it loses its address and its place in the hash table, and keeps num."""
    raw = tables["raw"]
    for o in alone(raw, UNSPEC):
        assert (o.after[2], word(raw, o, "rcv_saddr", after=True), word(raw, o, "sport", after=True)) == ("!= 0", "0", "0")
        assert "raw_v4_unhash" in o.functions


# -- 10.5, and what else the tables show ----------------------------------------------------------------------------------

WOKEN = {
    "SYN-ACK": ("SYN_SENT", {"all"}),
    "SYN": ("SYN_SENT", set()),
    "RST": ("ESTABLISHED", {"all", "one"}),
    "ICMP error": ("SYN_SENT", {"all", "one"}),
    "retransmissions run out": ("ESTABLISHED", {"all", "one"}),
    "FIN": ("ESTABLISHED", {"all"}),
    "ACK of FIN": ("FIN_WAIT1", {"all"}),
    "final ACK": ("LISTEN", {"one"}),
    UNSPEC: ("ESTABLISHED", {"one"}),
}
"""Which wake-ups an event or call makes in a state: of everybody, or of the others and one exclusive sleeper."""


@pytest.mark.parametrize("name", WOKEN)
def test_wake_ups(tcp: Tabulated, name: str) -> None:
    sk, expected = WOKEN[name]
    functions = {"all": "wake_up_interruptible_all", "one": "wake_up_interruptible"}
    for o in tcp.outcomes:
        if o.action.name == name and o.before[1] == sk and o.before[0] != "closed":
            assert {word for word, function in functions.items() if function in o.functions} == expected, o


@pytest.mark.parametrize("name", ["bind", "listen", "setsockopt", "close"])
def test_calls_that_wake_nobody(tcp: Tabulated, name: str) -> None:
    """Alone: nobody can wait on a socket that is being closed."""
    quiet = [o for o in alone(tcp, name) if name != "close" or (o.before[1] == "CLOSE" and not o.action.how)]
    assert quiet and not any({"wake_up_interruptible", "wake_up_interruptible_all"} & o.functions for o in quiet)


def test_shutdown_wakes_everybody(tcp: Tabulated) -> None:
    assert all("wake_up_interruptible_all" in o.functions for o in alone(tcp, "shutdown"))


def test_send_binds_and_reports_old_errors(tcp: Tabulated) -> None:
    for o in alone(tcp, "send", lambda o: o.before[1] in ("CLOSE", "LISTEN")):
        pending = word(tcp, o, "err")
        assert o.result == ("EPIPE" if pending == "0" else pending), o
        assert o.after[2] == "!= 0"


def test_getsockname_tells_an_old_port(tcp: Tabulated) -> None:
    assert any("port" in o.result and o.before[2] == "0" for o in alone(tcp, "getsockname"))


def test_shutdown_bits_survive_connect_and_accept(tcp: Tabulated) -> None:
    for call in ("connect", "accept"):
        born = [o.made or o.after for o in alone(tcp, call) if o.result == "0"]
        place = [c.name for c in tcp.columns].index("shutdown")
        assert "WR" in {c[place] for c in born}


def test_no_run_is_faulty(tables: dict[str, Tabulated]) -> None:
    known = {"", "0", "waits"}
    for table in tables.values():
        for o in table.outcomes:
            assert o.result in known or o.result.startswith(("E", "0: ")), o


def test_tables_are_reproducible(tables: dict[str, Tabulated]) -> None:
    again = load_tables("spec", "raw")[1][0]
    assert again == tables["raw"]
