"""``sockproof mutate --proofs``: weaken the transitions that inductive proofs rest on; which proofs break?"""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import cache, partial
from importlib import import_module
from pathlib import Path

from checker.commands.console import out_console
from checker.commands.model import compile_package, load_package
from checker.commands.mutate import judge_all, named, unfinished
from checker.errors import EXIT_AS_EXPECTED, UsageError
from checker.journal import Journal
from checker.mutation.fingerprint import fingerprint
from checker.mutation.notes import check_notes, load_notes
from checker.mutation.proofs import ProofBench, ProofJudged, ProofMutant, proof_mutants
from checker.report.files import write_atomic
from checker.report.proof_mutation import ProofResult, print_proof_results, proof_document
from checker.symbolic.facts import closure

JOURNAL = "mutation-proofs.jsonl"


@cache
def proof_bench(spec: str, names: tuple[str, ...]) -> tuple[ProofBench, tuple[ProofMutant, ...]]:
    """The proofs of some properties and the mutants of what they rest on, made once per process."""
    package = load_package(spec, "PROOFS")
    compiled = compile_package(package)
    facts = {f.name: f for f in import_module(package.PROOFS).facts(compiled)}
    proved = tuple(p.name for p in compiled.properties if p.name in facts)
    for name in names:
        if name not in proved:
            raise UsageError("unknown-property", f"{name} is not proved", f"choose among {', '.join(proved)}")
    properties = names or proved
    needed = tuple(closure(facts, properties))
    return ProofBench(compiled.system, needed, properties), tuple(proof_mutants(compiled.system, needed))


def judge_proof(spec: str, names: tuple[str, ...], number: int) -> ProofJudged:
    """Judge one mutant in a worker process."""
    bench, every = proof_bench(spec, names)
    return bench.judge(every[number])


def run_mutate_proofs(
    spec: str, names: Sequence[str], *, count: int, seed: int, out: Path, notes_file: Path, write: Path | None
) -> int:
    """Judge the proof mutants of some properties (none: of all), or ``count`` of them; returns 3 if interrupted, else 0.

    Raises UsageError for an unknown property and for an explanation that is stale.
    """
    bench, every = proof_bench(spec, tuple(names))
    order = list(range(len(every)))
    if count:
        random.Random(seed).shuffle(order)
    chosen = sorted(order[:count] if count else order)
    notes = load_notes(notes_file)
    facts = " ".join(f"{f.name}: {f.formula} by {f.uses}" for f in bench.facts)
    transitions = " ".join(f"{t.name} {t.guard} {t.updates}" for t in bench.system.transitions)
    journal = Journal(out / JOURNAL, fingerprint([], f"{bench.properties} {facts} {transitions}"), ProofJudged)
    known = {one.name for one in journal.entries()}
    bench.preserved  # noqa: B018 - worker processes inherit it
    todo = [n for n in chosen if every[n].name not in known]
    interrupted = judge_all(partial(judge_proof, spec, tuple(names)), todo, journal)
    judged = {one.name: one for one in journal.entries()}
    results = [ProofResult(every[n], judged[every[n].name]) for n in chosen if every[n].name in judged]
    console = out_console()
    print_proof_results(results, bench.properties, notes, console)
    if interrupted:
        return unfinished(len(results), len(chosen))
    check_notes(notes, named(every), named(r.mutant for r in results if r.alive), named(r.mutant for r in results if not r.alive))
    if write is not None:
        picked = f"{len(chosen)} of {len(every)} mutants, a sample" if count else f"All {len(every)} mutants"
        write_atomic(write, proof_document(results, bench.properties, notes, picked))
        console.print(f"wrote {write}", soft_wrap=True)
    return EXIT_AS_EXPECTED
