"""``sockproof check``: every engine, every question, every drawing.

Every question is a Task for one engine: proofs for any size, exhaustive search, bounded search, each variant.  Two worker
processes share the tasks; then the verdicts are compared, printed and written.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from itertools import permutations
from multiprocessing import get_context
from pathlib import Path
from types import ModuleType

from checker.commands.console import VACUOUS, out_console, status_of, working
from checker.commands.draw import draw_functions, draw_states
from checker.commands.engines import NOTHING_WITHIN, Say, cone, prove_any_size, run_bounded, run_explicit, undetermined
from checker.commands.model import (
    Scope,
    Variant,
    choose_properties,
    compile_package,
    load_package,
    load_variant,
    make_instance,
    variant_names,
)
from checker.commands.trace import write_trace
from checker.errors import InternalError, LimitError
from checker.language.compile import Compiled
from checker.language.terms import FieldKey
from checker.report.files import write_atomic
from checker.report.markdown import report
from checker.report.results import Reported, results_json
from checker.report.straighten import straighten
from checker.report.table import print_verdicts
from checker.system import Property
from checker.verdict import Verdict

WORKERS = 2

BOUNDED_DEPTH = 14
"""How deep the bounded search goes with several threads, 2 to 20 s a question; `sockproof trace --method bounded` goes deeper."""

ALONE_DEPTH = 30
"""How deep it goes with one thread, in seconds: deeper than the longest of the shortest traces."""

WITNESS = Scope(threads=1, sockets=2, ports=1, addresses=2)
"""A small instance in which invariants about two sockets with different addresses are not vacuous."""

DRAWN = Scope(threads=2, sockets=1, ports=1, addresses=1)
"""The instance behind the state diagram: one socket is enough, for the diagram watches one."""


@dataclass(frozen=True)
class Task:
    """One question for one engine, small enough to hand to a worker process.

    ``method`` is ``inductive``, ``explicit``, ``bounded`` or ``alone`` (explicit, then bounded for each trace it found);
    ``properties`` are names, none for all of them.
    """

    method: str
    scope: Scope
    properties: tuple[str, ...] = ()
    variant: str = ""

    def __str__(self) -> str:
        about = ", ".join(self.properties) or "all properties"
        return f"{self.method}: {about}{f' of {self.variant}' if self.variant else ''}"


def tasks(package: ModuleType, compiled: Compiled, scope: Scope, quick: bool) -> list[Task]:
    """Everything there is to ask, the longest first: two workers share it."""
    holding = tuple(p.name for p in compiled.properties if p.expected == "holds")
    larger = replace(scope, threads=scope.threads + 1, ports=1)
    found = [Task("inductive", scope)]
    for one in [scope] if quick else [larger, scope]:
        found += [Task("explicit", one, names) for names in families(compiled)]
    found.append(Task("explicit", WITNESS, holding))
    for name in variant_names(package):
        found.append(Task("explicit", replace(scope, ports=1), (load_variant(package, name).breaks,), name))
    return found if quick else [*found, *bounded_tasks(package, compiled, scope)]


def bounded_tasks(package: ModuleType, compiled: Compiled, scope: Scope) -> list[Task]:
    """The bounded search asks for every trace, on an instance small enough for it that the explicit search answers too.

    With one thread it finds every trace that needs no other, whatever its depth.
    """
    small = replace(scope, ports=1)
    tracing = tuple(p.name for p in compiled.properties if p.expected in ("violated", "reachable"))
    alone = Task("alone", replace(small, threads=1), tracing)
    found = [Task("explicit", small, tracing), alone, *(Task("bounded", small, (name,)) for name in tracing)]
    return found + [Task("bounded", small, (load_variant(package, v).breaks,), v) for v in variant_names(package)]


def families(compiled: Compiled) -> list[tuple[str, ...]]:
    """The properties in groups that need the same ghost fields: ghosts multiply states, so each search carries few."""
    needs = {
        p.name: frozenset(v.key for v in cone(compiled, (p,)).system.state_vars if v.record and v.ghost)
        for p in compiled.properties
    }
    found: list[tuple[frozenset[FieldKey], list[str]]] = []
    for name in sorted(needs, key=lambda n: -len(needs[n])):
        home = next((names for ghosts, names in found if needs[name] <= ghosts), None)
        if home is None:
            found.append((needs[name], [name]))
        else:
            home.append(name)
    return [tuple(names) for _, names in found]


def perform(spec: str, task: Task, out: Path, recheck: bool) -> list[Verdict]:
    """Run one task in a worker process, which compiles the specification for itself."""
    package = load_package(spec)
    variant = load_variant(package, task.variant) if task.variant else None
    compiled = compile_package(package, variant)
    if task.method == "inductive":
        return prove_any_size(compiled, out / "certificates", recheck=recheck)
    instance = make_instance(package, task.scope)
    properties = choose_properties(compiled, list(task.properties))
    if variant:
        properties = tuple(broken(compiled, variant) for _ in properties)
    if task.method == "bounded":
        return [run_bounded(compiled, p, instance, variant=task.variant, depth=BOUNDED_DEPTH) for p in properties]
    if task.method == "alone":
        found = [v for v in run_explicit(compiled, properties, instance).verdicts if v.trace is not None]
        return [*found, *(run_bounded(compiled, v.property, instance, depth=ALONE_DEPTH) for v in found)]
    try:
        return list(run_explicit(compiled, properties, instance, variant=task.variant).verdicts)
    except LimitError as problem:
        return [undetermined(p, task.variant, "explicit", str(instance), problem) for p in properties]


def run_check(spec: str, scope: Scope, *, quick: bool, out: Path, diagrams: Path) -> int:
    """Do everything and return the exit status.  Raises SpecError and UsageError for bad input."""
    package = load_package(spec)
    make_instance(package, scope)
    console = out_console()
    with working("compiling") as say:
        compiled = compile_package(package)
        verdicts = settle_vacuity(answers(spec, tasks(package, compiled, scope, quick), out, not quick, say))
        agree(verdicts)
        write(compiled, verdicts, out, diagrams, say)
        draw_functions(compiled, [], diagrams, say)
        draw_states(package, compiled, make_instance(package, DRAWN), diagrams, say)
    print_verdicts(verdicts, console)
    console.print(f"wrote {out / 'results.json'}, {out / 'report.md'}, traces and certificates in {out}, diagrams in {diagrams}")
    return status_of(verdicts)


def answers(spec: str, todo: list[Task], out: Path, recheck: bool, say: Say) -> list[Verdict]:
    """The verdicts of all tasks, in the order of the tasks, worked on by two processes."""
    with ProcessPoolExecutor(WORKERS, mp_context=get_context("fork")) as pool:
        futures = {pool.submit(perform, spec, task, out, recheck): task for task in todo}
        try:
            for count, future in enumerate(as_completed(futures), 1):
                future.result()
                say(f"{count} of {len(todo)} done, the last one {futures[future]}")
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return [v for future in futures for v in future.result()]


def broken(compiled: Compiled, variant: Variant) -> Property:
    """The property ``variant`` breaks, expected to be violated."""
    return replace(compiled.property(variant.breaks), expected="violated", reason=f"variant {variant.name} breaks it on purpose")


def settle_vacuity(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """A proof is vacuous only if its antecedent is met in no instance: elsewhere it is merely not exercised."""
    exercised = {(v.variant, v.property.name) for v in verdicts if v.method == "explicit" and not v.detail.startswith(VACUOUS)}
    return [
        replace(v, detail="its antecedent is not met in this instance")
        if v.detail.startswith(VACUOUS) and (v.variant, v.property.name) in exercised
        else v
        for v in verdicts
    ]


def agree(verdicts: Sequence[Verdict]) -> None:
    """Raise InternalError if two engines contradict each other about one property on one instance.

    A proof for any size must not meet a violation anywhere, shortest traces on one instance have one length, and a
    bounded search that found nothing must not have gone as deep as a trace.
    """
    by_question: dict[tuple[str, str], list[Verdict]] = {}
    for v in verdicts:
        by_question.setdefault((v.variant, v.property.name), []).append(v)
    for (_, name), group in by_question.items():
        for a, b in permutations(group, 2):
            if contradict(a, b):
                raise InternalError(
                    "engines-disagree",
                    f"{name}: {a.method} says {a.verdict} (depth {a.depth}), {b.method} says {b.verdict} (depth {b.depth})",
                )


def contradict(a: Verdict, b: Verdict) -> bool:
    """Whether both verdicts cannot be true."""
    same = a.scope == b.scope
    if a.decided and b.decided:
        return (same or "inductive" in (a.method, b.method)) and (a.verdict, a.depth) != (b.verdict, b.depth)
    if same and a.depth is not None and b.verdict.startswith(NOTHING_WITHIN):
        return a.depth <= int(b.verdict.removeprefix(NOTHING_WITHIN))
    return False


def write(compiled: Compiled, verdicts: Sequence[Verdict], out: Path, diagrams: Path, say: Say) -> None:
    """Write results, report and the first trace of each property (of each variant)."""
    shown: dict[tuple[str, str], tuple[str, str]] = {}
    reported = []
    for v in verdicts:
        key = (v.variant, v.property.name)
        if v.trace is not None and key not in shown:
            say(f"writing the trace of {v.property.name}")
            _, itf, chart = write_trace(straighten(v.trace), v.property, v.variant, out / "traces", diagrams)
            shown[key] = (os.path.relpath(itf, out), os.path.relpath(chart, out))
        reported.append(Reported(v, *shown[key]) if v.trace is not None else Reported(v))
    write_atomic(out / "results.json", results_json(reported))
    write_atomic(out / "report.md", report(reported, compiled.system, with_times=False))
