"""The page of a root cause of the race matrix that no scenario of a known defect has: everything about one finding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from checker.races.result import Finding
from checker.report.findingparts import (
    Repair,
    access_lines,
    by_machine,
    fix_lines,
    kernels_line,
    matrix_lines,
    provoking_lines,
)
from checker.report.mdtable import markdown_table
from checker.report.numbering import page_file
from checker.report.sequence import sequence_svg
from checker.scenario.program import Step


@dataclass(frozen=True)
class CausePage:
    """A root cause with its best example: ``cells`` are the keys of all its cells, ``schedule`` leads to the outcome.

    ``repairs`` are the variants that replace something the example runs, and whether the outcome is gone with them.
    """

    finding: Finding
    cells: Sequence[str]
    schedule: Sequence[Step]
    repairs: Sequence[tuple[Repair, bool]]

    @property
    def file(self) -> str:
        """The name of the page below docs/findings."""
        return page_file(self.finding.number, self.finding.slug)

    @property
    def chart(self) -> str:
        """The name of its drawing."""
        return f"{self.finding.slug}.svg"

    def drawing(self) -> str:
        """The schedule as a chart."""
        return sequence_svg(f"{self.finding.title}: {self.cells[0]}", self.schedule)

    @property
    def fixes(self) -> list[Repair]:
        """The variants with which it is gone."""
        return [repair for repair, gone in self.repairs if gone]

    def text(self, kin: Sequence[str] = ()) -> str:
        """The page; ``kin`` are links to the findings that the same variants repair."""
        f, fixes = self.finding, self.fixes
        counts = " and ".join(f"{count} on {machine}" for machine, count in sorted(by_machine(self.cells).items()))
        lines = [
            f"# {f.title[:1].upper() + f.title[1:] if ' against ' not in f.title else f.title}",
            "",
            f"Verdict: a root cause of the race matrix that no entry of the list foretold; cells: {counts}.",
            "",
            kernels_line("", "", fixes),
            "",
            *fix_lines(fixes, len(self.repairs)),
            *(["", f"The same repairs {', '.join(kin)}."] if kin else []),
            "",
            "## What a user sees",
            "",
            f"Operations `{self.cells[0]}`:",
            "",
            *self._seen(),
            "",
            f"Rule broken: {f.rule}.",
            "",
            *provoking_lines(self.chart, f.scenario, self.schedule),
        ]
        if f.conflict:
            lines += ["", "## What decides", "", *access_lines(f.conflict)]
        if self.repairs:
            told = (f"- `{repair.variant}`: {'none' if gone else 'still there'}" for repair, gone in self.repairs)
            lines += ["", "In variants of the model, of this program:", "", *told]
        lines += matrix_lines({f.slug: self.cells})
        lines += ["", "All cells:", "", *(f"- {key}" for key in self.cells)]
        return "\n".join(lines) + "\n"

    def _seen(self) -> list[str]:
        calls = {p.name: p.calls for p in self.finding.scenario.threads}
        rows = [
            (f"{name}: {call.label}", result)
            for name, results in self.finding.outcome.results
            for call, result in zip(calls[name], results, strict=True)
        ]
        rows += [(f"post: {call}", result) for call, _, result in (probe.partition("=") for probe in self.finding.outcome.probes)]
        rows += [("fault", fault) for fault in self.finding.outcome.faults]
        return markdown_table(("call", "result"), rows)
