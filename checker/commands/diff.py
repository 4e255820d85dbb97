"""``sockproof diff``: what a variant changes in transitions, verdicts, scenarios, and on request in the race matrix."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path

from rich.console import Console

from checker.commands.console import out_console, working
from checker.commands.engines import Say, run_explicit
from checker.commands.matrix import Asked as Cells
from checker.commands.matrix import committed, compare, find_races
from checker.commands.model import Scope, clients_of, compile_package, load_package, load_variant, make_instance
from checker.commands.scenario import load_engine
from checker.errors import EXIT_AS_EXPECTED, EXIT_DIFFERS, EXIT_UNDETERMINED, LimitError, OutsideModelError
from checker.instance import Instance
from checker.language.client import Client
from checker.language.compile import Compiled
from checker.races.baseline import Baseline
from checker.report.diff import BROKEN, UNDECIDED, Judged, Moved, print_judged, print_moved, print_transitions
from checker.report.transition_diff import compare_transitions
from checker.scenario.load import Case, load_cases
from checker.scenario.program import Engine, Outcomes

SMALL = Scope(2, 1, 1, 1)
"""The instance for a package whose clients list none."""


@dataclass(frozen=True)
class Asked:
    """Which variant of which model for which client, and how far to look."""

    spec: str
    variant: str
    client: str
    scope: Scope | None
    scenarios: Path
    scenario_states: int
    max_states: int
    matrix: bool


def run_diff(asked: Asked) -> int:
    """Print what the variant changes; 1 if it breaks a property that held, 3 if something is undecided.  Raises UsageError."""
    package = load_package(asked.spec)
    baseline = committed() if asked.matrix else None
    patched = compile_package(package, load_variant(package, asked.variant), asked.client)
    plain = compile_package(package, client=patched.client.name if patched.client else "")
    scope = asked.scope or smallest_scope(plain.client)
    instance = make_instance(package, scope, plain.client)
    console = out_console()
    client = f" for the client {plain.client.name}" if plain.client else ""
    console.print(f"{asked.variant} compared with the plain model{client}")
    changed = compare_transitions(plain.system, patched.system)
    print_transitions(changed, console)
    others = [c.name for c in clients_of(package) if plain.client and c.name != plain.client.name]
    if not changed and others:
        console.print(f"{plain.system.name} is the same to this client; --client may be {', '.join(others)}", markup=False)
    with working("explicit") as say:
        judged = judge_both(plain, patched, instance, asked.max_states, say)
    print_judged(judged, str(scope), console)
    changes = {j.change for j in judged}
    if asked.scenario_states > 0 and hasattr(package, "scenario_engine"):
        _compare_scenarios(asked, console)
    if baseline:
        _compare_cells(asked, baseline, console)
    return EXIT_DIFFERS if BROKEN in changes else EXIT_UNDETERMINED if UNDECIDED in changes else EXIT_AS_EXPECTED


def smallest_scope(client: Client | None) -> Scope:
    """The smallest instance the client lists, with two threads if it lists one in which threads meet."""
    scopes = client.scopes if client else ()
    listed = [(2, *rest) for threads, *rest in scopes if threads > 1] or list(scopes)
    return Scope(*min(listed, key=prod)) if listed else SMALL


def judge_both(plain: Compiled, patched: Compiled, instance: Instance, max_states: int, say: Say) -> list[Judged]:
    """The verdicts of all properties of both on one instance; ``unknown`` where there are too many states."""
    before = verdicts_of(plain, instance, max_states, say)
    after = verdicts_of(patched, instance, max_states, say)
    return [Judged(p, before[p.name], after[p.name]) for p in plain.properties]


def verdicts_of(compiled: Compiled, instance: Instance, max_states: int, say: Say) -> dict[str, str]:
    """What the explicit engine says of each property of ``compiled``."""
    try:
        found = run_explicit(compiled, compiled.properties, instance, max_states=max_states, say=say)
    except LimitError:
        return {p.name: "unknown" for p in compiled.properties}
    return {v.property.name: v.verdict for v in found.verdicts}


def compare_outcomes(cases: Sequence[Case], plain: Engine, patched: Engine, say: Say) -> tuple[list[Moved], int, list[str]]:
    """The scenarios whose outcomes differ, how many were compared, and which are too large or outside one of the models."""
    moved, left_out = [], []
    for number, case in enumerate(cases, 1):
        say(f"scenario {number} of {len(cases)}: {case.scenario.id}")
        before = _attempt(plain, case)
        after = _attempt(patched, case) if before else None
        if before is None or after is None:
            left_out.append(case.scenario.id)
            continue
        old, new = ([o.results for o in found.rows] for found in (before, after))
        gone = tuple(o for o in before.rows if o.results not in new)
        come = tuple(o for o in after.rows if o.results not in old)
        if gone or come:
            moved.append(Moved(case.scenario, gone, come))
    return moved, len(cases) - len(left_out), left_out


def _attempt(engine: Engine, case: Case) -> Outcomes | None:
    """The outcomes of a scenario; None if it is too large or outside the model."""
    try:
        found = engine(case.scenario)
    except (LimitError, OutsideModelError):
        return None
    return found if found.complete else None


def _compare_scenarios(asked: Asked, console: Console) -> None:
    cases = [case for path in sorted(asked.scenarios.glob("*.yaml")) for case in load_cases(path)]
    plain = load_engine(asked.spec, "", max_states=asked.scenario_states)
    patched = load_engine(asked.spec, asked.variant)
    with working("scenarios") as say:
        moved, compared, left_out = compare_outcomes(cases, plain, patched, say)
    print_moved(moved, compared, left_out, console)


def _compare_cells(asked: Asked, baseline: Baseline, console: Console) -> None:
    compared = compare(find_races(Cells(asked.spec, variant=asked.variant), baseline), baseline)
    console.print(f"race matrix: {len(compared.moved)} of {compared.cells} cells moved", style="bold")
    for line in compared.moved:
        console.print(line, markup=False, soft_wrap=True)
