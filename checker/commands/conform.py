"""``sockproof conform``: hold the model against what real kernels did."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from checker.commands.console import out_console, working
from checker.commands.scenario import load_engine
from checker.errors import EXIT_UNDETERMINED, UsageError
from checker.report.outcomes import findings_json, print_findings
from checker.scenario.conform import Finding, conform_case, conform_race, conform_unread, status_of_findings
from checker.scenario.program import Engine
from checker.scenario.race_sections import is_race_file
from checker.scenario.races import readable_races
from checker.scenario.unread import readable_cases
from checker.scenario.yamlfile import Document, load_yaml

DEFAULT_KEY = "seed_listing"

Job = tuple[str, Callable[[Engine], Finding]]


def run_conform(spec: str, file: Path, *, features: str, key: str, variant: str, as_json: bool) -> int:
    """Compare every scenario or race of ``file``; returns 0 if all agree, 1 if one differs, 3 if one is undecided.

    Raises UsageError for a bad file before anything is run.
    """
    jobs, left_out = find_jobs(file, features, key)
    engine = load_engine(spec, variant)
    findings: list[Finding] = []
    interrupted = False
    try:
        with working("comparing") as say:
            for number, (name, job) in enumerate(jobs, 1):
                say(f"{number} of {len(jobs)}: {name}")
                findings.append(job(engine))
    except KeyboardInterrupt:
        interrupted = True
        print(f"interrupted after {len(findings)} of {len(jobs)} scenarios", file=sys.stderr)
    if as_json:
        told = {"file": str(file), "left_out": left_out, "interrupted": interrupted, "scenarios": findings_json(findings)}
        print(json.dumps(told, indent=2))
    else:
        console = out_console()
        print_findings(findings, console)
        if left_out:
            console.print(f"{left_out} more use other features and were left out")
    return EXIT_UNDETERMINED if interrupted else status_of_findings(findings)


def find_jobs(file: Path, features: str, key: str) -> tuple[list[Job], int]:
    """What to compare, and how many scenarios were left out because they use other features.

    Races are compared with all that was seen, or with what the kernel ``key`` did.
    """
    document = load_yaml(file)
    if is_race_file(document):
        if features:
            raise UsageError("no-features", "observed races have no features", "leave --features out")
        return _race_jobs(document, key), 0
    return _case_jobs(document, features, key)


def _race_jobs(document: Document, key: str) -> list[Job]:
    races, unread = readable_races(document)
    versions = {version for race in races for o in race.observed for version in o.seen}
    if key and key != DEFAULT_KEY and key not in versions:
        known = ", ".join(sorted(versions)) or "none"
        raise UsageError("unknown-column", f"no kernel {key} is recorded in {document.file}", f"choose one of {known}")
    jobs: list[Job] = [(race.scenario.id, partial(conform_race, race, key if key in versions else None)) for race in races]
    return jobs + [(part.id, partial(conform_unread, part)) for part in unread]


def _case_jobs(document: Document, features: str, key: str) -> tuple[list[Job], int]:
    cases, unread = readable_cases(document)
    for case in cases:
        if len(case.scenario.threads) > 1:
            told = f"{case.scenario.id} has several threads, and no results recorded by step"
            raise UsageError("no-columns", told, "give the file to sockproof scenario", case.place)
    chosen, told_of = cases, unread
    if features:
        wanted = {f.strip() for f in features.split(",")}
        used = sorted({f for features in (*(c.features for c in cases), *(u.features for u in unread)) for f in features})
        for name in sorted(wanted - set(used)):
            raise UsageError("unknown-feature", f"no scenario has the feature {name}", f"choose among {', '.join(used)}")
        chosen = [case for case in cases if set(case.features) <= wanted]
        told_of = [part for part in unread if set(part.features) <= wanted]
    column = key or DEFAULT_KEY
    for case in chosen:
        if column not in case.columns:
            columns = sorted({k for c in cases for k in c.columns})
            told = f"{case.scenario.id} has no recorded results {column}"
            raise UsageError("unknown-column", told, f"choose one of {', '.join(columns) or '(none)'}", case.place)
    jobs: list[Job] = [(case.scenario.id, partial(conform_case, case, column)) for case in chosen]
    jobs += [(part.id, partial(conform_unread, part)) for part in told_of]
    return jobs, len(cases) + len(unread) - len(jobs)
