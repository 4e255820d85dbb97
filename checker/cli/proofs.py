"""Commands about proofs for any size."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from cyclopts import Group

from checker.cli.app import app
from checker.cli.options import Client, ScopeOptions, Spec, Variant
from checker.commands.model import Scope
from checker.symbolic.effort import HARD

PROOFS = Group("Proofs for any size", sort_key=2)


@app.command(group=PROOFS)
def prove(
    property: str,
    /,
    *,
    size: ScopeOptions | None = None,
    method: Literal["inductive", "k-induction", "spacer", "finite"] = "inductive",
    client: Client = "",
    variant: Variant = "",
    without: list[str] | None = None,
    seeds: int = 1,
    effort: int = HARD,
    seconds: float = 10.0,
    out: Path = Path("build/proofs"),
    spec: Spec = "spec",
) -> int:
    """Prove a property for any size from the fewest lemmas, or show the step that breaks it: a counterexample to induction.

    With another method it is decided on one finite instance, 1 thread and 1 socket, port and address unless sizes are given.

    Parameters
    ----------
    property
        The property, for instance hashed_sport.
    method
        inductive for any size; or k-induction, Z3's Spacer, or all finite engines compared.
    without
        A lemma to leave out; may be given several times.
    seeds
        Under how many seeds of the solver the proof must hold.
    effort
        What Z3 may spend on each obligation of an inductive proof, in its own units, some millions of which take a second.
    seconds
        The time limit of k-induction and of Spacer.
    out
        Where the graph of lemmas goes, as SVG and DOT.
    """
    from checker.commands.finite import run_finite
    from checker.commands.prove import run_prove

    if method != "inductive":
        scope = size.scope() if size else Scope(1, 1, 1, 1)
        return run_finite(spec, property, scope, method=method, client=client, variant=variant, seconds=seconds)
    return run_prove(spec, property, client=client, variant=variant, without=without or [], seeds=seeds, effort=effort, out=out)


@app.command(group=PROOFS)
def certify(*, client: Client = "", out: Path | None = None, spec: Spec = "spec") -> int:
    """Prove what holds for any size and write the certificates, which proofs/recheck.py checks without this program.

    Parameters
    ----------
    out
        Where the certificates go, a folder per client; without it, where the package commits them.
    """
    from checker.commands.certify import run_certify

    return run_certify(spec, client=client, out=out)


@app.command(group=PROOFS)
def infer(
    properties: list[str] | None = None,
    /,
    *,
    client: Client = "",
    minimise: bool = True,
    write: Path | None = None,
    spec: Spec = "spec",
) -> int:
    """Find lemmas without help, keep those that hold for any size, and say which properties they prove.

    Parameters
    ----------
    properties
        The properties to prove; all that are expected to hold if none is given.
    minimise
        Reduce each proof to lemmas none of which can be left out; takes longest.
    write
        Write the page about it to this Markdown file.
    """
    from checker.commands.infer import run_infer

    return run_infer(spec, properties or [], client=client, minimise=minimise, write=write)


@app.command(group=PROOFS)
def stability(
    *,
    client: list[str] | None = None,
    seeds: int = 5,
    write: Path | None = None,
    spec: Spec = "spec",
) -> int:
    """Prove all properties under several seeds of the solver, and say how much its effort varies.

    Parameters
    ----------
    client
        Whose properties; may be given several times. All clients that have lemmas if none is given.
    seeds
        How many seeds.
    write
        Write the page about it to this Markdown file.
    """
    from checker.commands.stability import run_stability

    return run_stability(spec, clients=client or [], seeds=seeds, write=write)
