"""Threads that wait, in the specification language: with and without what it takes to be woken, to end, to let go."""

from __future__ import annotations

from checker.language import NULL, Ghost, ObjectLock, Process, Record, acquire, current, free, members, new, syscall, when


class Box(Record):
    users: bool
    owner: Ghost[Thread]
    first: bool
    first_owner: Ghost[Thread]
    second: bool
    second_owner: Ghost[Thread]
    full: bool
    mine: bool
    other: bool
    both: bool
    items: Item


class Item(Record):
    next: Item


class Thread(Process):
    asleep: bool
    waits: bool


lock_box: ObjectLock[Box] = ObjectLock("lock_box", users="users", owner="owner")
lock_first: ObjectLock[Box] = ObjectLock("lock_first", users="first", owner="first_owner")
lock_second: ObjectLock[Box] = ObjectLock("lock_second", users="second", owner="second_owner")


@members
def waiting(t: Thread) -> bool:
    return t.waits


@syscall("wait.c")
def wait_carelessly(box: Box) -> None:
    """Looks first and announces that it waits afterwards: a wake-up in between is lost."""
    if not box.full:
        current().waits = True
        current().asleep = True
        when(not current().asleep)
    current().waits = False


@syscall("wait.c")
def wait(box: Box) -> None:
    """Announces that it waits, then looks, and looks again when it is woken."""
    current().waits = True
    while True:
        current().asleep = True
        if box.full:
            break
        when(not current().asleep)
    current().asleep = False
    current().waits = False


@syscall("wait.c")
def fill(box: Box) -> None:
    box.full = True
    for t in waiting():
        t.asleep = False


@syscall("spin.c")
def spin(box: Box) -> None:
    """Goes round until somebody fills the box."""
    while not box.full:
        box.mine = True


@syscall("spin.c")
def spin_politely(box: Box) -> None:
    """Steps back as long as the other one wants it too."""
    box.mine = True
    while box.other:
        box.mine = False
        box.mine = True
    box.full = True


@syscall("spin.c")
def spin_politely_too(box: Box) -> None:
    box.other = True
    while box.mine:
        box.other = False
        box.other = True
    box.full = True


@syscall("lock.c")
def keep(box: Box) -> None:
    acquire(lock_box(box))


@syscall("lock.c")
def both(box: Box) -> None:
    with lock_first(box):  # noqa: SIM117 - the language has one lock per with
        with lock_second(box):
            box.both = True


@syscall("lock.c")
def both_the_other_way(box: Box) -> None:
    with lock_second(box):  # noqa: SIM117 - the language has one lock per with
        with lock_first(box):
            box.both = True


@syscall("item.c")
def push(box: Box) -> None:
    item = new(Item)
    with lock_box(box):
        item.next = box.items
        box.items = item


@syscall("item.c")
def push_unlocked(box: Box) -> None:
    item = new(Item)
    item.next = box.items
    box.items = item


@syscall("item.c")
def pop(box: Box) -> None:
    with lock_box(box):
        item = box.items
        if item != NULL:
            box.items = item.next
            free(item)


@syscall("item.c")
def drop(box: Box) -> None:
    with lock_box(box):
        box.items = NULL
