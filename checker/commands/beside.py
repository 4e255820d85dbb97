"""What pages about findings say besides their scenarios: root causes in the race matrix, the other machine, what repairs it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from checker.commands.matrix import Asked, load_subject
from checker.commands.model import load_package, load_variant
from checker.errors import LimitError, UsageError
from checker.races.baseline import Baseline
from checker.races.findings import find
from checker.races.matrix import Job, jobs_of
from checker.races.pair import MAX_STATES, Subject, check_cell, row_of
from checker.races.reach import Results
from checker.races.result import Cell, Finding, Row
from checker.report.causepage import CausePage
from checker.report.findingparts import Repair
from checker.report.findings import Beside
from checker.scenario.explore import Search
from checker.scenario.finding import Examined
from checker.scenario.load import Case
from checker.scenario.program import Engine, Scenario, Step
from checker.scenario.question import judge
from checker.scenario.run import outcomes_of, run_case
from checker.scenario.vocabulary import MACHINES

EngineOf = Callable[[str], Engine]


def repairs_of(spec: str, cases: Iterable[Case]) -> dict[str, Repair]:
    """The variants that some scenario claims to be repaired by, by name."""
    package = load_package(spec)
    names = sorted({claim.variant for case in cases for claim in case.claims if claim.key == "fixed_by"})
    variants = (load_variant(package, name) for name in names)
    return {v.name: Repair(v.name, v.doc.partition("\n\n")[0], v.upstream) for v in variants}


def beside(found: Sequence[Examined], engine_of: EngineOf, repairs: Mapping[str, Repair], baseline: Baseline) -> Beside:
    """What the page with the scenarios ``found`` says besides.  Raises what the engine raises."""
    shown = [x for x in found if x.happens]
    claimed = {c.claim.variant for x in shown for c in x.claims}
    fixed = any(c.claim.key == "fixed_by" for x in shown for c in x.claims)
    names = [name for name in repairs if name in claimed or not fixed]
    slugs = sorted({slug for x in shown for slug in _roots(x, engine_of(""))})
    return Beside(
        {x.case.scenario.id: _happens(_elsewhere(x.case), engine_of("")) for x in shown if len(x.case.scenario.threads) > 1},
        {x.case.scenario.id: {repairs[name]: _gone(x.case, engine_of(name)) for name in names} for x in shown},
        {slug: baseline.causes[slug] for slug in slugs if slug in baseline.causes},
    )


def _elsewhere(case: Case) -> Case:
    other = next(machine for machine in MACHINES if machine != case.scenario.machine)
    return replace(case, scenario=replace(case.scenario, machine=other))


def _happens(case: Case, engine: Engine) -> bool:
    _, answers = run_case(case, engine)
    return any(a.hits for a in answers if a.question.kind == "symptom")


def _gone(case: Case, engine: Engine) -> bool:
    """Whether no symptom is left."""
    found = outcomes_of(case, engine)
    return not any(judge(symptom, found).hits for symptom in case.symptoms)


def _roots(x: Examined, engine: Engine) -> tuple[str, ...]:
    """The root causes of the outcomes with a symptom; none if it takes no race, or the specification does not tell."""
    asked: Callable[[Scenario, Callable[[Results], bool]], tuple[str, ...]] | None = getattr(engine, "roots", None)
    if asked is None or len(x.case.scenario.threads) <= 1 and not x.case.scenario.events:
        return ()
    names = [p.name for p in x.case.scenario.threads]
    hits = {n for a in x.answers if a.question.kind == "symptom" for n in a.hits}
    rows = [x.found.rows[n - 1].results for n in hits]
    wanted = {(*(row[name] for name in names), row["post"], row.get("faults", ())) for row in rows}
    return asked(x.case.scenario, lambda results: results[1:] in wanted)


# -- root causes that no scenario has ---------------------------------------------------------------------------------


class CausePages:
    """Makes the pages of root causes from the committed matrix: the best example of each is searched again."""

    def __init__(self, spec: str, baseline: Baseline, repairs: Iterable[Repair]) -> None:
        self.baseline = baseline
        self.subject = load_subject(Asked(spec))
        self.jobs = {job.key: job for job in jobs_of(self.subject, self.subject.kinds)}
        package = load_package(spec)
        self.variants = {repair: load_variant(package, repair.variant).overrides for repair in repairs}
        self.patched = {repair: load_subject(Asked(spec, variant=repair.variant)) for repair in self.variants}

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
        ran = _executed(search)
        tried = tuple(
            (repair, self._gone(self.patched[repair], job, machine, slug))
            for repair, overrides in self.variants.items()
            if ran & overrides.keys()
        )
        return CausePage(found[0], self.baseline.causes[slug], _schedule(search, found[0].outcome), tried)

    def _job(self, name: str) -> Job:
        if name not in self.jobs:
            raise UsageError("old-matrix", f"there is no cell {name}", "first run sockproof matrix --write")
        return self.jobs[name]

    @staticmethod
    def _gone(subject: Subject, job: Job, machine: str, slug: str) -> bool:
        cell = check_cell(subject, job.start, job.operations, machine)
        if not cell.states:
            raise LimitError("too-many-states", f"{cell.key} has too many states in a variant", "choose another example")
        return all(f.slug != slug for f in _find(subject, job, cell))


def _find(subject: Subject, job: Job, cell: Cell) -> list[Finding]:
    return find([cell], lambda c: subject.scenario(job.start, job.operations, c.machine), {})


def _executed(search: Search) -> set[str]:
    """The functions that run somewhere in a search that has run."""
    nodes = {n for edges in search.edges for e in edges if e.move.after is not None for n in e.move.after.done}
    return {name for node in nodes for name in (node.function, *node.context.stack)}


def _schedule(search: Search, row: Row) -> list[Step]:
    """A shortest way to an outcome."""
    plain = replace(row, by_results=False)
    return list(search.schedule(next(e for e in search.ends if row_of(search.scenario, search.results_of(e)) == plain)))
