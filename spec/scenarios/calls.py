"""Calls of scenario files as calls of the model, and results as scenario files write them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from checker.errors import OutsideModelError
from checker.language.graph import Node
from checker.language.sorts import BOOL, EnumSort, ScalarSort, WordSort
from checker.scenario.heap import Heap
from checker.scenario.program import Call, PortChosen, PortOf
from checker.scenario.states import Done, Names, Started
from checker.scenario.vocabulary import DATA, EOF, SEGMENT_FLAGS
from spec import values as kernel
from spec.scenarios.environment import Environment
from spec.scenarios.expand import HELD
from spec.scenarios.world import BIG, NAMED_PORTS, UDP_HTABLE_SIZE

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
OWN_FAMILIES = ("AF_INET", "AF_UNSPEC")
OTHER_FAMILIES = ("AF_UNIX", "AF_LOCAL", "AF_INET6", "AF_NETLINK", "AF_PACKET", 1, 10, 16, 17)
"""A kernel may have sockets of these; what it has of other numbers is taken to be nothing."""
NUMBER_OF_FAMILIES = 32
HOWS = {"RD": "SHUT_RD", 0: "SHUT_RD", "WR": "SHUT_WR", 1: "SHUT_WR", "RDWR": "SHUT_RDWR", 2: "SHUT_RDWR"}
CALLS = {
    "bind": "SYS_BIND",
    "connect": "SYS_CONNECT",
    "listen": "SYS_LISTEN",
    "accept": "SYS_ACCEPT",
    "getsockname": "SYS_GETSOCKNAME",
    "getpeername": "SYS_GETPEERNAME",
    "send": "SYS_SEND",
    "sendto": "SYS_SENDTO",
    "recv": "SYS_RECVFROM",
    "shutdown": "SYS_SHUTDOWN",
    "setsockopt": "SYS_SETSOCKOPT",
    "so_error": "SYS_GETSOCKOPT",
    "close": "SYS_CLOSE",
}
MIN_PAYLOAD = 8
"""Shorter IP datagrams are dropped on arrival."""
LARGEST_DATAGRAM = (1 << 16) - 1 - 20 - 8
CAPABILITIES = ("capable_net_raw", "capable_net_bind_service")


@dataclass(frozen=True)
class Calls(Environment):
    """Starts calls and names their results; see checker.scenario.explore.Interface."""

    softirq: str = "net_rx_action"

    def pending(self, heap: Heap, thread: int) -> bool:
        return bool(self._get(heap, "Thread", "rx_head", thread))

    def kept(self, heap: Heap) -> list[tuple[str, int]]:
        """Sockets with a descriptor, socks in a hash table."""
        sockets = [("Socket", n) for n in range(1, self.world.sockets + 1) if self._get(heap, "Socket", "fd", n)]
        nowhere = self._index(kernel.HashTable, "NOT_HASHED")
        socks = [("Sock", n) for n in range(1, self.world.socks + 1) if self._get(heap, "Sock", "hashed", n) != nowhere]
        return sockets + socks

    def is_late(self, node: Node) -> bool:
        return node.text == "timer_expires()"

    def decide(self, node: Node, call: Call | None) -> tuple[int, ...] | None:
        if node.text == "kmalloc_fails()":
            return (0, 1) if "no_memory" in self.world.events else (0,)
        if node.text == "ack_is_delayed()":
            return self.world.ack_delays
        if node.text == "syn_in_window()":
            return (0, 1) if "resyn" in self.world.events else (0,)
        if node.function in CAPABILITIES:
            return (int(call is not None and not call.args.get("uid")),)
        return None

    # -- starting -----------------------------------------------------------------------------------------------

    def start(self, call: Call, heap: Heap, names: Names, thread: int) -> Started | Done:
        known = dict(names)
        args = call.args
        match call.name:
            case "settle":
                return Done("0", heap, names)
            case "port_range":
                return Done("0", self._set_port_range(heap, int(str(args["lo"])), int(str(args["hi"]))), names)
            case "nonlocal_bind":
                return Done("0", self._poke(heap, "", "ip_nonlocal_bind", 0, int(bool(args["val"]))), names)
            case "socket":
                return self._start_socket(call)
        if args["s"] == "NOTSOCK":
            return Done("0" if call.name == "close" else "ENOTSOCK", heap, names)
        sock = known.get(str(args["s"]), 0)
        if not sock:
            return Done("EBADF", heap, names)
        if call.name == "nonblock":
            if not self._get(heap, "Socket", "fd", sock):
                return Done("EBADF", heap, names)
            return Done("0", heap, _with(names, f"{args['s']}.nonblock", int(bool(args["val"]))))
        if call.name == "drop_syns":
            return Done("0", self._poke(heap, "Sock", "drops_syns", self._get(heap, "Socket", "sk", sock), 1), names)
        if call.name == "segment":
            flags = tuple(flag for flag in SEGMENT_FLAGS if args[flag])
            return Done("0", self.arrived(heap, self._get(heap, "Socket", "sk", sock), flags, thread), names)
        if call.name == "state":
            state = self._get(heap, "Sock", "state", self._get(heap, "Socket", "sk", sock))
            return Done(self._member("Sock", "state", state).removeprefix("TCP_"), heap, names)
        if call.name == "field":
            return Done(self._shown_field(str(args["name"]), heap, names, str(args["s"])), heap, names)
        if call.name == "recv" and not self._takes_all(call, heap, sock):
            told = "the model receives all there is of a stream, not a part"
            raise OutsideModelError("outside-model", told, "receive as much as was sent")
        return Started("system_call", self._arguments(call, heap, known, sock))

    def _start_socket(self, call: Call) -> Started:
        args = call.args
        family = args.get("domain", "AF_INET")
        if family in OTHER_FAMILIES:
            raise OutsideModelError("outside-model", f"the model has no sockets of family {family}", "leave the scenario out")
        shown = str(family) if family in OWN_FAMILIES else "AF_UNREGISTERED"
        if isinstance(family, int) and not 0 <= family < NUMBER_OF_FAMILIES:
            shown = "NPROTO"
        kind = args["type"]
        if kind in ("PACKET", 10):
            raise OutsideModelError("outside-model", "SOCK_PACKET belongs to another address family", "leave the scenario out")
        in_range = isinstance(kind, str) or 0 <= int(str(kind)) < 11
        type_name = TYPES.get(kind, "SOCK_RDM") if in_range and not args.get("flags") else "SOCK_MAX"
        return Started(
            "sys_socket",
            {
                "family": self._index(kernel.Family, shown),
                "type": self._index(kernel.SocketType, type_name),
                "protocol": self._word("Protocol", int(str(args.get("proto", 0)))),
                "init_may_fail": int("init_fails" in self.world.events),
                "table_may_be_full": int("no_memory" in self.world.events),
            },
        )

    def _arguments(self, call: Call, heap: Heap, known: dict[str, int], sock: int) -> dict[str, int]:
        args = call.args
        how = HOWS.get(args.get("how"), "SHUT_INVALID")
        backlog = int(str(args.get("backlog", 0)))
        length = int(str(args.get("addr_len", 16)))
        option = str(args.get("opt", "SO_REUSEADDR"))
        if option not in {m.name for m in kernel.Option}:
            raise OutsideModelError("outside-model", f"the model has no option {option}", "leave the scenario out")
        given = args.get("family", "AF_INET")
        family = str(given) if given in OWN_FAMILIES else "AF_UNREGISTERED"
        value = args.get("val", 0)
        return {
            "call": self._index(kernel.Call, CALLS[call.name]),
            "sock": sock,
            "family": self._index(kernel.Family, family),
            "addr": self._address(str(args.get("addr", "ANY"))),
            "port": self._port(args.get("port", 0), heap, known),
            "addr_len": self._word("AddrLen", length if length >= 0 else BIG),
            "noblock": int(bool(args.get("nonblock") or known.get(f"{args['s']}.nonblock"))),
            "backlog": self._word("Backlog", backlog if 0 <= backlog <= kernel.SOMAXCONN else kernel.SOMAXCONN + 1),
            "how": self._index(kernel.ShutdownHow, how),
            "optname": self._index(kernel.Option, option),
            "valbool": int(bool(value)),
            "timeo": self._index(kernel.Timeo, "TIMEO_FINITE" if value else "MAX_SCHEDULE_TIMEOUT"),
            "device": int(bool(value)),
            "wants_name": int(bool(args.get("peer") or args.get("bad_buffer"))),
            "bad_buffer": int(bool(args.get("bad_buffer"))),
            "short": int(call.name in ("send", "sendto") and self._size(call, heap, sock) < MIN_PAYLOAD),
        }

    def _takes_all(self, call: Call, heap: Heap, sock: int) -> bool:
        """Whether a recv() asks for as much as there can be of a stream, which the model's takes in one piece."""
        there = sum(int(str(c.args["size"])) for c in self.world.calls if c.name == "send")
        there += sum(bool(c.args["data"]) for c in self.world.calls if c.name == "segment")
        asked = int(str(call.args["size"]))
        return asked >= max(there, 1) or not self._is_stream(heap, sock)

    def _is_stream(self, heap: Heap, sock: int) -> bool:
        return self._member("Socket", "type", self._get(heap, "Socket", "type", sock)) == "SOCK_STREAM"

    def _size(self, call: Call, heap: Heap, sock: int) -> int:
        """How many bytes a call sends.  Raises OutsideModelError if the model does not tell so many from others."""
        size = int(str(call.args.get("size", MIN_PAYLOAD)))
        stream = self._is_stream(heap, sock)
        if stream and size == 0:
            raise OutsideModelError("outside-model", "over TCP the model sends one byte at least", "send some")
        if not stream and size > LARGEST_DATAGRAM:
            raise OutsideModelError("outside-model", f"{size} bytes are too large for a datagram of the model", "send fewer")
        return size

    def _port(self, port: Any, heap: Heap, known: dict[str, int]) -> int:
        if isinstance(port, PortOf):
            return self._local_port(heap, known.get(port.socket, 0))
        if isinstance(port, PortChosen):
            return known.get(f"{port.socket}.chosen", 0)
        return self._word("Port", int(self.world.number(port)))

    def _local_port(self, heap: Heap, sock: int) -> int:
        return self._get(heap, "Sock", "sport", self._get(heap, "Socket", "sk", sock))

    def _set_port_range(self, heap: Heap, low: int, high: int) -> Heap:
        heap = self._poke(heap, "", "local_port_low", 0, self._word("Port", low))
        heap = self._poke(heap, "", "local_port_high", 0, self._word("Port", high))
        return self._poke(heap, "", "udp_port_high", 0, self._word("Port", max(high, low + UDP_HTABLE_SIZE - 1)))

    # -- finishing ----------------------------------------------------------------------------------------------

    def finish(self, call: Call, returned: int, heap: Heap, names: Names, thread: int) -> tuple[str, Names]:
        errno = list(kernel.Errno)[returned].name
        if errno != "SUCCESS":
            return errno, self._note_port(call, heap, names)
        if call.args.get("as"):
            made = self._get(heap, "Thread", "installed", thread)
            names = _with(names, str(call.args["as"]), made)
        names = self._note_port(call, heap, names)
        if call.name in ("getsockname", "getpeername") or call.args.get("peer"):
            return f"0 {self._shown_name(call, heap, names, thread)}", names
        if call.name == "recv":
            return self._received(call, heap, names, thread), names
        if call.name == "so_error":
            value = list(kernel.Errno)[self._get(heap, "Thread", "optval", thread)].name
            return f"0 value={'0' if value == 'SUCCESS' else value}", names
        if call.name == "close":
            names = tuple(n for n in names if n[0] not in (call.args["s"], f"{call.args['s']}.nonblock"))
        return "0", names

    def _received(self, call: Call, heap: Heap, names: Names, thread: int) -> str:
        """The end, bytes of a stream, or who sent the datagram."""
        if not self._get(heap, "Thread", "copied", thread):
            return EOF
        name = str(call.args["s"])
        sock = dict(names).get(name)  # Another thread may have closed it meanwhile.
        if self._is_stream(heap, sock) if sock else TYPES.get(self.world.kinds[name]) == "SOCK_STREAM":
            return DATA
        for name, sock in names:
            if "." not in name:  # The sender's call may not have returned yet.
                names = self._note_chosen(name, sock, heap, names)
        return f"0 {self._shown_name(call, heap, names, thread)}"

    def _note_port(self, call: Call, heap: Heap, names: Names) -> Names:
        """Remember the port the kernel chose for a socket, when it has one that neither the scenario nor the program names."""
        name = str(call.args.get("s", ""))
        return self._note_chosen(name, dict(names).get(name, 0), heap, names)

    def _note_chosen(self, name: str, sock: int, heap: Heap, names: Names) -> Names:
        port = self._local_port(heap, sock)
        if self._get(heap, "Sock", "bindport_lock", self._get(heap, "Socket", "sk", sock)):
            return names  # The program chose it.
        if not port or not self._is_ephemeral(port):
            return names
        return _with(names, f"{name}.chosen", port)

    def _is_ephemeral(self, port: int) -> bool:
        number = (0, *self.world.ports)[port]
        ports = [c.args.get("port") for c in self.world.calls if not str(c.args.get("s")).startswith(HELD)]
        named = {self.world.number(p) for p in ports if not isinstance(p, (PortOf, PortChosen))}
        return number not in named and any(low <= number <= max(high, low + 127) for low, high in self.world.ranges)

    def _chosen_for(self, port: int, names: Names, socket: str) -> list[str]:
        """Whom the kernel chose a port for, as seen from ``socket``, sorted: one that was closed may have left it to another.

        TCP and UDP each count on their own; an accepted socket has the port of its listener.
        """
        given = sorted(n.removesuffix(".chosen") for n, v in names if n.endswith(".chosen") and v == port)
        kinds = {name: TYPES.get(kind) for name, kind in self.world.kinds.items()}
        own = [name for name in given if name not in self.world.accepted]
        alike = [name for name in own if kinds.get(name) == kinds.get(socket)]
        return alike or own or given

    def _shown_name(self, call: Call, heap: Heap, names: Names, thread: int) -> str:
        addr = self._get(heap, "Thread", "name_addr", thread)
        port = self._get(heap, "Thread", "name_port", thread)
        socket = str(call.args["s"])
        return f"{self._shown_address(addr)}:{self._shown_port(port, names, socket)}"

    def _shown_address(self, addr: int) -> str:
        return self.world.addresses[addr - 1] if addr else "ANY"

    def _shown_port(self, port: int, names: Names, socket: str) -> str:
        number = (0, *self.world.ports)[port]
        named = {v: k for k, v in NAMED_PORTS.items()}
        chosen = self._chosen_for(port, names, socket)
        return "|".join(f"eph_{name}" for name in chosen) or str(named.get(number, number))

    def _shown_field(self, name: str, heap: Heap, names: Names, socket: str) -> str:
        """A field of the sock (``sk.num``) or of the socket (``sock.state``) in the words of scenario files."""
        head, field = name.split(".")
        sock = dict(names)[socket]
        record = {"sk": "Sock", "sock": "Socket"}[head]
        variable = self.memory.variables.get((record, field))
        if variable is None:
            known = ", ".join(f for r, f in self.memory.variables if r == record)
            raise OutsideModelError("outside-model", f"the model has no field {name}", f"choose one of {known}")
        value = self._get(heap, record, field, self._get(heap, "Socket", "sk", sock) if head == "sk" else sock)
        match variable.sort:
            case WordSort(name="Port" | "BePort"):
                return self._shown_port(value, names, socket)
            case WordSort(name=word):
                return str((0, *dict(self.memory.instance.words)[word])[value])
            case ScalarSort(name="Addr"):
                return self._shown_address(value)
            case EnumSort():
                member = self._member(record, field, value)
                return "0" if member == "SUCCESS" else member
            case sort:
                return ("no", "yes")[value] if sort == BOOL else "set" if value else "NULL"


def _with(names: Names, name: str, value: int) -> Names:
    """``names`` with one changed or added, sorted."""
    return tuple(sorted({**dict(names), name: value}.items()))
