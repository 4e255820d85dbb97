"""What is asked of a mutant: its properties, its scenarios, and which outcomes no sequential order gives.

Each question compares the mutant with the plain model and says in a few words how they differ, or nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from checker.errors import LimitError
from checker.explicit.explore import explore
from checker.instance import Instance
from checker.language.compile import Compiled
from checker.language.graph import Graph
from checker.language.terms import FieldKey
from checker.mutation.operators import Mutant, Spot
from checker.races.nonserial import nonserial
from checker.scenario.conform import AGREED, conform_case
from checker.scenario.load import Case
from checker.scenario.program import Engine, Outcomes, Scenario
from checker.scenario.question import judge
from checker.slice import slice_system
from checker.system import Property, TransitionSystem

Row = tuple[tuple[str, tuple[str, ...]], ...]


# -- scenarios -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Test:
    """One scenario that the plain model passes: what it visits, how large it is, its race outcomes and its faults there.

    ``column`` names the recorded results to compare with; without one the questions of the file are asked.
    """

    case: Case
    column: str
    visits: frozenset[Spot]
    states: int
    races: frozenset[Row] | None = None
    faults: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        """How people find the scenario."""
        return self.case.scenario.id


def differs(case: Case, column: str, engine: Engine) -> str:
    """How an engine's outcomes of a scenario differ from what is expected; empty if they do not."""
    if column:
        found = conform_case(case, column, engine)
        return "" if found.standing == AGREED else (*found.details, found.standing)[0]
    try:
        outcomes = engine(case.scenario)
    except LimitError as problem:
        return f"{case.scenario.id}: does not end ({problem.code})"
    for question in case.questions:
        answer = judge(question, outcomes)
        if answer.as_expected is not True:
            return " ".join((f"{question.kind}: {answer.verdict}", *answer.details[:1]))
    return ""


def faults(outcomes: Outcomes) -> frozenset[str]:
    """What goes wrong in some outcome: soft assertions that fail, memory used after it was freed."""
    return frozenset(fault for row in outcomes.rows for fault in row.results.get("faults", ()))


def notices(test: Test, engine: Engine) -> str:
    """How a mutant differs from what a scenario states, or which fault it has that the plain model has not."""
    how = differs(test.case, test.column, engine)
    if how:
        return how
    new = sorted(faults(engine(test.case.scenario)) - test.faults)
    return f"fault: {new[0]}" if new else ""


def remembering(engine: Engine) -> Engine:
    """An engine that runs each scenario once."""
    known: list[tuple[Scenario, Outcomes]] = []

    def run(scenario: Scenario) -> Outcomes:
        for asked, found in known:
            if asked == scenario:
                return found
        found = engine(scenario)
        known.append((scenario, found))
        return found

    return run


# -- races -----------------------------------------------------------------------------------------------------------------


def race_outcomes(scenario: Scenario, engine: Engine) -> frozenset[Row]:
    """Outcomes that no sequential order of the calls gives, and all that have a fault."""
    compared = nonserial(scenario, engine)
    faulty = [row for row in compared.found.rows if row.results.get("faults")]
    return frozenset(tuple(sorted(row.results.items())) for row in (*compared.nonserial, *faulty))


def race_difference(test: Test, engine: Engine) -> str:
    """How the race outcomes of a concurrent scenario differ from the plain model's."""
    if test.races is None:
        return ""
    try:
        found = race_outcomes(test.case.scenario, engine)
    except LimitError as problem:
        return f"does not end ({problem.code})"
    new, gone = sorted(found - test.races), sorted(test.races - found)
    if new:
        return f"new: {_shown(new[0])}"
    return f"gone: {_shown(gone[0])}" if gone else ""


def _shown(row: Row) -> str:
    return ", ".join(f"{name}={' '.join(values)}" for name, values in row if name != "setup" and values)


# -- properties ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PropertyTest:
    """The verdicts of the plain model on some instances.

    ``functions`` are those the client of ``graphs`` runs, ``visible`` the fields that properties read.
    """

    graphs: tuple[Graph, ...]
    compile: Callable[[Sequence[Graph]], Compiled]
    instances: tuple[Instance, ...]
    max_states: int
    expected: Mapping[Instance, Mapping[str, str]] = field(default_factory=dict)
    functions: frozenset[str] = frozenset()
    visible: frozenset[FieldKey] = frozenset()

    def difference(self, mutant: Mutant) -> str:
        """The first property whose verdict is another one than the plain model's."""
        compiled = self.compile(mutant.apply(self.graphs))
        for instance in self.instances:
            try:
                found = verdicts(compiled.system, compiled.properties, instance, self.max_states)
            except LimitError as problem:
                return f"does not end ({problem.code})"
            how = first_difference(found, self.expected[instance])
            if how:
                return f"{how} ({instance})"
        return ""


def first_difference(found: Mapping[str, str], expected: Mapping[str, str]) -> str:
    """The first property that both know and answer differently."""
    for name, verdict in found.items():
        if name in expected and verdict != expected[name]:
            return f"{name}: {verdict}, not {expected[name]}"
    return ""


def verdicts(system: TransitionSystem, properties: tuple[Property, ...], instance: Instance, max_states: int) -> dict[str, str]:
    """What the explicit engine says of each property on one instance."""
    part = slice_system(system, tuple(f for p in properties for f in (p.formula, p.antecedent)))
    result = explore(part.system, instance, properties, max_states=max_states, until_answered=True)
    found = {}
    for p in properties:
        hit = result.found[p.name] is not None
        if p.kind == "always":
            held = "holds" if result.antecedents[p.name] else "holds for want of cases"
            found[p.name] = "violated" if hit else held
        else:
            found[p.name] = "reachable" if hit else "unreachable"
    return found
