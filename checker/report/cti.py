"""Counterexamples to induction as text: the state before, the step, what changed, and why the fact fails afterwards.

In goes a Counterexample; out come lines that need no knowledge of the solver.  Of the two states only what the fact and the
guard of the transition read is shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from checker.errors import Place
from checker.evaluate import Cell
from checker.language import terms
from checker.language.terms import TRUE
from checker.report.explain import explain, show_formula
from checker.report.pretty import GHOST, Pretty
from checker.report.sights import reads
from checker.report.text import change_text, explanation_lines, statement_lines
from checker.report.timeline import Changed, timeline
from checker.symbolic.cti import Counterexample
from checker.symbolic.facts import Fact
from checker.system import Property, Transition, TransitionSystem

LONGEST = 240
"""Characters of the longest formula that is spelt out."""


def as_property(fact: Fact) -> Property:
    """``fact`` as a property; the premise of an implication is its first part, negated."""
    first = fact.formula.args[0] if fact.formula.op == "or" else TRUE
    antecedent = terms.negate(first) if first.op == "not" else TRUE
    return Property(fact.name, "always", fact.params, fact.formula, antecedent, "", "holds", fact.reason, Place("", 0))


def fact_text(fact: Fact, system: TransitionSystem) -> str:
    """The formula of ``fact`` as it was written."""
    return show_formula(as_property(fact), system)


def counterexample_text(found: Counterexample, c_files: Mapping[str, str] | None = None) -> str:
    """The whole story, ending with a newline; ``c_files`` maps functions to the C files they are from."""
    system, instance = found.trace.system, found.trace.instance
    pretty, view = Pretty(system), timeline(found.trace)
    (moment,) = view.moments
    from_c = c_files or {}
    function = _kernel_function(found.transition, from_c)
    of_file = f" ({from_c[function]})" if function in from_c else ""
    counts = [f"{n} {name}" for name, n in instance.sizes if n]
    shown = relevant_cells(found)
    lines = [
        f"counterexample to induction: {found.fact.name} holds before a step in {function}{of_file} and not after it",
        f"  {_short(fact_text(found.fact, system), found.fact.reason)}",
        f"  objects: {', '.join(counts)}; transition {found.transition.name}",
        "",
        "  before the step",
        *(f"    {line}" for line in _values(found, pretty, shown)),
        "",
        f"  step of {moment.who}",
        *(f"    {line}" for line in statement_lines(moment, from_c)),
        "",
        "  what changes",
        *(f"    {line}" for line in _changes(found, pretty, moment.changes, shown)),
    ]
    told = explain(as_property(_where_they_are(found)), system, found.after, instance)
    if told is not None:
        lines += explanation_lines(told)
    if any(GHOST in line for line in lines):
        lines += ["", f"{GHOST} ghost: only properties read it"]
    return "\n".join(lines) + "\n"


def _kernel_function(t: Transition, from_c: Mapping[str, str]) -> str:
    """The innermost function with a C file that the transition's last access to shared memory is in."""
    acting = [s for s in t.steps if s.kind in ("access", "region")] or list(t.steps)
    stack = acting[-1].stack if acting else ()
    return next((f for f in reversed(stack) if f in from_c), t.function)


def _short(text: str, reason: str) -> str:
    """A formula that fits on a line or two, else why it should hold."""
    return text if len(text) <= LONGEST or not reason else reason


def _where_they_are(found: Counterexample) -> Fact:
    """The fact, knowing where its processes are after the step: what it says of other places is left out."""
    system, fact = found.trace.system, found.fact
    places = {}
    for p, index in found.params:
        if p.sort == system.thread:
            place = terms.const(found.after[(*system.pc_key, index)], system.pc_sort)
            places[system.read(system.pc_key, p)] = place
    return replace(fact, formula=terms.substitute(fact.formula, places))


def relevant_cells(found: Counterexample) -> tuple[Cell, ...]:
    """The cells that the guard reads before the step, and the fact before and after it, ordered by object."""
    instance, params = found.trace.instance, dict(found.params)
    step = found.trace.steps[0]
    cells = {
        **reads(found.trace.system.guard(step.transition), found.before, instance, dict(step.binding)),
        **reads(found.fact.formula, found.before, instance, params),
        **reads(found.fact.formula, found.after, instance, params),
    }
    order = {v.key: i for i, v in enumerate(found.trace.system.state_vars)}
    return tuple(sorted(cells, key=lambda c: (c[0] != found.trace.system.thread.name, c[0], c[2], order[c[:2]])))


def _values(found: Counterexample, pretty: Pretty, cells: tuple[Cell, ...]) -> list[str]:
    system, instance = found.trace.system, found.trace.instance
    lines = []
    for cell in cells:
        var, value = system.vars_by_key[cell[:2]], found.before[cell]
        if var.key == system.pc_key:
            location = system.locations_by_name[system.pc_sort.members[value]]
            lines.append(f"{pretty.process(cell[2])} at {pretty.location(location)}")
        else:
            lines.append(f"{pretty.cell(var, cell[2], instance)} = {pretty.value(var.sort, value, instance)}")
    return lines


def _changes(found: Counterexample, pretty: Pretty, changes: tuple[Changed, ...], cells: tuple[Cell, ...]) -> list[str]:
    """Changes of shared cells, those the fact reads first, and where the process goes."""
    system = found.trace.system
    read = {pretty.cell(system.vars_by_key[c[:2]], c[2], found.trace.instance) for c in cells}
    first = sorted(changes, key=lambda c: c.cell not in read)
    step = found.trace.steps[0]
    source, target = (system.locations_by_name[n] for n in (step.transition.source, step.transition.target))
    moves = [f"{pretty.process(step.process)} goes on to {pretty.location(target)}"] if source != target else []
    return [*(change_text(c) for c in first), *moves]


__all__ = ["as_property", "counterexample_text", "fact_text", "relevant_cells"]
