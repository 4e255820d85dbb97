"""``sockproof check``: every engine, every question, every drawing.

Every question is a Task for one engine about one client: proofs for any size, exhaustive search, bounded search, each variant.
Two worker processes share the tasks, coverage, the drawings and the race matrix; then the verdicts are compared, printed and
written.  The largest certificate is rechecked while the models are compiled: that needs none.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import replace
from itertools import permutations
from multiprocessing import get_context
from pathlib import Path

from rich.console import Console

from checker.commands.certify import certificate_folders, recheck, together
from checker.commands.console import VACUOUS, out_console, status_of, working
from checker.commands.coverage import cover, plan
from checker.commands.draw import draw_functions, draw_states
from checker.commands.engines import NOTHING_WITHIN, Say
from checker.commands.line_page import compare_page
from checker.commands.matrix import begin_comparing
from checker.commands.model import (
    Scope,
    c_files,
    clients_of,
    load_package,
    make_instance,
)
from checker.commands.scenario import worst
from checker.commands.suites import run_suite, suite_files
from checker.commands.tasks import Extent, Task, model_of, perform, tasks
from checker.commands.trace import write_trace
from checker.commands.triples import compare_triples
from checker.coverage import Covered, check_reasons
from checker.errors import EXIT_DIFFERS, InternalError
from checker.language.compile import Compiled
from checker.report.coverage import coverage_summary, print_problems
from checker.report.dot import find_dot
from checker.report.files import write_atomic
from checker.report.markdown import Reading, report
from checker.report.overview import print_amiss, print_overview
from checker.report.results import Reported, results_json
from checker.report.straighten import straighten
from checker.report.suites import Ran, print_suite_problems, suites_summary
from checker.report.table import summary
from checker.verdict import Question, Verdict

WORKERS = 2

DRAWN = Scope(threads=2, sockets=1, ports=1, addresses=1)
"""The instance behind the state diagram: one socket is enough, for the diagram watches one."""


def cover_all(spec: str, client: str) -> Covered:
    """Coverage, in a worker process."""
    package, compiled, _ = model_of(spec, client, "", None)
    return cover(package, compiled)


def draw_all(spec: str, client: str, diagrams: Path) -> None:
    """Every control-flow graph and state diagram of one client, in a worker process."""
    package, compiled, _ = model_of(spec, client, "", None)
    draw_functions(compiled, [], diagrams)
    draw_states(package, compiled, make_instance(package, DRAWN, compiled.client), diagrams)


def run_check(spec: str, scope: Scope | None, *, extent: Extent, client: str, out: Path, diagrams: Path) -> int:
    """Do everything, for ``client`` only if one is named, and return the exit status.

    Raises SpecError and UsageError for bad input.
    """
    package = load_package(spec, "PROOFS", "STATE_DIAGRAMS")
    if scope:
        make_instance(package, scope)
    find_dot()
    console = out_console()
    thorough = extent is not Extent.QUICK
    folders = certificate_folders(package) if thorough and hasattr(package, "RECHECK") else []
    with working("compiling") as say, workers(1) as beside:
        rechecking = [beside.submit(recheck, spec, folder) for folder in folders[:1]]
        chosen = [client] if client else [c.name for c in clients_of(package)] or [""]
        models = {name: model_of(spec, name, "", None)[1] for name in chosen}
        for compiled in models.values():
            check_reasons(compiled.system, plan(package, compiled.client).reasons)
        with workers() as pool:
            todo = [task for compiled in models.values() for task in tasks(package, compiled, scope, extent)]
            first = sorted(todo, key=weight, reverse=True)
            rechecking += [pool.submit(recheck, spec, folder) for folder in folders[1:]]
            asked = {task: pool.submit(perform, spec, task, out) for task in first}
            measured = [name for name, compiled in models.items() if plan(package, compiled.client).searches]
            covering = {name: pool.submit(cover_all, spec, name) for name in measured}
            running = [pool.submit(run_suite, spec, file) for file in (suite_files(package) if thorough else [])]
            drawing = pool.submit(draw_all, spec, chosen[0], diagrams)
            matrix = begin_comparing(spec, pool, whole=extent is Extent.FULL) if thorough else None
            verdicts = settle_vacuity(answers([asked[task] for task in todo], say))
            agree(verdicts)
            covered = {name: coverage.result() for name, coverage in covering.items()}
            suites = [suite.result() for suite in running]
            ran = [one for suite in suites for one in suite.ran]
            visited = {visit for suite in suites for visit in suite.visited}
            comparing = pool.submit(compare_page, spec, visited) if suites else None
            readings = [Reading(model.system, model.client, covered.get(name)) for name, model in models.items()]
            write(models, readings, verdicts, ran, out, diagrams, say)
            drawing.result()
            rechecked = together([one.result() for one in rechecking])
            lines = comparing.result() if comparing else None
            say("the race matrix")
            compared = matrix() if matrix else None
    triples = compare_triples(spec) if extent is Extent.FULL and compared else None
    for reading in readings:
        print_reading(reading, verdicts, console)
    console.print(f"{summary(verdicts)}; the numbers are lengths of shortest traces", highlight=False)
    print_amiss(verdicts, console)
    for client, coverage in covered.items():
        print_problems(coverage, console, client)
    if ran:
        console.print(suites_summary(ran), highlight=False)
        print_suite_problems(ran, console)
    parts = [part for part in (lines, rechecked, compared, triples) if part]
    for line in (line for part in parts for line in part.shown()):
        console.print(line, highlight=False, markup=False, soft_wrap=True)
    console.print(f"wrote {out / 'results.json'}, {out / 'report.md'}, traces in {out}, diagrams in {diagrams}")
    complete = all(coverage.complete for coverage in covered.values())
    statuses = [status_of(verdicts), *(one.status for one in ran), *(part.status for part in parts)]
    return worst(statuses) if complete else EXIT_DIFFERS


def print_reading(reading: Reading, verdicts: Sequence[Verdict], console: Console) -> None:
    """Show the verdicts about programs of one client, and how much of what those can do was seen to fire."""
    name = reading.client.name if reading.client else ""
    unmeasured = f"coverage of its {len(reading.system.transitions)} transitions is not measured"
    covered = coverage_summary(reading.covered) if reading.covered else unmeasured
    mine = [v for v in verdicts if v.client == name]
    print_overview(mine, str(reading.client or reading.system.name), covered, console)
    console.print()


def weight(task: Task) -> tuple[bool, int, bool]:
    """How long a task may take, to start the longest ones first: proofs, then searches by threads, Z3 before native code."""
    return task.method == "inductive", task.scope.threads, task.method == "bounded"


@contextmanager
def workers(count: int = WORKERS) -> Iterator[ProcessPoolExecutor]:
    """The worker processes; they stop at once if something goes wrong."""
    with ProcessPoolExecutor(count, mp_context=get_context("fork"), initializer=collect_seldom) as pool:
        try:
            yield pool
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def collect_seldom() -> None:
    """Look for cycles rarely in a worker: searches make millions of objects that are in none, and models stay."""
    gc.freeze()
    gc.set_threshold(1_000_000)


def answers(asked: Sequence[Future[list[Verdict]]], say: Say) -> list[Verdict]:
    """The verdicts of all tasks, in the order of the tasks."""
    for count, future in enumerate(as_completed(asked), 1):
        future.result()
        say(f"{count} of {len(asked)} questions answered")
    return [v for future in asked for v in future.result()]


def settle_vacuity(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """A proof is vacuous only if its antecedent is met in no instance: elsewhere it is merely not exercised."""
    exercised = {v.question for v in verdicts if v.method == "explicit" and not v.detail.startswith(VACUOUS)}
    return [
        replace(v, detail="antecedent not met here") if v.detail.startswith(VACUOUS) and v.question in exercised else v
        for v in verdicts
    ]


def agree(verdicts: Sequence[Verdict]) -> None:
    """Raise InternalError if two engines contradict each other about one property on one instance.

    A proof for any size must not meet a violation anywhere, shortest traces on one instance have one length, and a
    bounded search that found nothing must not have gone as deep as a trace.
    """
    by_question: dict[Question, list[Verdict]] = {}
    for v in verdicts:
        by_question.setdefault(v.question, []).append(v)
    for (_, _, name), group in by_question.items():
        for a, b in permutations(group, 2):
            if contradict(a, b):
                raise InternalError(
                    "engines-disagree",
                    f"{name}: {a.method} says {a.verdict} (depth {a.depth}), {b.method} says {b.verdict} (depth {b.depth})",
                )


def contradict(a: Verdict, b: Verdict) -> bool:
    """Whether both verdicts cannot be true."""
    same = a.scope == b.scope
    if a.decided and b.decided:
        depths = {v.depth for v in (a, b) if v.depth is not None}
        return (same or "inductive" in (a.method, b.method)) and (a.verdict != b.verdict or len(depths) > 1)
    if same and a.depth is not None and b.verdict.startswith(NOTHING_WITHIN):
        return a.depth <= int(b.verdict.removeprefix(NOTHING_WITHIN))
    return False


def write(
    models: Mapping[str, Compiled],
    readings: Sequence[Reading],
    verdicts: Sequence[Verdict],
    ran: Sequence[Ran],
    out: Path,
    diagrams: Path,
    say: Say,
) -> None:
    """Write results, report and the clearest trace of each property (of each client and variant)."""
    shown = clearest(verdicts)
    files: dict[Question, tuple[str, str]] = {}
    stems: set[tuple[str, str]] = set()
    for key, v in shown.items():
        assert v.trace is not None
        say(f"writing the trace of {v.property.name}")
        under = v.variant if (v.variant, v.property.name) not in stems else v.client
        stems.add((under, v.property.name))
        from_c = c_files(models[v.client])
        _, itf, chart, _ = write_trace(straighten(v.trace), v.property, under, out / "traces", from_c, diagrams)
        files[key] = (os.path.relpath(itf, out), os.path.relpath(chart, out))
    reported = []
    for v in verdicts:
        key = v.question
        same = key in shown and (v.scope, v.depth) == (shown[key].scope, shown[key].depth)
        reported.append(Reported(v, *files[key]) if same else Reported(v))
    write_atomic(out / "results.json", results_json(reported))
    write_atomic(out / "report.md", report(reported, readings, ran, with_times=False))


def clearest(verdicts: Sequence[Verdict]) -> dict[Question, Verdict]:
    """Per client, variant and property, the verdict with the trace that is easiest to follow: few threads, then few steps."""
    found: dict[Question, tuple[int, int, Verdict]] = {}
    for v in verdicts:
        if v.trace is not None:
            acting = len({s.process for s in v.trace.steps})
            if v.question not in found or (acting, v.trace.depth) < found[v.question][:2]:
                found[v.question] = (acting, v.trace.depth, v)
    return {key: v for key, (_, _, v) in found.items()}
