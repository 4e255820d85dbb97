"""A tiny specification: whoever closes a box has it to himself. Peeking tests under the lock if it is open; poking does not."""

from __future__ import annotations

from checker.language import Enumeration, Process, Record, SpinLock, exclusive, spin_lock_bh, syscall


class Color(Enumeration):
    NONE = 0
    RED = 1
    GREEN = 2


NONE, RED, GREEN = Color


class Errno(Enumeration):
    OK = 0
    EBADF = 9


OK, EBADF = Errno


class Box(Record):
    closed: bool
    color: Color


class Shelf(Record):
    last: Color


class Thread(Process):
    pass


table_lock = SpinLock("table_lock")


@syscall("lent.c")
def sys_close(b: Box, shelf: Shelf) -> Errno:
    with spin_lock_bh(table_lock):
        first = not b.closed
        b.closed = True
    if first:
        with exclusive(b):
            shelf.last = b.color
            b.color = RED
    return 0


@syscall("lent.c")
def sys_look(shelf: Shelf) -> Errno:
    if shelf.last == RED:
        return EBADF
    return 0


@syscall("lent.c")
def sys_peek(b: Box) -> Errno:
    with spin_lock_bh(table_lock):
        if not b.closed:
            b.color = GREEN
    return 0


@syscall("lent.c")
def sys_poke(b: Box) -> Errno:
    b.color = GREEN
    return 0
