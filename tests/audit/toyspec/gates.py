"""Gates: invented for the tests of the audit."""

from __future__ import annotations

from checker.language import (
    BUG_TRAP,
    NULL,
    Enumeration,
    Ghost,
    ObjectLock,
    Process,
    Record,
    SpinLock,
    abstracted,
    choice,
    current,
    kernel,
    pure,
    spin_lock,
)
from checker.language import choice as no_memory
from checker.language import choice as picky


class Errno(Enumeration):
    OK = 0
    EBUSY = 16
    EINVAL = 22
    ETIME = 62


OK, EBUSY, EINVAL, ETIME = Errno


class State(Enumeration):
    G_SHUT = 1
    G_AJAR = 2
    G_WIDE = 3


G_SHUT, G_AJAR, G_WIDE = State


class Thread(Process):
    mode: bool
    result: Errno


class Gate(Record):
    state: State
    owner: Thread
    previous: Thread
    opened: bool
    linked: bool
    entry: bool
    waiters: bool
    count: bool
    touched: bool
    seen: Ghost[bool]


lock_gate: ObjectLock[Gate] = ObjectLock("lock_gate", users="entry", owner="owner")
gate_lock = SpinLock("gate_lock")


@pure
def vacant(gate: Gate) -> bool:
    return gate.owner == NULL and gate.previous == NULL


@kernel("drivers/gate.c")
def allowed(who: Thread) -> bool:
    return choice()


@kernel("drivers/gate.c")
def sleep_for(patience: bool) -> bool:
    return choice()


@kernel("drivers/gate.c")
def unlock_gate(gate: Gate) -> None:
    gate.entry = False


@kernel("drivers/gate.c")
def release_gate(gate: Gate) -> None:
    gate.owner = NULL


@kernel("drivers/gate.c")
def gate_open(gate: Gate, who: Thread, force: bool) -> Errno:
    if picky() and not allowed(who):
        return EBUSY
    with lock_gate(gate):
        if gate.state not in (G_SHUT, G_AJAR) or gate.owner != NULL:
            return EINVAL
        gate.owner = gate.previous = who
        gate.seen = True
        if force or vacant(gate):
            gate.linked = False
        if gate.ops.claim(gate, who):
            gate.owner = NULL
            return EBUSY
        gate.opened = True
        gate.state = G_WIDE
        gate.touched = True
        return 0


@kernel("drivers/gate.c")
def gate_mode(gate: Gate, wanted: State) -> Errno:
    if wanted == G_SHUT:
        gate.opened = False
    elif wanted == G_AJAR:
        if gate.owner == NULL:
            return EINVAL
        gate.opened = True
    else:
        return EINVAL
    gate.state = wanted
    return 0


@kernel("drivers/gate.c")
def gate_wait(gate: Gate, patience: bool) -> Errno:
    while True:
        current().mode = 1
        unlock_gate(gate)
        patience = sleep_for(patience)
        lock_gate(gate)
        if gate.state == G_WIDE:
            err = OK
            break
        if gate.owner == NULL:
            err = EINVAL
            break
        if not patience:
            err = ETIME
            break
    current().mode = 0
    return err


@kernel("drivers/gate.c")
def gate_setup(gate: Gate) -> Errno:
    abstracted("paint: nobody looks", "color", "paint_timer")
    gate.state = G_SHUT
    abstracted("hinges: they never break")
    gate.count = False
    if no_memory():
        return EBUSY
    with spin_lock(gate_lock):
        gate.entry = True
    gate.waiters = False
    BUG_TRAP(gate.owner == NULL)
    return 0


@kernel("drivers/gate.c")
def gate_hand_over(gate: Gate, other: Thread) -> Errno:
    before = gate.owner
    chosen = other if before == NULL else before
    if not choice():
        gate.owner = chosen
        current().result = EINVAL
        return 0
    release_gate(gate)
    return EBUSY
