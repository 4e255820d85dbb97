"""Which names of the C text correspond to which names of the specification.

A specification package declares this in its module ``audit``; every table may be missing.  Keys that hold for one function
only are written ``"function: key"``.  Expressions are written as in a specification (``"lopt == 0"``).
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from checker.audit.normal import Value
from checker.audit.pyvalue import PythonValues
from checker.errors import UsageError


@dataclass
class Explanation:
    """Why one difference of ``kind`` that mentions ``word`` is right.

    It explains one message, the first that fits; a ``marked`` one is for one release only, and explains all that fit.
    """

    kind: str
    word: str
    reason: str
    marked: bool
    told: str = ""

    def explains(self, kind: str, said: str, message: str) -> bool:
        """Whether this is about a difference with ``message``, whose message and places say ``said``."""
        if kind != self.kind or self.word not in said or (self.told not in ("", message) and not self.marked):
            return False
        self.told = message
        return True


@dataclass(frozen=True)
class Names:
    """The tables of one specification; see the fields' comments."""

    listed: Mapping[str, str] = field(default_factory=dict)
    """The functions to audit, and the kernel file each is in."""
    transparent: frozenset[str] = frozenset()
    """Members that only group others: ``sk->tp_pinfo.af_tcp.x`` is the field x of sk."""
    field_names: Mapping[str, str] = field(default_factory=dict)
    """C field: the specification's field."""
    bits: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """(word, bit): the truth value that stands for this bit."""
    masks: Mapping[str, str] = field(default_factory=dict)
    """Prefix of mask constants: prefix of the numbers they are made of (``(1 << x) & (TCPF_A | TCPF_B)``)."""
    call_names: Mapping[str, str] = field(default_factory=dict)
    """C function: the specification's function, or ``function.operation`` for one reached through a table."""
    setters: Mapping[str, str] = field(default_factory=dict)
    """C function or macro that only assigns its last argument: to what."""
    acquire: Mapping[str, str] = field(default_factory=dict)
    """C function that takes a lock: the one that releases it."""
    values: Mapping[str, str] = field(default_factory=dict)
    """C expression: the specification's expression."""
    conditions: Mapping[str, str] = field(default_factory=dict)
    """C test (several joined by and): the specification's test."""
    assumed: Mapping[str, str] = field(default_factory=dict)
    """C test that is always true in the model: why."""
    ignored: Mapping[str, str] = field(default_factory=dict)
    """Field, function or variable of C that is nowhere in the model: why."""
    added: Mapping[str, str] = field(default_factory=dict)
    """Field, function or variable that only the model has: why."""
    expanded: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """C function that the model writes out: the fields it assigns and functions it calls there."""
    differences: Mapping[str, str] = field(default_factory=dict)
    """``"function: kind: word"``: why the reported difference of that kind which mentions the word is right;
    ``"function if marker: kind: word"`` holds for all that do, and only if the C text contains the marker."""
    defined: frozenset[str] = frozenset()
    """Configuration macros taken as defined."""
    constants: Mapping[str, int] = field(default_factory=dict)
    """Constants with a known number, from the specification's modules."""
    fields: frozenset[str] = frozenset()
    """Fields of the specification."""
    booleans: frozenset[str] = frozenset()
    """Fields of the specification that are truth values."""
    ghosts: frozenset[str] = frozenset()
    """Fields of the specification that only properties read."""
    types: frozenset[str] = frozenset()
    """Classes of the specification; a call of one only converts."""
    pures: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    """Named expressions of the specification."""

    def of(self, table: Mapping[str, str], function: str) -> dict[str, str]:
        """The entries of ``table`` that hold in ``function``."""
        found = {k: v for k, v in table.items() if ": " not in k}
        prefix = f"{function}: "
        found |= {k.removeprefix(prefix): v for k, v in table.items() if k.startswith(prefix)}
        return found

    def explanations(self, function: str, text: str) -> list[Explanation]:
        """The entries of ``differences`` that hold for this C text of ``function``."""
        found = []
        for key, reason in self.differences.items():
            head, _, rest = key.partition(": ")
            name, _, marker = head.partition(" if ")
            kind, _, word = rest.partition(": ")
            if name == function and marker in text:
                found.append(Explanation(kind, word, reason, bool(marker)))
        return found

    def values_of(self, table: Mapping[str, str], function: str) -> dict[Value, Value]:
        """Like ``of``, with both sides read as expressions."""
        reader = PythonValues(self.constants)
        return {reader.parse(k): reader.parse(v) for k, v in self.of(table, function).items()}

    def tests_of(self, table: Mapping[str, str], function: str) -> dict[Value, str]:
        """Like ``of``, with the keys read as conditions."""
        reader = PythonValues(self.constants)
        return {reader.condition_text(k): v for k, v in self.of(table, function).items()}


_TABLES = (
    "transparent",
    "field_names",
    "bits",
    "masks",
    "call_names",
    "setters",
    "acquire",
    "values",
    "conditions",
    "assumed",
    "ignored",
    "added",
    "expanded",
    "differences",
    "defined",
)


def load_names(package: ModuleType) -> Names:
    """The tables of a specification package.  Raises UsageError for one without LISTED or with an unreadable expression."""
    where = f"{package.__name__}.audit"
    if find_spec(where) is None:
        raise UsageError("no-audit", f"{package.__name__} declares no functions to audit", f"write {where} with LISTED")
    module = import_module(where)
    if not hasattr(module, "LISTED"):
        raise UsageError("no-audit", f"{where} has no LISTED", "map each function to its kernel file there")
    tables: dict[str, Any] = {t: getattr(module, t.upper()) for t in _TABLES if hasattr(module, t.upper())}
    for name in ("transparent", "defined"):
        tables[name] = frozenset(tables.get(name, ()))
    names = Names(listed=module.LISTED, **tables, **_facts(package.modules()))
    for table in (names.values, names.conditions, names.assumed):
        for text in [k.rpartition(": ")[2] for k in table] + ([] if table is names.assumed else list(table.values())):
            try:
                ast.parse(text, mode="eval")
            except SyntaxError:
                raise UsageError("bad-mapping", f"{where}: {text!r} is no expression", "write it as in a specification") from None
    return names


def _facts(modules: list[ModuleType]) -> dict[str, Any]:
    """Constants, kinds of fields and named expressions of the modules of a specification."""
    from checker.language.declare import Enumeration, Ghost, Kind, Publication, Record, Scalar, Word

    constants: dict[str, int] = {"NULL": 0, "True": 1, "False": 0}
    types: set[str] = set()
    fields: set[str] = set()
    booleans: set[str] = set()
    ghosts: set[str] = set()
    pures: dict[str, Callable[..., Any]] = {}
    for value_name, value in ((n, v) for m in modules for n, v in vars(m).items()):
        if isinstance(value, Enumeration) and value.value == 0:
            constants[value_name] = 0
        elif isinstance(value, int) and not isinstance(value, bool):
            constants[value_name] = value
        elif isinstance(value, type) and issubclass(value, (Word, Scalar, Enumeration)):
            types.add(value_name)
        elif isinstance(value, type) and issubclass(value, Record):
            for field_name, hint in vars(value).get("__annotations__", {}).items():
                text = hint if isinstance(hint, str) else getattr(hint, "__name__", str(hint))
                fields.add(field_name)
                if text.startswith(f"{Ghost.__name__}["):
                    ghosts.add(field_name)
                elif text in ("bool", f"{Publication.__name__}[bool]"):
                    booleans.add(field_name)
        elif hasattr(value, "__declaration__") and value.__declaration__.kind is Kind.PURE:
            pures[value_name] = value
    sets = {"types": types, "fields": fields, "booleans": booleans, "ghosts": ghosts}
    return {"constants": constants, "pures": pures, **{name: frozenset(found) for name, found in sets.items()}}


__all__ = ["Names", "load_names"]
