"""A tiny specification: a field of a lamp has the name of a ghost field of a door."""

from __future__ import annotations

from checker.language import Ghost, Process, Record, Static, always, syscall


class Door(Record):
    lamp: Lamp
    lit: Ghost[bool]


class Lamp(Record):
    lit: bool


class House(Static):
    lit: bool


house = House()


class Thread(Process):
    pass


@syscall("namesakes.c")
def sys_enter(d: Door) -> None:
    d.lit = True
    d.lamp.lit = True
    house.lit = True


@syscall("namesakes.c")
def sys_light(m: Lamp) -> None:
    m.lit = not m.lit


@always(stands_for="a lamp is dark", because="nobody lights it")
def dark(m: Lamp) -> bool:
    return not m.lit
