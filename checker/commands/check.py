"""``sockproof check``: every engine, every question, every drawing.

The stages are functions that take a Job and return verdicts, so that one can be changed or skipped without the others:
proofs for any size, exhaustive search, bounded search, variants.  Then the verdicts are compared, printed and written.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType

from checker.commands.console import VACUOUS, out_console, status_of, working
from checker.commands.draw import draw_functions, draw_states
from checker.commands.engines import Say, prove_any_size, run_bounded, run_explicit, undetermined
from checker.commands.model import Scope, Variant, compile_package, load_package, load_variant, make_instance, variant_names
from checker.commands.trace import write_trace
from checker.errors import InternalError, LimitError
from checker.instance import Instance
from checker.language.compile import Compiled
from checker.report.files import write_atomic
from checker.report.markdown import report
from checker.report.results import Reported, results_json
from checker.report.straighten import straighten
from checker.report.table import print_verdicts
from checker.system import Property
from checker.verdict import Verdict

WITNESS = Scope(threads=1, sockets=2, ports=1, addresses=2)
"""A small instance in which invariants about two sockets with different addresses are not vacuous."""

DRAWN = Scope(threads=2, sockets=1, ports=1, addresses=1)
"""The instance behind the state diagram: one socket is enough, for the diagram watches one."""


@dataclass(frozen=True)
class Job:
    """One run: what is checked, on which instances, how thoroughly, and where it is written."""

    package: ModuleType
    compiled: Compiled
    scope: Scope
    quick: bool
    out: Path
    say: Say

    @property
    def instances(self) -> tuple[Instance, ...]:
        """The instances searched exhaustively: the given one and, unless quick, one with a thread more."""
        scopes = [self.scope] if self.quick else [self.scope, replace(self.scope, threads=self.scope.threads + 1)]
        return tuple(make_instance(self.package, s) for s in scopes)


def run_check(spec: str, scope: Scope, *, quick: bool, out: Path, diagrams: Path) -> int:
    """Do everything and return the exit status.  Raises SpecError and UsageError for bad input."""
    package = load_package(spec)
    make_instance(package, scope)
    console = out_console()
    with working("compiling") as say:
        job = Job(package, compile_package(package), scope, quick, out, say)
        verdicts = settle_vacuity([*proofs(job), *searches(job), *bounded(job), *variants(job)])
        agree(verdicts)
        write(job, verdicts, diagrams)
        draw_functions(job.compiled, [], diagrams, say)
        draw_states(package, job.compiled, make_instance(package, DRAWN), diagrams, say)
    print_verdicts(verdicts, console)
    console.print(f"wrote {out / 'results.json'}, {out / 'report.md'}, traces and certificates in {out}, diagrams in {diagrams}")
    return status_of(verdicts)


def proofs(job: Job) -> list[Verdict]:
    """Engine (c): what is expected to hold, for any number of threads and objects."""
    job.say("proving")
    return prove_any_size(job.compiled, job.out / "certificates", recheck=not job.quick, say=job.say)


def searches(job: Job) -> list[Verdict]:
    """Engine (a): all properties on each instance, and those expected to hold on the witness."""
    found: list[Verdict] = []
    for instance in job.instances:
        found += explicit(job.compiled, job.compiled.properties, instance, "", job.say)
    holding = tuple(p for p in job.compiled.properties if p.expected == "holds")
    return found + explicit(job.compiled, holding, make_instance(job.package, WITNESS), "", job.say)


def explicit(compiled: Compiled, properties: tuple[Property, ...], instance: Instance, variant: str, say: Say) -> list[Verdict]:
    """One exhaustive search; what it could not finish is undetermined."""
    try:
        return list(run_explicit(compiled, properties, instance, variant=variant, say=say).verdicts)
    except LimitError as problem:
        return [undetermined(p, variant, "explicit", str(instance), problem) for p in properties]


def bounded(job: Job) -> list[Verdict]:
    """Engine (b): what is expected to have a trace, on the first instance."""
    if job.quick:
        return []
    wanted = [p for p in job.compiled.properties if p.expected in ("violated", "reachable")]
    return [run_bounded(job.compiled, p, job.instances[0], say=job.say) for p in wanted]


def variants(job: Job) -> list[Verdict]:
    """Each variant must break its property: by engine (a) and, unless quick, by (b)."""
    found: list[Verdict] = []
    for name in variant_names(job.package):
        variant = load_variant(job.package, name)
        job.say(f"variant {name}")
        compiled = compile_package(job.package, variant)
        prop = broken(compiled, variant)
        found += explicit(compiled, (prop,), job.instances[0], name, job.say)
        if not job.quick:
            found.append(run_bounded(compiled, prop, job.instances[0], variant=name, say=job.say))
    return found


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

    A proof for any size must not meet a violation anywhere, and shortest traces on one instance have one length.
    """
    by_question: dict[tuple[str, str], list[Verdict]] = {}
    for v in verdicts:
        if v.decided:
            by_question.setdefault((v.variant, v.property.name), []).append(v)
    for (_, name), group in by_question.items():
        for a in group:
            for b in group:
                comparable = a.scope == b.scope or "inductive" in (a.method, b.method)
                if comparable and (a.verdict, a.depth) != (b.verdict, b.depth):
                    raise InternalError(
                        "engines-disagree",
                        f"{name}: {a.method} says {a.verdict} (depth {a.depth}), {b.method} says {b.verdict} (depth {b.depth})",
                    )


def write(job: Job, verdicts: Sequence[Verdict], diagrams: Path) -> None:
    """Write results, report and the first trace of each property (of each variant)."""
    shown: dict[tuple[str, str], tuple[str, str]] = {}
    reported = []
    for v in verdicts:
        key = (v.variant, v.property.name)
        if v.trace is not None and key not in shown:
            job.say(f"writing the trace of {v.property.name}")
            _, itf, chart = write_trace(straighten(v.trace), v.property, v.variant, job.out / "traces", diagrams)
            shown[key] = (os.path.relpath(itf, job.out), os.path.relpath(chart, job.out))
        reported.append(Reported(v, *shown[key]) if v.trace is not None else Reported(v))
    write_atomic(job.out / "results.json", results_json(reported))
    write_atomic(job.out / "report.md", report(reported, job.compiled.system, with_times=False))
