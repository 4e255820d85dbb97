"""A ticket lock: any number of threads; nobody draws the last number there is, so numbers never wrap around."""

from __future__ import annotations

from checker.language import Process, SpinLock, Static, Word, always, current, implies, spin_lock, syscall, when

LAST = 65535


class Number(Word, bits=16):
    pass


class Memory(Static):
    next: Number
    serving: Number


class Thread(Process):
    critical: bool


memory = Memory()
bus = SpinLock("bus")


@syscall("lock.c")
def work() -> None:
    with spin_lock(bus):
        when(memory.next < LAST)
        mine = memory.next
        memory.next = mine + 1
    when(memory.serving == mine)
    current().critical = True
    current().critical = False
    memory.serving = memory.serving + 1


@always(stands_for="mutual exclusion", because="numbers are drawn once, and one is served at a time")
def mutual_exclusion(a: Thread, b: Thread) -> bool:
    return implies(a != b, not (a.critical and b.critical))
