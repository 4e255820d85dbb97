"""``sockproof stability``: all proofs for any size under several seeds of the solver, and how much their effort varies."""

from __future__ import annotations

import time
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from rich.table import Table

from checker.commands.console import counting, out_console
from checker.commands.model import clients_of, compile_package, load_package
from checker.errors import EXIT_AS_EXPECTED, EXIT_UNDETERMINED, UsageError
from checker.language.compile import Compiled
from checker.report.files import write_atomic
from checker.report.stability import FACTOR, HEAD, Steadiness, factor, stability_page, stability_rows
from checker.symbolic.facts import Fact, Proof, closure
from checker.symbolic.inductive import prove


def run_stability(spec: str, *, clients: Sequence[str], seeds: int, write: Path | None) -> int:
    """Prove all that is proved for any size under ``seeds`` seeds, print a table per client, and with ``write`` write the page.

    Status 3 if a proof fails under some seed.  Raises UsageError for an unknown client or fewer than two seeds.
    """
    if seeds < 2:
        raise UsageError("usage", "to compare seeds takes two of them", "give --seeds 5")
    package = load_package(spec, "PROOFS")
    console = out_console()
    pages: list[tuple[str, Sequence[Steadiness]]] = []
    for client in clients or [c.name for c in clients_of(package)] or [""]:
        compiled = compile_package(package, client=client)
        name = client or compiled.system.name
        facts = import_module(package.PROOFS).facts(compiled)
        if not {f.name for f in facts} & {p.name for p in compiled.properties}:
            console.print(f"{name}: nothing is proved of it without a variant", markup=False)
            continue
        started = time.process_time()
        proofs = under_seeds(compiled, facts, seeds)
        found = steadiness(compiled, facts, proofs)
        console.print(stability_table(client, found))
        unsteady = [s.name for s in found if s.complete and not s.steady]
        if unsteady:
            console.print(f"above a factor of {FACTOR:.0f}: {', '.join(unsteady)}", soft_wrap=True, markup=False)
        console.print(f"{seeds} proofs of {len(facts)} facts in {time.process_time() - started:.1f} s of processor time")
        pages.append((name, found))
    if write is not None:
        write_atomic(write, stability_page(pages, seeds))
        console.print(f"wrote {write}", soft_wrap=True)
    return EXIT_AS_EXPECTED if all(s.complete for _, found in pages for s in found) else EXIT_UNDETERMINED


def under_seeds(compiled: Compiled, facts: Sequence[Fact], seeds: int) -> list[Proof]:
    """The proof of all ``facts`` under seeds 1, 2 ..., one after the other."""
    found = []
    with counting("proving under other seeds", seeds) as done:
        for seed in range(1, seeds + 1):
            found.append(prove(compiled.system, list(facts), seed=seed))
            done(seed, f"seed {seed}")
    return found


def steadiness(compiled: Compiled, facts: Sequence[Fact], proofs: Sequence[Proof]) -> list[Steadiness]:
    """How steady the proof of each property is, with all the facts it rests on."""
    by_name = {f.name: f for f in facts}
    efforts = {f.name: [sum(o.effort for o in p.obligations if o.fact == f.name) for p in proofs] for f in facts}
    asked = {f.name: sum(o.fact == f.name and o.result not in ("frame", "assumed") for o in proofs[0].obligations) for f in facts}
    failed = {o.fact for p in proofs for o in p.failed()}
    found = []
    for prop in compiled.properties:
        if prop.name in by_name:
            rests = [f.name for f in closure(by_name, [prop.name])]
            total = tuple(sum(column) for column in zip(*(efforts[n] for n in rests), strict=True))
            worst = max((n for n in rests if asked[n]), key=lambda n: factor(efforts[n]), default="")
            obligations = sum(asked[n] for n in rests)
            complete = not failed & set(rests)
            found.append(
                Steadiness(prop.name, len(rests), obligations, total, factor(efforts[worst]) if worst else 1.0, worst, complete)
            )
    return found


def stability_table(client: str, found: Sequence[Steadiness]) -> Table:
    """The rows of the page, for a terminal."""
    table = Table(title=client, title_justify="left", header_style="bold")
    for name in HEAD:
        table.add_column(name, overflow="fold")
    for row in stability_rows(found):
        table.add_row(*(cell.replace("`", "") for cell in row))
    return table


__all__ = ["run_stability"]
