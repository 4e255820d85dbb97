"""A specification whose code handles more states than some of its clients can reach."""

from __future__ import annotations

from collections.abc import Callable

from checker.language import (
    BUG_TRAP,
    NULL,
    Enumeration,
    Ghost,
    ObjectLock,
    Operations,
    Process,
    Record,
    SpinLock,
    Word,
    always,
    implies,
    kernel,
    spin_lock_bh,
    syscall,
)


class Shade(Enumeration):
    WHITE = 0
    GREY = 1
    BLACK = 2
    BLUE = 3


WHITE, GREY, BLACK, BLUE = Shade


class Request(Enumeration):
    DARKEN = 1
    PAINT = 2
    JOIN = 3
    CLEAR = 4


DARKEN, PAINT, JOIN, CLEAR = Request


class Port(Word, bits=16):
    pass


class Brush(Operations):
    stroke: Callable[[Cell], None]


class Cell(Record):
    users: bool
    owner: Ghost[Thread]
    shade: Shade
    flag: bool
    next: Cell
    port: Port
    brush: Brush
    shown: Ghost[bool]


class Thread(Process):
    cell: Cell


lock_cell: ObjectLock[Cell] = ObjectLock("lock_cell", users="users", owner="owner")
table_lock = SpinLock("table_lock")


@kernel("shades.c")
def set_shade(c: Cell, shade: Shade) -> None:
    if shade == BLUE:
        c.flag = True
    elif shade == WHITE:
        c.next = NULL
    c.shade = shade


@kernel("shades.c")
def darken(c: Cell) -> None:
    old = c.shade
    if old == WHITE:
        set_shade(c, GREY)
    elif old == GREY:
        set_shade(c, BLACK)
    elif old == BLUE:
        set_shade(c, WHITE)
    BUG_TRAP(c.shade != BLUE)


@kernel("shades.c")
def join(c: Cell, port: Port) -> None:
    c.next = c
    c.port = port


@kernel("shades.c")
def show_blue(c: Cell) -> None:
    with spin_lock_bh(table_lock):
        c.flag = any(d.shade == BLUE or d.shade == GREY for d in Cell)


@syscall("shades.c")
def sys_call(c: Cell, request: Request, shade: Shade, port: Port) -> None:
    with lock_cell(c):
        if request == DARKEN:
            darken(c)
        elif request == PAINT:
            set_shade(c, shade)
        elif request == JOIN:
            join(c, port)
        else:
            set_shade(c, WHITE)


@syscall("shades.c")
def sys_show(c: Cell) -> None:
    show_blue(c)


@always(stands_for="a flag is up while something is blue or grey", because="nothing makes it so", expected="violated")
def flagged(c: Cell) -> bool:
    return implies(c.flag, c.shade == BLUE or c.next != NULL)
