"""Adapters: what each engine is asked, in the words of the commands.

Each takes a compiled model and questions and returns verdicts; nothing else in the commands touches an engine.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from types import ModuleType

from checker.commands.certify import client_name, facts_about, known_cores, stale
from checker.commands.console import STALE, VACUOUS
from checker.errors import LimitError
from checker.explicit.explore import Exploration, explore
from checker.explicit.project import Projection
from checker.instance import Instance
from checker.language.compile import Compiled
from checker.report.files import file_stem, write_atomic
from checker.slice import Slice, lift, slice_system
from checker.symbolic.bounded import search
from checker.symbolic.certificate import SCOPE, property_folder
from checker.symbolic.facts import Obligation, closure
from checker.symbolic.inductive import prove
from checker.system import Property
from checker.trace import Trace, replay
from checker.verdict import Verdict

Say = Callable[[str], None]
MAX_STATES = 100_000_000
MAX_DEPTH = 40
NOTHING_WITHIN = "no violation within "
ANY_SIZE = SCOPE


@dataclass(frozen=True)
class Explored:
    """One explicit search: its verdicts and the exploration (of the ``part`` of the system they depend on)."""

    verdicts: tuple[Verdict, ...]
    exploration: Exploration
    part: Slice


def silent(_: str) -> None:
    """Say nothing."""


def cone(compiled: Compiled, properties: tuple[Property, ...], projections: tuple[Projection, ...] = ()) -> Slice:
    """The part of the system that ``properties`` and ``projections`` depend on."""
    formulas = [f for p in properties for f in (p.formula, p.antecedent)] + [p.formula() for p in projections]
    return slice_system(compiled.system, tuple(formulas))


def run_explicit(
    compiled: Compiled,
    properties: tuple[Property, ...],
    instance: Instance,
    *,
    variant: str = "",
    projections: tuple[Projection, ...] = (),
    max_states: int = MAX_STATES,
    until_answered: bool = False,
    say: Say = silent,
) -> Explored:
    """Engine (a): every interleaving of ``instance``, all properties in one search.  Raises LimitError if it is too large.

    With ``until_answered`` it ends when all properties have traces; what it says of the states besides is then only a part.
    """
    started = perf_counter()
    part = cone(compiled, properties, projections)

    def progress(states: int, depth: int, frontier: int) -> None:
        say(f"explicit: {states:,} states, depth {depth}, {frontier:,} of this depth to go")

    result = explore(
        part.system, instance, properties, projections, max_states=max_states, until_answered=until_answered, progress=progress
    )
    seconds = perf_counter() - started
    scope = str(instance)
    verdicts = []
    for p in properties:
        trace = whole_trace(part, result.found[p.name])
        verdicts.append(Verdict(p, variant, _answer(p, trace), "explicit", scope, seconds, trace, None, _vacuous(result, p)))
    return Explored(tuple(verdicts), result, part)


def _answer(prop: Property, trace: Trace | None) -> str:
    if prop.kind == "always":
        return "proved" if trace is None else "violated"
    return "unreachable" if trace is None else "reachable"


def _vacuous(result: Exploration, prop: Property) -> str:
    return "" if result.antecedents[prop.name] or prop.kind != "always" else f"{VACUOUS}: its antecedent is never met"


def whole_trace(part: Slice, trace: Trace | None) -> Trace | None:
    """A trace of the slice as a trace of the whole system, replayed there."""
    if trace is None:
        return None
    path = lift(part, trace.instance, [(s.transition, dict(s.binding)) for s in trace.steps])
    return replay(part.whole, trace.instance, path)


def undetermined(prop: Property, variant: str, method: str, scope: str, problem: LimitError) -> Verdict:
    """The verdict of an engine that ran out of something."""
    return replace(Verdict(prop, variant, "unknown", method, scope, 0.0), detail=problem.message)


def run_bounded(
    compiled: Compiled, prop: Property, instance: Instance, *, variant: str = "", depth: int = MAX_DEPTH, say: Say = silent
) -> Verdict:
    """Engine (b): a shortest trace of at most ``depth`` steps on ``instance``, found by Z3."""
    started = perf_counter()
    part = cone(compiled, (prop,))
    say(f"bounded: {prop.name}")
    try:
        result = search(part.system, instance, prop, depth)
    except LimitError as problem:
        return undetermined(prop, variant, "bounded", str(instance), problem)
    seconds = perf_counter() - started
    trace = whole_trace(part, result.trace)
    verdict = _answer(prop, trace) if trace is not None else f"{NOTHING_WITHIN}{depth}"
    return Verdict(prop, variant, verdict, "bounded", str(instance), seconds, trace)


def prove_any_size(compiled: Compiled, package: ModuleType, out: Path, *, say: Say = silent) -> list[Verdict]:
    """Engine (c): inductive proofs for any number of objects, of the properties there are facts for.

    What is not discharged goes to ``out/open`` as SMT-LIB.
    If the package has ``CERTIFICATES``, those committed there must be the ones of this proof.
    """
    facts = {f.name: f for f in facts_about(package, compiled)}
    folder = Path(package.CERTIFICATES) if hasattr(package, "CERTIFICATES") else None
    cores = known_cores(folder / client_name(compiled), list(facts.values())) if folder else None
    proof = prove(compiled.system, list(facts.values()), cores=cores, progress=lambda name: say(f"proving {name}"))
    wrong = stale(compiled, proof, package) if folder else ""
    by_fact: dict[str, list[Obligation]] = {}
    for o in proof.obligations:
        by_fact.setdefault(o.fact, []).append(o)
    left = {o.fact: save_open(o, out / "open" / client_name(compiled)) for o in proof.failed()}
    verdicts = []
    for p in compiled.properties:
        if p.name in facts:
            rest = [f.name for f in closure(facts, [p.name])]
            bad = [n for n in rest if n in left]
            seconds = sum(o.seconds for n in rest for o in by_fact[n])
            detail = f"rests on {', '.join(bad)}, not proved: see {left[bad[0]]}" if bad else f"{STALE}: {wrong}" if wrong else ""
            verdict = "unknown" if bad else "proved"
            certificate = os.path.relpath(folder / client_name(compiled) / property_folder(p.name), out) if folder else None
            verdicts.append(Verdict(p, compiled.variant, verdict, "inductive", ANY_SIZE, seconds, None, certificate, detail))
    return verdicts


def save_open(o: Obligation, folder: Path) -> Path:
    """Write the query of an obligation that was not discharged."""
    path = folder / f"{file_stem(o.fact, o.kind, o.transition)}.smt2"
    write_atomic(path, o.smtlib)
    return path
