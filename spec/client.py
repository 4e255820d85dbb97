"""What scenario files call things, and what that is in the model: calls, addresses, ports, results.

``scenario_engine`` is what the commands ask for; it makes an instance just large enough for each scenario.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from checker.errors import UsageError
from checker.instance import Instance
from checker.language import terms
from checker.language.declare import Kind
from checker.language.graph import Graph, Node
from checker.language.lower import lower
from checker.language.model import Model, load
from checker.language.movers import classify
from checker.scenario.explore import Done, Names, Occurs, Started, explore
from checker.scenario.heap import Memory
from checker.scenario.program import Call, Engine, Outcomes, PortChosen, PortOf, Program, Scenario
from checker.scenario.steps import Machine
from checker.scenario.steps import Program as Machinery
from spec import state as S

NAMED_PORTS = {"P1": 6001, "P2": 6002, "P3": 6003, "P4": 6004, "E1": 50001}
LOCAL_PORT_RANGE = (32768, 61000)
UDP_HTABLE_SIZE = 128
BIG = 1 << 31
REMOTE_PORT = 7001

TYPES = {
    0: "SOCK_ZERO",
    "STREAM": "SOCK_STREAM",
    1: "SOCK_STREAM",
    "DGRAM": "SOCK_DGRAM",
    2: "SOCK_DGRAM",
    "RAW": "SOCK_RAW",
    3: "SOCK_RAW",
    "RDM": "SOCK_RDM",
    4: "SOCK_RDM",
    "SEQPACKET": "SOCK_SEQPACKET",
    5: "SOCK_SEQPACKET",
}
HOWS = {"RD": "SHUT_RD", 0: "SHUT_RD", "WR": "SHUT_WR", 1: "SHUT_WR", "RDWR": "SHUT_RDWR", 2: "SHUT_RDWR"}
LOCAL_ADDRESSES = ("LOOPBACK", "LOOPBACK2", "DUMMY")
ROUTED_ADDRESSES = ("NONE", "REMOTE", "REMOTE2")
ADDRESS_NUMBERS = {
    "LO_BCAST": "127.255.255.255",
    "BCAST": "255.255.255.255",
    "MCAST": "239.1.2.3",
    "NONLOCAL": "10.255.254.253",
    "NOROUTE": "200.200.200.10",
    "CLASS_E": "240.0.0.1",
    "ZERONET": "0.1.2.3",
}


@lru_cache(maxsize=4)
def _compiled(overrides: tuple[tuple[str, Callable[..., Any]], ...]) -> tuple[Model, tuple[Graph, ...]]:
    import spec

    model = load(spec.MODEL_NAME, spec.modules(), dict(overrides))
    process = terms.var("self", model.thread)
    return model, tuple(lower(model, root, process) for root in model.of_kind(Kind.SYSCALL, Kind.SOFTIRQ))


def scenario_engine(overrides: Mapping[str, Callable[..., Any]] | None = None) -> Engine:
    """An engine for scenarios, on the model patched by ``overrides``."""
    model, graphs = _compiled(tuple(sorted((overrides or {}).items())))
    program = Machinery(graphs, classify(model, list(graphs), set(), reduce=True))

    def run(scenario: Scenario) -> Outcomes:
        whole = expand(scenario)
        world = World(whole)
        memory = Memory(model, world.instance(model))
        machine = Machine(memory, program, sleep_points=scenario.machine == "up")
        found = explore(whole, memory, machine, Calls(memory, world))
        return fold(scenario, found)

    return run


# -- calls that stand for several ---------------------------------------------------------------------------------------


def expand(scenario: Scenario) -> Scenario:
    """Replace calls that stand for several by those."""

    def all_of(calls: Iterable[Call]) -> tuple[Call, ...]:
        return tuple(part for call in calls for part in parts_of(call))

    threads = tuple(Program(p.name, all_of(p.calls)) for p in scenario.threads)
    return Scenario(
        scenario.id,
        all_of(scenario.setup),
        threads,
        all_of(scenario.post),
        scenario.machine,
        scenario.events,
        scenario.title,
        scenario.peers,
    )


def parts_of(call: Call) -> tuple[Call, ...]:
    """The calls behind ``call``; all but the last are labelled with what they are part of."""
    args = call.args

    def part(name: str, **given: Any) -> Call:
        defaults = {"uid": 0, "nonblock": False, "family": "AF_INET", "addr_len": 16, "proto": 0, "flags": (), "domain": "AF_INET"}
        return Call(name, {**defaults, **given}, f"part of {call.label}")

    match call.name:
        case "silent_peer":
            name = args["as"]
            return (
                part("socket", **{"as": name}, type="STREAM"),
                part("bind", s=name, addr="LOOPBACK", port=0),
                part("listen", s=name, backlog=0),
                Call("drop_syns", {"s": name}, call.label),
            )
        case "reset_close":
            return (part("setsockopt", s=args["s"], opt="SO_LINGER", val=1), Call("close", {"s": args["s"]}, call.label))
        case "hold_ports":
            held: list[Call] = []
            for port in range(int(str(args["lo"])), int(str(args["hi"])) + 1):
                name = f"held_{args['type']}_{port}"
                held.append(part("socket", **{"as": name}, type=args["type"]))
                if args.get("reuse"):
                    held.append(part("setsockopt", s=name, opt="SO_REUSEADDR", val=1))
                held.append(part("bind", s=name, addr=args["addr"], port=port))
            return (*held, Call("settle", {}, call.label))
        case _:
            return (call,)


def fold(scenario: Scenario, found: Outcomes) -> Outcomes:
    """The outcomes of an expanded scenario as outcomes of the one that was asked for."""
    from dataclasses import replace

    programs = {"setup": scenario.setup, **{p.name: p.calls for p in scenario.threads}, "post": scenario.post}
    rows = []
    for row in found.rows:
        results = dict(row.results)
        for name, calls in programs.items():
            folded, at = [], 0
            for call in calls:
                size = len(parts_of(call))
                group = results[name][at : at + size]
                folded.append(next((r for r in group if r != "0"), "0") if size > 1 else group[0])
                at += size
            results[name] = tuple(folded)
        if not results["faults"]:
            del results["faults"]
        rows.append(replace(row, results=results))
    return replace(found, scenario=scenario, rows=tuple(rows))


# -- the instance -------------------------------------------------------------------------------------------------------


class World:
    """The values a scenario needs: its addresses, ports, lengths, and how many sockets it can have."""

    def __init__(self, scenario: Scenario) -> None:
        self.calls = [*scenario.setup, *(c for p in scenario.threads for c in p.calls), *scenario.post]
        self.threads = 1 + len(scenario.threads)
        self.events = scenario.events
        self.peers = {"NONE": "silent", **scenario.peers}
        self.ranges = [LOCAL_PORT_RANGE] + [
            (int(str(c.args["lo"])), int(str(c.args["hi"]))) for c in self.calls if c.name == "port_range"
        ]
        made = sum(c.name == "socket" for c in self.calls) + 2 * ("syn" in self.events)
        accepted = sum(c.name == "accept" for c in self.calls)
        connects = sum(c.name == "connect" and c.args.get("family") == "AF_INET" for c in self.calls)
        self.sockets = made + accepted + 1
        # A connection may need a child, and a TIME_WAIT bucket for each of its ends.
        self.socks = min(made + 1 + 4 * connects, made + 1 + 3 * connects + 2)
        self.segments = 8 + 4 * connects
        self.requests = 1 + connects
        self.addresses = self._addresses()
        self.ports = self._ports()
        self.quiet = not self.events and not any(a in ROUTED_ADDRESSES for a in self.addresses)

    def _addresses(self) -> tuple[str, ...]:
        used = dict.fromkeys(str(c.args["addr"]) for c in self.calls if c.args.get("addr") not in (None, "ANY"))
        if "syn" in self.events:
            used["REMOTE"] = None
        extra = ["DUMMY"] if any(a in ROUTED_ADDRESSES for a in used) else []
        return tuple(dict.fromkeys(["LOOPBACK", *extra, *used]))

    def _ports(self) -> tuple[int, ...]:
        wanted = {p for c in self.calls for p in (self.number(c.args.get("port", 0)), c.args.get("proto", 0)) if isinstance(p, int)}
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
        lengths = {S.SIZEOF_SOCKADDR_IN, S.MAX_SOCK_ADDR, BIG}
        lengths |= {int(c.args["addr_len"]) for c in self.calls if "addr_len" in c.args and int(c.args["addr_len"]) > 0}
        backlogs = {*range(1, self.socks + 2), S.SOMAXCONN, S.SOMAXCONN + 1}
        backlogs |= {int(c.args["backlog"]) for c in self.calls if "backlog" in c.args and 0 < int(c.args["backlog"]) <= S.SOMAXCONN}
        protocols = {S.IPPROTO_ICMP, S.IPPROTO_TCP, S.IPPROTO_UDP, S.IPPROTO_RAW}
        protocols |= {int(c.args["proto"]) for c in self.calls if int(c.args.get("proto", 0) or 0) > 0}
        sizes = (
            ("Thread", self.threads),
            ("Socket", self.sockets),
            ("Sock", self.socks),
            ("Segment", self.segments),
            ("OpenRequest", self.requests),
            ("Addr", len(self.addresses)),
            ("Device", 1),
        )
        words = (
            ("Port", self.ports),
            ("Protocol", tuple(sorted(protocols))),
            ("Backlog", tuple(sorted(backlogs))),
            ("AddrLen", tuple(sorted(lengths))),
            ("QueuePlace", tuple(range(1, self.threads + 2))),
        )
        return Instance(sizes, words, tuple(self._tables(model)), limit=False)

    def _tables(self, model: Model) -> Iterable[tuple[tuple[str, str, int], int]]:
        errno, kind = S.Errno, S.AddrType
        members = {sort.name: sort.members for sort in model.sorts.values() if hasattr(sort, "members")}
        for i, name in enumerate(self.addresses, 1):
            what, route = kind_of(name)
            yield ("Fib", "type", i), members[kind.__name__].index(what)
            yield ("Fib", "route", i), members[errno.__name__].index(route)
            source = name if what == "RTN_LOCAL" else "DUMMY" if name in ROUTED_ADDRESSES else "LOOPBACK"
            yield ("Fib", "source", i), 1 + self.addresses.index(source)
        low, high = LOCAL_PORT_RANGE
        yield ("", "local_port_low", 0), 1 + self.ports.index(low)
        yield ("", "local_port_high", 0), 1 + self.ports.index(high)
        yield ("", "udp_port_high", 0), 1 + self.ports.index(high)
        yield ("", "inaddr_loopback", 0), 1 + self.addresses.index("LOOPBACK")
        yield ("", "loopback_dev", 0), 1
        yield ("", "loopback_up", 0), 1


def kind_of(address: str) -> tuple[str, str]:
    """What the routing tables of a machine with loopback (and one dummy interface) say: type, and error of a route there."""
    if address in LOCAL_ADDRESSES:
        return "RTN_LOCAL", "SUCCESS"
    if address in ROUTED_ADDRESSES:
        return "RTN_UNICAST", "SUCCESS"
    first, *rest = (int(part) for part in ADDRESS_NUMBERS.get(address, address).split("."))
    if first == 127:
        return ("RTN_BROADCAST" if rest in ([255, 255, 255], [0, 0, 0]) else "RTN_LOCAL"), "SUCCESS"
    if first == 0 or first >= 240:
        return "RTN_BROADCAST", "ENETUNREACH"
    return ("RTN_MULTICAST" if first >= 224 else "RTN_UNICAST"), "ENETUNREACH"


# -- calls and results --------------------------------------------------------------------------------------------------

CALLS = {
    "bind": "SYS_BIND",
    "connect": "SYS_CONNECT",
    "listen": "SYS_LISTEN",
    "accept": "SYS_ACCEPT",
    "getsockname": "SYS_GETSOCKNAME",
    "getpeername": "SYS_GETPEERNAME",
    "send": "SYS_SEND",
    "shutdown": "SYS_SHUTDOWN",
    "setsockopt": "SYS_SETSOCKOPT",
    "so_error": "SYS_GETSOCKOPT",
    "close": "SYS_CLOSE",
}
CAPABILITIES = ("capable_net_raw", "capable_net_bind_service")


@dataclass(frozen=True)
class Calls:
    """Starts calls and names their results; see checker.scenario.explore.Interface."""

    memory: Memory
    world: World
    softirq: str = "net_rx_action"

    def _get(self, heap: tuple[int, ...], record: str, field: str, obj: int = 0) -> int:
        return heap[self.memory.cell((record, field), obj)]

    def _member(self, record: str, field: str, value: int) -> str:
        sort: Any = self.memory.variables[record, field].sort
        return str(sort.members[value])

    def _index(self, enumeration: type, name: str) -> int:
        return next(i for i, m in enumerate(enumeration) if m.name == name)  # type: ignore[var-annotated,arg-type]

    def pending(self, heap: tuple[int, ...], thread: int) -> bool:
        return bool(self._get(heap, "Thread", "rx_head", thread))

    def is_late(self, node: Node) -> bool:
        return node.text == "timer_expires()"

    def decide(self, node: Node, call: Call | None) -> tuple[int, ...] | None:
        if node.text == "kmalloc_fails()":
            return (0, 1) if "no_memory" in self.world.events else (0,)
        if node.function in CAPABILITIES:
            return (int(call is not None and not call.args.get("uid")),)
        return None

    # -- the environment ----------------------------------------------------------------------------------------

    def events(self, heap: tuple[int, ...], occurs: Occurs) -> list[tuple[str, Started]]:
        found: list[tuple[str, Started]] = []
        if occurs is not Occurs.LATE and self.world.quiet:
            return found
        for sk in range(1, self.world.socks + 1):
            if self._get(heap, "Sock", "live", sk):
                found += self._about_sock(heap, sk, occurs)
        if occurs is Occurs.MAYBE and "signal" in self.world.events:
            for thread in range(2, self.world.threads + 1):
                if not self._get(heap, "Thread", "sigpending", thread):
                    found.append((f"signal for thread {thread - 1}", Started("send_sig", {"t": thread})))
        return found

    def _about_sock(self, heap: tuple[int, ...], sk: int, occurs: Occurs) -> Iterable[tuple[str, Started]]:
        """What may happen to one socket: its timer, and the segments its peer may send."""
        events = self.world.events
        state = self._member("Sock", "state", self._get(heap, "Sock", "state", sk))
        hashed = self._member("Sock", "hashed", self._get(heap, "Sock", "hashed", sk))
        connecting = state in ("TCP_SYN_SENT", "TCP_SYN_RECV")
        if connecting and hashed == "TCP_EHASH" and occurs is (Occurs.MAYBE if "timeout" in events else Occurs.LATE):
            yield f"retransmissions of sk{sk} run out", Started("tcp_write_timer", {"sk": sk})
        if hashed == "TCP_EHASH" and state != "TCP_TIME_WAIT":
            for flags, name, when in self._peer_may_send(heap, sk, state):
                if when is occurs:
                    yield f"{name} for {self._connection(heap, sk)}", self._segment_for(heap, sk, flags)
            if connecting and "icmp" in events and occurs is Occurs.MAYBE:
                unreachable = self._index(S.Errno, "EHOSTUNREACH")
                yield f"ICMP host unreachable for sk{sk}", Started("tcp_v4_err", {"sk": sk, "err": unreachable})
        if hashed == "TCP_LHASH" and "syn" in events and occurs is Occurs.MAYBE:
            local = self._get(heap, "Sock", "rcv_saddr", sk) or self._address("LOOPBACK")
            port = self._get(heap, "Sock", "num", sk)
            for flags in (("syn",), ("ack",)):
                yield f"{flags[0].upper()} from REMOTE for sk{sk}", self._segment(
                    flags, self._address("REMOTE"), self._word("Port", REMOTE_PORT), local, port
                )

    def _peer_may_send(self, heap: tuple[int, ...], sk: int, state: str) -> Iterable[tuple[tuple[str, ...], str, Occurs]]:
        events = self.world.events
        peer = self._get(heap, "Sock", "daddr", sk)
        name = self.world.addresses[peer - 1] if peer else "ANY"
        if name in ROUTED_ADDRESSES and state == "TCP_SYN_SENT":
            behaviour = self.world.peers.get(name, "free")
            if behaviour in ("listening", "free"):
                yield ("syn", "ack"), "SYN-ACK", Occurs.MAYBE if behaviour == "free" else Occurs.SURELY
            if behaviour in ("refusing", "free"):
                yield ("rst", "ack"), "RST", Occurs.MAYBE if behaviour == "free" else Occurs.SURELY
        if "rst" in events:
            yield ("rst", "ack"), "RST", Occurs.MAYBE
        if "fin" in events and state in ("TCP_ESTABLISHED", "TCP_FIN_WAIT1", "TCP_FIN_WAIT2"):
            yield ("fin", "ack"), "FIN", Occurs.MAYBE

    def _connection(self, heap: tuple[int, ...], sk: int) -> str:
        """A socket and the connection it has now."""
        daddr, dport, num = (self._get(heap, "Sock", f, sk) for f in ("daddr", "dport", "num"))
        values = (0, *self.world.ports)
        return f"sk{sk} (port {values[num]}, peer {self.world.addresses[daddr - 1] if daddr else 'ANY'}:{values[dport]})"

    def _segment_for(self, heap: tuple[int, ...], sk: int, flags: tuple[str, ...]) -> Started:
        daddr, dport, rcv_saddr, num = (self._get(heap, "Sock", f, sk) for f in ("daddr", "dport", "rcv_saddr", "num"))
        return self._segment(flags, daddr, dport, rcv_saddr, num)

    @staticmethod
    def _segment(flags: tuple[str, ...], saddr: int, source: int, daddr: int, dest: int) -> Started:
        bits = {name: int(name in flags) for name in ("syn", "ack", "fin", "rst", "data", "acks_fin")}
        return Started("segment_arrives", {**bits, "saddr": saddr, "source": source, "daddr": daddr, "dest": dest})

    # -- starting -----------------------------------------------------------------------------------------------

    def start(self, call: Call, heap: tuple[int, ...], names: Names, thread: int) -> Started | Done:
        known = dict(names)
        args = call.args
        match call.name:
            case "settle":
                return Done("0", heap, names)
            case "port_range":
                return Done("0", self._set_port_range(heap, int(str(args["lo"])), int(str(args["hi"]))), names)
            case "nonblock":
                return Done("0", heap, _with(names, f"{args['s']}.nonblock", int(bool(args["val"]))))
            case "socket":
                return self._start_socket(call)
        if args["s"] == "NOTSOCK":
            return Done("ENOTSOCK", heap, names)
        sock = known.get(str(args["s"]), 0)
        if not sock:
            return Done("EBADF", heap, names)
        if call.name == "drop_syns":
            return Done("0", self._poke(heap, "Sock", "drops_syns", self._get(heap, "Socket", "sk", sock), 1), names)
        if call.name == "state":
            state = self._get(heap, "Sock", "state", self._get(heap, "Socket", "sk", sock))
            return Done(self._member("Sock", "state", state).removeprefix("TCP_"), heap, names)
        return Started("system_call", self._arguments(call, heap, known, sock))

    def _start_socket(self, call: Call) -> Started:
        args = call.args
        family = args.get("domain", "AF_INET")
        names = {"AF_INET": "AF_INET", 2: "AF_INET", "AF_UNSPEC": "AF_UNSPEC", 0: "AF_UNSPEC"}
        shown = names.get(family, "NPROTO" if isinstance(family, int) and not 0 <= family < 32 else "AF_UNREGISTERED")  # type: ignore[arg-type]
        kind = args["type"]
        if kind in ("PACKET", 10):
            raise UsageError("outside-model", "SOCK_PACKET belongs to another address family", "leave the scenario out")
        in_range = isinstance(kind, str) or 0 <= int(str(kind)) < 11
        type_name = TYPES.get(kind, "SOCK_RDM") if in_range and not args.get("flags") else "SOCK_MAX"  # type: ignore[arg-type]
        return Started(
            "sys_socket",
            {
                "family": self._index(S.Family, shown),
                "type": self._index(S.SocketType, type_name),
                "protocol": self._word("Protocol", int(str(args.get("proto", 0)))),
            },
        )

    def _word(self, sort: str, number: int) -> int:
        values = (0, *dict(self.memory.instance.words)[sort])
        return values.index(number) if number in values else len(values) - 1

    def _arguments(self, call: Call, heap: tuple[int, ...], known: dict[str, int], sock: int) -> dict[str, int]:
        args = call.args
        how = HOWS.get(args.get("how"), "SHUT_INVALID")  # type: ignore[arg-type]
        backlog = int(str(args.get("backlog", 0)))
        length = int(str(args.get("addr_len", 16)))
        option = str(args.get("opt", "SO_REUSEADDR"))
        if option not in {m.name for m in S.Option}:
            raise UsageError("outside-model", f"the model has no option {option}", "leave the scenario out")
        family = {"AF_INET": "AF_INET", "AF_UNSPEC": "AF_UNSPEC"}.get(str(args.get("family", "AF_INET")), "AF_UNREGISTERED")
        value = args.get("val", 0)
        return {
            "call": self._index(S.Call, CALLS[call.name]),
            "sock": sock,
            "family": self._index(S.Family, family),
            "addr": self._address(str(args.get("addr", "ANY"))),
            "port": self._port(args.get("port", 0), heap, known),
            "addr_len": self._word("AddrLen", length if length >= 0 else BIG),
            "noblock": int(bool(args.get("nonblock") or known.get(f"{args['s']}.nonblock"))),
            "backlog": self._word("Backlog", backlog if 0 <= backlog <= S.SOMAXCONN else S.SOMAXCONN + 1),
            "how": self._index(S.ShutdownHow, how),
            "optname": self._index(S.Option, option),
            "valbool": int(bool(value)),
            "timeo": self._index(S.Timeo, "TIMEO_FINITE" if value else "MAX_SCHEDULE_TIMEOUT"),
            "device": int(bool(value)),
            "wants_name": 0,
        }

    def _address(self, name: str) -> int:
        return 0 if name in ("ANY", "0.0.0.0") else 1 + self.world.addresses.index(name)

    def _port(self, port: Any, heap: tuple[int, ...], known: dict[str, int]) -> int:
        if isinstance(port, PortOf):
            return self._local_port(heap, known.get(port.socket, 0))
        if isinstance(port, PortChosen):
            return known.get(f"{port.socket}.chosen", 0)
        return self._word("Port", int(self.world.number(port)))

    def _local_port(self, heap: tuple[int, ...], sock: int) -> int:
        return self._get(heap, "Sock", "sport", self._get(heap, "Socket", "sk", sock))

    def _poke(self, heap: tuple[int, ...], record: str, field: str, obj: int, value: int) -> tuple[int, ...]:
        cell = self.memory.cell((record, field), obj)
        return (*heap[:cell], value, *heap[cell + 1 :])

    def _set_port_range(self, heap: tuple[int, ...], low: int, high: int) -> tuple[int, ...]:
        heap = self._poke(heap, "", "local_port_low", 0, self._word("Port", low))
        heap = self._poke(heap, "", "local_port_high", 0, self._word("Port", high))
        return self._poke(heap, "", "udp_port_high", 0, self._word("Port", max(high, low + UDP_HTABLE_SIZE - 1)))

    # -- finishing ----------------------------------------------------------------------------------------------

    def finish(self, call: Call, returned: int, heap: tuple[int, ...], names: Names, thread: int) -> tuple[str, Names]:
        errno = list(S.Errno)[returned].name
        if errno != "SUCCESS":
            return errno, self._note_port(call, heap, names)
        if "as" in call.args:
            made = self._get(heap, "Thread", "installed", thread)
            names = _with(names, str(call.args["as"]), made)
        names = self._note_port(call, heap, names)
        if call.name in ("getsockname", "getpeername"):
            return f"0 {self._shown_name(heap, names, thread)}", names
        if call.name == "so_error":
            value = list(S.Errno)[self._get(heap, "Thread", "optval", thread)].name
            return f"0 value={'0' if value == 'SUCCESS' else value}", names
        if call.name == "close":
            names = tuple(n for n in names if n[0] != call.args["s"])
        return "0", names

    def _note_port(self, call: Call, heap: tuple[int, ...], names: Names) -> Names:
        """Remember the port the kernel chose for a socket, when it has one that no scenario names."""
        known = dict(names)
        name = str(call.args.get("s", ""))
        port = self._local_port(heap, known.get(name, 0))
        taken = {v for n, v in names if n.endswith(".chosen")}
        if not port or port in taken or not self._is_ephemeral(port):
            return names
        return _with(names, f"{name}.chosen", port)

    def _is_ephemeral(self, port: int) -> bool:
        number = (0, *self.world.ports)[port]
        named = {self.world.number(c.args.get("port")) for c in self.world.calls if not isinstance(c.args.get("port"), (PortOf, PortChosen))}
        return number not in named and any(low <= number <= max(high, low + 127) for low, high in self.world.ranges)

    def _shown_name(self, heap: tuple[int, ...], names: Names, thread: int) -> str:
        addr = self._get(heap, "Thread", "name_addr", thread)
        port = self._get(heap, "Thread", "name_port", thread)
        shown = "ANY" if not addr else self.world.addresses[addr - 1]
        number = (0, *self.world.ports)[port]
        named = {v: k for k, v in NAMED_PORTS.items()}
        chosen = {v: n.removesuffix(".chosen") for n, v in names if n.endswith(".chosen")}
        if port in chosen:
            return f"{shown}:eph_{chosen[port]}"
        return f"{shown}:{named.get(number, number)}"


def _with(names: Names, name: str, value: int) -> Names:
    """``names`` with one changed or added, sorted."""
    return tuple(sorted({**dict(names), name: value}.items()))
