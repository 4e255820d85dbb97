"""A tiny specification: a box with an item in it that can be taken out, freed, and made anew while others still look at it."""

from __future__ import annotations

from checker.language import (
    NULL,
    Enumeration,
    Ghost,
    ObjectLock,
    Process,
    Record,
    SpinLock,
    always,
    free,
    new,
    spin_lock_bh,
    syscall,
)


class Mark(Enumeration):
    BLANK = 0
    OLD = 1
    NEW = 2


BLANK, OLD, NEW = Mark


class Box(Record):
    item: Item
    seen: Mark
    busy: bool


class Item(Record):
    box: Box
    users: bool
    owner: Ghost[Thread]
    mark: Mark
    size: Mark


class Thread(Process):
    pass


lock_item: ObjectLock[Item] = ObjectLock("lock_item", users="users", owner="owner")
box_lock = SpinLock("box_lock")


@syscall("reuse.c")
def sys_put(b: Box) -> None:
    """A new item, complete before it is in the box."""
    i = new(Item)
    i.mark = OLD
    with spin_lock_bh(box_lock):
        if b.item == NULL:
            b.item = i
        else:
            free(i)


@syscall("reuse.c")
def sys_look(b: Box) -> None:
    """Fetches the item, and looks at it in the same step, if nobody's writing to it conflicts with looking."""
    i = b.item
    if i != NULL:
        b.seen = NEW if i.mark == BLANK else OLD


@syscall("reuse.c")
def sys_take(b: Box) -> None:
    """Takes the item out before it is freed, whoever looks at it."""
    with spin_lock_bh(box_lock):
        i = b.item
        b.item = NULL
    if i != NULL:
        free(i)


@syscall("reuse.c")
def sys_look_busy(b: Box) -> None:
    """Fetches and looks, while those who take wait."""
    with spin_lock_bh(box_lock):
        started = not b.busy
        b.busy = True
    if started:
        i = b.item
        if i != NULL:
            b.seen = NEW if i.mark == BLANK else OLD
        b.busy = False


@syscall("reuse.c")
def sys_take_idle(b: Box) -> None:
    """Takes and frees only what nobody looks at."""
    i = b.item
    i = NULL
    with spin_lock_bh(box_lock):
        if not b.busy:
            i = b.item
            b.item = NULL
    if i != NULL:
        free(i)


@always(stands_for="nobody sees an item that is not complete", because="it is complete before it is in the box")
def never_blank(b: Box) -> bool:
    return b.seen != NEW
