"""The declarations of a specification, resolved: Python types to sorts, fields to state variables."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, get_args, get_origin

from checker.errors import SpecError
from checker.language.declare import (
    Enumeration,
    Ghost,
    Kind,
    ObjectLock,
    Operations,
    Process,
    Publication,
    Record,
    Rigid,
    Scalar,
    SpinLock,
    Static,
    Word,
)
from checker.language.sorts import BOOL, EnumSort, RefSort, ScalarSort, Sort, WordSort
from checker.language.source import Source, read
from checker.language.terms import FieldKey
from checker.system import StateVar


@dataclass(frozen=True)
class Model:
    """All records, functions and properties of a list of modules, by name."""

    name: str
    sorts: dict[type, Sort]
    records: dict[str, RefSort]
    fields: dict[str, dict[str, StateVar]]
    thread: RefSort
    operations: dict[type, EnumSort]
    tables: dict[str, Operations]
    functions: dict[str, Source]
    locks: dict[str, ObjectLock[Any]] = field(default_factory=dict)
    publications: set[FieldKey] = field(default_factory=set)

    def of_kind(self, *kinds: Kind) -> list[Source]:
        """The functions declared with one of ``kinds``, in order of declaration."""
        return [s for s in self.functions.values() if s.declaration.kind in kinds]

    def source(self, function: Any) -> Source:
        """The source of a declared function: the one a variant put in its place, or its own."""
        return self.functions.get(function.__name__) or read(function)

    def sort_of(self, python_type: Any, where: str) -> Sort:
        """The sort of a Python type used as an annotation.  Raises SpecError for types outside the language."""
        if python_type is bool:
            return BOOL
        if python_type in self.operations:
            return self.operations[python_type]
        if isinstance(python_type, type) and python_type in self.sorts:
            return self.sorts[python_type]
        name = getattr(python_type, "__name__", str(python_type))
        raise SpecError(
            "unknown-type",
            f"{where} has type {name}, which is no type of the model",
            "use bool, an Enumeration, Word, Scalar or Record",
        )


def _enum_sort(cls: type[Enumeration]) -> EnumSort:
    return EnumSort(cls.__name__, tuple(m.name for m in cls), next(iter(cls)).value == 0)


def _annotation(text: str, module: ModuleType, where: str) -> Any:
    try:
        return eval(text, vars(module))  # noqa: S307 - the annotation of a specification, as Python itself reads it
    except Exception as problem:
        raise SpecError(
            "unknown-type", f"{where}: {text} cannot be understood ({problem})", "import or declare the type"
        ) from None


def _named(modules: Iterable[ModuleType]) -> dict[str, Any]:
    """Every object the modules define or import, by name, in order of definition."""
    found: dict[str, Any] = {}
    for module in modules:
        for name, value in vars(module).items():
            if not (name.startswith("__") and name.endswith("__")):
                found.setdefault(name, value)
    return found


def load(name: str, modules: list[ModuleType], overrides: dict[str, Callable[..., Any]] | None = None) -> Model:
    """Resolve the declarations of ``modules``; ``overrides`` replace kernel functions by name (variants).

    A subclass of a record in the module of an override is that record with more fields.
    Raises SpecError for unknown types, a missing Process record, or an override of nothing.
    """
    named = _named(modules)
    classes = [v for v in named.values() if inspect.isclass(v)]
    sorts: dict[type, Sort] = {}
    for cls in classes:
        if issubclass(cls, Enumeration) and cls is not Enumeration:
            sorts[cls] = _enum_sort(cls)
        elif issubclass(cls, Word) and cls is not Word:
            sorts[cls] = WordSort(cls.__name__, cls.bits, cls.swapped.__name__ if cls.swapped else "")
        elif issubclass(cls, Scalar) and cls is not Scalar:
            sorts[cls] = ScalarSort(cls.__name__, cls.zero)
        elif issubclass(cls, Record) and cls not in (Record, Process):
            sorts[cls] = RefSort(cls.__name__, cls.key.__name__ if cls.key else "")
    tables = {v.name: v for v in named.values() if isinstance(v, Operations)}
    operations = {
        cls: EnumSort(cls.__name__, ("NULL", *(t.name for t in tables.values() if type(t) is cls)), True)
        for cls in classes
        if issubclass(cls, Operations) and cls is not Operations
    }
    threads = [cls for cls in classes if issubclass(cls, Process) and cls is not Process]
    if len(threads) != 1:
        raise SpecError("no-process", f"a specification needs exactly one Process record, found {len(threads)}", "declare one")
    records = {s.name: s for s in sorts.values() if isinstance(s, RefSort)}
    thread = records[threads[0].__name__]
    functions: dict[str, Source] = {}
    for value in named.values():
        if hasattr(value, "__declaration__"):
            functions[value.__name__] = read(value)
    for old, new in (overrides or {}).items():
        if old not in functions:
            raise SpecError("unknown-override", f"the variant replaces {old}, which does not exist", "check the name")
        functions[old] = read(new)
    for value in (v for module in _homes(overrides or {}) for v in vars(module).values() if hasattr(v, "__declaration__")):
        functions.setdefault(value.__name__, read(value))
    extensions = _extensions(overrides or {}, sorts)
    locks = {v.name: v for v in named.values() if isinstance(v, ObjectLock)}
    model = Model(name, sorts, records, {}, thread, operations, tables, functions, locks)
    for cls, sort in sorts.items():
        if isinstance(sort, RefSort):
            model.fields[sort.name] = _fields(cls, sort, model)
    for cls, sort in extensions.items():
        model.sorts[cls] = sort
        model.fields[sort.name].update(_declared(cls, sort.name, model))
    model.fields[""] = {v.name: StateVar("", v.name, BOOL) for v in named.values() if isinstance(v, SpinLock)}
    for value in named.values():
        if isinstance(value, Static):
            model.fields[""].update(_declared(type(value), "", model))
    return model


def _homes(overrides: dict[str, Callable[..., Any]]) -> list[ModuleType]:
    """The modules of overrides: what they define besides belongs to the model too."""
    found = dict.fromkeys(inspect.getmodule(inspect.unwrap(function)) for function in overrides.values())
    return [module for module in found if module is not None]


def _extensions(overrides: dict[str, Callable[..., Any]], sorts: dict[type, Sort]) -> dict[type, RefSort]:
    """The records that the modules of ``overrides`` give more fields, with their sorts."""
    found: dict[type, RefSort] = {}
    for cls in (v for module in _homes(overrides) for v in vars(module).values() if inspect.isclass(v) and v not in sorts):
        for base in cls.__bases__:
            sort = sorts.get(base)
            if isinstance(sort, RefSort):
                found[cls] = sort
    return found


def _fields(cls: type, sort: RefSort, model: Model) -> dict[str, StateVar]:
    found: dict[str, StateVar] = {}
    if not sort.key and not issubclass(cls, Process):
        found["live"] = StateVar(sort.name, "live", BOOL)
    return found | _declared(cls, sort.name, model)


def _declared(cls: type, record: str, model: Model) -> dict[str, StateVar]:
    """The annotated fields of a class as state variables of ``record``."""
    module = inspect.getmodule(cls)
    assert module is not None
    found: dict[str, StateVar] = {}
    for name, text in vars(cls).get("__annotations__", {}).items():
        where = f"field {cls.__name__}.{name}"
        hint = _annotation(text, module, where) if isinstance(text, str) else text
        marker = get_origin(hint)
        inner = get_args(hint)[0] if marker in (Ghost, Publication, Rigid) else hint
        sort = model.sort_of(inner, where)
        found[name] = StateVar(record, name, sort, ghost=marker is Ghost, rigid=marker is Rigid)
        if marker is Publication:
            model.publications.add((record, name))
    return found


__all__ = ["Model", "ObjectLock", "load"]
