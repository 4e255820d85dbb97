"""``sockproof races --replay``: the harmful cells of the committed matrix looked at again, false alarms counted."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

from checker.alarms.count import Alarm, Court, Reading
from checker.commands.console import counting
from checker.commands.matrix import Asked, committed, load_subject
from checker.commands.model import load_package, load_variant, variant_names
from checker.errors import EXIT_AS_EXPECTED, EXIT_DIFFERS, UsageError
from checker.races.baseline import Baseline
from checker.races.matrix import jobs_of
from checker.races.pair import Subject, check_cell
from checker.races.result import Verdict
from checker.report.alarms import alarm_lines, alarm_page, is_explained, summary
from checker.report.files import write_atomic

PAGE = Path("docs/false-alarms.md")
ALARMING = (Verdict.HARMFUL, Verdict.STUCK)


def run_replay_command(asked: Asked, *, write: bool) -> int:
    """Print how many harmful cells stand; with ``write`` write the page about the others.

    Returns 1 if one does not stand, unless a closer reading explains it.  Raises UsageError, LimitError.
    """
    if write and (asked.kind or asked.machine or asked.variant):
        raise UsageError("part-of-matrix", "the page is about all cells of the plain model", "leave the other options out")
    alarms = judged(asked, committed())
    for line in (*alarm_lines(alarms), summary(alarms)):
        print(line)
    if write:
        write_atomic(PAGE, alarm_page(alarms))
        print(f"wrote {PAGE}")
    return EXIT_AS_EXPECTED if all(map(is_explained, alarms)) else EXIT_DIFFERS


def judged(asked: Asked, baseline: Baseline) -> list[Alarm]:
    """The cells of ``baseline`` that are harmful or stuck, explored anew and judged; those that no longer are so are left out."""
    package, subject = load_package(asked.spec), load_subject(asked)
    court = Court(subject, readings_of(package))
    wanted = {key for key, entry in baseline.cells.items() if entry[0] in ALARMING}
    machines = [asked.machine] if asked.machine else sorted({key.rsplit(" | ", 1)[1] for key in wanted})
    jobs = jobs_of(subject, (asked.kind,) if asked.kind else subject.kinds)
    todo = [(job, machine) for job in jobs for machine in machines if f"{job.key} | {machine}" in wanted]
    found = []
    with counting("harmful cells", len(todo)) as progress:
        for number, (job, machine) in enumerate(todo, 1):
            cell = check_cell(subject, job.start, job.operations, machine)
            if cell.nonserial or cell.lost:
                found.append(court.judge(job, cell))
            progress(number, cell.key)
    return found


def readings_of(package: ModuleType) -> list[Reading]:
    """The variants of a specification that read C more closely than the model: those that say what they are ``CLOSER`` in."""
    found = []
    for name in variant_names(package):
        variant = load_variant(package, name)
        if variant.closer:
            subject: Subject = package.race_subject(variant.overrides)
            found.append(Reading(name, variant.closer, frozenset(variant.overrides), subject))
    return found
