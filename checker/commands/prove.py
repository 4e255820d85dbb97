"""``sockproof prove``: a proof for any size from the fewest lemmas, or the step that breaks it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from importlib import import_module
from pathlib import Path

from checker.commands.check import workers
from checker.commands.console import out_console, working
from checker.commands.engines import ANY_SIZE
from checker.commands.model import c_files, compile_package, load_package, load_variant
from checker.errors import EXIT_AS_EXPECTED, EXIT_DIFFERS, EXIT_UNDETERMINED, UsageError
from checker.language import terms
from checker.language.compile import Compiled
from checker.report.cti import counterexample_text
from checker.report.dot import write_diagram
from checker.report.explain import question
from checker.report.files import file_stem
from checker.report.proof import Run, lemma_table, proof_line, seed_table, spread
from checker.report.proofgraph import proof_graph
from checker.report.stability import FACTOR
from checker.symbolic.cti import Counterexample, counterexample
from checker.symbolic.effort import MOST
from checker.symbolic.facts import Fact, Proof, closure
from checker.symbolic.inductive import prove
from checker.symbolic.minimise import Minimiser
from checker.system import Property, Transition


@dataclass(frozen=True)
class Failure:
    """A fact that steps of ``transitions`` may violate; ``shown`` is one such step, if any can be shown."""

    fact: Fact
    transitions: tuple[Transition, ...]
    shown: Counterexample | None


def run_prove(
    spec: str, name: str, *, client: str, variant: str, without: Sequence[str], seeds: int, effort: int, out: Path
) -> int:
    """Prove one property and print its lemmas, or the counterexample to induction if there is no proof.

    The graph of lemmas goes into ``out``.  Status 0 for a proof that holds under all ``seeds``, 1 if the proof shows that the
    property is not what was expected, 3 without proof.  Raises UsageError for unknown names.
    """
    package = load_package(spec, "PROOFS")
    compiled = compile_package(package, load_variant(package, variant) if variant else None, client, asked=name)
    prop = compiled.property(name)
    if seeds < 1 or not 0 < effort <= MOST:
        raise UsageError("usage", "a proof needs a seed, and an effort that Z3 can count", f"give positive numbers up to {MOST}")
    facts = given_facts(compiled, package.PROOFS, prop, without)
    console = out_console()
    console.print(f"{question(prop, compiled.system)}", soft_wrap=True, markup=False)
    with working(f"proving {name}") as say:
        minimiser = Minimiser(compiled.system, closure(facts, [name]), effort=effort)
        kept = minimiser.minimal(name)
        if kept is None:
            say("looking for a counterexample to induction")
            failure = first_failure(minimiser, compiled, name)
            console.print(failure_text(failure, name, c_files(compiled)), end="", soft_wrap=True, markup=False)
            return EXIT_UNDETERMINED
        say(f"checking {name} once more, with {len(kept) - 1} lemmas")
        proof = prove(compiled.system, kept, effort=effort)
        runs = run_seeds(compiled, kept, seeds, effort) if seeds > 1 else []
    console.print(lemma_table(proof, name))
    if runs:
        console.print(seed_table(runs))
    console.print(proof_line(proof, name, len(minimiser.facts) - 1), soft_wrap=True, markup=False)
    if not proof.complete or not all(r.complete for r in runs):
        console.print("not proved: an obligation takes too much effort; allow more with --effort")
        return EXIT_UNDETERMINED
    said = "unreachable" if prop.kind == "sometimes" else "proved"
    console.print(f"{said} for {ANY_SIZE}{client_of(compiled)}", soft_wrap=True, markup=False)
    if runs and spread(runs) > FACTOR:
        console.print(f"unstable: the slowest seed took {spread(runs):.1f} times as long as the fastest")
    for path in write_diagram(proof_graph(kept, name), out / file_stem(variant, name)):
        console.print(f"wrote {path}", soft_wrap=True)
    return EXIT_AS_EXPECTED if prop.expected in ("holds", "unreachable") else EXIT_DIFFERS


def client_of(compiled: Compiled) -> str:
    """Whose calls a proof is about, to be put behind it."""
    return f", for the client {compiled.client.name}" if compiled.client else ""


def given_facts(compiled: Compiled, proofs: str, prop: Property, without: Sequence[str]) -> dict[str, Fact]:
    """The facts of the package ``proofs`` but for those left out, and ``prop``, which uses them all if it is none of them.

    Raises UsageError for a name in ``without`` that is no fact, or that is the property.
    """
    facts: dict[str, Fact] = {f.name: f for f in import_module(proofs).facts(compiled)}
    for name in without:
        if name not in facts or name == prop.name:
            known = ", ".join(n for n in facts if n != prop.name)
            raise UsageError("unknown-lemma", f"there is no lemma {name} to leave out", f"choose from {known}")
    kept = {n: replace(f, uses=tuple(u for u in f.uses if u not in without)) for n, f in facts.items() if n not in without}
    if prop.name not in kept:
        kept[prop.name] = Fact(prop.name, prop.params, terms.negate(prop.bad), tuple(kept), prop.reason)
    return kept


def first_failure(minimiser: Minimiser, compiled: Compiled, goal: str) -> Failure | None:
    """Of the facts that ``goal`` rests on, the nearest that a step violates although all the others hold before it."""
    facts = minimiser.facts
    seen, queue = {goal}, [goal]
    for name in queue:
        fact = facts[name]
        given = frozenset(fact.uses) | {name}
        failing = [] if fact.assumed else [t for t in minimiser.touching(fact) if minimiser.needs(fact, t, given) is None]
        if failing and not minimiser.implied(name):
            return Failure(fact, tuple(failing), show_one(minimiser, compiled, fact, failing))
        fresh = [u for u in fact.uses if u not in seen]
        seen.update(fresh)
        queue += fresh
    return None


def show_one(minimiser: Minimiser, compiled: Compiled, fact: Fact, failing: Sequence[Transition]) -> Counterexample | None:
    """A counterexample for the first transition that has one to show."""
    given = [minimiser.facts[n] for n in fact.uses]
    found = (counterexample(compiled.system, fact, t, given, effort=minimiser.effort) for t in failing)
    return next((x for x in found if x is not None), None)


def failure_text(failure: Failure | None, goal: str, from_c: Mapping[str, str]) -> str:
    """What stands in the way of a proof of ``goal``."""
    if failure is None:
        return f"{goal}: not proved: facts it rests on do not hold initially\n"
    fact = failure.fact
    which = "" if fact.name == goal else f": it rests on {fact.name}, which is not inductive"
    where = Counter(t.function for t in failure.transitions)
    culprits = ", ".join(f"{n} in {function}" for function, n in where.items())
    lines = [
        f"{goal}: not proved{which or ': it is not inductive with these lemmas'}",
        f"  transitions that may break it: {culprits}",
        "",
    ]
    if failure.shown is None:
        lines.append("no small state shows it: only fields of NULL or numbers that overflow could, or it takes too much effort")
        return "\n".join(lines) + "\n"
    return "\n".join(lines) + "\n" + counterexample_text(failure.shown, from_c)


def run_seeds(compiled: Compiled, facts: Sequence[Fact], seeds: int, effort: int) -> list[Run]:
    """The same proof under seeds 1, 2 ..., in two processes."""
    with workers() as pool:
        return list(pool.map(partial(timed_proof, compiled, tuple(facts), effort), range(1, seeds + 1)))


def timed_proof(compiled: Compiled, facts: Sequence[Fact], effort: int, seed: int) -> Run:
    """One proof, with the processor time it takes."""
    started = time.process_time()
    proof: Proof = prove(compiled.system, list(facts), effort=effort, seed=seed)
    return Run(seed, proof.complete, time.process_time() - started)


__all__ = ["first_failure", "given_facts", "run_prove"]
