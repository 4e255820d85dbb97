"""Commands that run client programs, and compare with what real kernels did."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Group, Parameter

from checker.cli.app import app
from checker.cli.options import Spec, Variant

PROGRAMS = Group("Client programs", sort_key=4)


@app.command(group=PROGRAMS)
def scenario(
    files: list[Path],
    /,
    *,
    machine: str = "",
    variant: Variant = "",
    json: bool = False,
    spec: Spec = "spec",
) -> int:
    """Run scenario files: client programs of several threads, all interleavings, every outcome with a shortest schedule.

    Parameters
    ----------
    files
        YAML files, see docs/scenarios.md.
    machine
        smp, up, or serial (whole calls one after the other), instead of what the files say.
    json
        Print JSON instead of tables.
    """
    from checker.commands.scenario import run_scenario

    return run_scenario(spec, files, machine=machine, variant=variant, as_json=json)


@app.command(group=PROGRAMS)
def conform(
    file: Path,
    /,
    *,
    features: str = "",
    expect_key: Annotated[str, Parameter(name="--expect-key")] = "",
    variant: Variant = "",
    json: bool = False,
    spec: Spec = "spec",
) -> int:
    """Compare the model with what real kernels did: results recorded step by step, or races that were observed.

    Parameters
    ----------
    file
        A YAML file of one-thread scenarios with recorded results, or of observed races.
    features
        Only scenarios that use nothing but these, separated by commas.
    expect_key
        The recorded results to compare with: a column (seed_listing if none is given), or for races a kernel version.
    json
        Print JSON instead of tables.
    """
    from checker.commands.conform import run_conform

    return run_conform(spec, file, features=features, key=expect_key, variant=variant, as_json=json)


@app.command(group=PROGRAMS)
def outcomes(
    name: str = "",
    /,
    *,
    type: Annotated[str, Parameter(name="--type")] = "",
    json: bool = False,
    draw: Path | None = None,
    write: Path | None = None,
    variant: Variant = "",
    spec: Spec = "spec",
) -> int:
    """From every reachable class of a socket, what each call can result in and which class follows: one thread at a time.

    Parameters
    ----------
    name
        A kernel function (inet_listen), a call (listen) or an event (RST); an overview of all if there is none.
    type
        Only one type of socket: stream, dgram or raw.
    json
        Print JSON instead of tables: every single outcome.
    draw
        Write state diagrams into this folder instead of printing tables.
    write
        Write the whole page of tables to this Markdown file.
    """
    from checker.commands.outcomes import run_outcomes

    return run_outcomes(spec, name, kind=type, variant=variant, as_json=json, draw=draw, write=write)
