"""What ``sockproof check`` leaves behind: ``results.json`` and ``report.md``.

``results.json`` is a list of objects in the order of the table, with the keys of :class:`Result`; everything but ``seconds`` is
the same in every run.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from checker.commands.console import is_fine
from checker.commands.trace import file_name
from checker.verdict import Verdict


class Result(msgspec.Struct, frozen=True):
    """One verdict.

    ``variant`` is empty for the model itself; ``seconds`` is wall-clock time; ``depth`` and ``trace`` (a file name without its
    suffixes, in ``traces/``) are null without a trace; ``certificate`` is the folder of the exported proof or null.
    """

    property: str
    variant: str
    verdict: str
    expected: str
    method: str
    scope: str
    seconds: float
    depth: int | None
    trace: str | None
    certificate: str | None


def result_of(v: Verdict) -> Result:
    """The exported form of a verdict."""
    trace = file_name(v.property, v.variant) if v.trace is not None else None
    return Result(
        v.property.name,
        v.variant,
        v.verdict,
        {"holds": "proved"}.get(v.property.expected, v.property.expected),
        v.method,
        v.scope,
        round(v.seconds, 3),
        v.depth,
        trace,
        v.certificate,
    )


def write_results(verdicts: Sequence[Verdict], out: Path) -> None:
    """Write ``results.json`` into ``out``."""
    out.mkdir(parents=True, exist_ok=True)
    text = msgspec.json.format(msgspec.json.encode([result_of(v) for v in verdicts]), indent=2)
    (out / "results.json").write_bytes(text + b"\n")


def write_report(title: str, verdicts: Sequence[Verdict], out: Path) -> None:
    """Write ``report.md`` into ``out``: each property with what it stands for and what every engine says; no times."""
    lines = [f"# {title}", "", f"{sum(map(is_fine, verdicts))} of {len(verdicts)} verdicts are as expected.", ""]
    groups: dict[tuple[str, str], list[Verdict]] = {}
    for v in verdicts:
        groups.setdefault((v.variant, v.property.name), []).append(v)
    for (variant, name), group in groups.items():
        prop = group[0].property
        lines += [f"## {name}" + (f" in variant {variant}" if variant else ""), ""]
        lines += [f"Stands for: {prop.stands_for}.", "", f"Expected: {prop.expected}, because {prop.reason}.", ""]
        lines += ["| verdict | as expected | method | scope | depth | trace |", "| --- | --- | --- | --- | --- | --- |"]
        for v in group:
            r = result_of(v)
            detail = f" ({v.detail})" if v.detail else ""
            depth, trace = "" if r.depth is None else str(r.depth), f"[text](traces/{r.trace}.txt)" if r.trace else ""
            fine = "yes" if is_fine(v) else "NO"
            lines.append(f"| {r.verdict}{detail} | {fine} | {r.method} | {r.scope} | {depth} | {trace} |")
        lines.append("")
    out.mkdir(parents=True, exist_ok=True)
    (out / "report.md").write_text("\n".join(lines), encoding="utf-8")
