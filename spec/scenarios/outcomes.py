"""What outcome tables are about: one socket of each type, the classes its states fall into, and the world around it.

Beside the watched socket there are sockets that hold a port, and one with SO_REUSEADDR that shares its port with it in some
circumstances.  The peer is another machine; nothing goes through the loopback device.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from checker.errors import InternalError
from checker.language.graph import Node
from checker.scenario.alone import Alone, Decide, Ran
from checker.scenario.heap import Heap, Memory
from checker.scenario.outcomes import Action, Class, Move, Spot
from checker.scenario.program import Call, Scenario
from checker.scenario.states import Done, Started
from checker.scenario.steps import Program
from spec import values as kernel
from spec.scenarios import outcome_actions as acts
from spec.scenarios.calls import CAPABILITIES, Calls
from spec.scenarios.outcome_actions import CHOICES, SOCKET, Choice
from spec.scenarios.outcome_classes import OUTCOME_CLASSES, Classes
from spec.scenarios.world import NAMED_PORTS, World

SELDOM = ("kmalloc_fails()", "owned_by_user()", "ack_is_delayed()")
"""What does not happen unless an action is about it."""
SETTERS = ("tcp_set_state", "tcp_done")
"""Functions that write a state for whoever calls them."""
PARTS = {"tcp_rcv_acked": "tcp_rcv_state_process", "tcp_abort": "tcp_disconnect", "tcp_forget_peer": "tcp_disconnect"}
"""Functions that are a part of one function in C."""

KINDS = ("stream", "dgram", "raw")
PASSING = {
    **{("", name): 0 for name in ("tcp_port_rover", "udp_port_rover", "local_port_low", "local_port_high", "udp_port_high")},
    ("Sock", "rcvtimeo"): list(kernel.Timeo).index(kernel.MAX_SCHEDULE_TIMEOUT),
    ("Sock", "sndtimeo"): list(kernel.Timeo).index(kernel.MAX_SCHEDULE_TIMEOUT),
    ("Sock", "linger"): 0,
}
"""What circumstances change for the time of one action, with what it is in socks otherwise; of variables, as it is at first."""
WATCHED = (("Sock", "state"), ("Socket", "state"))
FIELDS = {"Sock": "sk->state", "Socket": "sock->state"}


def _call(name: str, **args: Any) -> Call:
    """A call with the arguments scenario files would have."""
    defaults: dict[str, Any] = {"uid": 0, "nonblock": False, "family": "AF_INET", "addr_len": 16, "proto": 0, "flags": ()}
    defaults["domain"] = "AF_INET"
    return Call(name, {**defaults, **args}, name)


SETUP = (
    _call("socket", type="STREAM", **{"as": "holder"}),
    _call("bind", s="holder", addr="ANY", port=acts.TAKEN_PORT),
    _call("socket", type="DGRAM", **{"as": "udp_holder"}),
    _call("bind", s="udp_holder", addr="ANY", port=acts.TAKEN_PORT),
    _call("socket", type="STREAM", **{"as": "rival"}),
    _call("setsockopt", s="rival", opt="SO_REUSEADDR", val=1),
    _call("bind", s="rival", addr="ANY", port=acts.SHARED_PORT),
)
SHARED = (
    _call("socket", type="STREAM", **{"as": "s"}),
    _call("setsockopt", s="s", opt="SO_REUSEADDR", val=1),
    _call("bind", s="s", addr="ANY", port=acts.SHARED_PORT),
)
PROBES = (
    ("another socket listens on the port", (*SHARED, _call("listen", s="rival", backlog=1))),
    (
        "another socket has this connection",
        (*SHARED, _call("connect", s="rival", addr=acts.PEER, port=acts.PEER_PORT, nonblock=True)),
    ),
)
"""Circumstances in which a bound socket is tried as well."""


class Sockets:
    """The subject of outcome tables for one type; see checker.scenario.outcomes.Subject."""

    columns = OUTCOME_CLASSES

    def __init__(self, kind: str, calls: Calls, machine: Alone) -> None:
        self.kind = kind
        self.calls = calls
        self.machine = machine
        self.memory = calls.memory
        self.choices = {c.action: c for c in (*SOCKET, *CHOICES) if kind in c.kinds}
        self.making = [c.action for c in SOCKET if kind in c.kinds]
        self.calling = [c.action for c in CHOICES if kind in c.kinds]
        self.names: dict[str, int] = {}
        self.classes = Classes(self.memory)
        self.started: dict[Action, Started] = {}
        self.between = self._between_actions()

    # -- reading --------------------------------------------------------------------------------------------------

    def _get(self, heap: Heap, record: str, field: str, obj: int = 0) -> int:
        return heap[self.memory.base[record, field] + obj]

    def _state(self, heap: Heap, sk: int) -> str:
        return self.classes.sk_names[self._get(heap, "Sock", "state", sk)]

    def classify(self, spot: Spot) -> Class:
        """The words of OUTCOME_CLASSES."""
        return self.classes.of(spot.heap, *spot.watched)

    # -- where to begin -------------------------------------------------------------------------------------------

    def start(self) -> list[Spot]:
        """Before the socket is made, and a bound one that shares its port."""
        heap = self._set_up(self._poke(self.memory.initial, "", "loopback_up", 0, 0), SETUP)
        found = [Spot(heap, (0, 0))]
        if self.kind == "stream":
            for title, calls in PROBES:
                there = self._set_up(heap, calls)
                sock = self.names["s"]
                found.append(Spot(self._settled(there), (sock, self._get(there, "Socket", "sk", sock)), title))
        return found

    def _set_up(self, heap: Heap, calls: Sequence[Call]) -> Heap:
        for call in calls:
            ran = self._simply(heap, self._started(call, heap, self.names), call)
            if "as" in call.args:
                self.names[str(call.args["as"])] = self._get(ran, "Thread", "installed", 1)
            heap = ran
        return self._settled(heap)

    def _simply(self, heap: Heap, started: Started, call: Call) -> Heap:
        frame = self.machine.enter(started.root, dict(started.arguments))
        ran = next(iter(self.machine.run(heap, frame, 1, lambda node: self._usually(node))))
        if ran.returned and not call.args.get("nonblock"):
            raise InternalError("outcomes", f"{call.label} of the set-up fails: {list(kernel.Errno)[ran.returned].name}")
        return ran.heap

    def _started(self, call: Call, heap: Heap, names: dict[str, int]) -> Started:
        begun = self.calls.start(call, heap, tuple(names.items()), 1)
        assert not isinstance(begun, Done)
        return begun

    # -- actions --------------------------------------------------------------------------------------------------

    def actions(self, spot: Spot) -> Sequence[Action]:
        """Every call, then every event."""
        heap, (sock, sk) = spot.heap, spot.watched
        if not sock and not sk:
            return self.making
        if not self._get(heap, "Sock", "live", sk):
            return ()
        return [*(self.calling if sock else ()), *self._events(heap, sk)]

    def while_waiting(self, spot: Spot) -> Sequence[Action]:
        """The same events, and a signal for the waiting thread."""
        signalled = self._get(spot.heap, "Thread", "sigpending", 1)
        return [*self._events(spot.heap, spot.watched[1]), *(() if signalled else (Action(acts.SIGNAL, event=True),))]

    def rivals(self, spot: Spot) -> Sequence[Action]:
        """See RIVALS."""
        return [Action(name, how) for name, how in acts.RIVALS]

    def races(self, action: Action) -> bool:
        """Calls with a timeout wait as the others do."""
        return action.how == "blocking"

    def _events(self, heap: Heap, sk: int) -> list[Action]:
        return [Action(name, event=True) for name in self._occurring(heap, sk)]

    def _occurring(self, heap: Heap, sk: int) -> dict[str, Started]:
        """The events that may reach ``sk`` now, by name."""
        state = self._state(heap, sk)
        calls = self.calls
        found: dict[str, Started] = {}
        if self.kind != "stream" or state == "CLOSE":
            return found
        if state == "LISTEN":
            request, child = self.classes.request(heap, sk), self._get(heap, "Sock", "accept_queue", sk)
            for name, flags in acts.REQUEST_EVENTS if not child else ():
                if (name == "SYN") == (not request):
                    found[name] = self._from_peer(heap, sk, flags, request)
            if child and self._state(heap, child) != "CLOSE":
                fin, rst = acts.CHILD_EVENTS
                for name, flags in (fin, rst) if self._state(heap, child) == "ESTABLISHED" else (rst,):
                    found[name] = calls._segment_for(heap, child, flags)
            return found
        for name, flags in acts.CONNECTION_EVENTS[state]:
            found[name] = calls._segment_for(heap, sk, flags)
        found[acts.TIMER] = Started("tcp_write_timer", {"sk": sk, "last": 1})
        found[acts.ICMP] = Started("tcp_v4_err", {"sk": sk, "err": calls._index(kernel.Errno, "EHOSTUNREACH")})
        return found

    def _from_peer(self, heap: Heap, sk: int, flags: tuple[str, ...], request: int) -> Started:
        """A segment for a listener; a new one comes from a port of the peer that has no connection yet."""
        get = self._get
        local = get(heap, "Sock", "rcv_saddr", sk) or self.calls._address(acts.LOCAL)
        source = get(heap, "OpenRequest", "rmt_port", request)
        if not request:
            socks = range(1, self.memory.count("Sock") + 1)
            used = {get(heap, "Sock", "dport", x) for x in socks if get(heap, "Sock", "live", x)}
            source = next(p for p in self._peer_ports() if p not in used)
        peer = self.calls._address(acts.PEER)
        return self.calls._segment(flags, peer, source, local, get(heap, "Sock", "num", sk))

    def _peer_ports(self) -> Sequence[int]:
        """Any ports do for the peer."""
        return range(len(self.calls.world.ports), 0, -1)

    # -- beginning and ending -------------------------------------------------------------------------------------

    def begin(self, spot: Spot, action: Action) -> tuple[Heap, Started]:
        """The memory with the circumstances of the call, and the entry point."""
        heap, (sock, sk) = spot.heap, spot.watched
        if action.event:
            if action.name == acts.SIGNAL:
                return heap, Started("send_sig", {"t": 1})
            return heap, self._occurring(heap, sk)[action.name]
        choice = self.choices[action]
        started = self.started.get(action)
        if started is None:
            args = {"s": "s"} | dict(choice.args)
            if args.get("port") == acts.FREE_PORT:
                args["port"] = 0
            started = self.started[action] = self._started(_call(choice.call, **args), heap, {"s": 1})
        given: dict[str, int] = {"sock": sock} if started.root == "system_call" else {}
        if choice.args.get("port") == acts.FREE_PORT:
            given["port"] = self._free_port(heap)
        return self._in_circumstances(heap, sk, choice), Started(started.root, {**started.arguments, **given})

    def _in_circumstances(self, heap: Heap, sk: int, choice: Choice) -> Heap:
        if not isinstance(choice.circumstance, str):
            for name, value in choice.circumstance.items():
                heap = self._poke(heap, "Sock", name, sk, value)
        elif choice.circumstance == acts.NO_FREE_PORT:
            only = self.calls._word("Port", NAMED_PORTS[acts.TAKEN_PORT])
            for end in ("local_port_low", "local_port_high", "udp_port_high"):
                heap = self._poke(heap, "", end, 0, only)
        return heap

    def _free_port(self, heap: Heap) -> int:
        """A port that nobody has."""
        first = self.memory.base["Sock", "num"] + 1
        taken = heap[first : first + self.memory.count("Sock")]
        ports = (self.calls._word("Port", NAMED_PORTS[name]) for name in ("P1", "P4", "E1"))
        return next(port for port in ports if port not in taken)

    def decide(self, action: Action) -> Decide:
        """Memory may run out for a call, and its timeout end; events find what they need."""
        if action.event:
            return self._usually
        unprivileged = bool(self.choices[action].args.get("uid"))

        def choose(node: Node) -> tuple[tuple[int, str], ...] | None:
            if node.text == "kmalloc_fails()":
                told = "no descriptor" if node.function == "descriptor_table_full" else "no memory"
                return ((0, ""), (1, told))
            if node.text == "timer_expires()":
                return ((0, ""), (1, "the timeout ends"))
            if node.function in CAPABILITIES and unprivileged:
                return ((0, ""),)
            return self._usually(node)

        return choose

    def _usually(self, node: Node) -> tuple[tuple[int, str], ...] | None:
        if node.function in CAPABILITIES:
            return ((1, ""),)
        return ((0, ""),) if node.text in SELDOM else None

    def finish(self, spot: Spot, action: Action, ran: Ran) -> tuple[str, Spot, Spot | None]:
        """The result, the socket afterwards, and the one that accept made."""
        heap, (sock, sk) = ran.heap, spot.watched
        result, made = "", None
        if not action.event:
            assert ran.returned is not None
            result = self._result(action, ran.returned, heap)
        installed = self._get(heap, "Thread", "installed", 1)
        settled = self._settled(heap)
        if action.name == "socket" and result == "0":
            return result, self._spot(settled, installed), None
        if action.name == "accept" and result == "0":
            made = self._spot(settled, installed)
        if action.name == "close" and result == "0":
            sock = 0
        return result, replace(spot, heap=settled, watched=(sock, sk)), made

    def _spot(self, heap: Heap, sock: int) -> Spot:
        return Spot(heap, (sock, self._get(heap, "Socket", "sk", sock)))

    def _result(self, action: Action, returned: int, heap: Heap) -> str:
        if returned:
            return list(kernel.Errno)[returned].name
        if action.name == acts.SO_ERROR:
            reported = list(kernel.Errno)[self._get(heap, "Thread", "optval", 1)].name
            return f"0: {reported}" if reported != "SUCCESS" else "0"
        if action.name == "getsockname":
            parts = [word for word in ("addr", "port") if self._get(heap, "Thread", f"name_{word}", 1)]
            return f"0: {' and '.join(parts) or 'nothing'}"
        return "0"

    def _settled(self, heap: Heap) -> Heap:
        """The memory between two actions: threads in user mode, no circumstances, ports given out from the first one again."""
        return self.memory.changed(heap, self.between)

    def _between_actions(self) -> dict[int, int]:
        """The cells that are always the same between two actions, with what is in them."""
        found: dict[int, int] = {}
        for (record, field), base in self.memory.base.items():
            if record == "Thread" or (record == "" and (record, field) in PASSING):
                cells = range(base, base + (self.memory.count(record) + 1 if record else 1))
                found |= {cell: self.memory.initial[cell] for cell in cells}
            elif (record, field) in PASSING:
                cells = range(base + 1, base + self.memory.count(record) + 1)
                found |= {cell: PASSING[record, field] for cell in cells}
        return found

    def _poke(self, heap: Heap, record: str, field: str, obj: int, value: int) -> Heap:
        return self.calls._poke(heap, record, field, obj, value)

    # -- who moves what -------------------------------------------------------------------------------------------

    def moves(self, ran: Ran) -> list[Move]:
        """Changes of ``sk->state`` and ``sock->state`` of any socket of this run."""
        found = []
        for change in ran.changes:
            record, field = change.key
            before, after = (self.calls._member(record, field, v).split("_", 1)[1] for v in (change.before, change.after))
            caller = next(name for name in reversed(change.stack) if name not in SETTERS)
            who = PARTS.get(caller, caller)
            found.append(Move(FIELDS[record], "(new)" if change.fresh else before, after, who, change.fresh))
        return found


def sockets(model: Any, program: Program) -> dict[str, Sockets]:
    """The subjects by type; they share one memory layout and one machine."""
    tried = [_call(c.call, **({"s": "s"} | {**c.args, "port": c.args.get("port", 0)})) for c in (*CHOICES, *SOCKET)]
    tried = [replace(c, args={**c.args, "port": 0}) if c.args["port"] == acts.FREE_PORT else c for c in tried]
    ports = [_call("bind", s="s", addr="ANY", port=port) for port in NAMED_PORTS]
    world = World(Scenario("outcomes", (*SETUP, *tried, *ports)))
    world.threads, world.sockets, world.socks, world.segments, world.requests = 2, 8, 14, 3, 3
    memory = Memory(model, world.instance(model))
    machine = Alone(memory, program, WATCHED)
    return {kind: Sockets(kind, Calls(memory, world), machine) for kind in KINDS}
