"""Planted differences: each must be reported, with its place in C and its place in the specification."""

from __future__ import annotations

import ast
import copy
import re
from dataclasses import dataclass, replace

import pytest

from checker.audit.audit import audit
from checker.audit.outcome import Fate
from tests.audit.toy import GATES, audited, changed, spec_line, specification

FUNCTIONS = ("gate_open", "gate_mode", "gate_wait", "gate_setup", "gate_hand_over")


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_listing_as_it_is_has_no_difference(function: str) -> None:
    found = audited(function)
    assert found.differences == ()
    assert found.count(Fate.UNACCOUNTED) == 0
    assert found.count(Fate.MATCHED) >= 6


@dataclass(frozen=True)
class Planted:
    """A change of the C text, and what must be said about it: kind, text of the C line, text of the model's line."""

    function: str
    change: tuple[str, str]
    kind: str
    c_text: str
    spec_text: str


PLANTED = {
    "dropped guard": Planted(
        "gate_open",
        (" if (!((1 << part->state) & (GF_SHUT | GF_AJAR)) || gate->owner)\n  goto out;\n", ""),
        "no C statement",
        "lock_gate(gate);",
        "if gate.state not in",
    ),
    "guard of a statement dropped": Planted(
        "gate_open",
        (" if (force || (gate->owner == NULL && !gate->previous))\n", ""),
        "no C statement",
        "gate->owner = gate->previous",
        "if force or vacant(gate):",
    ),
    "added guard": Planted(
        "gate_open",
        (" part->state = G_WIDE;", " if (force)\n  part->state = G_WIDE;"),
        "order",
        "part->state = G_WIDE;",
        "gate.state = G_WIDE",
    ),
    "swapped assignments": Planted(
        "gate_open",
        (" gate->marks |= MARK_OPEN;\n part->state = G_WIDE;", " part->state = G_WIDE;\n gate->marks |= MARK_OPEN;"),
        "order",
        "",
        "gate.",
    ),
    "another errno": Planted(
        "gate_mode", (" if (!gate->owner)", " err = -EBUSY;\n  if (!gate->owner)"), "return", "goto out;", "return EINVAL"
    ),
    "errno of a return": Planted("gate_open", ("  return -EBUSY;", "  return -EACCES;"), "return", "-EACCES", "return EBUSY"),
    "errno no longer set": Planted("gate_open", (" err = -EBUSY;\n", ""), "return", "goto out;", "return EBUSY"),
    "early return": Planted(
        "gate_wait",
        (" set_task_mode(0);", " if (gate->count)\n  return -EINVAL;\n set_task_mode(0);"),
        "unaccounted",
        "if (gate->count)",
        "while True:",
    ),
    "lock left held": Planted(
        "gate_open",
        ("  gate->owner = NULL;\n  goto out;", "  gate->owner = NULL;\n  return err;"),
        "no C statement",
        "gate->owner = NULL;",
        "return EBUSY",
    ),
    "negated test": Planted(
        "gate_mode", ("if (!gate->owner)", "if (gate->owner)"), "condition", "if (gate->owner)", "if gate.owner == NULL"
    ),
    "another constant": Planted(
        "gate_wait", ("gate->state == G_WIDE", "gate->state == G_AJAR"), "condition", "G_AJAR", "gate.state == G_WIDE"
    ),
    "smaller mask": Planted("gate_open", (" | GF_AJAR", ""), "condition", "GF_SHUT", "if gate.state not in"),
    "and for or": Planted(
        "gate_open", (")) || gate->owner", ")) && gate->owner"), "condition", "&& gate->owner", "if gate.state not in"
    ),
    "order of tests": Planted(
        "gate_open",
        (
            "!((1 << part->state) & (GF_SHUT | GF_AJAR)) || gate->owner",
            "gate->owner || !((1 << part->state) & (GF_SHUT | GF_AJAR))",
        ),
        "order",
        "gate->owner ||",
        "if gate.state not in",
    ),
    "test left out": Planted(
        "gate_open", ("strict && key->number && !allowed", "!allowed"), "condition", "!allowed", "if picky()"
    ),
    "another value": Planted(
        "gate_hand_over", ("*result = EINVAL", "*result = ETIME"), "value", "ETIME", "current().result = EINVAL"
    ),
    "another object": Planted(
        "gate_mode", ("gate->state = wanted", "gate->peer->state = wanted"), "target", "peer", "gate.state = wanted"
    ),
    "another argument": Planted(
        "gate_wait", ("sleep_for(patience)", "sleep_for(forever)"), "value", "forever", "sleep_for(patience)"
    ),
    "another function": Planted(
        "gate_hand_over", ("gate_drop(gate)", "gate_keep(gate)"), "unaccounted", "gate_keep", "if not choice"
    ),
    "read before the test": Planted(
        "gate_wait",
        ("  unlock_gate(gate);\n  patience = sleep_for(patience);", "  patience = sleep_for(patience);\n  unlock_gate(gate);"),
        "order",
        "",
        "gate(gate)",
    ),
    "fall through": Planted(
        "gate_mode",
        ("  gate->marks |= MARK_OPEN;\n  break;", "  gate->marks |= MARK_OPEN;"),
        "unaccounted",
        "~MARK_OPEN",
        "gate.opened = True",
    ),
    "alternative gone": Planted(
        "gate_mode", (" case G_SHUT:\n", " case G_WIDE:\n"), "condition", "switch (wanted)", "if wanted == G_SHUT:"
    ),
    "loop left no more": Planted("gate_wait", ("  if (!patience)\n   break;\n", ""), "no C statement", "", "if not patience:"),
    "conditional value": Planted(
        "gate_hand_over", ("if (before == NULL)", "if (before != NULL)"), "value", "if (before != NULL)", "chosen = other if"
    ),
    "assertion": Planted(
        "gate_setup", ("BUG_TRAP(!gate->owner)", "BUG_TRAP(gate->owner)"), "condition", "BUG_TRAP(gate", "BUG_TRAP("
    ),
    "more in a run of abstracted statements": Planted(
        "gate_setup",
        (" oil(gate, OIL_THIN);", " if (gate->rusty)\n  return -EBUSY;"),
        "unaccounted",
        "rusty",
        "gate.state = G_SHUT",
    ),
    "unlocked write": Planted(
        "gate_setup",
        (" gate->entry = entry;\n drop(&gate->gate_lock);", " drop(&gate->gate_lock);\n gate->entry = entry;"),
        "order",
        "",
        "gate",
    ),
    "a goto that goes nowhere": Planted(
        "gate_open", ("NULL;\n  goto out;", "NULL;\n  goto elsewhere;"), "unaccounted", "goto elsewhere", "gate.owner = NULL"
    ),
    "something that cannot be read": Planted(
        "gate_setup", (" gate->count = 0;", ' gate->count = 0;\n asm("nop");'), "unaccounted", "asm", "gate.count = False"
    ),
}


@pytest.mark.parametrize("name", PLANTED)
def test_planted_differences_are_reported_with_both_places(name: str) -> None:
    planted = PLANTED[name]
    found = audited(planted.function, planted.change)
    text = changed(planted.function, planted.change)
    told = [d for d in found.unexplained(planted.kind) if planted.c_text in d.c_place.text]
    assert told, [f"{d.kind} {d.c_place} {d.spec_place} {d.message}" for d in found.differences]
    assert any(d.spec_place is not None and planted.spec_text in d.spec_place.text for d in told)
    for d in told:
        assert d.spec_place is not None and d.message
        assert d.c_place.file == GATES.name
        assert text.line <= d.c_place.line <= text.line + text.text.count("\n")
        assert text.text.split("\n")[d.c_place.line - text.line].strip() == d.c_place.text
        assert d.spec_place.line >= spec_line(f"def {planted.function}")


@pytest.mark.parametrize(
    "change",
    [
        ("if (!gate->owner)", "if (!gate->owner"),
        (" gate->state = wanted;", " gate->state = wanted"),
        (" gate->state = wanted;", " gate->state = ;"),
        (" switch (wanted) {", " switch wanted {"),
        (" int err;", " int err = = 3;"),
        (" err = 0;", " ... err = 0;"),
        (" err = 0;", " err = 0; }"),
        ("return err;", "return err err;"),
    ],
)
def test_broken_text_is_never_passed_over(change: tuple[str, str]) -> None:
    assert audited("gate_mode", change).unexplained()


SAME_MEANING = {
    "return written out": ("gate_mode", (" err = 0;\nout:", " return 0;\nout:")),
    "else instead of two tests": ("gate_setup", (" gate->count = 0;", " gate->count = 0;;")),
    "nested tests": (
        "gate_open",
        ("if (strict && key->number && !allowed(key->number))", "if (strict && key->number)\n if (!allowed(key->number))"),
    ),
    "test turned round": ("gate_wait", ("if (gate->owner == NULL)", "if (!gate->owner)")),
    "masks for comparisons": ("gate_wait", ("gate->state == G_WIDE", "(1 << gate->state) & (GF_WIDE)")),
    "two assignments for one": (
        "gate_open",
        ("gate->owner = gate->previous = key->number", "gate->previous = key->number; gate->owner = key->number"),
    ),
    "assignment in the test": (
        "gate_open",
        ("if (gate->ops->claim(gate, key->number) != 0)", "if (gate->ops->claim(gate, key->number))"),
    ),
    "a store that is never read": ("gate_mode", (" int err;", " int err = -ETIME;")),
    "while for for": ("gate_wait", ("for (;;)", "while (1)")),
    "a ternary": (
        "gate_hand_over",
        (" if (before == NULL)\n  now = other;\n else\n  now = before;", " now = before == NULL ? other : before;"),
    ),
}


@pytest.mark.parametrize("name", SAME_MEANING)
def test_other_ways_of_writing_the_same_are_no_difference(name: str) -> None:
    function, change = SAME_MEANING[name]
    assert audited(function, change).differences == ()


def test_no_modelled_line_can_be_deleted_unnoticed() -> None:
    deleted = 0
    for function in FUNCTIONS:
        text = changed(function).text
        modelled = {r.source.place.text for r in audited(function).rows if r.fate is Fate.MATCHED}
        for line in text.split("\n"):
            if line.strip() in modelled and line.endswith(";") and text.count(line + "\n") == 1:
                assert audited(function, (line + "\n", ";\n" if not line.strip().startswith("int") else "\n")).differences, line
                deleted += 1
    assert deleted > 25


def test_no_errno_can_be_replaced_unnoticed() -> None:
    for function in FUNCTIONS:
        text = changed(function).text
        for match in re.finditer(r"-E[A-Z]+;", text):
            around = text[text.rfind("\n", 0, match.start()) - 30 : match.end()]
            if text.count(around) == 1 and "size" not in around:
                assert audited(function, (around, around.replace(match[0], "-EPIPE;"))).differences, around


def _blocks(tree: ast.AST) -> list[list[ast.stmt]]:
    found = [getattr(node, role, None) for node in ast.walk(tree) for role in ("body", "orelse")]
    return [block for block in found if isinstance(block, list) and block]


def test_no_step_can_be_deleted_unnoticed() -> None:
    names, model = specification()
    deleted = 0
    for function in FUNCTIONS:
        source = model.functions[function]
        for number, block in enumerate(_blocks(source.tree)):
            for index, step in enumerate(block):
                text = ast.unparse(step)
                if text.startswith(("gate.seen", "gate.touched")):
                    continue
                tree = copy.deepcopy(source.tree)
                _blocks(tree)[number][index] = ast.copy_location(ast.Pass(), step)
                assert audit(changed(function), replace(source, tree=tree), names).differences, text
                deleted += 1
    assert deleted > 50
