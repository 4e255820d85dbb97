"""The rows and columns of the race matrix: starting classes of a socket, and the operations tried in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from checker.races.pair import Operation, Start

KINDS = ("stream", "dgram", "raw")

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
            *("stream", "bound, another listens on another address, a third is fresh", *SHARED, "socket c stream 0", "reuse c 1"),
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

NAMES = ("getsockname s", "getpeername s", "so_error s")
CALLS: Mapping[str, Sequence[str]] = {
    "stream": (
        *("bind s lo P1", "listen s 1", "connect s remote P2", "connect s unspec", "accept s e", "shutdown s RDWR"),
        *("close s", "send s 5", *NAMES, "reuse s 1"),
    ),
    "dgram": (
        *("bind s lo P1", "connect s lo P3", "connect s lo2 P4", "connect s unspec", "shutdown s RDWR", "close s"),
        *(*NAMES, "reuse s 1"),
    ),
    "raw": (
        *("bind s lo2 0", "connect s lo P3", "connect s lo2 P4", "connect s unspec", "shutdown s RDWR", "close s"),
        *NAMES,
    ),
}
EVENTS: Mapping[str, Sequence[str]] = {"stream": ("rst", "fin", "icmp", "timeout", "signal", "syn"), "dgram": (), "raw": ()}
SHARING = ("bind s lo P1", "listen s 1", "connect s remote P2", "connect s unspec", "close s")
OTHERS = ("bind t lo P1", "listen t 1", "connect t remote P2", "connect t unspec", "close t")


PEERS = {"REMOTE": "listening"}
"""Other hosts accept connections; what else they may do are events."""


def operations(start: Start) -> list[Operation]:
    """What is done to the first socket."""
    return [*(Operation(c) for c in CALLS[start.kind]), *(Operation(e, event=True) for e in EVENTS[start.kind])]


def others(start: Start) -> list[Operation]:
    """What is done to the second socket, if there is one."""
    known = set(CALLS[start.kind])
    if not any(step.startswith("socket t ") for step in start.setup):
        return []
    return [Operation(c) for c in OTHERS if c.replace(" t ", " s ").replace(" t", " s") in known]


def probes(start: Start) -> list[str]:
    """What is asked when all is over."""
    sockets = [step.split()[1] for step in start.setup if step.startswith("socket ") and step.split()[1] in "st"]
    return [f"{probe} {s}" for s in sockets for probe in ("state", "getsockname", "getpeername", "so_error")]
