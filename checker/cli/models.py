"""Commands that ask the engines: what is true, and what a trace looks like."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Group, Parameter

from checker.cli.app import app
from checker.cli.options import Client, ScopeOptions, Spec, Variant
from checker.commands.model import Scope
from checker.errors import UsageError

QUESTIONS = Group("Questions to the model", sort_key=1)


@app.command(group=QUESTIONS)
def check(
    *,
    size: ScopeOptions | None = None,
    quick: bool = False,
    full: bool = False,
    client: Annotated[str, Parameter(name="--client", help="Ask this client only.")] = "",
    out: Path = Path("build"),
    diagrams: Path = Path("diagrams"),
    spec: Spec = "spec",
) -> int:
    """Compile the specification, ask every engine every question, draw everything: the main job.

    Parameters
    ----------
    quick
        Skip the larger instance, the bounded search and the second solver.
    full
        Explore also the larger instances that clients list.
    out
        Where results.json, report.md, traces and certificates go.
    diagrams
        Where the drawings go.
    """
    from checker.commands.check import run_check
    from checker.commands.tasks import Extent

    if quick and full:
        raise UsageError("usage", "--quick and --full exclude each other", "leave one of them out")
    extent = Extent.QUICK if quick else Extent.FULL if full else Extent.USUAL
    return run_check(spec, size.scope() if size else None, extent=extent, client=client, out=out, diagrams=diagrams)


@app.command(group=QUESTIONS)
def show(
    function: str,
    *,
    steps: bool = False,
    form: Annotated[Literal["table", "text", "markdown"], Parameter(name="--format")] = "table",
    client: Client = "",
    variant: Variant = "",
    spec: Spec = "spec",
) -> int:
    """Print the guarded transitions of one kernel function, to be read beside the C source.

    Parameters
    ----------
    function
        The name of a kernel function, for instance inet_listen.
    steps
        Show every single step: do not merge steps that commute.
    form
        A table for people, lines of text, or Markdown for a page.
    """
    from checker.commands.show import run_show

    return run_show(spec, function, steps=steps, variant=variant, client=client, form=form)


@app.command(group=QUESTIONS)
def diff(
    variant: str,
    /,
    *,
    size: ScopeOptions | None = None,
    client: Client = "",
    scenarios: Path = Path("tests/scenarios"),
    scenario_states: Annotated[int, Parameter(name="--scenario-states")] = 1_000,
    max_states: Annotated[int, Parameter(name="--max-states")] = 60_000_000,
    matrix: bool = False,
    spec: Spec = "spec",
) -> int:
    """Say what a variant changes: transitions, verdicts, and what comes out of scenarios; status 1 if it breaks a property.

    The client is the variant's unless one is given, the instance the smallest the client lists, with two threads.

    Parameters
    ----------
    variant
        A named patch of the model, or several with commas between.
    scenarios
        The folder of scenario files whose outcomes are compared.
    scenario_states
        Leave out scenarios that need more states than this in the plain model; 0 leaves out all.
    max_states
        Stop a search beyond this number of states, undetermined.
    matrix
        Compare the cells of the race matrix too; takes minutes.
    """
    from checker.commands.diff import Asked, run_diff

    asked = Asked(spec, variant, client, size.scope() if size else None, scenarios, scenario_states, max_states, matrix)
    return run_diff(asked)


@app.command(group=QUESTIONS)
def explore(
    properties: list[str] | None = None,
    /,
    *,
    size: ScopeOptions | None = None,
    client: Client = "",
    variant: Variant = "",
    max_states: Annotated[int, Parameter(name="--max-states")] = 60_000_000,
    spec: Spec = "spec",
) -> int:
    """Visit every reachable state of a finite instance and answer properties.

    Parameters
    ----------
    properties
        The properties to answer; all if none is given.
    max_states
        Stop beyond this number of states, undetermined.
    """
    from checker.commands.explore import run_explore

    scope = (size or ScopeOptions()).scope()
    return run_explore(spec, properties or [], scope, variant=variant, max_states=max_states, client=client)


@app.command(group=QUESTIONS)
def coverage(
    *, unfired: bool = False, lines: bool = False, write: Path | None = None, client: Client = "", spec: Spec = "spec"
) -> int:
    """Say of every transition of a client how often it fires in small instances, or why it never does.

    Counts read new : all, the states found for the first time and all firings.  The status is 1 if a transition never
    fires and neither a proof nor the package's coverage.py says why, or if what it says is stale.

    Parameters
    ----------
    unfired
        Show only the transitions that never fire.
    lines
        Say instead what the scenarios of the package run of every function of the model: lines, and outcomes of tests.
    write
        With --lines, write the page about it to this Markdown file.
    """
    from checker.commands.coverage import run_coverage
    from checker.commands.lines import run_lines

    if lines:
        return run_lines(spec, write=write)
    if write is not None:
        raise UsageError("write-what", f"--write {write} is for --lines only", "give --lines as well")
    return run_coverage(spec, unfired=unfired, client=client)


@app.command(group=QUESTIONS)
def trace(
    property: str,
    /,
    *,
    size: ScopeOptions | None = None,
    method: Literal["explicit", "bounded"] = "explicit",
    client: Client = "",
    variant: Variant = "",
    out: Path = Path("build/traces"),
    spec: Spec = "spec",
) -> int:
    """Find a shortest trace that decides a property, print it, and write its ITF JSON and its chart.

    Parameters
    ----------
    property
        The property, for instance bindaddr_lock.
    method
        Which engine searches.
    out
        Where the files go.
    """
    from checker.commands.trace import run_trace

    scope = (size or ScopeOptions()).scope()
    return run_trace(spec, property, scope, method=method, variant=variant, out=out, client=client)


@app.command(group=QUESTIONS)
def draw(
    functions: list[str] | None = None,
    /,
    *,
    size: ScopeOptions | None = None,
    client: Client = "",
    out: Path = Path("diagrams"),
    spec: Spec = "spec",
) -> int:
    """Draw control-flow graphs of kernel functions; without arguments, all of them and the diagram of reachable states.

    The states are those of 2 threads and 1 socket, port and address, unless sizes are given.

    Parameters
    ----------
    functions
        The kernel functions to draw; all and the state diagram if none is given.
    out
        Where the SVG and DOT files go.
    """
    from checker.commands.draw import run_draw

    return run_draw(spec, functions or [], size.scope() if size else Scope(2, 1, 1, 1), out=out, client=client)
