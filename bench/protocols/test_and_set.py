"""A test-and-set lock: any number of threads, one flag."""

from __future__ import annotations

from checker.language import Process, SpinLock, Static, always, current, implies, kernel, spin_lock, syscall


class Memory(Static):
    taken: bool


class Thread(Process):
    critical: bool


memory = Memory()
bus = SpinLock("bus")


@syscall("lock.c")
def work() -> None:
    acquire_flag()
    current().critical = True
    current().critical = False
    memory.taken = False


@kernel("lock.c")
def acquire_flag() -> None:
    while True:
        with spin_lock(bus):
            was = memory.taken
            memory.taken = True
        if not was:
            return


@always(stands_for="mutual exclusion", because="one thread alone finds the flag clear")
def mutual_exclusion(a: Thread, b: Thread) -> bool:
    return implies(a != b, not (a.critical and b.critical))
