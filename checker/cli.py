"""The command line: ``sockproof check | show | diff | explore | coverage | trace | draw``, ``prove | infer | certify``,
``scenario | conform | outcomes``, ``matrix | races``, ``audit | fidelity``, ``mutate``.

Exit statuses: 0 everything as expected, 1 a verdict differs, 2 bad input, 3 undetermined (time, memory,
interrupted), 4 internal error.  Errors are one short message; ``SOCKPROOF_DEBUG=1`` adds the traceback.
"""

from __future__ import annotations

import os
import sys
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, CycloptsError, Parameter

from checker.commands.model import Scope
from checker.errors import EXIT_AS_EXPECTED, EXIT_BAD_INPUT, EXIT_INTERNAL, EXIT_UNDETERMINED, SockproofError, UsageError

app = App(
    name="sockproof",
    help="Model checker for a formal model of the Linux 2.4 AF_INET socket layer.",
    help_epilogue="Exit status: 0 all as expected, 1 a verdict differs, 2 bad input, 3 undetermined, 4 internal error.",
    version_flags=[],
    help_format="plaintext",
    result_action="return_value",
    suppress_keyboard_interrupt=False,
)


@Parameter(name="*")
@dataclass(frozen=True)
class ScopeOptions:
    """The finite instance; check takes those that clients list if no size is given."""

    threads: int = 2
    """How many threads make system calls."""

    sockets: int = 2
    """How many sockets can exist at the same time."""

    ports: int = 2
    """How many port numbers other than 0 are represented."""

    addresses: int = 1
    """How many addresses other than the wildcard are represented."""

    def scope(self) -> Scope:
        """These options as commands take them."""
        return Scope(self.threads, self.sockets, self.ports, self.addresses)


Spec = Annotated[str, Parameter(name="--spec", help="The specification package, by its importable name.")]
Client = Annotated[str, Parameter(name="--client", help="Which calls the threads make; without it the package's first client.")]
Variant = Annotated[str, Parameter(name="--variant", help="A named patch of the model, from the package's variants.")]


@app.command
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
    from checker.commands.check import Extent, run_check

    if quick and full:
        raise UsageError("usage", "--quick and --full exclude each other", "leave one of them out")
    extent = Extent.QUICK if quick else Extent.FULL if full else Extent.USUAL
    return run_check(spec, size.scope() if size else None, extent=extent, client=client, out=out, diagrams=diagrams)


@app.command
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


@app.command
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


@app.command
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


@app.command
def coverage(*, unfired: bool = False, client: Client = "", spec: Spec = "spec") -> int:
    """Say of every transition of a client how often it fires in small instances, or why it never does.

    Counts read new : all, the states found for the first time and all firings.  The status is 1 if a transition never
    fires and neither a proof nor the package's coverage.py says why, or if what it says is stale.

    Parameters
    ----------
    unfired
        Show only the transitions that never fire.
    """
    from checker.commands.coverage import run_coverage

    return run_coverage(spec, unfired=unfired, client=client)


@app.command
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


@app.command
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
    seconds
        The time limit of each obligation, or of each finite engine.
    out
        Where the graph of lemmas goes, as SVG and DOT.
    """
    from checker.commands.finite import run_finite
    from checker.commands.prove import run_prove

    if method != "inductive":
        scope = size.scope() if size else Scope(1, 1, 1, 1)
        return run_finite(spec, property, scope, method=method, client=client, variant=variant, seconds=seconds)
    return run_prove(spec, property, client=client, variant=variant, without=without or [], seeds=seeds, seconds=seconds, out=out)


@app.command
def certify(*, client: Client = "", out: Path | None = None, spec: Spec = "spec") -> int:
    """Prove what holds for any size and write the certificates, which proofs/recheck.py checks without this program.

    Parameters
    ----------
    out
        Where the certificates go, a folder per client; without it, where the package commits them.
    """
    from checker.commands.certify import run_certify

    return run_certify(spec, client=client, out=out)


@app.command
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


@app.command
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


@app.command
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


@app.command
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


@app.command
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


@app.command
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


@app.command
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


@app.command
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


@app.command
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


@app.command
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


@app.command
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


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit status; ``arguments`` default to those of the process."""
    try:
        status = app(sys.argv[1:] if arguments is None else arguments, exit_on_error=False, print_error=False)
    except CycloptsError as problem:
        _complain(f"error[usage]: {problem}\n  fix: see sockproof --help, or sockproof COMMAND --help")
        return EXIT_BAD_INPUT
    except SockproofError as problem:
        _complain(str(problem))
        return problem.exit_status
    except KeyboardInterrupt:
        _complain("interrupted: nothing is decided")
        return EXIT_UNDETERMINED
    except MemoryError:
        _complain("error[memory]: out of memory: nothing is decided\n  fix: choose a smaller instance")
        return EXIT_UNDETERMINED
    except Exception as problem:
        _complain(
            f"error[internal]: {type(problem).__name__}: {problem}\n"
            "  fix: this is a fault of sockproof; set SOCKPROOF_DEBUG=1 and report what it prints"
        )
        return EXIT_INTERNAL
    return status if isinstance(status, int) else EXIT_AS_EXPECTED


def _complain(message: str) -> None:
    if os.environ.get("SOCKPROOF_DEBUG") == "1" and sys.exc_info()[0] is not None:
        traceback.print_exc()
    print(message, file=sys.stderr)
