"""Cores: which facts the proof of an obligation needs, so that solvers are asked with these first.

A core is advice.  Whoever asks with one gets an answer to what is owed if that is ``unsat``, and asks with everything if not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

import z3

from checker.language import terms
from checker.report.files import file_stem
from checker.symbolic.effort import EASY
from checker.symbolic.facts import Cores, Fact, Proof
from checker.symbolic.inductive import Prover, prove
from checker.system import Transition, TransitionSystem

NEEDS = " needs"
NOTED = re.compile(rf"^; (?:implication|consecution (.*?)){NEEDS}([ 0-9]*)$", re.MULTILINE)


def noted(fact: Fact, core: Sequence[str]) -> str:
    """A core as scripts note it behind the name of an obligation: places in the fact and those it uses, from 0 on."""
    return " ".join([NEEDS, *map(str, sorted(map(fact.hypotheses.index, core)))])


def cores_in(scripts: Mapping[str, str], facts: Sequence[Fact]) -> Cores:
    """The cores that ``scripts``, the files of a certificate by their paths, note; what fits no fact is passed over."""
    return {key: core for fact in facts for key, core in _noted_in(scripts.get(f"facts/{file_stem(fact.name)}.smt2", ""), fact)}


def _noted_in(script: str, fact: Fact) -> Iterator[tuple[tuple[str, str], tuple[str, ...]]]:
    places = fact.hypotheses
    for step, numbers in NOTED.findall(script):
        core = [int(n) for n in numbers.split()]
        if max(core, default=0) < len(places):
            yield (fact.name, step), tuple(places[n] for n in core)


def prove_with_cores(
    system: TransitionSystem, facts: list[Fact], known: Cores, *, progress: Callable[[str], None] | None = None
) -> Proof:
    """A proof in which obligations are asked with their cores: those ``known``, else found, as far as they are enough.

    Proving the same with the cores of its obligations gives this proof again.
    """
    proof = prove(system, facts, cores=known, progress=progress)
    given = proof.cores | dict(_found(system, proof))
    while given != known:
        known = given
        proof = prove(system, facts, cores=known, progress=progress)
        given = proof.cores
    return proof


def _found(system: TransitionSystem, proof: Proof) -> Iterator[tuple[tuple[str, str], tuple[str, ...]]]:
    """Cores of the obligations that were discharged without one."""
    bare = [o for o in proof.obligations if o.core is None and o.result == "unsat" and o.kind in ("implication", "consecution")]
    if not bare:
        return  # Encoding a large system takes seconds.
    prover = Prover(system, list(proof.facts))
    steps = {t.name: t for t in system.transitions}
    for o in bare:
        fact = prover.facts[o.fact]
        core = find_core(prover, fact, steps.get(o.transition), fact.hypotheses)
        if core is not None:
            yield (o.fact, o.transition), core


def find_core(prover: Prover, fact: Fact, t: Transition | None, among: Sequence[str]) -> tuple[str, ...] | None:
    """Those ``among`` some facts that are enough for the consecution of ``fact`` by ``t``, or for its implication; no more.

    None if what they all say near the violation is not enough, or if that is not easily seen.
    """
    if t is None:
        told = {name: [prover.closed[name]] for name in among if name != fact.name}
        claim = prover.encoder.claimed([terms.negate(fact.formula)], list(fact.params))
    else:
        told = {name: prover.near.told(fact, t, name) for name in among}
        claim = prover.near.violated(fact, t)
    solver = z3.SimpleSolver(ctx=prover.encoder.context)
    solver.add(*claim)
    marks = {name: z3.Bool(f"given!{n}", prover.encoder.context) for n, name in enumerate(told)}
    for name, said in told.items():
        solver.add(*(z3.Implies(marks[name], x) for x in said))

    def enough(names: Sequence[str]) -> list[str] | None:
        solver.set("rlimit", EASY)
        if solver.check(*(marks[n] for n in names)) != z3.unsat:
            return None
        core = {str(mark) for mark in solver.unsat_core()}
        return [n for n in names if str(marks[n]) in core]

    core = enough(list(told))
    for name in core or ():
        assert core is not None
        if name in core and (fewer := enough([n for n in core if n != name])) is not None:
            core = fewer
    return tuple(core) if core is not None else None
