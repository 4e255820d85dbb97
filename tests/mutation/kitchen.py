"""A specification with what locks need besides: a subroutine that two holders of a lock share, and a pause in a section."""

from __future__ import annotations

from checker.language import Enumeration, Ghost, ObjectLock, Process, Record, kernel, released, syscall


class Result(Enumeration):
    FINE = 0
    EBURNT = 1


class Pot(Record):
    users: bool
    owner: Ghost[Cook]
    stirred: bool
    hot: bool


class Cook(Process):
    pot: Pot
    rested: bool


lock_pot: ObjectLock[Pot] = ObjectLock("lock_pot", users="users", owner="owner")


@kernel("kitchen.c", shared=True, holds="lock_pot(pot)")
def stir(pot: Pot) -> None:
    pot.stirred = not pot.stirred


@kernel("kitchen.c")
def boil(pot: Pot) -> None:
    with lock_pot(pot):
        stir(pot)
        with released(lock_pot(pot)):
            pot.hot = True
        stir(pot)


@kernel("kitchen.c")
def serve(pot: Pot) -> None:
    with lock_pot(pot):
        stir(pot)


@syscall("kitchen.c")
def work(pot: Pot, late: bool) -> Result:
    if late:
        serve(pot)
    else:
        boil(pot)
    return 0
