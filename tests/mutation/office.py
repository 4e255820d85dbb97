"""A specification with what the tiny one has not: a wait queue, an atomic region, a condition of parts, steps in a row."""

from __future__ import annotations

from checker.language import Enumeration, Process, SpinLock, Static, current, kernel, members, spin_lock, syscall, when


class Result(Enumeration):
    FINE = 0
    EEMPTY = 1


FINE, EEMPTY = Result

queue_lock = SpinLock("queue_lock")


class Office(Static):
    open: bool
    letters: bool
    parcels: bool


office = Office()


class Clerk(Process):
    asleep: bool
    late: bool


@members
def sleeping(c: Clerk) -> bool:
    return c.asleep and not c.late


@syscall("office.c")
def deliver() -> Result:
    office.open = True
    office.letters = True
    with spin_lock(queue_lock):
        for c in sleeping():
            c.asleep = False
    return 0


@syscall("office.c")
def collect() -> Result:
    with spin_lock(queue_lock):
        full = office.letters or office.parcels
        office.letters = False
    if not full:
        return fail()
    current().asleep = True
    when(not current().asleep)
    return 0


@kernel("office.c")
def fail() -> Result:
    code = FINE
    code = EEMPTY
    return code
