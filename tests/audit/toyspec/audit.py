"""The names of ``gates.txt``."""

from __future__ import annotations

LISTED = {
    "gate_open": "drivers/gate.c",
    "gate_mode": "drivers/gate.c",
    "gate_wait": "drivers/gate.c",
    "gate_setup": "drivers/gate.c",
    "gate_hand_over": "drivers/gate.c",
    "gate_probe": "drivers/probe.c",
}
TRANSPARENT = {"state_part"}
FIELD_NAMES = {"chain": "linked"}
BITS = {("marks", "MARK_OPEN"): "opened"}
MASKS = {"GF_": "G_"}
CALL_NAMES = {"gate_drop": "release_gate"}
SETTERS = {"set_task_mode": "current.mode"}
ACQUIRE = {"lock_gate": "unlock_gate", "grab": "drop"}
VALUES = {"owner.key.number": "who", "result[0]": "current().result"}
CONDITIONS = {"gate_setup: entry == 0": "no_memory()", "gate_open: strict and who != 0": "picky()"}
ASSUMED = {"gate_setup: gate": "there is always a gate"}
IGNORED = {
    "flush_cache": "the cache: nothing reads it",
    "get_memory": "only whether there is memory",
    "gate_open: size": "sizes are checked by the caller",
}
ADDED = {"touched": "only the model counts"}
EXPANDED = {"gate_count": ("waiters",)}
DIFFERENCES = {"gate_hand_over if legacy_path: unaccounted: legacy_path": "an old release asks once more"}
