"""The gates: their C text, and audits of changed versions of it."""

from __future__ import annotations

import inspect
from functools import cache
from pathlib import Path

from checker.audit.audit import audit
from checker.audit.clisting import CFunction, functions
from checker.audit.names import Names, load_names
from checker.audit.outcome import Audit
from checker.commands.model import load_package
from checker.language.model import Model, load
from tests.audit.toyspec import gates

GATES = Path(__file__).parent / "toyspec" / "gates.txt"
SPEC = "tests.audit.toyspec"


@cache
def specification() -> tuple[Names, Model]:
    """The tables and the functions of the toy."""
    package = load_package(SPEC)
    return load_names(package), load(package.MODEL_NAME, package.modules())


def changed(function: str, *changes: tuple[str, str]) -> CFunction:
    """A function of the listing with pieces of text replaced; each must occur once in it."""
    found = functions(GATES.read_text(), GATES.name)[function]
    text = found.text
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return CFunction(found.name, found.file, found.line, text)


def audited(function: str, *changes: tuple[str, str]) -> Audit:
    """The audit of a function of the listing, changed."""
    names, model = specification()
    return audit(changed(function, *changes), model.functions[function], names)


def spec_line(text: str, after: str = "") -> int:
    """The line of the specification that contains ``text``, the first behind the one with ``after``."""
    lines = Path(inspect.getsourcefile(gates) or "").read_text().split("\n")
    start = next((i for i, line in enumerate(lines) if after in line), 0) if after else 0
    return next(i for i, line in enumerate(lines, 1) if i > start and text in line)
