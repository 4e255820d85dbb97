"""Boxes that are painted and taken under their lock, and marked outside it, all through one entry that dispatches."""

from __future__ import annotations

from checker.language import Enumeration, Ghost, ObjectLock, Process, Record, always, implies, kernel, sometimes, syscall


class Color(Enumeration):
    PLAIN = 0
    RED = 1


PLAIN, RED = Color


class Errno(Enumeration):
    OK = 0
    EBUSY = 16


OK, EBUSY = Errno


class Call(Enumeration):
    DO_PAINT = 1
    DO_TAKE = 2
    DO_NOTHING = 3


DO_PAINT, DO_TAKE, DO_NOTHING = Call


class Box(Record):
    users: bool
    color: Color
    taken: bool
    marked: bool
    owner: Ghost[Thread]


class Thread(Process):
    box: Box


lock_box: ObjectLock[Box] = ObjectLock("lock_box", users="users", owner="owner")


@syscall("entry.S")
def enter(call: Call, box: Box, color: Color) -> Errno:
    if call == DO_PAINT:
        err = do_paint(box, color)
    elif call == DO_TAKE:
        err = do_take(box)
    else:
        err = do_nothing()
    mark(box)
    return err


@kernel("paint.c")
def do_paint(box: Box, color: Color) -> Errno:
    with lock_box(box):
        if box.taken:
            return EBUSY
        box.color = color
        return 0


@kernel("take.c")
def do_take(box: Box) -> Errno:
    with lock_box(box):
        if box.taken and box.color == PLAIN:
            return EBUSY
        box.taken = box.color == RED
        return 0


@kernel("nothing.c")
def do_nothing() -> Errno:
    return 0


@kernel("mark.c")
def mark(box: Box) -> None:
    box.marked = True


@always(stands_for="only red boxes are taken", because="do_take looks at the colour, do_paint leaves a taken box alone")
def taken_red(box: Box) -> bool:
    return implies(box.taken, box.color == RED)


@always(stands_for="a marked box is taken", because="mark does not ask", expected="violated")
def marked_taken(box: Box) -> bool:
    return implies(box.marked, box.taken)


@sometimes(stands_for="a box is taken", because="paint it red first")
def taken(box: Box) -> bool:
    return box.taken
