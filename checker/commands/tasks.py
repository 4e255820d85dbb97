"""The questions of ``sockproof check``: for which engine, about which client, on which instance; and how one is answered."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from functools import cache
from pathlib import Path
from types import ModuleType

from checker.commands.engines import prove_any_size, run_bounded, run_explicit, undetermined
from checker.commands.model import (
    Scope,
    Variant,
    choose_properties,
    clients_of,
    compile_package,
    load_package,
    load_variant,
    make_instance,
    patched,
    repaired_by,
    variant_names,
)
from checker.errors import LimitError
from checker.language.client import Client, freed_by
from checker.language.compile import Compiled, with_steps
from checker.language.dangling import NO_DANGLING
from checker.language.lifetimes import Freed, freed_records
from checker.language.terms import FieldKey
from checker.system import Property, relevant_vars
from checker.verdict import Verdict

BOUNDED_DEPTH = 14
"""How deep the bounded search goes with several threads, 2 to 20 s a question; `sockproof trace --method bounded` goes deeper."""

BOUNDED_TRANSITIONS = 400
"""The bounded search is not asked about clients with more transitions: unrolling those takes a minute for a trace of 30 steps."""

ALONE_DEPTH = 30
"""How deep it goes with one thread, in seconds: deeper than the longest of the shortest traces."""


class Extent(Enum):
    """How much there is to ask: the smallest instances by search and proof, all engines, the larger instances too."""

    QUICK = "quick"
    USUAL = "usual"
    FULL = "full"


@dataclass(frozen=True)
class Task:
    """One question for one engine, small enough to hand to a worker process.

    ``method`` is ``inductive``, ``explicit``, ``bounded`` or ``alone`` (explicit, then bounded for each trace it found);
    ``properties`` are names, none for all; ``asking`` names the steps in which it is asked whether nobody has what is freed,
    on which all other questions rely.
    """

    client: str
    method: str
    scope: Scope
    properties: tuple[str, ...] = ()
    variant: str = ""
    asking: Freed | None = None

    def __str__(self) -> str:
        about = ", ".join(self.properties) or "all properties"
        of = [f" of {name}" for name in (self.client, self.variant) if name]
        return f"{self.method}: {about}{''.join(of)}"


def tasks(package: ModuleType, compiled: Compiled, scope: Scope | None, extent: Extent) -> list[Task]:
    """Everything there is to ask about one client, the longest first: two workers share it."""
    client = compiled.client.name if compiled.client else ""
    asked = instances(compiled.client, scope, extent)
    small = replace(asked[0], ports=1)
    found = [Task(client, "inductive", small)]
    holding = {p.name for p in compiled.properties if p.expected == "holds"}
    for one in reversed(asked):
        # An instance with fewer threads shows that invariants are not vacuous; races need the others.
        groups = families(compiled) if one.threads >= asked[0].threads else [_only(holding, g) for g in families(compiled)]
        found += [Task(client, "explicit", one, names) for names in groups if names]
    claim = Task(client, "inductive", small, (NO_DANGLING,), asking=Freed.ASKED)
    searched = [replace(claim, method="explicit", scope=one) for one in asked]
    claimed = [claim, *searched] if freed_records(compiled.graphs) else []
    if freed_by(compiled.client) is Freed.NOBODY:
        found += claimed
    for variant in mutants(package, client):
        found.append(Task(client, "explicit", small, (variant.breaks,), variant.name))
    for name, repaired in repaired_by(package, client).items():
        found += [Task(client, "inductive", small, (), name), Task(client, "explicit", small, repaired, name)]
        found += [replace(task, scope=small, variant=name) for task in claimed[:2]]
    return found if extent is Extent.QUICK else [*found, *bounded_tasks(package, compiled, small, small in asked)]


def _only(chosen: set[str], names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in names if name in chosen)


def instances(client: Client | None, scope: Scope | None, extent: Extent) -> list[Scope]:
    """The instances on which everything about ``client`` is explored, the main one first: ``scope``, or those it lists."""
    listed = [Scope(*numbers) for numbers in client.scopes] if client else []
    usual = [scope] if scope else listed or [Scope()]
    larger = [Scope(*numbers) for numbers in client.larger] if client else []
    quick = [one for one in usual if one.threads <= usual[0].threads]
    return {Extent.QUICK: quick, Extent.USUAL: usual, Extent.FULL: [*usual, *larger]}[extent]


def mutants(package: ModuleType, client: str) -> list[Variant]:
    """The variants that must break a property of ``client``."""
    variants = [load_variant(package, name) for name in variant_names(package)]
    first = next((c.name for c in clients_of(package)), "")
    return [v for v in variants if v.breaks and (v.client or first) == client]


def bounded_tasks(package: ModuleType, compiled: Compiled, small: Scope, explored: bool) -> list[Task]:
    """The bounded search asks for every trace, on an instance small enough for it that the explicit search answers too.

    ``explored`` says that it does already.
    With one thread it finds every trace that needs no other, whatever its depth.
    """
    client = compiled.client.name if compiled.client else ""
    tracing = tuple(p.name for p in compiled.properties if p.expected in ("violated", "reachable"))
    if not tracing or len(compiled.system.transitions) > BOUNDED_TRANSITIONS:
        return []
    alone = Task(client, "alone", replace(small, threads=1), tracing)
    found = [alone, *(Task(client, "bounded", small, (name,)) for name in tracing)]
    if not explored:
        found.insert(0, Task(client, "explicit", small, tracing))
    return found + [Task(client, "bounded", small, (v.breaks,), v.name) for v in mutants(package, client)]


def families(compiled: Compiled) -> list[tuple[str, ...]]:
    """The properties in groups that need the same ghost fields: ghosts multiply states, so each search carries few.

    A property joins a group that has all its ghosts, else one that has some of them: those move together, and a
    search of its own would find most states again.
    """
    needs = {
        p.name: frozenset(v.key for v in relevant_vars(compiled.system, (p.formula, p.antecedent)) if v.record and v.ghost)
        for p in compiled.properties
    }
    found: list[tuple[set[FieldKey], list[str]]] = []
    for name in sorted(needs, key=lambda n: -len(needs[n])):
        homes = [home for home in found if needs[name] <= home[0]] or [home for home in found if needs[name] & home[0]]
        if homes:
            homes[0][0].update(needs[name])
            homes[0][1].append(name)
        else:
            found.append((set(needs[name]), [name]))
    return [tuple(names) for _, names in found]


@cache
def model_of(spec: str, client: str, variant: str, asking: Freed | None) -> tuple[ModuleType, Compiled, Variant | None]:
    """A specification as a client uses it, compiled once per process; worker processes inherit what their parent compiled.

    No argument has a default: with and without it a call would be two entries of the cache.
    """
    if asking is not None:
        package, joined, patch = model_of(spec, client, variant, None)
        compiled = with_steps(joined, asking)
        return package, patched(package, compiled, patch) if patch else compiled, patch
    package = load_package(spec)
    patch = load_variant(package, variant) if variant else None
    return package, compile_package(package, patch, client), patch


def perform(spec: str, task: Task, out: Path) -> list[Verdict]:
    """Run one task in a worker process."""
    return [replace(v, client=task.client) for v in answer(spec, task, out)]


def answer(spec: str, task: Task, out: Path) -> list[Verdict]:
    """The verdicts of one task."""
    package, compiled, variant = model_of(spec, task.client, task.variant, task.asking)
    if task.method == "inductive":
        return prove_any_size(compiled, package, out)
    instance = make_instance(package, task.scope, compiled.client)
    properties = choose_properties(compiled, list(task.properties))
    if variant and variant.breaks:
        properties = tuple(broken(compiled, variant) for _ in properties)
    if task.method == "bounded":
        return [run_bounded(compiled, p, instance, variant=task.variant, depth=BOUNDED_DEPTH) for p in properties]
    if task.method == "alone":
        found = [v for v in run_explicit(compiled, properties, instance, until_answered=True).verdicts if v.trace is not None]
        return [*found, *(run_bounded(compiled, v.property, instance, depth=ALONE_DEPTH) for v in found)]
    try:
        return list(run_explicit(compiled, properties, instance, variant=task.variant, until_answered=True).verdicts)
    except LimitError as problem:
        return [undetermined(p, task.variant, "explicit", str(instance), problem) for p in properties]


def broken(compiled: Compiled, variant: Variant) -> Property:
    """The property ``variant`` breaks, expected to be violated."""
    return replace(compiled.property(variant.breaks), expected="violated", reason=f"variant {variant.name} breaks it on purpose")
