"""What outcome tables try: the calls with their arguments and circumstances, and the events that can reach a socket."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from checker.scenario.outcomes import Action

UNSPEC = "connect(AF_UNSPEC)"
SO_ERROR = "getsockopt(SO_ERROR)"
FREE_PORT, TAKEN_PORT, SHARED_PORT = "free", "P2", "P3"
PEER, PEER_PORT = "REMOTE", 7001
LOCAL = "DUMMY"
NO_FREE_PORT = "no free port"


@dataclass(frozen=True)
class Choice:
    """A call as a table names it, what it is in a scenario, for which types, and in which circumstances it is made.

    ``circumstance`` holds for the time of the call only: NO_FREE_PORT, or fields of the sock with other values.
    """

    action: Action
    call: str
    args: Mapping[str, Any] = field(default_factory=dict)
    kinds: tuple[str, ...] = ("stream", "dgram", "raw")
    circumstance: str | Mapping[str, int] = ""


INET = ("stream", "dgram")
STREAM = ("stream",)


def _bind(how: str, addr: str, port: Any, usual: bool = True, kinds: tuple[str, ...] = INET, **more: Any) -> Choice:
    circumstance = more.pop("circumstance", "")
    return Choice(Action("bind", how, usual=usual), "bind", {"addr": addr, "port": port, **more}, kinds, circumstance)


def _connect(how: str, usual: bool = True, circumstance: Any = "", kinds: tuple[str, ...] = STREAM, **more: Any) -> Choice:
    args = {"addr": PEER, "port": PEER_PORT, "family": "AF_INET", **more}
    return Choice(Action("connect", how, usual=usual), "connect", args, kinds, circumstance)


def _socket(how: str, kind: str, usual: bool = True, **more: Any) -> Choice:
    return Choice(Action("socket", how, usual=usual), "socket", {"type": kind.upper(), "domain": "AF_INET", **more}, (kind,))


SOCKET = (
    _socket("", "stream"),
    _socket("wrong protocol", "stream", usual=False, proto=17),
    _socket("", "dgram"),
    _socket("wrong protocol", "dgram", usual=False, proto=6),
    _socket("", "raw", proto=1),
    _socket("protocol 0", "raw", usual=False, proto=0),
    _socket("no capability", "raw", usual=False, proto=1, uid=1),
)

CHOICES = (
    _bind("any address, free port", "ANY", FREE_PORT),
    _bind("local address, free port", LOCAL, FREE_PORT),
    _bind("any address, port 0", "ANY", 0),
    _bind("local address, port 0", LOCAL, 0),
    _bind("port taken", "ANY", TAKEN_PORT),
    _bind(f"port 0, {NO_FREE_PORT}", "ANY", 0, circumstance=NO_FREE_PORT),
    _bind("address not local", "NONLOCAL", FREE_PORT, usual=False),
    _bind("port 80, no capability", "ANY", 80, usual=False, uid=1),
    _bind("short address", "ANY", FREE_PORT, usual=False, addr_len=8),
    _bind("any address", "ANY", 0, kinds=("raw",)),
    _bind("local address", LOCAL, 0, kinds=("raw",)),
    _bind("address not local", "NONLOCAL", 0, usual=False, kinds=("raw",)),
    _bind("short address", "ANY", 0, usual=False, kinds=("raw",), addr_len=8),
    Choice(Action("listen", "free port"), "listen", {"backlog": 1}, STREAM),
    Choice(Action("listen"), "listen", {"backlog": 1}, ("dgram", "raw")),
    Choice(Action("listen", NO_FREE_PORT), "listen", {"backlog": 1}, STREAM, NO_FREE_PORT),
    _connect("non-blocking", nonblock=True),
    _connect("blocking"),
    _connect("blocking, SO_SNDTIMEO", circumstance={"sndtimeo": 1}),
    _connect(NO_FREE_PORT, nonblock=True, circumstance=NO_FREE_PORT),
    _connect("", kinds=("dgram", "raw")),
    _connect("another peer", kinds=("dgram", "raw"), addr="REMOTE2"),
    _connect(NO_FREE_PORT, kinds=("dgram",), circumstance=NO_FREE_PORT),
    _connect("no route", usual=False, kinds=("stream", "dgram", "raw"), nonblock=True, addr="NOROUTE"),
    _connect("broadcast address", usual=False, kinds=("stream", "dgram", "raw"), nonblock=True, addr="LO_BCAST"),
    _connect("wrong family", usual=False, kinds=("stream", "dgram", "raw"), nonblock=True, family="AF_UNIX"),
    _connect("short address", usual=False, kinds=("stream", "dgram", "raw"), nonblock=True, addr_len=8),
    Choice(Action(UNSPEC), "connect", {"family": "AF_UNSPEC", "addr": "ANY"}),
    Choice(Action("accept", "non-blocking"), "accept", {"nonblock": True, "as": "c"}),
    Choice(Action("accept", "blocking"), "accept", {"as": "c"}, STREAM),
    Choice(Action("accept", "blocking, SO_RCVTIMEO"), "accept", {"as": "c"}, STREAM, {"rcvtimeo": 1}),
    Choice(Action("shutdown", "RD"), "shutdown", {"how": "RD"}),
    Choice(Action("shutdown", "WR"), "shutdown", {"how": "WR"}),
    Choice(Action("shutdown", "RDWR"), "shutdown", {"how": "RDWR"}),
    Choice(Action("shutdown", "invalid", usual=False), "shutdown", {"how": "3"}),
    Choice(Action("getsockname"), "getsockname"),
    Choice(Action("getpeername"), "getpeername"),
    Choice(Action("send", "non-blocking"), "send", {"nonblock": True}, STREAM),
    Choice(Action("send", "blocking"), "send", {}, STREAM),
    Choice(Action("send", "no destination"), "send", {}, ("dgram", "raw")),
    Choice(Action("setsockopt"), "setsockopt", {"opt": "SO_REUSEADDR", "val": 1}),
    Choice(Action(SO_ERROR), "so_error"),
    Choice(Action("close"), "close"),
    Choice(Action("close", "SO_LINGER 0"), "close", {}, STREAM, {"linger": 1}),
)

RIVALS = (
    ("bind", "any address, free port"),
    ("listen", "free port"),
    ("connect", "non-blocking"),
    (UNSPEC, ""),
    ("shutdown", "RD"),
    ("shutdown", "RDWR"),
)
"""The calls another thread makes while one waits."""

SIGNAL, TIMER, ICMP = "signal", "retransmissions run out", "ICMP error"

CONNECTION_EVENTS: Mapping[str, tuple[tuple[str, tuple[str, ...]], ...]] = {
    "SYN_SENT": (("SYN-ACK", ("syn", "ack")), ("RST", ("rst", "ack")), ("SYN", ("syn",))),
    "SYN_RECV": (("ACK", ("ack",)), ("FIN", ("fin", "ack")), ("RST", ("rst", "ack"))),
    "ESTABLISHED": (("FIN", ("fin", "ack")), ("RST", ("rst", "ack")), ("data", ("data", "ack"))),
    "CLOSE_WAIT": (("RST", ("rst", "ack")),),
    "FIN_WAIT1": (
        ("ACK of FIN", ("ack", "acks_fin")),
        ("FIN", ("fin", "ack")),
        ("FIN, ACK of FIN", ("fin", "ack", "acks_fin")),
        ("RST", ("rst", "ack")),
        ("data", ("data", "ack")),
    ),
    "FIN_WAIT2": (("FIN", ("fin", "ack", "acks_fin")), ("RST", ("rst", "ack")), ("data", ("data", "ack", "acks_fin"))),
    "CLOSING": (("ACK of FIN", ("ack", "acks_fin")), ("RST", ("rst", "ack"))),
    "LAST_ACK": (("ACK of FIN", ("ack", "acks_fin")), ("RST", ("rst", "ack"))),
}
"""The segments that mean something in each state of a connection, with their flags."""

REQUEST_EVENTS = (("SYN", ("syn",)), ("final ACK", ("ack",)), ("RST for a request", ("rst",)))
CHILD_EVENTS = (("FIN for a queued connection", ("fin", "ack")), ("RST for a queued connection", ("rst", "ack")))
