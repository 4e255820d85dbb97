"""What pages about findings say besides their scenarios: root causes in the race matrix, the other machine, what repairs it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import replace
from functools import cache

from checker.commands.certify import certified
from checker.commands.matrix import Asked, load_subject
from checker.commands.model import clients_of, load_package, load_variant
from checker.errors import LimitError, UsageError
from checker.races.baseline import Baseline
from checker.races.findings import find, functions, slug_of
from checker.races.matrix import Job, jobs_of
from checker.races.pair import MAX_STATES, Subject, check_cell, row_of
from checker.races.reach import Results
from checker.races.result import Cell, Conflict, Finding, Row
from checker.races.roots import Decided, executed
from checker.report.causepage import CausePage
from checker.report.findingparts import Repair
from checker.report.findings import Beside
from checker.scenario.explore import Search
from checker.scenario.finding import Examined
from checker.scenario.load import Case
from checker.scenario.names import CONFLICT
from checker.scenario.program import Engine, Scenario, Step
from checker.scenario.question import judge
from checker.scenario.run import outcomes_of, run_case
from checker.scenario.vocabulary import other_machine

EngineOf = Callable[[str], Engine]


Repairs = Mapping[Repair, frozenset[str]]
"""Variants, and the functions they replace."""


def repairs_of(spec: str, cases: Iterable[Case]) -> Repairs:
    """The variants that some scenario claims to be repaired by, in the order of their names."""
    package = load_package(spec)
    names = sorted({claim.variant for case in cases for claim in case.claims if claim.key == "fixed_by"})
    found: dict[Repair, frozenset[str]] = {}
    for name in names:
        parts = [load_variant(package, part.strip()) for part in name.split(",")]
        docs = " ".join(v.doc.partition("\n\n")[0] for v in parts)
        upstream = "; ".join(v.upstream for v in parts if v.upstream)
        whole = load_variant(package, name)
        proved = [p for client in clients_of(package) for p in certified(package, client.name, whole.name)]
        found[Repair(name, docs, upstream, tuple(proved))] = frozenset(whole.overrides)
    return found


def beside(found: Sequence[Examined], engine_of: EngineOf, repairs: Repairs, baseline: Baseline) -> Beside:
    """What the page with the scenarios ``found`` says besides.  Raises what the engine raises."""
    shown = [x for x in found if x.happens]
    claimed = {c.claim.variant for x in shown for c in x.claims}
    fixed = any(c.claim.key == "fixed_by" for x in shown for c in x.claims)
    decided = {x.case.scenario.id: _decided(x, engine_of("")) for x in shown if not x.case.scenario.alone}
    slugs = sorted({slug for one in decided.values() for slug in one.slugs})
    return Beside(
        {x.case.scenario.id: _happens(_elsewhere(x.case), engine_of("")) for x in shown if len(x.case.scenario.threads) > 1},
        {x.case.scenario.id: _repaired(x.case, engine_of, repairs, claimed if fixed else None) for x in shown},
        {slug: baseline.causes[slug] for slug in slugs if slug in baseline.causes},
        decided,
        {x.case.scenario.id: _clashes(x, engine_of("")) for x in shown if x.case.conflicts},
    )


def _elsewhere(case: Case) -> Case:
    return replace(case, scenario=replace(case.scenario, machine=other_machine(case.scenario.machine)))


def _happens(case: Case, engine: Engine) -> bool:
    _, answers = run_case(case, engine)
    return any(a.hits for a in answers if a.question.kind == "symptom")


def _repaired(case: Case, engine_of: EngineOf, repairs: Repairs, names: Set[str] | None) -> dict[Repair, bool]:
    """Whether no symptom is left in variants: those called ``names``, or else all that replace something that runs."""
    if names is None:
        executes: Callable[[Scenario], frozenset[str]] | None = getattr(engine_of(""), "executed", None)
        ran = executes(case.scenario) if executes else frozenset()
        tried = [repair for repair, functions in repairs.items() if functions & ran]
    else:
        tried = [repair for repair in repairs if repair.variant in names]
    return {repair: _gone(case, engine_of(repair.variant)) for repair in tried}


def _gone(case: Case, engine: Engine) -> bool:
    """Whether no symptom is left."""
    found = outcomes_of(case, engine)
    return not any(judge(symptom, found).hits for symptom in case.symptoms)


def _decided(x: Examined, engine: Engine) -> Decided:
    """What decided the outcomes with a symptom; nothing if the specification does not tell."""
    asked: Callable[[Scenario, Callable[[Results], bool]], Decided] | None = getattr(engine, "decided", None)
    if asked is None:
        return Decided(())
    names = [p.name for p in x.case.scenario.threads]
    hits = {n for a in x.answers if a.question.kind == "symptom" for n in a.hits}
    rows = [x.found.rows[n - 1].results for n in hits]
    wanted = {(*(row[name] for name in names), row["post"], row.get("faults", ())) for row in rows}
    return asked(x.case.scenario, lambda results: results[1:] in wanted)


def _clashes(x: Examined, engine: Engine) -> tuple[Conflict, ...]:
    """The conflicting accesses to fields of which a symptom says that there are any."""
    asked: Callable[[Scenario], tuple[Conflict, ...]] | None = getattr(engine, "clashes", None)
    found = asked(x.case.scenario) if asked else ()
    told = " ".join(a.question.text for a in x.answers if a.question.kind == "symptom" and a.hits)
    return tuple(c for c in found if f"{CONFLICT}.{c.field.rpartition('.')[2]}" in told)


# -- root causes that no scenario has ---------------------------------------------------------------------------------


class CausePages:
    """Makes the pages of root causes from the committed matrix: the best example of each is searched again."""

    def __init__(self, spec: str, baseline: Baseline, repairs: Repairs) -> None:
        self.baseline = baseline
        self.subject = load_subject(Asked(spec))
        self.jobs = {job.key: job for job in jobs_of(self.subject, self.subject.kinds)}
        self.repairs = repairs
        self.patched = cache(lambda repair: load_subject(Asked(spec, variant=repair.variant)))

    def page(self, slug: str) -> CausePage:
        """The page of a root cause, not yet numbered.  Raises UsageError if the committed matrix is not that of the model."""
        key = self.baseline.causes[slug][0]
        name, machine = key.rsplit(" | ", 1)
        job = self._job(name)
        cell = check_cell(self.subject, job.start, job.operations, machine)
        found = [f for f in _find(self.subject, job, cell) if f.slug == slug]
        if not found:
            raise UsageError("old-matrix", f"{key} no longer has the root cause {slug}", "first run sockproof matrix --write")
        search = self.subject.search(self.subject.scenario(job.start, job.operations, machine), MAX_STATES)
        search.run()
        ran = executed(search)
        tried = tuple(
            (repair, self._gone(self.patched(repair), job, cell, slug))
            for repair, functions in self.repairs.items()
            if ran & functions
        )
        return CausePage(found[0], self.baseline.causes[slug], _schedule(search, found[0].outcome), tried)

    def _job(self, name: str) -> Job:
        if name not in self.jobs:
            raise UsageError("old-matrix", f"there is no cell {name}", "first run sockproof matrix --write")
        return self.jobs[name]

    @staticmethod
    def _gone(subject: Subject, job: Job, cell: Cell, slug: str) -> bool:
        """Whether nothing that ``cell`` has by a root cause is left among the non-serial outcomes of a variant.

        The functions may have other names there.  What is looked for are the results of the calls, and, where only the probes
        told that an outcome is non-serial, what they said, whatever the calls return there.
        """
        patched = check_cell(subject, job.start, job.operations, cell.machine)
        if not patched.states:
            raise LimitError("too-many-states", f"{cell.key} has too many states in a variant", "choose another example")
        rows = [row for row, why in zip(cell.nonserial, cell.causes, strict=True) if slug_of(functions(why)) == slug]
        lost = {one.function for one in cell.lost if slug_of(functions(one)) == slug}
        return not outcome_left(rows, patched.nonserial) and lost.isdisjoint(one.function for one in patched.lost)


def outcome_left(rows: Sequence[Row], nonserial: Sequence[Row]) -> bool:
    """Whether among ``nonserial`` outcomes is one with the results, or the final state, for which one of ``rows`` is non-serial.

    The results always tell; the final state does of those that are non-serial by it alone.
    """
    results = {row.results for row in rows}
    finally_seen = {row.probes for row in rows if not row.by_results}
    return any(row.results in results or (not row.by_results and row.probes in finally_seen) for row in nonserial)


def _find(subject: Subject, job: Job, cell: Cell) -> list[Finding]:
    return find([cell], lambda c: subject.scenario(job.start, job.operations, c.machine), {})


def _schedule(search: Search, row: Row) -> list[Step]:
    """A shortest way to an outcome."""
    plain = replace(row, by_results=False)
    return list(search.schedule(next(e for e in search.ends if row_of(search.scenario, search.results_of(e)) == plain)))
