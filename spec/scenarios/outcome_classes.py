"""The classes of sockets that outcome tables tell apart, read off the memory of a machine."""

from __future__ import annotations

from typing import Any

from checker.scenario.heap import Heap, Memory
from checker.scenario.outcomes import DETAIL, HIDDEN, ROW, Class, Column
from spec import values as kernel

SOCK_STATES = ("none", *(m.name.removeprefix("SS_") for m in kernel.SocketState), "closed")
SK_STATES = (
    *("none", "CLOSE", "LISTEN", "SYN_SENT", "SYN_RECV", "ESTABLISHED", "CLOSE_WAIT"),
    *("FIN_WAIT1", "FIN_WAIT2", "CLOSING", "LAST_ACK", "TIME_WAIT", "freed"),
)
BIT = ("-", "no", "yes")
DIRECTIONS = ("-", "none", "RD", "WR", "RDWR")
NUMBER = ("-", "0", "!= 0")
ERROR_NAMES = tuple(m.name for m in kernel.Errno)
ERRORS = ("-", "0", *ERROR_NAMES[1:])

OUTCOME_CLASSES = (
    Column("sock->state", ROW, SOCK_STATES),
    Column("sk->state", ROW, SK_STATES),
    Column("num", ROW, NUMBER),
    Column("port lock", DETAIL, BIT),
    Column("addr lock", DETAIL, BIT),
    Column("err", DETAIL, ERRORS),
    Column("shutdown", DETAIL, DIRECTIONS),
    Column("queue", DETAIL, ("-", "empty", "request", *SK_STATES)),
    Column("rcv_saddr", HIDDEN, NUMBER),
    Column("sport", HIDDEN, NUMBER),
    Column("err_soft", HIDDEN, NUMBER),
    Column("unread", HIDDEN, BIT),
)
"""What tells classes of sockets apart.

``queue`` is the state of the first connection that waits for accept, or ``request``, if the peer has only sent a SYN.
"""


class Classes:
    """The words of OUTCOME_CLASSES for one socket."""

    def __init__(self, memory: Memory) -> None:
        self.memory = memory
        self.cells = {field: base for (record, field), base in memory.base.items() if record == "Sock"}
        self.sk_names = _names(memory, "Sock", "TCP_")
        self.sock_names = _names(memory, "Socket", "SS_")

    def of(self, heap: Heap, sock: int, sk: int) -> Class:
        """The class of ``sock`` and its ``sk``; 0 for what there is not yet, or no longer."""
        missing = ("-",) * (len(OUTCOME_CLASSES) - 2)
        if not sock and not sk:
            return ("none", "none", *missing)

        def get(field: str) -> int:
            return heap[self.cells[field] + sk]

        if not get("live"):
            return ("closed", "freed", *missing)
        sock_state = self.sock_names[heap[self.memory.base["Socket", "state"] + sock]] if sock else "closed"
        state = self.sk_names[get("state")]
        err = get("err")
        listens = state == "LISTEN"
        child = get("accept_queue") if listens else 0
        waiting = self.sk_names[heap[self.cells["state"] + child]] if child else "request" if self.request(heap, sk) else "empty"
        return (
            sock_state,
            state,
            NUMBER[1 + bool(get("num"))],
            BIT[1 + get("bindport_lock")],
            BIT[1 + get("bindaddr_lock")],
            ERROR_NAMES[err] if err else "0",
            DIRECTIONS[1 + get("rcv_shutdown") + 2 * get("send_shutdown")],
            waiting if listens else "-",
            NUMBER[1 + bool(get("rcv_saddr"))],
            NUMBER[1 + bool(get("sport"))],
            "-" if state in ("CLOSE", "LISTEN") else NUMBER[1 + bool(get("err_soft"))],
            BIT[1 + get("unread")],
        )

    def request(self, heap: Heap, sk: int) -> int:
        """A request of the listener ``sk``, or 0."""
        base = self.memory.base
        requests = range(1, self.memory.count("OpenRequest") + 1)
        found = (r for r in requests if heap[base["OpenRequest", "live"] + r])
        return next((r for r in found if heap[base["OpenRequest", "listener"] + r] == sk), 0)


def _names(memory: Memory, record: str, prefix: str) -> tuple[str, ...]:
    """The members of ``state`` in ``record``, without their prefix."""
    sort: Any = memory.variables[record, "state"].sort
    return tuple(str(member).removeprefix(prefix) for member in sort.members)
