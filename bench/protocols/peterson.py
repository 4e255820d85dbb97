"""Peterson's algorithm: two threads, told apart by the first call each makes."""

from __future__ import annotations

from checker.language import NULL, Process, SpinLock, Static, always, current, implies, spin_lock, syscall, when


class Memory(Static):
    first: Thread
    second: Thread
    first_wants: bool
    second_wants: bool
    second_turn: bool


class Thread(Process):
    critical: bool


memory = Memory()
bus = SpinLock("bus")


@syscall("peterson.c")
def play_first() -> None:
    with spin_lock(bus):
        when(memory.first == NULL and memory.second != current())
        memory.first = current()
    memory.first_wants = True
    memory.second_turn = True
    when(not memory.second_wants or not memory.second_turn)
    current().critical = True
    current().critical = False
    memory.first_wants = False
    memory.first = NULL


@syscall("peterson.c")
def play_second() -> None:
    with spin_lock(bus):
        when(memory.second == NULL and memory.first != current())
        memory.second = current()
    memory.second_wants = True
    memory.second_turn = False
    when(not memory.first_wants or memory.second_turn)
    current().critical = True
    current().critical = False
    memory.second_wants = False
    memory.second = NULL


@always(stands_for="mutual exclusion", because="who sets the turn last waits")
def mutual_exclusion(a: Thread, b: Thread) -> bool:
    return implies(a != b, not (a.critical and b.critical))
