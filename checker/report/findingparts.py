"""What all pages about findings have in common: the program, its schedule as a chart, its root causes, what repairs it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from checker.races.conflicts import SOFTIRQ
from checker.races.result import Conflict, Site
from checker.races.roots import Decided
from checker.report.mdtable import markdown_table
from checker.report.schedule import ALONE, schedule_lines, stretches
from checker.scenario.names import programs
from checker.scenario.program import Scenario, Step
from checker.scenario.vocabulary import MACHINES

MODELLED = "2.4.17"


@dataclass(frozen=True)
class Repair:
    """A variant that is a fix: its name, what it does, the upstream commit it follows, the properties proved of it."""

    variant: str
    doc: str
    upstream: str = ""
    proved: tuple[str, ...] = ()

    def __str__(self) -> str:
        commit = f" [{self.upstream}]" if self.upstream else ""
        named = ", ".join(f"`{name}`" for name in self.proved)
        proved = f" Proved for any number of threads and sockets: {named}." if named else ""
        return f"`{self.variant}`: {' '.join(self.doc.split())}{commit}{proved}"


def kernels_line(kernels: str, upstream: str, fixes: Sequence[Repair]) -> str:
    """Which kernels have it, as the list says, else as far as the variants that remove it tell."""
    commits = "; ".join(dict.fromkeys(commit for f in fixes if f.upstream for commit in f.upstream.split("; ")))
    if upstream:
        repaired = f"Repaired upstream by {upstream}."
    elif commits:
        repaired = f"Gone with what upstream did later: {commits}."
    else:
        repaired = "None of the upstream commits that are variants of the model removes it."
    return f"Kernels: {kernels or MODELLED}. {repaired}"


def fix_lines(fixes: Sequence[Repair], tried: int) -> list[str]:
    """The variants that remove all of it; how many were tried if there is none."""
    if fixes:
        return ["Fix:", "", *(f"- {fix}" for fix in fixes)]
    return [f"Fix: none is known here; none of {tried} variants that repair something removes all of it."]


def program_lines(scenario: Scenario) -> Iterable[str]:
    """The program, as a person would run it."""
    first = {p.name for p in scenario.threads if p.first}
    for program, calls in programs(scenario).items():
        if program != "post" and calls:
            who = f"{program} (sleeps before the others begin)" if program in first else program
            yield f"{who}: {'; '.join(call.label for call in calls)}"
    if scenario.events:
        yield f"from the network, at any moment: {', '.join(scenario.events)}"


def provoking_lines(chart: str, scenario: Scenario, schedule: Sequence[Step]) -> list[str]:
    """How to provoke an outcome: the drawing, the chart, the program and the schedule."""
    return [
        "How to provoke it, and a shortest schedule:",
        "",
        f"![schedule]({chart})",
        "",
        *_mermaid(schedule),
        "",
        "```text",
        *program_lines(scenario),
        "",
        *schedule_lines(schedule),
        "```",
    ]


def access_lines(conflict: Conflict) -> list[str]:
    """Two accesses, and what their order decides."""
    on = f"On {conflict.field}: " if conflict.field else ""
    told = f"{on}{conflict.evidence}."
    return [told[:1].upper() + told[1:], "", *(f"- {_site(s)}" for s in (conflict.first, conflict.second))]


def _site(s: Site) -> str:
    what = f"`{s.text}` ({s.place})" if s.text else s.place
    locks = f"holding {', '.join(s.locks)}" if s.locks else "without a lock"
    return f"{s.who} {'writes' if s.write else 'reads'} in {s.function}: {what}, {locks}"


def decision_lines(decided: Decided, clashes: Sequence[Conflict]) -> list[str]:
    """What decided outcomes: pairs of accesses; nothing, if several programs have them in a sequential order as well."""
    lines: list[str] = []
    shown: set[tuple[str, str, str]] = set()
    for one in decided.causes:
        pair = one.pair if isinstance(one, Conflict) else ("", one.function, one.told)
        if pair not in shown:
            shown.add(pair)
            lines += [*(access_lines(one) if isinstance(one, Conflict) else [f"Lost: {one.told}."]), ""]
    if len({s.who for s in decided.order} - {*ALONE, SOFTIRQ}) > 1:
        lines += ["No two accesses decide it: a sequential order of the calls ends like this, too.", ""]
        lines += [*(f"- {line}" for line in order_lines(decided.order)), ""]
    for clash in clashes:
        lines += ["Two accesses meet without a lock in common, whatever comes of it:", "", *access_lines(clash), ""]
    return ["What decides:", "", *lines[:-1]] if lines else []


def order_lines(schedule: Sequence[Step]) -> list[str]:
    """The calls of a sequential order, as they go on and return."""
    told: list[str] = []
    begun: set[tuple[str, str]] = set()
    for s in stretches(schedule):
        if s.who in (*ALONE, SOFTIRQ):
            continue
        key = (s.who, s.call)
        line = f"{s.who}: {s.call}{' goes on' if key in begun else ''}{f' = {s.result}' if s.result else ' (not yet back)'}"
        begun = begun - {key} if s.result else begun | {key}
        told += [line] if told[-1:] != [line] else []
    return told


def by_machine(keys: Iterable[str]) -> Counter[str]:
    """How many of these cells of the matrix, given by key, are of each machine."""
    return Counter(key.rsplit(" | ", 1)[1] for key in keys)


def matrix_lines(causes: Mapping[str, Sequence[str]]) -> list[str]:
    """The section about the race matrix: root causes with the keys of their cells; nothing if there is none."""
    if not causes:
        return []
    rows = []
    for slug, keys in causes.items():
        counts = by_machine(keys)
        rows.append((f"`{slug}`", *(str(counts[machine] or "") for machine in MACHINES), keys[0]))
    told = "`sockproof races NAME` tells a root cause, its two accesses and its schedule. It has so many cells of the"
    return [
        "",
        "## In the race matrix",
        "",
        f"{told} [race matrix](../races.md):",
        "",
        *markdown_table(("root cause", *MACHINES, "for instance"), rows),
    ]


def _mermaid(schedule: Sequence[Step]) -> list[str]:
    """The schedule as a message-sequence chart."""
    told = [s for s in stretches(schedule) if s.who not in ALONE]
    lines = ["```mermaid", "sequenceDiagram", *(f"    participant {who}" for who in dict.fromkeys(_lane(s.who) for s in told))]
    for s in told:
        steps = [part for step in s.steps for part in step.split("; ")]
        kept = steps if len(steps) <= 4 else [*steps[:2], "...", steps[-1]]
        text = "<br>".join([s.call, *kept, *([f"returns {s.result}"] if s.result else [])])
        lines.append(f"    Note over {_lane(s.who)}: {text.replace(';', ',').replace('#', '')}")
    return [*lines, "```"]


def _lane(who: str) -> str:
    return "".join(c if c.isalnum() else "_" for c in who)
