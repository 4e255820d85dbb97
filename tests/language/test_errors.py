"""Everything outside the language is one clear error with file, line, source line and fix."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from unittest.mock import patch

import pytest

from checker.errors import SpecError
from checker.language.compile import compile_model
from tests.language import toy

HEADER = """from __future__ import annotations
from tests.language.toy import *
from checker.language import BUG_TRAP, abstracted, adopt, choose, current, exclusive, find, free, htons, new, released, spin_lock

"""

CASES = {
    "unknown field": ("unknown-field", "    b.colour = RED", "Box has no field colour"),
    "unknown field read": ("unknown-field", "    if b.nxt == NULL:\n        return 0", "Box has no field nxt"),
    "unknown member": ("unknown-member", "    b.color = Color.BLUE", "Color has no member BLUE"),
    "wrong enumeration": ("wrong-type", "    b.color = EBUSY", "EBUSY is a Errno, but a Color is needed"),
    "byte order": ("wrong-type", "    b.wire = b.port", "b.port is a Port, but a BePort is needed"),
    "htons twice": ("wrong-type", "    b.wire = htons(b.wire)", "not in host byte order"),
    "undeclared name": ("unknown-name", "    b.color = BLUE", "BLUE is not defined"),
    "undeclared function": ("unknown-name", "    frobnicate(b)", "frobnicate is not defined"),
    "for": ("unknown-domain", "    for i in range(3):\n        b.color = RED", "range(3) is no set of objects"),
    "loop body": ("unsupported-statement", "    for x in Box:\n        b.color = RED", "loop over objects"),
    "quantifier alone": ("quantifier-outside-region", "    b.taken = any(x == b for x in Box)", "many objects at once"),
    "not held": ("not-held", "    with released(lock_box(b)):\n        b.color = RED", "is not held here"),
    "adopted nothing": ("unknown-lock", "    with adopt(b):\n        b.color = RED", "is no lock"),
    "find what": ("unsupported-expression", "    b.next = find(b)", "find needs a generator"),
    "try": ("unsupported-statement", "    try:\n        b.color = RED\n    finally:\n        b.color = GREEN", "try:"),
    "augmented assignment": ("unsupported-statement", "    b.port += 1", "b.port += 1"),
    "lambda": ("unsupported-expression", "    b.taken = lambda: True", "lambda"),
    "arithmetic": ("unsupported-expression", "    b.port = b.port * 2", "b.port * 2"),
    "string": ("unsupported-expression", "    b.taken = 'yes'", "'yes'"),
    "identity": ("unsupported-expression", "    if b.next is NULL:\n        return 0", "`is`"),
    "recursion": ("recursion", "    return bad(b)", "bad -> bad"),
    "argument count": ("argument-count", "    return paint(b)", "paint takes 2 arguments, not 1"),
    "keyword argument": ("keyword-argument", "    return paint(b, color=RED)", "positional"),
    "ghost read": ("ghost-read", "    if b.seen:\n        return 0", "seen is a ghost field"),
    "missing return": ("missing-return", "    if b.taken:\n        return EBUSY", "can end without a result", False),
    "wrong return": ("wrong-return", "    return", "must return Errno", False),
    "unreachable": ("unreachable", "    b.color = RED\n    return 0\n    b.taken = True", "never", False),
    "loop in region": (
        "loop-in-region",
        "    with spin_lock_bh(table_lock):\n        while b.taken:\n            b.taken = False",
        "one atomic step",
    ),
    "unknown lock": ("unknown-lock", "    with spin_lock_bh(b):\n        b.taken = True", "b is no spin lock"),
    "not a lock": ("unknown-lock", "    with red(b):\n        b.taken = True", "is no lock"),
    "lock without call": ("unsupported-statement", "    with table_lock:\n        b.taken = True", "takes a lock"),
    "truth of an enumeration": ("not-a-truth-value", "    if b.color:\n        return 0", "none of its members is 0"),
    "out of range": ("out-of-range", "    b.port = 65536", "does not fit the 16 bits"),
    "chained comparison": ("chained-comparison", "    if RED == b.color == b.color:\n        return 0", "chained"),
    "order of enumeration": ("no-order", "    if b.color < GREEN:\n        return 0", "have no order"),
    "field of a value": ("no-object", "    if b.port.color == RED:\n        return 0", "has no fields"),
    "bare number": ("no-type", "    x = 3", "type of a bare number"),
    "unknown set": ("unknown-domain", "    b.taken = any(x == b for x in b.next)", "no set of objects"),
    "not allocatable": ("no-record", "    b.next = new(Color)", "cannot be allocated"),
    "locked variable": ("lock-variable", "    c = b\n    with lock_box(c):\n        c = b.next", "names a locked object"),
}


def compile_text(tmp_path: Path, text: str) -> None:
    path = tmp_path / "bad.py"
    path.write_text(HEADER + text, encoding="utf-8")
    found = importlib.util.spec_from_file_location("bad", path)
    assert found is not None and found.loader is not None
    module = importlib.util.module_from_spec(found)
    with patch.dict(sys.modules, {"bad": module}):
        found.loader.exec_module(module)
        compile_model("bad", [toy, module])


@pytest.mark.parametrize("name", CASES)
def test_one_clear_error(tmp_path: Path, name: str) -> None:
    code, body, message, *rest = CASES[name]
    ending = "" if rest else "\n    return 0"
    text = f"@syscall('bad.c')\ndef bad(b: Box) -> Errno:\n{body}{ending}\n"
    with pytest.raises(SpecError) as caught:
        compile_text(tmp_path, text)
    error = caught.value
    assert error.code == code
    assert str(message) in error.message
    assert error.fix
    assert error.place is not None
    assert error.place.file == "bad.py"
    lines = (HEADER + text).splitlines()
    assert lines[error.place.line - 1].rstrip() == error.place.text
    shown = str(error).splitlines()
    assert shown[0] == f"bad.py:{error.place.line}:"
    assert len(shown) == 4


def test_error_points_at_the_line(tmp_path: Path) -> None:
    with pytest.raises(SpecError) as caught:
        text = "@syscall('bad.c')\ndef bad(b: Box) -> Errno:\n    b.taken = True\n    b.colour = RED\n    return 0\n"
        compile_text(tmp_path, text)
    assert caught.value.place is not None
    assert caught.value.place.text.strip() == "b.colour = RED"


WHOLE = {
    "parameter without type": ("no-annotation", "@syscall('bad.c')\ndef bad(b) -> Errno:\n    return 0\n"),
    "unknown type": ("unknown-type", "@syscall('bad.c')\ndef bad(b: Bocks) -> Errno:\n    return 0\n"),
    "field of unknown type": ("unknown-type", "class Bag(Record):\n    box: Bocks\n"),
    "wrong expectation": (
        "wrong-expectation",
        "@always(stands_for='', because='', expected='reachable')\ndef p(b: Box) -> bool:\n    return b.taken\n",
    ),
    "property of two statements": (
        "not-an-expression",
        "@always(stands_for='', because='')\ndef p(b: Box) -> bool:\n    x = b.taken\n    return x\n",
    ),
    "kernel call in a property": (
        "call-in-expression",
        "@always(stands_for='', because='')\ndef p(b: Box) -> bool:\n    return paint(b, RED) == 0\n",
    ),
    "mutual recursion": (
        "recursion",
        "@kernel('bad.c')\ndef a(b: Box) -> Errno:\n    return c(b)\n\n"
        "@kernel('bad.c')\ndef c(b: Box) -> Errno:\n    return a(b)\n\n"
        "@syscall('bad.c')\ndef bad(b: Box) -> Errno:\n    return a(b)\n",
    ),
    "callers without the lock": (
        "not-held",
        "@kernel('bad.c', holds='lock_box(b)')\ndef inner(b: Box) -> Errno:\n    return 0\n\n"
        "@syscall('bad.c')\ndef bad(b: Box, c: Box) -> Errno:\n    with lock_box(c):\n        return inner(b)\n",
    ),
    "recursive expression": (
        "recursion",
        "@pure\ndef r(b: Box) -> bool:\n    return r(b)\n\n"
        "@always(stands_for='', because='')\ndef p(b: Box) -> bool:\n    return r(b)\n",
    ),
    "two kinds of process": ("no-process", "class Other(Process):\n    box: Box\n"),
}


@pytest.mark.parametrize("name", WHOLE)
def test_malformed_declarations(tmp_path: Path, name: str) -> None:
    code, text = WHOLE[name]
    with pytest.raises(SpecError) as caught:
        compile_text(tmp_path, text)
    assert caught.value.code == code
    assert caught.value.fix


def test_executing_a_specification_says_so() -> None:
    with pytest.raises(SpecError, match="never executed"):
        toy.paint(None, None)  # type: ignore[arg-type]


def test_unknown_override() -> None:
    with pytest.raises(SpecError, match="does not exist"):
        compile_model("toy", [toy], overrides={"nothing": toy.paint})
