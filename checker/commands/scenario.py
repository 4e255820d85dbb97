"""``sockproof scenario``: run scenario files on the model, print outcomes and answers."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

from checker.commands.console import out_console, working
from checker.commands.model import load_package, load_variant
from checker.errors import EXIT_AS_EXPECTED, EXIT_DIFFERS, EXIT_UNDETERMINED, LimitError, OutsideModelError, UsageError
from checker.report.outcomes import print_scenario, scenario_json
from checker.scenario.load import Case, load_cases
from checker.scenario.program import Engine, Outcomes
from checker.scenario.question import Answer, status_of_answers
from checker.scenario.run import run_case
from checker.scenario.vocabulary import MACHINES, SERIAL


def load_engine(spec: str, variant: str, **options: int) -> Engine:
    """The scenario engine of a specification package, patched by ``variant``; ``max_states`` as option.

    Raises UsageError if the package has none.
    """
    package = load_package(spec)
    overrides = load_variant(package, variant).overrides if variant else None
    if not hasattr(package, "scenario_engine"):
        raise UsageError("no-scenarios", f"{spec} cannot run scenarios", "define scenario_engine(overrides) in it")
    engine: Engine = package.scenario_engine(overrides, **options)
    return engine


def run_scenario(spec: str, files: list[Path], *, machine: str, variant: str, as_json: bool) -> int:
    """Run every scenario of ``files`` and return 0 if all answers are as expected, 1 if one differs, 3 if one is open.

    Raises UsageError for bad files before anything is run.
    """
    known = (*MACHINES, SERIAL)
    if machine and machine not in known:
        raise UsageError("unknown-machine", f"there is no machine {machine}", f"choose one of {', '.join(known)}")
    cases = [case for file in files for case in load_cases(file)]
    if not cases:
        raise UsageError("no-file", "no scenario file is given", "give the path of a YAML file")
    engine = load_engine(spec, variant)
    console = out_console()
    done: list[tuple[Outcomes, list[Answer]]] = []
    statuses: list[int] = []
    interrupted = False
    try:
        with working("scenarios") as say:
            for number, case in enumerate(cases, 1):
                say(f"{number} of {len(cases)}: {case.scenario.id}")
                found, answers, status = attempt(case, machine, engine)
                statuses.append(status)
                if found is not None:
                    done.append((found, answers))
                    if not as_json:
                        print_scenario(found, answers, console)
    except KeyboardInterrupt:
        print(f"interrupted after {len(statuses)} of {len(cases)} scenarios", file=sys.stderr)
        interrupted = True
    if as_json:
        told = {"interrupted": interrupted, "scenarios": [scenario_json(found, answers) for found, answers in done]}
        print(json.dumps(told, indent=2))
    else:
        asked = [a.as_expected for _, answers in done for a in answers]
        summary = f"{asked.count(True)} as expected, {asked.count(False)} different, {asked.count(None)} undecided"
        console.print(f"{len(done)} of {len(cases)} scenarios, {len(asked)} questions: {summary}")
    return EXIT_UNDETERMINED if interrupted else worst(statuses)


def attempt(case: Case, machine: str, engine: Engine) -> tuple[Outcomes | None, list[Answer], int]:
    """One scenario; one that is too large or outside the model is reported, decides nothing, and the others still run."""
    if machine:
        case = replace(case, scenario=replace(case.scenario, machine=machine))
    try:
        found, answers = run_case(case, engine)
    except (LimitError, OutsideModelError) as problem:
        told = type(problem)(problem.code, f"{case.scenario.id}: {problem.message}", problem.fix, problem.place or case.place)
        print(told, file=sys.stderr)
        return None, [], EXIT_UNDETERMINED
    return found, answers, status_of_answers(answers)


def worst(statuses: list[int]) -> int:
    """The exit status of several runs: 1 if one differs, else 3 if one is undetermined."""
    return next((s for s in (EXIT_DIFFERS, EXIT_UNDETERMINED) if s in statuses), EXIT_AS_EXPECTED)
