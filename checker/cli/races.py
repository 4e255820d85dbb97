"""Commands about races: the matrix, its findings, and known defects."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Group, Parameter

from checker.cli.app import app
from checker.cli.options import Spec, Variant

RACES = Group("Races", sort_key=3)


@app.command(group=RACES)
def matrix(
    *,
    kind: Annotated[str, Parameter(name="--type", help="Only this type of socket: stream, dgram or raw.")] = "",
    machine: Annotated[str, Parameter(help="Only this machine: smp or up.")] = "",
    triples: bool = False,
    quick: bool = False,
    compare: Annotated[bool, Parameter(name="--check")] = False,
    write: bool = False,
    as_json: Annotated[bool, Parameter(name="--json")] = False,
    diagrams: Path = Path("diagrams"),
    variant: Variant = "",
    spec: Spec = "spec",
) -> int:
    """Run every two operations against each other from every starting class, and say what they do to each other.

    Interrupted, it goes on where it stopped when it is run again.

    Parameters
    ----------
    triples
        Three operations at a time instead of two.
    quick
        Leave out the cells that took long when the matrix was committed.
    compare
        Compare with the committed matrix; the status is 1 if a cell moved.
    write
        Replace the committed matrix, its page and its drawings.
    as_json
        Print every cell with its conflicts as JSON.
    diagrams
        Where the drawings go.
    """
    from checker.commands.matrix import Asked, run_matrix_command

    asked = Asked(spec, kind, machine, variant, triples, quick)
    return run_matrix_command(asked, check=compare, write=write, as_json=as_json, diagrams=diagrams)


@app.command(group=RACES)
def races(
    finding: str = "",
    /,
    *,
    kind: Annotated[str, Parameter(name="--type", help="Only this type of socket: stream, dgram or raw.")] = "",
    machine: Annotated[str, Parameter(help="Only this machine: smp or up.")] = "",
    locks: bool = False,
    as_json: Annotated[bool, Parameter(name="--json")] = False,
    variant: Variant = "",
    spec: Spec = "spec",
) -> int:
    """List the races of the matrix by root cause, gravest first; or tell one of them with its schedule.

    Parameters
    ----------
    finding
        A number or a name from the list.
    locks
        Print which lock protects which field instead, and check it on explored states.
    as_json
        Print JSON.
    """
    from checker.commands.matrix import Asked, run_locks_command, run_races_command

    asked = Asked(spec, kind, machine, variant)
    return run_locks_command(asked) if locks else run_races_command(asked, name=finding, as_json=as_json)


@app.command(group=RACES)
def findings(
    ids: list[str] | None = None,
    /,
    *,
    folder: Path = Path("tests/scenarios/findings"),
    entries: Path = Path("docs/findings/entries.yaml"),
    write: bool = False,
    out: Path = Path("docs"),
    spec: Spec = "spec",
) -> int:
    """Run the scenarios of known defects: found in the model, gone with their fixes, brought about by mutants.

    Parameters
    ----------
    ids
        The findings, for instance A01; all if none is given.
    folder
        Where the scenarios are.
    entries
        The list of what is looked for.
    write
        Write the list and a page for each finding.
    out
        Where they go.
    """
    from checker.commands.findings import run_findings

    return run_findings(spec, ids or [], folder=folder, entries=entries, write=write, out=out)
