"""Classic concurrent objects in the specification language: a register, counters, a queue of two places, a semaphore."""

from __future__ import annotations

from checker.language import Ghost, ObjectLock, Process, Record, SpinLock, Word, current, spin_lock, syscall, when


class Number(Word, bits=8):
    pass


class Box(Record):
    users: bool
    owner: Ghost[Thread]
    value: Number
    first: Number
    second: Number
    held: bool


class Thread(Process):
    got: Number


lock_box: ObjectLock[Box] = ObjectLock("lock_box", users="users", owner="owner")
semaphore_lock = SpinLock("semaphore_lock")


@syscall("register.c")
def write(box: Box, value: Number) -> None:
    box.value = value


@syscall("register.c")
def read(box: Box) -> None:
    current_value = box.value
    current().got = current_value


@syscall("counter.c")
def increment(box: Box) -> None:
    box.value = box.value + 1


@syscall("counter.c")
def increment_locked(box: Box) -> None:
    with lock_box(box):
        box.value = box.value + 1


@syscall("queue.c")
def put(box: Box, value: Number) -> None:
    with lock_box(box):
        if box.first == 0:
            box.first = value
        else:
            box.second = value


@syscall("queue.c")
def take(box: Box) -> None:
    with lock_box(box):
        current().got = box.first
        box.first = box.second
        box.second = 0


@syscall("queue.c")
def take_unlocked(box: Box) -> None:
    current().got = box.first
    box.first = box.second
    box.second = 0


@syscall("semaphore.c")
def down(box: Box) -> None:
    with spin_lock(semaphore_lock):
        when(not box.held)
        box.held = True


@syscall("semaphore.c")
def up(box: Box) -> None:
    with spin_lock(semaphore_lock):
        box.held = False


@syscall("twice.c")
def meet(box: Box) -> None:
    """Sleeps twice: for the first place to be filled, then for it to be emptied again."""
    when(box.first != 0)
    box.value = box.value + 1
    when(box.first == 0)
    box.value = box.value + 1


@syscall("counter.c")
def increment_spinning(box: Box) -> None:
    with spin_lock(semaphore_lock):
        box.value = box.value + 1
