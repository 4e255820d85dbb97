"""``report.md``: every property with its formula, what it stands for, what was expected and what was found.

In go verdicts with their files; out comes Markdown, the same text for the same verdicts (times only on demand).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from checker.coverage import Covered, guard_parts
from checker.language.client import Client
from checker.report.coverage import coverage_summary
from checker.report.explain import explain, implication
from checker.report.mdtable import markdown_table
from checker.report.pretty import Pretty
from checker.report.results import Reported
from checker.report.suites import Ran, suites_markdown, suites_summary
from checker.report.table import standing, summary
from checker.report.text import explanation_lines
from checker.report.transitions import short_name
from checker.system import IDLE, Property, TransitionSystem

STANDING = {"expected": "as expected", "differs": "**differs**", "open": "**undecided**"}


@dataclass(frozen=True)
class Reading:
    """A model as ``client`` uses it (None: all of it), and how much of it was seen to fire, if that was measured."""

    system: TransitionSystem
    client: Client | None = None
    covered: Covered | None = None


def report(reported: Sequence[Reported], readings: Sequence[Reading], ran: Sequence[Ran] = (), *, with_times: bool) -> str:
    """The report on a model, read for each of its clients, and on the suites that ``ran``.

    ``with_times`` adds a last column with seconds, the only thing that varies between runs.
    """
    lines = [f"# Verdicts of {readings[0].system.name}", "", f"{summary([r.verdict for r in reported])}.", ""]
    lines += _whose(readings)
    lines += _table(reported, with_times=with_times)
    for reading in readings:
        name = reading.client.name if reading.client else ""
        mine = [r for r in reported if r.verdict.client == name]
        of = f" of the client {name}" if name else ""
        lines += ["", f"## Properties{of}"]
        for (prop, variant), group in _by_property(mine).items():
            # Of a variant the formula names other places, and says what that of the model says.
            formula = [] if variant else [*_formula(group[0].verdict.property, reading.system), ""]
            lines += ["", f"### {_heading(prop, variant)}", "", *formula, *_property(group)]
        if reading.covered is not None:
            lines += ["", f"## Coverage{of}", "", *_coverage(reading.covered, reading.system)]
    if ran:
        lines += ["", "## Scenarios", "", f"{suites_summary(ran)}.", "", *suites_markdown(ran)]
    return "\n".join(lines) + "\n"


def _whose(readings: Sequence[Reading]) -> list[str]:
    """Which programs the verdicts are about."""
    clients = [reading.client for reading in readings if reading.client]
    return ["Each is about any program of its client:", "", *(f"- {client}" for client in clients), ""] if clients else []


def _coverage(covered: Covered, system: TransitionSystem) -> list[str]:
    """The summary, the searches, what is missing, and the transitions that never fire."""
    lines = [f"{coverage_summary(covered)}.", "", *(f"- {search}" for search in covered.searches)]
    lines += [f"- **{problem}**" for problem in covered.problems]
    dead = []
    pretty = Pretty(system)
    for row in covered.rows:
        if not row.fired:
            where = "entry" if row.transition.source == IDLE else short_name(system, row.transition.source)
            dead.append((where, " and ".join(guard_parts(pretty, row.transition)) or "always", row.explanation))
    return [*lines, "", *markdown_table(("location", "guard", "why it never fires"), dead)]


def _by_property(reported: Sequence[Reported]) -> dict[tuple[str, str], list[Reported]]:
    groups: dict[tuple[str, str], list[Reported]] = {}
    for r in reported:
        groups.setdefault((r.verdict.property.name, r.verdict.variant), []).append(r)
    return groups


def _heading(name: str, variant: str) -> str:
    return f"{name} in variant {variant}" if variant else name


def _table(reported: Sequence[Reported], *, with_times: bool) -> list[str]:
    told = [column for column in ("client",) if any(r.verdict.client for r in reported)]
    columns = ["property", *told, "variant", "verdict", "expected", "", "method", "scope", "depth", "files"]
    columns += ["seconds"] if with_times else []
    rows = []
    for r in reported:
        v = r.verdict
        depth = "" if v.depth is None else str(v.depth)
        cells = [v.property.name, *(v.client for _ in told), v.variant, v.verdict, v.property.expected, STANDING[standing(v)]]
        cells += [v.method, v.scope, depth, _files(r)]
        rows.append([*cells, f"{v.seconds:.2f}"] if with_times else cells)
    return markdown_table(columns, rows)


def _files(r: Reported) -> str:
    links = [("trace", r.trace), ("chart", r.chart), ("certificate", r.verdict.certificate)]
    return ", ".join(f"[{name}]({target})" for name, target in links if target)


def _property(group: list[Reported]) -> list[str]:
    prop = group[0].verdict.property
    lines = [f"- stands for: {prop.stands_for}"] if prop.stands_for else []
    lines += [f"- expected: {prop.expected}" + (f", because {prop.reason}" if prop.reason else ""), f"- written in {prop.place}"]
    for r in group:
        v = r.verdict
        depth = f", {v.depth} steps" if v.depth is not None else ""
        files = f" ({_files(r)})" if _files(r) else ""
        detail = f": {v.detail}" if v.detail else ""
        lines.append(f"- {v.method}, {v.scope}: {v.verdict}{depth}{detail}{files}")
    shown = next((r.verdict.trace for r in group if r.verdict.trace is not None), None)
    told = explain(prop, shown.system, shown.states[-1], shown.instance) if shown is not None else None
    if told is not None:
        lines += ["", "At the end of the trace:", "", "```text", *explanation_lines(told)[1:], "```"]
    return lines


def _formula(prop: Property, system: TransitionSystem) -> list[str]:
    """The formula in a code block, premise and claim on lines of their own."""
    pretty = Pretty(system)
    premise, claim = implication(prop)
    scope = ", ".join(f"{p.data} in {p.sort.name}" for p in prop.params)
    quantifier = {"always": "for all", "sometimes": "for some"}[prop.kind]
    head = f"{prop.kind}, {quantifier} {scope}:" if scope else f"{prop.kind}:"
    if prop.formula == claim:
        return ["```text", head, f"    {pretty.term(claim)}", "```"]
    return ["```text", head, f"    {pretty.term(premise)}", f"    implies {pretty.term(claim)}", "```"]
