"""The words of scenario files: calls with their arguments, addresses, ports, events, errors and states.

Everything else reads these tables: the JSON Schema is made from them, short steps (``bind a lo P1``) are parsed and calls
labelled with them.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from checker.scenario.program import Argument

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
DOTTED = re.compile(r"(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})")

ADDRESSES: Mapping[str, str] = {
    "ANY": "0.0.0.0",
    "LOOPBACK": "127.0.0.1",
    "LOOPBACK2": "127.0.0.2",
    "LO_BCAST": "127.255.255.255",
    "BCAST": "255.255.255.255",
    "MCAST": "239.1.2.3",
    "NONLOCAL": "10.255.254.253",
    "NOROUTE": "200.200.200.10",
    "CLASS_E": "240.0.0.1",
    "ZERONET": "0.1.2.3",
    "DUMMY": "a second local interface",
    "NONE": "routed, but nobody ever answers",
    "REMOTE": "another host",
    "REMOTE2": "one more host",
}
"""Names of addresses, and what they stand for."""

SHORT_ADDRESSES: Mapping[str, str] = {
    "any": "ANY",
    "lo": "LOOPBACK",
    "lo2": "LOOPBACK2",
    "dmy": "DUMMY",
    "none": "NONE",
    "remote": "REMOTE",
    "remote2": "REMOTE2",
}

HOSTS = ("NONE", "REMOTE", "REMOTE2")
"""Addresses of other machines: what happens there is for ``peers`` to say."""

BEHAVIOURS: Mapping[str, str] = {
    "listening": "accepts every connection",
    "refusing": "answers every SYN with a RST",
    "silent": "never answers",
    "free": "may do any of these",
}

MACHINES = ("smp", "up")
OBSERVED = ("results", "probes", "state")
"""What the outcomes of a scenario are told apart by when they are compared with sequential orders; each includes those before."""

SERIAL = "serial"
"""The machine that runs whole calls one after the other."""

EVENTS: Mapping[str, str] = {
    "signal": "a signal may interrupt a call that sleeps",
    "timeout": "retransmissions may run out, send and receive timeouts may expire",
    "rst": "a connected or connecting peer may send a RST",
    "fin": "a connected peer may send a FIN",
    "syn": "another host may ask a listening socket for a connection",
    "icmp": "an ICMP error may arrive",
    "resyn": "a connected peer that lost the connection may send a SYN",
    "datagram": "the peer of a UDP or RAW socket on another host may send a datagram",
    "time_wait": "the time of a TIME_WAIT bucket may end",
    "no_memory": "an allocation may fail",
    "init_fails": "the init function of a protocol may fail",
}
"""What the environment may do at any time, if a scenario allows it."""

PORTS = ("P1", "P2", "P3", "P4", "E1")
"""P1 to P4 are unprivileged and outside the local port range, E1 is inside it."""

DESCRIPTORS = ("BADFD", "NOTSOCK")
"""Descriptors that are not open, and open but no socket."""

TYPES = ("STREAM", "DGRAM", "RAW", "RDM", "SEQPACKET", "PACKET")
FAMILY_NUMBERS: Mapping[int, str] = {0: "AF_UNSPEC", 2: "AF_INET"}
"""The families that mean something to AF_INET sockets; any other number is one of somebody else's."""

NUMBERED_FAMILIES: Mapping[str, int] = {"AF_AX25": 3, "AF_IPX": 4, "AF_APPLETALK": 5, "AF_X25": 9, "AF_MAX": 32}
"""Families that are known by their number only."""

FAMILIES = ("AF_INET", "AF_UNSPEC", "AF_UNIX", "AF_LOCAL", "AF_INET6", "AF_NETLINK", "AF_PACKET", *NUMBERED_FAMILIES)
PROTOCOLS: Mapping[str, int] = {"IP": 0, "ICMP": 1, "IGMP": 2, "TCP": 6, "UDP": 17, "RAW": 255}

HOWS = ("RD", "WR", "RDWR")
PREFIXES: Mapping[str, str] = {"type": "SOCK_", "direction": "SHUT_", "protocol": "IPPROTO_"}
"""What C puts in front of such words, which may be left out."""

SOMAXCONN = 128
DEVICES: Mapping[str, int] = {"lo": 1, "none": 0, "": 0}
"""What SO_BINDTODEVICE may be given, and whether that is a device."""

OPTIONS = (
    "SO_REUSEADDR",
    "SO_BROADCAST",
    "SO_RCVTIMEO",
    "SO_SNDTIMEO",
    "SO_BINDTODEVICE",
    "IP_FREEBIND",
    "IP_RECVERR",
    "IP_ADD_MEMBERSHIP",
)
FLAGS = ("NONBLOCK", "CLOEXEC")
SEGMENT_FLAGS = ("syn", "ack", "fin", "rst", "data", "acks_fin")
"""What a segment has; ``acks_fin``: its ACK covers the receiver's FIN."""

ERRNOS = (
    "EPERM",
    "EINTR",
    "EBADF",
    "EAGAIN",
    "ENOMEM",
    "EACCES",
    "EFAULT",
    "EBUSY",
    "EINVAL",
    "ENFILE",
    "EMFILE",
    "EPIPE",
    "EPROTO",
    "ENOTSOCK",
    "EDESTADDRREQ",
    "EMSGSIZE",
    "ENOPROTOOPT",
    "EPROTONOSUPPORT",
    "ESOCKTNOSUPPORT",
    "EOPNOTSUPP",
    "EAFNOSUPPORT",
    "EADDRINUSE",
    "EADDRNOTAVAIL",
    "ENETDOWN",
    "ENETUNREACH",
    "ECONNABORTED",
    "ECONNRESET",
    "ENOBUFS",
    "EISCONN",
    "ENOTCONN",
    "ESHUTDOWN",
    "ETIMEDOUT",
    "ECONNREFUSED",
    "EHOSTDOWN",
    "EHOSTUNREACH",
    "EALREADY",
    "EINPROGRESS",
    "ERESTARTSYS",
)

STATES = (
    "ESTABLISHED",
    "SYN_SENT",
    "SYN_RECV",
    "FIN_WAIT1",
    "FIN_WAIT2",
    "TIME_WAIT",
    "CLOSE",
    "CLOSE_WAIT",
    "LAST_ACK",
    "LISTEN",
    "CLOSING",
)

DATA, EOF = RECEIVED = ("0 data", "0 eof")
"""What recv gives: bytes of a stream, or the end of it; for a datagram it is who sent it."""

FIELD = re.compile(r"(sk|sock)\.[a-z][a-z_0-9]*")
"""A field of the sock or of the socket behind a descriptor, for instance sk.num."""

FIELD_VALUES = (
    *("yes", "no", "NULL", "set", "some", "none"),
    *("SS_FREE", "SS_UNCONNECTED", "SS_CONNECTING", "SS_CONNECTED", "SS_DISCONNECTING"),
    *("NOT_HASHED", "LHASH", "EHASH", "UDP_HASH", "RAW_HASH"),
)
"""What a field may hold besides numbers, errors, states, addresses and ports: a truth value, a reference, an enumeration."""

BLOCKS = "blocks"
UNREACHED = "-"


@dataclass(frozen=True)
class Parameter:
    """One argument of a call: its name, its kind, and its default (None: it must be given)."""

    name: str
    kind: str
    default: Argument | None = None


@dataclass(frozen=True)
class CallShape:
    """One call of the vocabulary; ``short`` are the arguments of its short form, in order."""

    name: str
    parameters: tuple[Parameter, ...]
    short: tuple[str, ...]
    doc: str

    def parameter(self, name: str) -> Parameter:
        """The parameter called ``name``, which exists."""
        return next(p for p in self.parameters if p.name == name)


ENOUGH = 65536
"""More bytes than a scenario's recv() finds."""

_SOCKET = Parameter("s", "socket")
_NEW = Parameter("as", "new name")
_NONBLOCK = Parameter("nonblock", "boolean", False)
_UID = Parameter("uid", "uid", 0)
_BAD_BUFFER = Parameter("bad_buffer", "boolean", False)
_ADDRESS = (
    Parameter("addr", "address", "ANY"),
    Parameter("port", "port", 0),
    Parameter("addr_len", "number", 16),
    Parameter("family", "family", "AF_INET"),
)


def other_machine(machine: str) -> str:
    """The one of ``MACHINES`` that is not ``machine``."""
    return next(other for other in MACHINES if other != machine)


def _on_socket(name: str, doc: str) -> CallShape:
    return CallShape(name, (_SOCKET,), ("s",), doc)


_SHAPES = (
    CallShape(
        "socket",
        (
            _NEW,
            Parameter("type", "type"),
            Parameter("proto", "protocol", 0),
            Parameter("domain", "family", "AF_INET"),
            Parameter("flags", "flags", ()),
            _UID,
        ),
        ("as", "type", "proto"),
        "make a socket",
    ),
    CallShape(
        "bind",
        (_SOCKET, Parameter("addr", "address"), Parameter("port", "port"), *_ADDRESS[2:], _BAD_BUFFER, _UID),
        ("s", "addr", "port"),
        "give a socket its local address and port",
    ),
    CallShape(
        "connect",
        (_SOCKET, *_ADDRESS, _BAD_BUFFER, _NONBLOCK, _UID),
        ("s", "addr", "port"),
        "connect; family AF_UNSPEC dissolves a connection",
    ),
    CallShape(
        "accept",
        (_SOCKET, Parameter("as", "new name", ""), Parameter("peer", "boolean", False), _BAD_BUFFER, _NONBLOCK, _UID),
        ("s", "as"),
        "take a connection from a listening socket, which needs no name; peer: ask who is connected",
    ),
    CallShape("listen", (_SOCKET, Parameter("backlog", "backlog", SOMAXCONN), _UID), ("s", "backlog"), "make a socket listen"),
    CallShape(
        "setsockopt",
        (_SOCKET, Parameter("opt", "option"), Parameter("val", "value", 1), _UID),
        ("s", "opt", "val"),
        "set a socket option",
    ),
    CallShape(
        "linger",
        (_SOCKET, Parameter("onoff", "boolean"), Parameter("seconds", "length")),
        ("s", "onoff", "seconds"),
        "set SO_LINGER",
    ),
    CallShape("shutdown", (_SOCKET, Parameter("how", "direction")), ("s", "how"), "close one or both directions"),
    CallShape("getsockname", (_SOCKET, _BAD_BUFFER), ("s",), "the local address and port"),
    CallShape("getpeername", (_SOCKET, _BAD_BUFFER), ("s",), "the peer's address and port"),
    _on_socket("close", "close the descriptor"),
    CallShape("so_error", (_SOCKET, _BAD_BUFFER), ("s",), "read and clear SO_ERROR"),
    _on_socket("reset_close", "SO_LINGER {on, 0}, then close: the peer sees a RST"),
    CallShape("settle", (), (), "let packets in flight arrive"),
    CallShape("silent_peer", (_NEW,), ("as",), "a loopback port that answers no SYN"),
    CallShape(
        "port_range", (Parameter("lo", "port number"), Parameter("hi", "port number")), ("lo", "hi"), "set the local port range"
    ),
    CallShape("nonlocal_bind", (Parameter("val", "number"),), ("val",), "set the sysctl ip_nonlocal_bind"),
    CallShape(
        "hold_ports",
        (
            Parameter("type", "type"),
            Parameter("addr", "address"),
            Parameter("lo", "port number"),
            Parameter("hi", "port number"),
            Parameter("reuse", "number", 0),
        ),
        ("type", "addr", "lo", "hi"),
        "other sockets bound to every port lo..hi",
    ),
    CallShape("send", (_SOCKET, Parameter("size", "length", 8), _NONBLOCK), ("s", "size"), "send bytes, without an address"),
    CallShape(
        "sendto",
        (
            _SOCKET,
            Parameter("addr", "address"),
            Parameter("port", "port"),
            Parameter("size", "length", 8),
            *_ADDRESS[2:],
            _BAD_BUFFER,
            _NONBLOCK,
        ),
        ("s", "addr", "port", "size"),
        "send so many bytes to an address",
    ),
    CallShape(
        "recv",
        (_SOCKET, Parameter("size", "length", ENOUGH), _BAD_BUFFER, _NONBLOCK),
        ("s", "size"),
        "receive a datagram, or what there is of a stream",
    ),
    CallShape("nonblock", (_SOCKET, Parameter("val", "value", 1)), ("s", "val"), "set or clear O_NONBLOCK"),
    CallShape(
        "segment",
        (_SOCKET, *(Parameter(flag, "boolean", False) for flag in SEGMENT_FLAGS)),
        ("s",),
        "not a call: a segment arrives for a socket, from its peer, or from REMOTE if it listens",
    ),
    _on_socket("state", "not a call: the state of the sock, without disturbing anything"),
    CallShape("field", (_SOCKET, Parameter("name", "field")), ("s", "name"), "not a call: a field of the sock or the socket"),
)

CALLS: Mapping[str, CallShape] = {shape.name: shape for shape in _SHAPES}

SHORT_NAMES: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "reuse": ("setsockopt", {"opt": "SO_REUSEADDR"}),
    "broadcast": ("setsockopt", {"opt": "SO_BROADCAST"}),
    "bindtodevice": ("setsockopt", {"opt": "SO_BINDTODEVICE"}),
    "rcvtimeo": ("setsockopt", {"opt": "SO_RCVTIMEO"}),
    "sndtimeo": ("setsockopt", {"opt": "SO_SNDTIMEO"}),
    "recvfrom": ("recv", {}),
}
"""Words of steps that mean another call, with an argument given."""


def required(shape: CallShape) -> list[str]:
    """The arguments that must be given; connect needs no address to dissolve a connection (family AF_UNSPEC)."""
    needed = [p.name for p in shape.parameters if p.default is None]
    return [*needed, "addr", "port"] if shape.name == "connect" else needed


def nearest(word: object, known: Iterable[str]) -> str:
    """What to choose instead of ``word``: the likely one first, then all.

    >>> nearest("bnd", ["accept", "bind"])
    'did you mean bind? Choose one of accept, bind'
    """
    words = list(known)
    close = difflib.get_close_matches(str(word).lower(), [w.lower() for w in words], 1)
    guess = next((w for w in words if close and w.lower() == close[0]), "")
    listed = ", ".join(words)
    return f"did you mean {guess}? Choose one of {listed}" if guess else f"choose one of {listed}"


def address_name(address: str) -> str:
    """The name of an address, also of one written in numbers, if it has one.

    >>> address_name("127.0.0.1"), address_name("4.4.4.4")
    ('LOOPBACK', '4.4.4.4')
    """
    return next((name for name, number in ADDRESSES.items() if number == address), SHORT_ADDRESSES.get(address, address))
