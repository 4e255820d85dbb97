"""What one process of a scenario can do next, remembered: it does not matter what the others are about to do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from checker.language.graph import Node
from checker.scenario.heap import Heap
from checker.scenario.program import Call
from checker.scenario.states import Client, Done, Interface, Move, Names, Occurs
from checker.scenario.steps import IDLE, Frame, Machine, Policy


class Turn(NamedTuple):
    """One step of a process: memory, names and its thread afterwards.

    With ``over`` a wait is over, so that timers may run out once more: a call begins or ends, or one of a lone thread goes on.
    """

    heap: Heap
    names: Names
    client: Client
    faults: tuple[str, ...]
    over: bool
    move: Move


class Turns:
    """The steps of processes on one machine; ``alone`` if there is one thread."""

    def __init__(self, machine: Machine, interface: Interface, *, alone: bool) -> None:
        self.machine = machine
        self.interface = interface
        self.alone = alone
        self.known: dict[tuple[Heap, Names, int, Client, int, bool, bool], list[Turn]] = {}
        self.occurring: dict[tuple[Heap, Occurs], list[tuple[str, Frame]]] = {}

    def of(
        self, heap: Heap, names: Names, number: int, client: Client, call: Call | None, late: bool, expire: bool
    ) -> list[Turn]:
        """Every step of thread ``number``, or of the softirq on its CPU, which goes first.

        ``call`` is the one it makes, or makes next unless it is ``late``; timeouts may ``expire``.
        """
        key = (heap, names, number, client, id(call), late, expire)
        found = self.known.get(key)
        if found is None:
            found = self.known[key] = self._work_out(heap, names, number, client, call, late, expire)
        return found

    def _work_out(
        self, heap: Heap, names: Names, number: int, client: Client, call: Call | None, late: bool, expire: bool
    ) -> list[Turn]:
        if client.irq[0] != IDLE:
            return self.interrupted(heap, names, number, client, client.irq, expire)
        node = self.machine.node(client.frame)
        if self.interface.pending(heap, number + 1) and (node is None or not node.context.bh_off):
            softirq = self.machine.enter(self.interface.softirq, {})
            return self.interrupted(heap, names, number, client, softirq, expire)
        if node is not None:
            return list(self._in_call(heap, names, number, client, call, client.frame, expire, begins=False))
        if late or call is None:
            return []
        begun = self.interface.start(call, heap, names, number + 1)
        if isinstance(begun, Done):
            after = Client(client.frame, client.irq, client.calls + 1, (*client.results, begun.result))
            return [Turn(begun.heap, begun.names, after, (), False, Move(number, False, call.label, begun.result))]
        frame = self.machine.enter(begun.root, begun.arguments)
        return list(self._in_call(heap, names, number, client, call, frame, expire, begins=True))

    def interrupted(
        self, heap: Heap, names: Names, number: int, client: Client, frame: Frame, expire: bool, about: str = ""
    ) -> list[Turn]:
        """Every way in which a softirq at ``frame`` can go on."""
        found = []
        for after, did in self.machine.step(heap, frame, number + 1, self.policy(expire, None)):
            changed = Client(client.frame, did.frame, client.calls, client.results)
            found.append(Turn(after, names, changed, did.faults, False, Move(number, True, about, None, did)))
        return found

    def _in_call(
        self,
        heap: Heap,
        names: Names,
        number: int,
        client: Client,
        call: Call | None,
        frame: Frame,
        expire: bool,
        *,
        begins: bool,
    ) -> Iterator[Turn]:
        for after, did in self.machine.step(heap, frame, number + 1, self.policy(expire, call)):
            changed, known, result = Client(did.frame, client.irq, client.calls, client.results), names, None
            if did.returned is not None:
                assert call is not None
                result, known = self.interface.finish(call, did.returned, after, names, number + 1)
                changed = Client(did.frame, client.irq, client.calls + 1, (*client.results, result))
            over = self.alone or begins or result is not None
            doing = call.label if call is not None else ""
            yield Turn(after, known, changed, did.faults, over, Move(number, False, doing, result, did))

    def events(self, heap: Heap, occurs: Occurs) -> list[tuple[str, Frame]]:
        """What the environment may do now, with its name: where its softirq begins."""
        found = self.occurring.get((heap, occurs))
        if found is None:
            begun = self.interface.events(heap, occurs)
            found = [(name, self.machine.enter(started.root, started.arguments)) for name, started in begun]
            self.occurring[heap, occurs] = found
        return found

    def policy(self, expire: bool, call: Call | None) -> Policy:
        """What the environment may decide during ``call``; whether the timeout of a sleep may expire."""

        def decide(node: Node, thread: int) -> tuple[int, ...] | None:
            if self.interface.is_late(node) and not expire:
                return (0,)
            return self.interface.decide(node, call)

        return decide
