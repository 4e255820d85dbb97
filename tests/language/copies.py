"""A specification in which the past of a call decides: what was copied, who called a shared function, what a test has shown."""

from __future__ import annotations

from checker.language import Ghost, ObjectLock, Process, Record, always, implies, kernel, syscall


class Cell(Record):
    users: bool
    owner: Ghost[Thread]
    blue: bool
    flag: bool
    noted: bool
    next: Cell


class Thread(Process):
    cell: Cell


lock_cell: ObjectLock[Cell] = ObjectLock("lock_cell", users="users", owner="owner")


@kernel("copies.c", shared=True, holds="lock_cell(c)")
def note(c: Cell) -> None:
    c.noted = not c.noted


@kernel("copies.c", shared=True, holds="lock_cell(c)")
def look(c: Cell) -> None:
    seen = c
    if c.blue:
        seen = c.next
    if seen != c:
        c.flag = True
    note(c)


@syscall("copies.c")
def sys_look(c: Cell, dye: bool) -> None:
    """Without ``dye`` only the second call of ``look`` happens, and ``note`` has been called before it."""
    with lock_cell(c):
        if dye:
            c.blue = True
            look(c)
        note(c)
        look(c)


@syscall("copies.c")
def sys_tell(c: Cell, loud: bool) -> None:
    """Between the two tests of ``loud`` anybody may do anything."""
    if loud:
        c.noted = True
        c.noted = False
    else:
        c.noted = False
    if loud:
        c.noted = True


@always(stands_for="a flag says that a cell is blue", because="only blue cells see another one", expected="holds")
def flagged(c: Cell) -> bool:
    return implies(c.flag, c.blue)
