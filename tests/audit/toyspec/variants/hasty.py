"""A gate is handed over before anybody looks who had it."""

from __future__ import annotations

from checker.language import NULL, choice, current, kernel
from tests.audit.toyspec.gates import EBUSY, EINVAL, Errno, Gate, Thread, release_gate

BREAKS = ""


@kernel("drivers/gate.c")
def gate_hand_over(gate: Gate, other: Thread) -> Errno:
    gate.owner = NULL
    before = gate.owner
    chosen = other if before == NULL else before
    if not choice():
        gate.owner = chosen
        current().result = EINVAL
        return 0
    release_gate(gate)
    return EBUSY


OVERRIDES = {"gate_hand_over": gate_hand_over}
