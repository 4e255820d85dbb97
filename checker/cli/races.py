"""Commands about races: the matrix, its findings, and known defects."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Group, Parameter

from checker.cli.app import app
from checker.cli.options import Spec, Variant
from checker.errors import UsageError

RACES = Group("Races", sort_key=3)


@app.command(group=RACES)
def matrix(
    *,
    kind: Annotated[str, Parameter(name="--type", help="Only this type of socket: stream, dgram or raw.")] = "",
    machine: Annotated[str, Parameter(help="Only this machine: smp or up.")] = "",
    triples: bool = False,
    start: str = "",
    among: str = "",
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
        Three operations at a time instead of two: those chosen with --start and --among, or the committed choice.
    start
        With --triples, only from this starting class, for instance "stream: listening".
    among
        With --triples, only those with these operations among the three, separated by commas: accept,accept.
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
    from checker.commands.triples import choice_of, run_triples_command

    asked = Asked(spec, kind, machine, variant, quick)
    choice = choice_of(start, among)
    if triples:
        return run_triples_command(asked, choice, check=compare, write=write, as_json=as_json)
    if choice:
        raise UsageError("only-triples", "--start and --among choose among triples", "add --triples")
    return run_matrix_command(asked, check=compare, write=write, as_json=as_json, diagrams=diagrams)


@app.command(group=RACES)
def races(
    finding: str = "",
    /,
    *,
    kind: Annotated[str, Parameter(name="--type", help="Only this type of socket: stream, dgram or raw.")] = "",
    machine: Annotated[str, Parameter(help="Only this machine: smp or up.")] = "",
    locks: bool = False,
    replay: bool = False,
    write: bool = False,
    as_json: Annotated[bool, Parameter(name="--json")] = False,
    variant: Variant = "",
    spec: Spec = "spec",
) -> int:
    """List the races of the matrix by root cause, gravest first; or tell one of them with its schedule.

    Parameters
    ----------
    finding
        A page number or a name from the list; a page may have several root causes.
    locks
        Print which lock protects which field instead, and check it on explored states.
    replay
        Look at the harmful cells of the committed matrix again without the reduction, and count the false alarms instead.
    write
        With --replay, write docs/false-alarms.md.
    as_json
        Print JSON.
    """
    from checker.commands.alarms import run_replay_command
    from checker.commands.matrix import Asked, run_locks_command, run_races_command

    asked = Asked(spec, kind, machine, variant)
    if replay:
        return run_replay_command(asked, write=write)
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
