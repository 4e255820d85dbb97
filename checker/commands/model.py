"""The specification package a command works on, found by name: the checker imports no specification itself.

A package offers ``MODEL_NAME``, ``modules()`` in dependency order, ``sizes(threads, sockets, ports, addresses)``,
``PROOFS`` (the package of its lemmas), ``STATE_DIAGRAMS`` and sub-modules ``variants.NAME``, each with ``OVERRIDES`` and
perhaps the property it ``BREAKS``, asked of its ``CLIENT`` (the first one if it names none), the commit ``UPSTREAM``, other
variants it ``NEEDS``, and in what it is ``CLOSER`` to C than the model.  ``CLIENTS`` are who calls the model, ``REPAIRS``
which properties they see hold in which variants.
"""

from __future__ import annotations

import pkgutil
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from checker.errors import UsageError
from checker.instance import MAX_SIZE, Instance
from checker.language.client import Client
from checker.language.compile import Compiled, compile_model
from checker.language.dangling import NO_DANGLING
from checker.language.declare import Declaration, Kind
from checker.language.lifetimes import Freed
from checker.system import Property


@dataclass(frozen=True)
class Variant:
    """A named patch of the model: the functions it replaces, and the property of ``client`` it must break, if it is a mutant.

    ``upstream`` is the commit it follows, or that repaired what a mutant breaks; ``closer`` says what of C it has that
    the model leaves out.
    """

    name: str
    overrides: dict[str, Callable[..., Any]]
    breaks: str
    doc: str
    client: str = ""
    upstream: str = ""
    closer: str = ""


@dataclass(frozen=True)
class Scope:
    """How many objects of each kind a finite instance has."""

    threads: int = 2
    sockets: int = 2
    ports: int = 2
    addresses: int = 1

    def __str__(self) -> str:
        counts = ((self.threads, "thread"), (self.sockets, "socket"), (self.ports, "port"))
        shown = [f"{n} {word}{'' if n == 1 else 's'}" for n, word in counts]
        return f"{', '.join(shown)}, {self.addresses} address{'' if self.addresses == 1 else 'es'}"


def load_package(name: str, *needed: str) -> ModuleType:
    """The specification package ``name``.  Raises UsageError if there is none, or if it lacks one of the parts ``needed``."""
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        package = import_module(name)
    except ModuleNotFoundError as problem:
        raise UsageError(
            "unknown-spec", f"there is no specification package {name} ({problem})", "give the name of an importable package"
        ) from None
    missing = [part for part in ("MODEL_NAME", "modules", "sizes", *needed) if not hasattr(package, part)]
    if missing:
        raise UsageError("unknown-spec", f"{name} is no specification package", f"define {', '.join(missing)} in it")
    return package


def variant_names(package: ModuleType) -> tuple[str, ...]:
    """The variants of a specification, sorted."""
    folder = import_module(f"{package.__name__}.variants")
    return tuple(sorted(m.name for m in pkgutil.iter_modules(folder.__path__)))


def load_variant(package: ModuleType, name: str) -> Variant:
    """The variant ``name``, or several as one: ``a,b``, with those they need.

    Raises UsageError for an unknown one, with the names there are, and if two of them replace the same function.
    """
    names = list(dict.fromkeys(part.strip() for part in name.split(",")))
    name = ",".join(names)
    modules = {}
    for one in names:
        modules[one] = _variant_module(package, one)
        names += [needed for needed in getattr(modules[one], "NEEDS", ()) if needed not in names]
    overrides: dict[str, Callable[..., Any]] = {}
    for one, module in modules.items():
        for function in module.OVERRIDES:
            if function in overrides:
                other = next(n for n in names if function in modules[n].OVERRIDES)
                raise UsageError("variants-clash", f"{other} and {one} both replace {function}", "choose one of them")
        overrides |= module.OVERRIDES
    first = modules[names[0]]
    keys = ("BREAKS", "CLIENT", "UPSTREAM", "CLOSER")
    breaks, client, upstream, closer = (getattr(first, key, "") if len(names) == 1 else "" for key in keys)
    texts = [(module.__doc__ or "").strip() for module in modules.values()]
    return Variant(name, overrides, breaks, "\n\n".join(texts), client, upstream, closer)


def _variant_module(package: ModuleType, name: str) -> ModuleType:
    known = variant_names(package)
    if name not in known:
        raise UsageError("unknown-variant", f"there is no variant {name}", f"choose one of {', '.join(known)}")
    return import_module(f"{package.__name__}.variants.{name}")


def clients_of(package: ModuleType) -> tuple[Client, ...]:
    """The clients of a package, the one commands take by default first; none if all questions are about the whole model."""
    found: tuple[Client, ...] = getattr(package, "CLIENTS", ())
    return found


def choose_client(package: ModuleType, name: str = "") -> Client | None:
    """The client called ``name``, the first one if it is empty; None for a package without clients.

    Raises UsageError with the names there are.
    """
    clients = clients_of(package)
    if not name:
        return clients[0] if clients else None
    for client in clients:
        if client.name == name:
            return client
    known = ", ".join(c.name for c in clients) or "none"
    raise UsageError("unknown-client", f"there is no client {name}", f"choose one of {known}")


def compile_package(
    package: ModuleType, variant: Variant | None = None, client: str = "", asked: str = "", asking: Freed | None = None
) -> Compiled:
    """Compile a specification for one of its clients, patched by ``variant``.

    Without ``client`` it is that of the variant, or else the first one of whom the property ``asked`` is asked.  A variant that
    repairs something of a client leaves nobody with what was freed, whatever the client says; ``asking`` whether that is
    so, as the property ``no_dangling`` does, needs a system of its own.
    Raises SpecError for anything outside the language, UsageError for an unknown client.
    """
    overrides = variant.overrides if variant else None
    name = client or (variant.client if variant else "") or _client_asked(package, asked)
    chosen = choose_client(package, name)
    mended = variant is not None and chosen is not None and variant.name in repaired_by(package, chosen.name)
    if asked == NO_DANGLING:
        asking = Freed.ASKED
    freed = asking or (Freed.NOBODY if mended else None)
    compiled = compile_model(package.MODEL_NAME, package.modules(), overrides=overrides, client=chosen, freed=freed)
    if chosen and not variant:  # a patch may remove an assertion
        for asked in (*chosen.asked, *chosen.violates):
            compiled.property(asked)
    known = [c.name for c in clients_of(package)]
    for source in compiled.model.of_kind(Kind.ALWAYS, Kind.SOMETIMES):
        for named in source.declaration.clients:
            if named not in known:
                offered = ", ".join(known) or "none, the package has no clients"
                raise source.error(source.tree, "unknown-client", f"there is no client {named}", f"choose from {offered}")
    return patched(package, compiled, variant) if variant else compiled


def repaired_by(package: ModuleType, client: str) -> dict[str, tuple[str, ...]]:
    """By variants, which properties of ``client`` are proved with them (``REPAIRS`` of the package)."""
    found: dict[str, dict[str, tuple[str, ...]]] = getattr(package, "REPAIRS", {})
    return found.get(client, {})


def patched(package: ModuleType, compiled: Compiled, variant: Variant) -> Compiled:
    """``compiled`` as a model patched by ``variant``, of which is expected that the properties it repairs hold."""
    names = repaired_by(package, compiled.client.name if compiled.client else "").get(variant.name, ())
    reason = " ".join(variant.doc.split("\n\n")[0].split())
    properties = tuple(
        replace(p, expected="holds", reason=reason) if p.name in names and p.expected != "holds" else p
        for p in compiled.properties
    )
    return replace(compiled, properties=properties, variant=variant.name)


def _client_asked(package: ModuleType, name: str) -> str:
    """The first client of whom the property ``name`` is asked; empty if it says nothing of clients."""
    for module in package.modules():
        declaration: Declaration | None = getattr(getattr(module, name, None), "__declaration__", None) if name else None
        if declaration is not None and declaration.clients:
            return next((c.name for c in clients_of(package) if c.name in declaration.clients), "")
    return ""


def make_instance(package: ModuleType, scope: Scope, client: Client | None = None) -> Instance:
    """The finite instance of ``scope``, as ``client`` needs it.  Raises UsageError unless all numbers are from 1 to MAX_SIZE."""
    for name, number in vars(scope).items():
        if not 1 <= number <= MAX_SIZE:
            raise UsageError(
                "instance-size", f"an instance cannot have {number} {name}", f"give a number from 1 to {MAX_SIZE} to --{name}"
            )
    sizes, words, *tables = package.sizes(scope.threads, scope.sockets, scope.ports, scope.addresses)
    words = tuple((name, client.words.get(name, values)) for name, values in words) if client else words
    return Instance(sizes, words, tables[0] if tables else (), title=str(scope))


def choose_properties(compiled: Compiled, names: list[str]) -> tuple[Property, ...]:
    """The properties called ``names``, all if there are none.  Raises UsageError for an unknown one."""
    return tuple(compiled.property(n) for n in names) if names else compiled.properties


def c_files(compiled: Compiled) -> dict[str, str]:
    """The C file each function of the model is from, as declared: ``tcp_listen_start`` is from ``net/ipv4/tcp.c``."""
    return {name: s.declaration.c_file for name, s in compiled.model.functions.items() if s.declaration.c_file}
