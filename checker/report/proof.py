"""Proofs as text: the lemmas a property rests on, why each holds, what its obligations cost, how seeds compare.

In go minimal facts and their proof; out come a rich table of lemmas and lines of plain text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.table import Table

from checker.symbolic.facts import Obligation, Proof

KINDS = ("solver", "frame", "assumed")


@dataclass(frozen=True)
class Run:
    """One proof under one seed: whether everything was discharged, and the processor time it took."""

    seed: int
    complete: bool
    seconds: float


def counts(obligations: Sequence[Obligation]) -> dict[str, int]:
    """How many obligations were discharged by the solver, by frame or are assumptions; the rest is ``open``."""
    names = {"unsat": "solver", "frame": "frame", "assumed": "assumed"}
    found = dict.fromkeys((*KINDS, "open"), 0)
    for o in obligations:
        found[names.get(o.result, "open")] += 1
    return found


def lemma_table(proof: Proof, goal: str) -> Table:
    """One row per fact, the goal first: reason, what it uses, obligations, solver time."""
    table = Table(title=f"what {goal} rests on", title_justify="left", header_style="bold")
    table.add_column("lemma", style="bold", overflow="fold", max_width=30)
    table.add_column("why", overflow="fold", max_width=56)
    table.add_column("uses", overflow="fold", max_width=40)
    table.add_column("solver", justify="right")
    table.add_column("frame", justify="right")
    table.add_column("time", justify="right", no_wrap=True)
    for fact in sorted(proof.facts, key=lambda f: f.name != goal):
        own = [o for o in proof.obligations if o.fact == fact.name]
        n = counts(own)
        solver = "assumed" if fact.assumed else "implied" if any(o.kind == "implication" for o in own) else str(n["solver"])
        seconds = sum(o.seconds for o in own)
        table.add_row(fact.name, fact.reason, ", ".join(fact.uses) or "nothing", solver, str(n["frame"]), f"{seconds:.2f} s")
    return table


def proof_line(proof: Proof, goal: str, declared: int) -> str:
    """One line: how many lemmas, how many obligations, how long."""
    n = counts(proof.obligations)
    lemmas = len(proof.facts) - 1
    of = f" (of {declared} declared; none can be left out)" if lemmas else " (inductive by itself)"
    said = f"{n['solver']} obligations by Z3, {n['frame']} by frame"
    return f"{goal}: {lemmas} lemma{'' if lemmas == 1 else 's'}{of}, {said}, {proof.seconds:.1f} s"


def seed_table(runs: Sequence[Run]) -> Table:
    """One row per seed, with its time as a multiple of the fastest."""
    table = Table(title="seeds", title_justify="left", header_style="bold")
    for name in ("seed", "proved", "time", "factor"):
        table.add_column(name, justify="right")
    fastest = min(r.seconds for r in runs)
    for r in runs:
        table.add_row(str(r.seed), "yes" if r.complete else "NO", f"{r.seconds:.2f} s", f"{r.seconds / fastest:.2f}")
    return table


def spread(runs: Sequence[Run]) -> float:
    """The slowest time as a multiple of the fastest."""
    return max(r.seconds for r in runs) / min(r.seconds for r in runs)


__all__ = ["Run", "counts", "lemma_table", "proof_line", "seed_table", "spread"]
