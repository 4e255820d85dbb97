"""A tiny specification: a note gets its text before it is pinned to a board, where others look for it, or after."""

from __future__ import annotations

from checker.language import NULL, Enumeration, Process, Record, SpinLock, always, new, spin_lock_bh, syscall


class Text(Enumeration):
    BLANK = 0
    DRAFT = 1
    FINAL = 2


BLANK, DRAFT, FINAL = Text


class Errno(Enumeration):
    OK = 0
    ENOENT = 2


OK, ENOENT = Errno


class Board(Record):
    found: Text


class Note(Record):
    board: Board
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
def sys_look(b: Board) -> Errno:
    with spin_lock_bh(board_lock):
        if not any(n.board == b and n.text == DRAFT for n in Note):
            return ENOENT
        b.found = DRAFT
    return 0


@always(stands_for="nobody finds a draft", because="what is pinned is final")
def no_draft_found(b: Board) -> bool:
    return b.found != DRAFT
