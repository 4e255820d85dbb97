"""A number that is remembered twice: written in two steps under a flag, so that the two agree only while the flag is clear."""

from __future__ import annotations

from checker.language import Process, Record, SpinLock, Word, spin_lock, syscall


class Number(Word, bits=16):
    pass


class Slot(Record):
    busy: bool
    dead: bool
    first: Number
    second: Number


class Thread(Process):
    pass


bus = SpinLock("bus")


@syscall("ledger.c")
def remember(slot: Slot, number: Number) -> None:
    with spin_lock(bus):
        free = not slot.busy
        slot.busy = True
    if free:
        slot.first = number
        slot.second = number
        slot.dead = True
        slot.busy = False
