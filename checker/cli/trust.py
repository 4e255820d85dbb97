"""Commands that question the model itself: against C text, and by changing it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Group, Parameter

from checker.cli.app import app
from checker.cli.options import Spec, Variant

TRUST = Group("Is the model right?", sort_key=5)


@app.command(group=TRUST)
def audit(path: Path, /, *, function: str = "", variant: Variant = "", spec: Spec = "spec") -> int:
    """Compare C text with the specification, statement by statement; exit status 1 if a difference has no explanation.

    Parameters
    ----------
    path
        A listing (C functions amid prose), a C file, or the top of a kernel tree.
    function
        The only function to compare; without it, all listed functions that are found.
    """
    from checker.commands.audit import run_audit

    return run_audit(spec, path, function=function, variant=variant)


@app.command(group=TRUST)
def fidelity(
    path: Path | None = None,
    /,
    *,
    out: Path = Path("docs/fidelity.md"),
    notes: Path = Path("docs/fidelity-notes.md"),
    spec: Spec = "spec",
) -> int:
    """Print how many C statements are modelled, abstracted or unaccounted for; with C text, write the document anew.

    Parameters
    ----------
    path
        A listing, a C file, or the top of a kernel tree; without it, the totals of the document as it is.
    out
        The document.
    notes
        Hand-written Markdown that the document ends with.
    """
    from checker.commands.audit import run_fidelity

    return run_fidelity(spec, path, out=out, notes=notes)


@app.command(group=TRUST)
def mutate(
    names: list[str] | None = None,
    /,
    *,
    sample: int = 0,
    seed: int = 0,
    every_question: Annotated[bool, Parameter(name="--every-question", negative="")] = False,
    proofs: bool = False,
    scenarios: Path = Path("tests/scenarios"),
    recorded: Path = Path("../shared/scenarios.yaml"),
    out: Path = Path("build"),
    notes: Path | None = None,
    write: Path | None = None,
    spec: Spec = "spec",
) -> int:
    """Change the model systematically, ask everything again, and say which changes nobody notices.

    Parameters
    ----------
    names
        The functions to change (with --proofs, the properties whose proofs are tried); all if none is given.
    sample
        Only so many mutants, chosen by the seed.
    every_question
        Ask the other questions too when one has noticed a mutant.
    proofs
        Weaken the transitions that inductive proofs rest on instead: which proofs break?
    scenarios
        The folder of scenario files with expected outcomes.
    recorded
        A file of one-thread scenarios with recorded results, if it exists.
    out
        Where the journal goes; a run that was interrupted goes on from it.
    notes
        Explanations of survivors, docs/mutation-notes.yaml or docs/mutation-proofs-notes.yaml if none is given.
    write
        Write the result to this Markdown file.
    """
    notes = notes or Path(f"docs/mutation{'-proofs' if proofs else ''}-notes.yaml")
    if proofs:
        from checker.commands.mutate_proofs import run_mutate_proofs

        return run_mutate_proofs(spec, names or [], count=sample, seed=seed, out=out, notes_file=notes, write=write)
    from checker.commands.mutate import Asked, run_mutate

    asked = Asked(spec, scenarios, recorded, every_question)
    return run_mutate(asked, names or [], count=sample, seed=seed, out=out, notes_file=notes, write=write)
