"""``sockproof infer``: which properties hold for any size by lemmas that the machine finds, and what it takes for the others."""

from __future__ import annotations

import time
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from checker.commands.console import out_console, working
from checker.commands.engines import Say
from checker.commands.model import Scope, choose_properties, compile_package, load_package, make_instance
from checker.errors import EXIT_AS_EXPECTED, EXIT_UNDETERMINED
from checker.inference.infer import Inferrer
from checker.language.compile import Compiled
from checker.report.files import write_atomic
from checker.report.inference import Answer, Report, inference_page, inference_table
from checker.symbolic.facts import Fact, closure

SAMPLED = (Scope(1, 1, 1, 1), Scope(2, 1, 1, 1), Scope(1, 2, 2, 2), Scope(1, 2, 3, 1))
"""Small instances that between them reach every location: to look for a free port beyond the first takes two to choose from."""


@dataclass(frozen=True)
class Question:
    """A property, and the lemmas that people wrote for it."""

    fact: Fact
    written: tuple[Fact, ...]


def run_infer(spec: str, names: list[str], *, client: str, minimise: bool, write: Path | None) -> int:
    """Infer lemmas, say which properties they prove, and with ``write`` write the page.

    Status 3 if a property is left without any proof.  Raises UsageError for unknown names.
    """
    started = time.perf_counter()
    package = load_package(spec, "PROOFS")
    compiled = compile_package(package, client=client)
    chosen = [p for p in choose_properties(compiled, names) if names or (p.kind == "always" and p.expected == "holds")]
    written = {f.name: f for f in import_module(package.PROOFS).facts(compiled)}
    questions = [
        Question(Fact(p.name, p.params, p.formula, (), p.reason), tuple(closure(written, [p.name])) if p.name in written else ())
        for p in chosen
    ]
    with working("infer") as say:
        inferrer = Inferrer(compiled.system, [f for f in written.values() if f.assumed])
        inferrer.run([make_instance(package, scope, compiled.client) for scope in SAMPLED], say)
        report = answer(compiled, inferrer, questions, list(written.values()), minimise, say)
    console = out_console()
    console.print(inference_table(report))
    for phase, seconds in report.sizes.seconds:
        console.print(f"{phase}: {seconds:.1f} s")
    console.print(f"in all {time.perf_counter() - started:.1f} s")
    if write is not None:
        write_atomic(write, inference_page(report, compiled, [str(s) for s in SAMPLED]))
        console.print(f"wrote {write}", soft_wrap=True)
    return EXIT_AS_EXPECTED if all(a.how != "open" for a in report.answers) else EXIT_UNDETERMINED


def answer(
    compiled: Compiled, inferrer: Inferrer, questions: list[Question], written: list[Fact], minimise: bool, say: Say
) -> Report:
    """What the clauses kept prove: alone, or with the lemmas people wrote that they do not imply."""
    names = {p.name for p in compiled.properties}
    lemmas = [f for f in written if not f.assumed and f.name not in names]
    say("comparing with the lemmas that were written by hand")
    implied = {f.name for f in lemmas if inferrer.implied(f)}
    alone = inferrer.provable([q.fact for q in questions], say)
    rest = {f.name: f for q in questions if q.fact.name not in alone for f in q.written}
    rest = {n: f for n, f in rest.items() if n not in implied and n not in alone and not f.assumed}
    goals = [q.fact for q in questions if q.fact.name not in alone]
    helped = inferrer.provable([*goals, *(f for n, f in rest.items() if n not in {g.name for g in goals})], say, together=True)
    minimal = (
        inferrer.minimal({q.fact.name: (q.fact, alone[q.fact.name]) for q in questions if q.fact.name in alone}, say)
        if minimise
        else {}
    )
    answers = []
    for q in questions:
        name = q.fact.name
        needed = tuple(f.name for f in q.written if f.name in rest and f.name in helped and f.name not in names)
        how = "inferred" if name in alone else "helped" if name in helped and needed else "open"
        answers.append(Answer(q.fact, how, needed if how == "helped" else (), minimal.get(name)))
    return Report(inferrer.sizes(), tuple(answers), tuple(f.name for f in lemmas), tuple(sorted(implied)))


__all__ = ["run_infer"]
