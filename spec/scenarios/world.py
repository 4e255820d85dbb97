"""The instance for one scenario: its addresses and ports, and how many objects it can need."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from checker.instance import Instance
from checker.language.model import Model
from checker.scenario.explore import MAX_EVENTS
from checker.scenario.program import Call, Scenario
from spec import values as kernel

NAMED_PORTS = {"P1": 6001, "P2": 6002, "P3": 6003, "P4": 6004, "E1": 50001}
LOCAL_PORT_RANGE = (32768, 61000)
UDP_HTABLE_SIZE = 128
BIG = 1 << 31
REMOTE_PORT = 7001

LOCAL_ADDRESSES = ("LOOPBACK", "LOOPBACK2", "DUMMY")
ROUTED_ADDRESSES = ("NONE", "REMOTE", "REMOTE2")
ADDRESS_NUMBERS = {
    "LOOPBACK": "127.0.0.1",
    "LOOPBACK2": "127.0.0.2",
    "LO_BCAST": "127.255.255.255",
    "BCAST": "255.255.255.255",
    "MCAST": "239.1.2.3",
    "NONLOCAL": "10.255.254.253",
    "NOROUTE": "200.200.200.10",
    "CLASS_E": "240.0.0.1",
    "ZERONET": "0.1.2.3",
}


class World:
    """The values a scenario needs: its addresses, ports, lengths, and how many sockets it can have."""

    def __init__(self, scenario: Scenario) -> None:
        self.calls = [*scenario.setup, *(c for p in scenario.threads for c in p.calls), *scenario.post]
        self.threads = 1 + len(scenario.threads)
        self.events = scenario.events
        self.time_passes = scenario.alone
        self.peers = {"NONE": "silent", **scenario.peers}
        self.ranges = [LOCAL_PORT_RANGE] + [
            (int(str(c.args["lo"])), int(str(c.args["hi"]))) for c in self.calls if c.name == "port_range"
        ]
        made = sum(c.name == "socket" for c in self.calls) + 2 * ("syn" in self.events)
        accepted = sum(c.name == "accept" for c in self.calls)
        connects = sum(c.name == "connect" and c.args.get("family") == "AF_INET" for c in self.calls)
        self.sockets = made + accepted + 1
        # A connection may need a child, and a TIME_WAIT bucket for each of its ends.
        asked = sum(c.name == "segment" and bool(c.args["syn"]) for c in self.calls)
        self.socks = min(made + 1 + 4 * connects, made + 1 + 3 * connects + 2) + 2 * asked
        self.datagrams = "datagram" in self.events or any(c.name in ("send", "sendto", "recv") for c in self.calls)
        arriving = sum(c.name == "segment" for c in self.calls)
        self.segments = 8 + 4 * connects + arriving + (self._packets() if self.datagrams else 0)
        self.memberships = sum(c.args.get("opt") == "IP_ADD_MEMBERSHIP" for c in self.calls)
        self.requests = 1 + connects + asked
        self.addresses = self._addresses()
        self.ports = self._ports()
        self.kinds = {str(c.args["as"]): c.args.get("type", "STREAM") for c in self.calls if "as" in c.args}
        self.readers = not scenario.alone and any(self._may_read(c) for p in scenario.threads for c in p.calls)
        self.accepted = {str(c.args["as"]) for c in self.calls if c.name == "accept"}
        self.ack_delays = self._ack_delays()
        self.quiet = not self.events and not any(a in ROUTED_ADDRESSES for a in self.addresses)

    def _may_read(self, call: Call) -> bool:
        """Whether a call may sleep in recv() of a TCP socket; which name is one is known by how it was made."""
        return call.name == "recv" and not call.args["nonblock"] and self.kinds.get(str(call.args["s"])) in ("STREAM", 1)

    def _ack_delays(self) -> tuple[int, ...]:
        """Whether the ACK of a FIN waits for its timer: always where time passes, else never if packets are to settle.

        Otherwise a state may be read before or after.
        """
        if self.time_passes:
            return (1,)
        names = {c.name for c in self.calls}
        return (0,) if "settle" in names else (0, 1) if "state" in names else (1,)

    def _packets(self) -> int:
        """A datagram may be answered with an ICMP error; RAW sockets get a copy of either, UDP sockets of a broadcast."""
        sent = sum(c.name in ("send", "sendto") for c in self.calls)
        sent += MAX_EVENTS if "datagram" in self.events or "icmp" in self.events else 0
        takers = sum(c.name == "socket" and c.args.get("type") in ("RAW", "DGRAM", 2, 3) for c in self.calls)
        return 2 * sent * (1 + takers)

    def _addresses(self) -> tuple[str, ...]:
        used = dict.fromkeys(str(c.args["addr"]) for c in self.calls if c.args.get("addr") not in (None, "ANY"))
        if "syn" in self.events or any(c.name == "segment" for c in self.calls):
            used["REMOTE"] = None
        extra = ["DUMMY"] if any(a in ROUTED_ADDRESSES for a in used) else []
        return tuple(dict.fromkeys(["LOOPBACK", *extra, *used]))

    def _ports(self) -> tuple[int, ...]:
        wanted = {
            p for c in self.calls for p in (self.number(c.args.get("port", 0)), c.args.get("proto", 0)) if isinstance(p, int)
        }
        wanted |= {int(str(c.args[end])) for c in self.calls if c.name in ("port_range", "hold_ports") for end in ("lo", "hi")}
        wanted.add(REMOTE_PORT)
        few = sum(c.name == "socket" for c in self.calls) + 2
        for low, high in self.ranges:
            end = max(high, low + UDP_HTABLE_SIZE - 1)
            wanted |= set(range(low, min(low + few, end) + 1)) | {high, end}
            if high - low < 2 * UDP_HTABLE_SIZE:
                wanted |= set(range(low, end + 1))
        return tuple(sorted(p for p in wanted if 0 < p < 1 << 16))

    def number(self, port: Any) -> Any:
        """A port of a scenario as a number, if it is known beforehand."""
        return NAMED_PORTS.get(port, port) if isinstance(port, str) else port

    def instance(self, model: Model) -> Instance:
        """The finite instance for this scenario."""
        lengths = {kernel.SIZEOF_SOCKADDR_IN, kernel.MAX_SOCK_ADDR, BIG}
        lengths |= {int(c.args["addr_len"]) for c in self.calls if "addr_len" in c.args and int(c.args["addr_len"]) > 0}
        backlogs = {*range(1, self.socks + 2), kernel.SOMAXCONN, kernel.SOMAXCONN + 1}
        backlogs |= {
            int(c.args["backlog"]) for c in self.calls if "backlog" in c.args and 0 < int(c.args["backlog"]) <= kernel.SOMAXCONN
        }
        protocols = {kernel.IPPROTO_ICMP, kernel.IPPROTO_TCP, kernel.IPPROTO_UDP, kernel.IPPROTO_RAW}
        protocols |= {int(c.args["proto"]) for c in self.calls if int(c.args.get("proto", 0) or 0) > 0}
        sizes = (
            ("Thread", self.threads),
            ("Socket", self.sockets),
            ("Sock", self.socks),
            ("Segment", self.segments),
            ("OpenRequest", self.requests),
            ("IpMcSocklist", self.memberships),
            ("Addr", len(self.addresses)),
            ("Device", 1),
        )
        words = (
            ("Port", self.ports),
            ("Protocol", tuple(sorted(protocols))),
            ("Backlog", tuple(sorted(backlogs))),
            ("AddrLen", tuple(sorted(lengths))),
            ("QueuePlace", tuple(range(1, self.threads + 2))),
            ("ChainPlace", tuple(range(1, self.socks + 1))),
            ("Score", (1, 2, 3, 4)),
        )
        return Instance(sizes, words, tuple(self._tables(model)), limit=False)

    def _tables(self, model: Model) -> Iterable[tuple[tuple[str, str, int], int]]:
        errno, kind = kernel.Errno, kernel.AddrType
        members = {sort.name: sort.members for sort in model.sorts.values() if hasattr(sort, "members")}
        for i, name in enumerate(self.addresses, 1):
            what, route = kind_of(name)
            yield ("Fib", "type", i), members[kind.__name__].index(what)
            yield ("Fib", "route", i), members[errno.__name__].index(route)
            source = name if what == "RTN_LOCAL" else "DUMMY" if name in ROUTED_ADDRESSES else "LOOPBACK"
            yield ("Fib", "source", i), 1 + self.addresses.index(source)
            yield ("Fib", "loopback", i), int(dotted(name).startswith("127."))
            yield ("Fib", "limited_broadcast", i), int(name == "BCAST")
        low, high = LOCAL_PORT_RANGE
        yield ("", "local_port_low", 0), 1 + self.ports.index(low)
        yield ("", "local_port_high", 0), 1 + self.ports.index(high)
        yield ("", "udp_port_high", 0), 1 + self.ports.index(high)
        yield ("", "inaddr_loopback", 0), 1 + self.addresses.index("LOOPBACK")
        yield ("", "loopback_dev", 0), 1
        yield ("", "loopback_up", 0), 1


def dotted(address: str) -> str:
    """An address in numbers; those of the other interface and of other hosts stay as they are called."""
    return ADDRESS_NUMBERS.get(address, address)


def kind_of(address: str) -> tuple[str, str]:
    """What the routing tables of a machine with loopback (and one dummy interface) say: type, and error of a route there."""
    if address in LOCAL_ADDRESSES:
        return "RTN_LOCAL", "SUCCESS"
    if address in ROUTED_ADDRESSES:
        return "RTN_UNICAST", "SUCCESS"
    first, *rest = (int(part) for part in dotted(address).split("."))
    if first == 127:
        return ("RTN_BROADCAST" if rest in ([255, 255, 255], [0, 0, 0]) else "RTN_LOCAL"), "SUCCESS"
    if first == 0 or first >= 240:
        return "RTN_BROADCAST", "ENETUNREACH"
    return ("RTN_MULTICAST" if first >= 224 else "RTN_UNICAST"), "ENETUNREACH"
