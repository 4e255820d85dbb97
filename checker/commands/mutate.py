"""``sockproof mutate``: change the model systematically, ask everything again, say which changes nobody notices."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import as_completed
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from types import ModuleType
from typing import Protocol, TypeVar

from checker.commands.check import workers
from checker.commands.commit import commit_of
from checker.commands.console import counting, out_console, working
from checker.commands.model import Scope, choose_client, clients_of, load_package, make_instance
from checker.errors import EXIT_AS_EXPECTED, EXIT_UNDETERMINED, UsageError
from checker.journal import Journal
from checker.language.client import Client
from checker.language.compile import compile_graphs, lower_model
from checker.mutation.bench import Bench, Judged, Library, make_tests
from checker.mutation.fingerprint import fingerprint
from checker.mutation.notes import check_notes, load_notes
from checker.mutation.operators import Mutant, sample
from checker.mutation.properties import PropertyTest, make_properties
from checker.report.files import write_atomic
from checker.report.mutation import Result, document, print_results
from checker.scenario.load import Case, load_cases

E = TypeVar("E")
J = TypeVar("J")

SCOPES = (Scope(2, 1, 1, 1), Scope(1, 2, 1, 2))
"""Small instances for the first client: two threads and one socket, one thread and two sockets."""

PROPERTY_STATES = 4_000_000
RECORDED_COLUMN = "seed_listing"
JOURNAL = "mutation.jsonl"


@dataclass(frozen=True)
class Asked:
    """What a run is about: the specification and where its scenarios are; ``recorded`` may be missing."""

    spec: str
    scenarios: Path
    recorded: Path
    every_question: bool = False

    def files(self) -> list[Path]:
        """The scenario files there are."""
        stated = sorted(self.scenarios.glob("*.yaml"))
        return [*stated, self.recorded] if self.recorded.exists() else stated

    def cases(self) -> list[tuple[Case, str]]:
        """Every scenario, with the column that recorded ones are compared with."""
        found = []
        for path in self.files():
            column = RECORDED_COLUMN if path == self.recorded else ""
            found += [(case, column) for case in load_cases(path)]
        return found


@cache
def bench_of(asked: Asked) -> tuple[Bench, tuple[Mutant, ...]]:
    """The bench and all mutants, made once per process; worker processes inherit what their parent made."""
    package = load_package(asked.spec)
    if not hasattr(package, "scenario_graphs"):
        raise UsageError("no-scenarios", f"{asked.spec} cannot run scenarios", "define scenario_graphs() and changed_engine()")
    with working("preparing") as say:
        model, graphs = package.scenario_graphs()
        properties = tuple(
            make_properties(property_test(package, client), graphs, say) for client in clients_of(package) or (None,)
        )
        library = Library(key for test in properties for key in test.visible)
        tests, left_out = make_tests(library, package.changed_engine, asked.cases(), say)
        bench = Bench(library, package.changed_engine, tests, left_out, properties)
        return bench, tuple(library.mutants(model, graphs).values())


def property_test(package: ModuleType, client: Client | None) -> PropertyTest:
    """What is asked of one client: of the first one on instances of its own choice, of the others on their smallest."""
    model, graphs = lower_model(package.MODEL_NAME, package.modules(), client=client)
    first = client == choose_client(package)
    scopes = SCOPES if client is None or first else [Scope(*sizes) for sizes in client.scopes[:1]]
    return PropertyTest(
        client.name if client else "",
        tuple(graphs),
        lambda changed: compile_graphs(model, list(changed), client=client),
        tuple(make_instance(package, scope, client) for scope in scopes),
        PROPERTY_STATES,
    )


def judge_one(asked: Asked, job: tuple[int, Judged | None]) -> Judged:
    """Judge one mutant in a worker process: its number, and what is known of it."""
    bench, every = bench_of(asked)
    return bench.judge(every[job[0]], every_question=asked.every_question, known=job[1])


def run_mutate(
    asked: Asked, functions: Sequence[str], *, count: int, seed: int, out: Path, notes_file: Path, write: Path | None
) -> int:
    """Judge the mutants of ``functions`` (none: all), or ``count`` of them; returns 3 if interrupted, else 0.

    Raises UsageError for an unknown function and for an explanation that is stale.
    """
    bench, every = bench_of(asked)
    _check_functions(functions, every)
    chosen = [m for m in every if not functions or m.function in functions]
    chosen = sample(chosen, count, seed) if count else chosen
    notes = load_notes(notes_file)
    check_notes(notes, named(every), [], [])
    verdicts = [(p.title, sorted(p.expected[i].items())) for p in bench.properties for i in p.instances]
    mark = fingerprint(load_package(asked.spec).scenario_graphs()[1], f"{asked.every_question} {verdicts}")
    journal = Journal(out / JOURNAL, mark, Judged)
    known = {one.name: one for one in journal.entries()}
    numbers = {m.name: n for n, m in enumerate(every)}
    is_done = partial(bench.is_done, every_question=asked.every_question)
    todo = [(numbers[m.name], known.get(m.name)) for m in chosen if not is_done(m, known.get(m.name))]
    interrupted = judge_all(partial(judge_one, asked), todo, journal)
    judged = {one.name: one for one in journal.entries()}
    results = [Result(m, judged[m.name]) for m in chosen if is_done(m, judged.get(m.name))]
    console = out_console()
    print_results(results, notes, console)
    if interrupted:
        return unfinished(len(results), len(chosen))
    check_notes(notes, named(every), named(r.mutant for r in results if r.alive), named(r.mutant for r in results if not r.alive))
    if write is not None:
        options = tuple(
            filter(None, (f"--sample {count} --seed {seed}" * bool(count), "--every-question" * asked.every_question))
        )
        write_atomic(write, document(results, notes, scope_lines(bench, chosen, every, functions, options)))
        console.print(f"wrote {write}", soft_wrap=True)
    return EXIT_AS_EXPECTED


class Named(Protocol):
    """What notes know a mutant by."""

    @property
    def name(self) -> str: ...

    @property
    def what(self) -> str: ...


def named(mutants: Iterable[Named]) -> list[tuple[str, str]]:
    """Mutants as notes name them."""
    return [(m.name, m.what) for m in mutants]


def unfinished(judged: int, chosen: int) -> int:
    """Say how far an interrupted run came; the exit status."""
    print(f"interrupted: {judged} of {chosen} mutants are judged; run it again to go on", file=sys.stderr)
    return EXIT_UNDETERMINED


def _check_functions(functions: Sequence[str], every: Sequence[Mutant]) -> None:
    known = {m.function: None for m in every}
    for name in functions:
        if name not in known:
            raise UsageError("unknown-function", f"{name} has no mutants", f"choose among {', '.join(known)}")


def judge_all(judge: Callable[[J], E], todo: Sequence[J], journal: Journal[E]) -> bool:
    """Judge what is left in worker processes, and write each result down at once; whether it was interrupted."""
    try:
        with counting("mutants", len(todo)) as progress, workers() as pool:
            for done, future in enumerate(as_completed([pool.submit(judge, job) for job in todo]), 1):
                journal.add(future.result())
                progress(done, "")
    except KeyboardInterrupt:
        return True
    return False


def scope_lines(
    bench: Bench, chosen: Sequence[Mutant], every: Sequence[Mutant], functions: Sequence[str], options: Sequence[str]
) -> list[str]:
    """What a result is about, for the page."""
    about = f"of {', '.join(functions)}" if functions else f"of all {len({m.function for m in every})} functions"
    picked = "" if len(chosen) == len(every) or functions else f", a sample of {len(every)}"
    concurrent, meeting, of_size = (sum(getattr(t, found) is not None for t in bench.tests) for found in ("races", "met", "lost"))
    until = "" if "--every-question" in options else " until one notices it"
    given = f" (`{' '.join(options)}`)" if options else ""
    commit = commit_of(Path.cwd())
    where = f" Measured on commit {commit}." if commit else ""
    clients = "; ".join(p.title for p in bench.properties)
    return [
        f"{len(chosen)} mutants {about}{picked}{given}.{where} Asked of each mutant, as far as its code is run{until}:",
        "",
        f"- scenarios: {len(bench.tests)} with expected outcomes, and no new faults ({len(bench.left_out)} too large);",
        f"- races: in {concurrent} concurrent scenarios, the outcomes that no sequential order gives, and those with a fault;",
        f"- stuck: in {of_size} scenarios, new locks that stay held, sleepers nobody wakes, objects nobody finds, endless runs;",
        f"- conflicts: in {meeting} concurrent scenarios, new pairs of accesses that meet without a common lock;",
        f"- properties: the verdicts of the explicit engine for {len(bench.properties)} clients: {clients}.",
    ]
