"""The model against what real kernels did: one-thread results step by step, observed races as members of the outcome set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from checker.errors import EXIT_AS_EXPECTED, EXIT_DIFFERS, EXIT_UNDETERMINED, LimitError, OutsideModelError, Place, UsageError
from checker.races.nonserial import serial_outcomes
from checker.scenario.expect import one_form
from checker.scenario.kernel_words import column_in_words_of_the_model
from checker.scenario.load import MAIN, Case
from checker.scenario.program import Engine, Outcomes
from checker.scenario.question import differing_steps
from checker.scenario.races import Observed, Race
from checker.scenario.unread import Unread

AGREED, DIFFERS, OUTSIDE, UNDECIDED = STANDINGS = ("agreed", "differs", "outside the model", "undecided")


@dataclass(frozen=True)
class Finding:
    """How one recorded scenario compares; ``details`` say what differs, is missing or is undecided."""

    id: str
    category: str
    standing: str
    place: Place = field(compare=False)
    details: tuple[str, ...] = ()
    outcomes: int = 0
    states: int = 0


def conform_case(case: Case, key: str, engine: Engine) -> Finding:
    """Run a one-thread scenario; every outcome of the model must give the results of column ``key``.

    Raises UsageError if the scenario has no such column.
    """
    expected = case.columns.get(key)
    if expected is None:
        known = ", ".join(case.columns) or "none"
        raise UsageError("unknown-column", f"{case.scenario.id} has no recorded results {key}", f"it has: {known}", case.place)
    try:
        found = engine(case.scenario)
    except (LimitError, OutsideModelError) as problem:
        return _not_run(case.scenario.id, case.category, case.place, problem)
    expected = column_in_words_of_the_model(expected, case.scenario.threads[0].calls)
    steps: dict[int, str] = {}
    for outcome in found.rows:
        for _, n, wanted, _ in differing_steps({MAIN: expected}, outcome):
            steps.setdefault(n, str(wanted))
    calls = case.scenario.threads[0].calls
    details = [
        f"step {n + 1}, {calls[n].label}: expected {wanted}, got {_all_results(found, n)}" for n, wanted in sorted(steps.items())
    ]
    standing = DIFFERS if details else AGREED
    if not details and not found.rows and found.complete:
        standing, details = DIFFERS, ["no outcome: the program never ends"]
    elif not details and not found.complete:
        standing, details = UNDECIDED, ["the search stopped early"]
    return Finding(case.scenario.id, case.category, standing, case.place, tuple(details), len(found.rows), found.states)


def _all_results(found: Outcomes, step: int) -> str:
    results = dict.fromkeys(one_form(o.results[MAIN][step]) for o in found.rows)
    many = f" ({len(found.rows)} outcomes)" if len(found.rows) > 1 else ""
    return " or ".join(results) + many


def conform_unread(part: Unread, _: Engine) -> Finding:
    """What has words that are not known here is outside the model."""
    return Finding(part.id, part.category, OUTSIDE, part.place, (f"{part.problem.message}: {part.problem.fix}",))


def conform_race(race: Race, version: str | None, engine: Engine) -> Finding:
    """Run a race; every outcome observed must be one of the model's, and serial or not as it is marked.

    If kernel ``version`` ran it, what was seen on others only is not held against the model, but told if it has it not.
    """
    if not any(version in o.seen for o in race.observed):
        version = None
    wanted = [o for o in race.observed if o.required(version)]
    others = [o for o in race.observed if not o.required(version)]
    marked = [o for o in wanted if o.nonserial is not None]
    try:
        found = engine(race.scenario)
        serial = serial_outcomes(race.scenario, engine) if marked else None
    except (LimitError, OutsideModelError) as problem:
        return _not_run(race.scenario.id, "race", race.place, problem)
    missing, elsewhere = ([o for o in some if not any(o.row.matches(r) for r in found.rows)] for some in (wanted, others))
    details = [f"not in the model: {o.row.text}{_seen(o)}" for o in missing] if found.complete else []
    details += _marks(marked, serial) if serial else []
    standing = DIFFERS if details else AGREED
    if found.complete:
        details += [f"not in the model, nor seen on {version}: {o.row.text}{_seen(o)}" for o in elsewhere]
    if standing == AGREED and ((missing and not found.complete) or (serial and not serial.complete)):
        standing, details = UNDECIDED, ["the search stopped early"]
    return Finding(race.scenario.id, "race", standing, race.place, tuple(details), len(found.rows), found.states)


def _marks(marked: Sequence[Observed], serial: Outcomes) -> list[str]:
    """The outcomes whose mark is not what the sequential orders say."""
    details = []
    for o in marked:
        orders = [row for row in serial.rows if o.row.matches(row)]
        if o.nonserial and orders:
            details.append(f"marked nonserial, but a sequential order gives it: {o.row.text}")
        elif not o.nonserial and not orders and serial.complete:
            details.append(f"not marked nonserial, but no sequential order gives it: {o.row.text}")
    return details


def _seen(o: Observed) -> str:
    counts = ", ".join(f"{count:,} on {version}" for version, count in o.seen.items())
    return f"  (seen {counts})" if counts else ""


def _not_run(id: str, category: str, place: Place, problem: LimitError | OutsideModelError) -> Finding:
    standing = OUTSIDE if isinstance(problem, OutsideModelError) else UNDECIDED
    return Finding(id, category, standing, place, (problem.message,))


def status_of_findings(findings: Sequence[Finding]) -> int:
    """1 if something differs, 3 if something is undecided or nothing was compared at all, else 0."""
    standings = {f.standing for f in findings}
    if DIFFERS in standings:
        return EXIT_DIFFERS
    return EXIT_UNDETERMINED if UNDECIDED in standings or AGREED not in standings else EXIT_AS_EXPECTED
