"""A tiny specification: a counter under a lock and a flag outside it; small enough for the reference interpreter."""

from __future__ import annotations

from checker.language import (
    NULL,
    Enumeration,
    Ghost,
    ObjectLock,
    Process,
    Record,
    Scalar,
    SpinLock,
    Word,
    always,
    choice,
    implies,
    kernel,
    members,
    pure,
    sometimes,
    spin_lock_bh,
    syscall,
)


class Color(Enumeration):
    RED = 1
    GREEN = 2


RED, GREEN = Color


class Errno(Enumeration):
    OK = 0
    EBUSY = 16


OK, EBUSY = Errno


class Port(Word, bits=16):
    pass


class BePort(Word, bits=16, swapped=Port):
    pass


class Addr(Scalar, zero="ANY"):
    pass


class Box(Record):
    users: bool
    owner: Ghost[Thread]
    color: Color
    port: Port
    wire: BePort
    addr: Addr
    next: Box
    taken: bool
    seen: Ghost[bool]


class Thread(Process):
    box: Box


lock_box: ObjectLock[Box] = ObjectLock("lock_box", users="users", owner="owner")
table_lock = SpinLock("table_lock")
other_lock = SpinLock("other_lock")


@pure
def red(b: Box) -> bool:
    return b.color == RED


@members
def neighbours(b: Box, a: Box) -> bool:
    return a.next == b


@kernel("toy.c")
def paint(b: Box, color: Color) -> Errno:
    if b.color == color:
        return EBUSY
    b.color = color
    return 0


@syscall("toy.c")
def sys_paint(b: Box, color: Color) -> Errno:
    with lock_box(b):
        err = paint(b, color)
        if err:
            return err
        b.taken = True
        return 0


@syscall("toy.c")
def sys_forget(b: Box) -> Errno:
    if choice():
        return EBUSY
    was = b.taken
    b.next = b if was else NULL
    with spin_lock_bh(table_lock):
        b.taken = False
        b.seen = b.color == GREEN
    return 0


@always(stands_for="a taken box is green", because="nothing makes it so", expected="violated")
def taken_green(b: Box) -> bool:
    return implies(b.taken, b.color == GREEN)


@always(stands_for="boxes only point at themselves", because="sys_forget writes nothing else")
def own_next(b: Box) -> bool:
    return b.next == NULL or b.next == b


@sometimes(stands_for="a box that forgot being green", because="sys_forget after sys_paint")
def seen_green(b: Box) -> bool:
    return b.seen and b.next == b
