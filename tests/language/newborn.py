"""A tiny specification: a note gets its text before it is pinned to a board or put on the shelf, or after.

That is where others look for it.  A note may be a copy of one that others find."""

from __future__ import annotations

from checker.language import NULL, Enumeration, Process, Record, SpinLock, always, copy, new, spin_lock_bh, syscall


class Text(Enumeration):
    BLANK = 0
    DRAFT = 1
    FINAL = 2


BLANK, DRAFT, FINAL = Text


class Errno(Enumeration):
    OK = 0
    ENOENT = 2


OK, ENOENT = Errno


class Place(Enumeration):
    NOWHERE = 0
    SHELF = 1


NOWHERE, SHELF = Place


class Board(Record):
    found: Text


class Note(Record):
    board: Board
    place: Place
    text: Text


class Thread(Process):
    pass


board_lock = SpinLock("board_lock")


@syscall("newborn.c")
def sys_pin(b: Board) -> Errno:
    n = new(Note)
    n.board = NULL
    n.text = DRAFT
    n.text = FINAL
    with spin_lock_bh(board_lock):
        n.board = b
    return 0


@syscall("newborn.c")
def sys_pin_early(b: Board) -> Errno:
    n = new(Note)
    with spin_lock_bh(board_lock):
        n.board = b
    n.text = DRAFT
    n.text = FINAL
    return 0


@syscall("newborn.c")
def sys_shelve(b: Board) -> Errno:
    n = new(Note)
    n.text = DRAFT
    n.text = FINAL
    n.place = SHELF
    return 0


@syscall("newborn.c")
def sys_shelve_early(b: Board) -> Errno:
    n = new(Note)
    n.place = SHELF
    n.text = DRAFT
    n.text = FINAL
    return 0


@syscall("newborn.c")
def sys_copy(b: Board) -> Errno:
    """A copy of a note on the shelf that is not on the shelf itself."""
    m = new(Note)
    m.text = FINAL
    m.place = SHELF
    n = new(Note)
    copy(n, m, board=NULL, place=NOWHERE)
    n.text = DRAFT
    n.text = FINAL
    return 0


@syscall("newborn.c")
def sys_copy_shelved(b: Board) -> Errno:
    m = new(Note)
    m.text = FINAL
    m.place = SHELF
    n = new(Note)
    copy(n, m)
    n.text = DRAFT
    n.text = FINAL
    return 0


@syscall("newborn.c")
def sys_reread(b: Board) -> Errno:
    """A new note has no text; one that has been found may have."""
    n = new(Note)
    if n.text == FINAL:
        return ENOENT
    n.place = SHELF
    if n.text == DRAFT:
        n.text = FINAL
    return 0


@syscall("newborn.c")
def sys_look(b: Board) -> Errno:
    with spin_lock_bh(board_lock):
        if not any(n.board == b and n.text == DRAFT for n in Note):
            return ENOENT
        b.found = DRAFT
    return 0


@syscall("newborn.c")
def sys_look_on_shelf(b: Board) -> Errno:
    with spin_lock_bh(board_lock):
        if not any(n.place == SHELF and n.text != FINAL for n in Note):
            return ENOENT
        b.found = DRAFT
    return 0


@always(stands_for="nobody finds a draft", because="what is pinned is final")
def no_draft_found(b: Board) -> bool:
    return b.found != DRAFT
