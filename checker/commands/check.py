"""``sockproof check``: every engine, every question, every drawing.

Every question is a Task for one engine: proofs for any size, exhaustive search, bounded search, each variant.  Two worker
processes share the tasks, coverage and the drawings; then the verdicts are compared, printed and written.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from itertools import permutations
from multiprocessing import get_context
from pathlib import Path
from types import ModuleType

from checker.commands.console import VACUOUS, out_console, status_of, working
from checker.commands.coverage import cover, plan
from checker.commands.draw import draw_functions, draw_states
from checker.commands.engines import NOTHING_WITHIN, Say, prove_any_size, run_bounded, run_explicit, undetermined
from checker.commands.model import (
    Scope,
    Variant,
    c_files,
    choose_client,
    choose_properties,
    compile_package,
    load_package,
    load_variant,
    make_instance,
    variant_names,
)
from checker.commands.trace import write_trace
from checker.coverage import Covered, check_reasons
from checker.errors import EXIT_DIFFERS, InternalError, LimitError
from checker.language.client import Client
from checker.language.compile import Compiled
from checker.language.terms import FieldKey
from checker.report.coverage import coverage_summary, print_problems
from checker.report.dot import find_dot
from checker.report.files import write_atomic
from checker.report.markdown import report
from checker.report.results import Reported, results_json
from checker.report.straighten import straighten
from checker.report.table import print_verdicts
from checker.system import Property, relevant_vars
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
    for variant in mutants(package):
        found.append(Task("explicit", replace(scope, ports=1), (variant.breaks,), variant.name))
    return found if quick else [*found, *bounded_tasks(package, compiled, scope)]


def mutants(package: ModuleType) -> list[Variant]:
    """The variants that must break a property."""
    variants = [load_variant(package, name) for name in variant_names(package)]
    return [v for v in variants if v.breaks]


def bounded_tasks(package: ModuleType, compiled: Compiled, scope: Scope) -> list[Task]:
    """The bounded search asks for every trace, on an instance small enough for it that the explicit search answers too.

    With one thread it finds every trace that needs no other, whatever its depth.
    """
    small = replace(scope, ports=1)
    tracing = tuple(p.name for p in compiled.properties if p.expected in ("violated", "reachable"))
    alone = Task("alone", replace(small, threads=1), tracing)
    found = [Task("explicit", small, tracing), alone, *(Task("bounded", small, (name,)) for name in tracing)]
    return found + [Task("bounded", small, (v.breaks,), v.name) for v in mutants(package)]


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
def model_of(spec: str, variant: str = "") -> tuple[ModuleType, Compiled, Variant | None]:
    """A specification, compiled once per process; worker processes inherit what their parent compiled before."""
    package = load_package(spec)
    patch = load_variant(package, variant) if variant else None
    return package, compile_package(package, patch), patch


def perform(spec: str, task: Task, out: Path, recheck: bool) -> list[Verdict]:
    """Run one task in a worker process."""
    package, compiled, variant = model_of(spec, task.variant)
    if task.method == "inductive":
        return prove_any_size(compiled, out / "certificates", proofs=package.PROOFS, recheck=recheck)
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


def cover_all(spec: str) -> Covered:
    """Coverage, in a worker process."""
    package, compiled, _ = model_of(spec)
    return cover(package, compiled)


def draw_all(spec: str, diagrams: Path) -> None:
    """Every control-flow graph and state diagram, in a worker process."""
    package, compiled, _ = model_of(spec)
    draw_functions(compiled, [], diagrams)
    draw_states(package, compiled, make_instance(package, DRAWN), diagrams)


def run_check(spec: str, scope: Scope, *, quick: bool, out: Path, diagrams: Path) -> int:
    """Do everything and return the exit status.  Raises SpecError and UsageError for bad input."""
    package = load_package(spec, "PROOFS", "STATE_DIAGRAMS")
    make_instance(package, scope)
    find_dot()
    console = out_console()
    with working("compiling") as say:
        _, compiled, _ = model_of(spec)
        check_reasons(compiled.system, plan(package)[1])
        with workers() as pool:
            todo = tasks(package, compiled, scope, quick)
            asked = {task: pool.submit(perform, spec, task, out, not quick) for task in sorted(todo, key=weight, reverse=True)}
            covering, drawing = pool.submit(cover_all, spec), pool.submit(draw_all, spec, diagrams)
            verdicts = settle_vacuity(answers([asked[task] for task in todo], say))
            agree(verdicts)
            covered = covering.result()
            client = choose_client(package)
            write(compiled, client, verdicts, covered, out, diagrams, say)
            drawing.result()
    print_verdicts(verdicts, console)
    if client:
        console.print(f"all about any program of the client {client}", highlight=False)
    console.print(coverage_summary(covered))
    print_problems(covered, console)
    console.print(f"wrote {out / 'results.json'}, {out / 'report.md'}, traces and certificates in {out}, diagrams in {diagrams}")
    return status_of(verdicts) if covered.complete else EXIT_DIFFERS


def weight(task: Task) -> tuple[bool, int, bool]:
    """How long a task may take, to start the longest ones first: proofs, then searches by threads, Z3 before native code."""
    return task.method == "inductive", task.scope.threads, task.method == "bounded"


@contextmanager
def workers() -> Iterator[ProcessPoolExecutor]:
    """The worker processes; they stop at once if something goes wrong."""
    with ProcessPoolExecutor(WORKERS, mp_context=get_context("fork")) as pool:
        try:
            yield pool
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def answers(asked: Sequence[Future[list[Verdict]]], say: Say) -> list[Verdict]:
    """The verdicts of all tasks, in the order of the tasks."""
    for count, future in enumerate(as_completed(asked), 1):
        future.result()
        say(f"{count} of {len(asked)} questions answered")
    return [v for future in asked for v in future.result()]


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
        depths = {v.depth for v in (a, b) if v.depth is not None}
        return (same or "inductive" in (a.method, b.method)) and (a.verdict != b.verdict or len(depths) > 1)
    if same and a.depth is not None and b.verdict.startswith(NOTHING_WITHIN):
        return a.depth <= int(b.verdict.removeprefix(NOTHING_WITHIN))
    return False


def write(
    compiled: Compiled,
    client: Client | None,
    verdicts: Sequence[Verdict],
    covered: Covered,
    out: Path,
    diagrams: Path,
    say: Say,
) -> None:
    """Write results, report and the clearest trace of each property (of each variant)."""
    shown = clearest(verdicts)
    files: dict[tuple[str, str], tuple[str, str]] = {}
    for key, v in shown.items():
        assert v.trace is not None
        say(f"writing the trace of {v.property.name}")
        _, itf, chart = write_trace(straighten(v.trace), v.property, v.variant, out / "traces", c_files(compiled), diagrams)
        files[key] = (os.path.relpath(itf, out), os.path.relpath(chart, out))
    reported = []
    for v in verdicts:
        key = (v.variant, v.property.name)
        same = key in shown and (v.scope, v.depth) == (shown[key].scope, shown[key].depth)
        reported.append(Reported(v, *files[key]) if same else Reported(v))
    write_atomic(out / "results.json", results_json(reported))
    write_atomic(out / "report.md", report(reported, compiled.system, covered, client=client, with_times=False))


def clearest(verdicts: Sequence[Verdict]) -> dict[tuple[str, str], Verdict]:
    """Per variant and property, the verdict with the trace that is easiest to follow: few threads, then few steps."""
    found: dict[tuple[str, str], tuple[int, int, Verdict]] = {}
    for v in verdicts:
        if v.trace is not None:
            key, acting = (v.variant, v.property.name), len({s.process for s in v.trace.steps})
            if key not in found or (acting, v.trace.depth) < found[key][:2]:
                found[key] = (acting, v.trace.depth, v)
    return {key: v for key, (_, _, v) in found.items()}
