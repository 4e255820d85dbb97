"""The rows and columns of the race matrix: starting classes of a socket, and the operations tried in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from checker.races.pair import Operation, Start

KINDS = ("stream", "dgram", "raw")

THREE = "bound, another listens elsewhere"
"""Three sockets of one port: the first bound to all addresses, one that listens on another address, the second not yet bound."""

LISTENER = ("bind s lo P1", "listen s 1")
CONNECTED = ("socket l stream 0", "bind l lo P1", "listen l 1", "connect s lo P1", "accept l c")
SHARED = ("socket t stream 0", "reuse s 1", "reuse t 1")


def _start(kind: str, name: str, *setup: str, sleeping: tuple[str, ...] = ()) -> Start:
    return Start(kind, name, (f"socket s {kind} {200 if kind == 'raw' else 0}", *setup), sleeping)


STARTS: Mapping[str, Sequence[Start]] = {
    "stream": (
        _start("stream", "fresh"),
        _start("stream", "two fresh", "socket t stream 0"),
        _start("stream", "bound", "bind s lo P1"),
        _start("stream", "two bound to one port", *SHARED, "bind s lo P1", "bind t lo P1"),
        _start("stream", "bound, another listens", *SHARED, "bind s lo P1", "bind t lo P1", "listen t 1"),
        _start(
            *("stream", THREE, *SHARED, "socket c stream 0", "reuse c 1"),
            *("bind s any P1", "bind c lo2 P1", "listen c 1"),
        ),
        _start("stream", "listening", *LISTENER),
        _start("stream", "listening, connection queued", *LISTENER, "socket c stream 0", "connect c lo P1"),
        _start("stream", "listening, accept sleeps", *LISTENER, sleeping=("accept s d",)),
        _start("stream", "connecting", "connect s none P1 nonblock"),
        _start("stream", "connecting, connect sleeps", sleeping=("connect s none P1",)),
        _start("stream", "refused", "connect s lo P2 nonblock"),
        _start("stream", "connected", *CONNECTED),
        _start("stream", "shut", *CONNECTED, "shutdown s RDWR"),
    ),
    "dgram": (
        _start("dgram", "fresh"),
        _start("dgram", "two fresh", "socket t dgram 0"),
        _start("dgram", "bound", "bind s lo P1"),
        _start("dgram", "connected", "connect s lo P2"),
        _start("dgram", "bound and connected", "bind s lo P1", "connect s lo P2"),
    ),
    "raw": (
        _start("raw", "fresh"),
        _start("raw", "bound", "bind s lo 0"),
        _start("raw", "connected", "connect s lo P2"),
    ),
}

BIND, CONNECT, UNSPEC = "bind", "connect", "unspec"
CALLS: Mapping[str, Mapping[str, str]] = {
    "stream": {
        BIND: "bind s lo P1",
        "listen": "listen s 1",
        CONNECT: "connect s remote P2",
        UNSPEC: "connect s unspec",
        "accept": "accept s e",
        "shutdown": "shutdown s RDWR",
        "close": "close s",
        "send": "send s 5",
    },
    "dgram": {
        BIND: "bind s lo P1",
        CONNECT: "connect s lo P3",
        "connect elsewhere": "connect s lo2 P4",
        UNSPEC: "connect s unspec",
        "shutdown": "shutdown s RDWR",
        "close": "close s",
        "send": "send s 8",
        "sendto": "sendto s lo P4",
        "recv": "recv s nonblock=true",
    },
    "raw": {
        BIND: "bind s lo2 0",
        CONNECT: "connect s lo P3",
        "connect elsewhere": "connect s lo2 P4",
        UNSPEC: "connect s unspec",
        "shutdown": "shutdown s RDWR",
        "close": "close s",
    },
}
"""What is called on the first socket, by what the matrix calls it."""

NAMES = {"getsockname": "getsockname s", "getpeername": "getpeername s", "so_error": "so_error s", "reuse": "reuse s 1"}
"""Calls that are tried for every type."""

EVENTS: Mapping[str, Sequence[str]] = {"stream": ("rst", "fin", "icmp", "timeout", "signal", "syn"), "dgram": (), "raw": ()}
SHARING = (BIND, "listen", CONNECT, UNSPEC, "close")
"""The calls on one socket that can disturb another one with the same port."""

ATOMIC = frozenset({("Thread", "file"), ("Socket", "fd"), ("Thread", "held_sk"), ("Thread", "rx_sk"), ("Thread", "rx_child")})
"""References to open files and socks: the kernel counts them with atomic operations."""

PEERS = {"REMOTE": "listening"}
"""Other hosts accept connections; what else they may do are events."""


CROSS_ONLY = ("two fresh", THREE)
"""Starts that differ from another one only in the second socket: only calls on both sockets are tried."""


def operations(start: Start) -> list[Operation]:
    """What is done to the first socket."""
    calls = {**CALLS[start.kind], **NAMES}
    return [*(Operation(t, c) for t, c in calls.items()), *(Operation(e, e, event=True) for e in EVENTS[start.kind])]


def others(start: Start) -> list[Operation]:
    """What is done to the second socket, if there is one."""
    if not any(step.startswith("socket t ") for step in start.setup):
        return []
    calls = CALLS[start.kind]
    return [Operation(f"{t} t", calls[t].replace(" s", " t", 1).replace("remote", "none")) for t in SHARING if t in calls]


PROBES = ("state {}", "getsockname {}", "getpeername {}", "so_error {}", "field {} sk.num")
"""What is asked of a socket in the end; without a port, sk.num says that a bind would succeed."""


def probes(start: Start) -> list[str]:
    """What is asked when all is over."""
    sockets = [step.split()[1] for step in start.setup if step.startswith("socket ") and step.split()[1] in "st"]
    return [probe.format(s) for s in sockets for probe in PROBES]
