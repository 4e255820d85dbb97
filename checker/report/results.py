"""Result files for programs: ``results.json``, described in docs/results.md.

In go verdicts with the files made for them; out comes JSON, one object per verdict in the order given.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from checker.verdict import Verdict


@dataclass(frozen=True)
class Reported:
    """A verdict and the files that show it, as paths relative to the report: the ITF trace and the chart."""

    verdict: Verdict
    trace: str | None = None
    chart: str | None = None


class Result(msgspec.Struct, frozen=True):
    """One object of ``results.json``; the fields are described in docs/results.md."""

    property: str
    client: str
    variant: str
    verdict: str
    expected: str
    method: str
    scope: str
    seconds: float
    depth: int | None
    trace: str | None
    certificate: str | None


def result_of(reported: Reported) -> Result:
    """What ``results.json`` says about one verdict; ``seconds`` are rounded to milliseconds."""
    v = reported.verdict
    return Result(
        v.property.name,
        v.client,
        v.variant,
        v.verdict,
        v.property.expected,
        v.method,
        v.scope,
        round(v.seconds, 3),
        v.depth,
        reported.trace,
        v.certificate,
    )


def results_json(reported: Sequence[Reported]) -> bytes:
    """The contents of ``results.json``: an indented list, ending with a newline."""
    return msgspec.json.format(msgspec.json.encode([result_of(r) for r in reported]), indent=2) + b"\n"


def read_results(contents: bytes) -> list[Result]:
    """The results in ``contents``.  Raises msgspec.ValidationError if they are not what docs/results.md describes."""
    return msgspec.json.decode(contents, type=list[Result])
