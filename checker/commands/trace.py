"""``sockproof trace``: a shortest trace that decides one property, as text, ITF JSON and chart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from checker.commands.console import out_console, status_of, working
from checker.commands.engines import run_bounded, run_explicit
from checker.commands.model import Scope, c_files, compile_package, load_package, load_variant, make_instance
from checker.report.chart import chart_svg
from checker.report.files import file_stem, write_atomic
from checker.report.itf import itf_bytes
from checker.report.mermaid import mermaid_text
from checker.report.straighten import straighten
from checker.report.text import trace_text
from checker.system import Property
from checker.trace import Trace


def run_trace(spec: str, name: str, scope: Scope, *, method: str, variant: str, out: Path, client: str = "") -> int:
    """Search, print the trace and write ``NAME.txt``, ``NAME.itf.json``, ``NAME.mmd`` and the chart into ``out``.

    With ``variant`` the property is expected to fail if it is the one the variant breaks.  Raises UsageError for unknown names.
    """
    package = load_package(spec)
    patch = load_variant(package, variant) if variant else None
    compiled = compile_package(package, patch, client, asked=name)
    instance = make_instance(package, scope, compiled.client)
    prop = compiled.property(name)
    if patch is not None and patch.breaks == name:
        prop = replace(prop, expected="violated", reason=patch.doc.splitlines()[0])
    with working(method) as say:
        if method == "explicit":
            (verdict,) = run_explicit(compiled, (prop,), instance, variant=variant, until_answered=True, say=say).verdicts
        else:
            verdict = run_bounded(compiled, prop, instance, variant=variant, say=say)
    console = out_console()
    if verdict.trace is None:
        console.print(f"{prop.name}: {verdict.verdict} ({verdict.scope}); there is no trace to show", soft_wrap=True)
    else:
        shown = straighten(verdict.trace)
        files = c_files(compiled)
        console.print(trace_text(shown, prop, c_files=files), end="", soft_wrap=True, markup=False)
        for path in write_trace(shown, prop, variant, out, files):
            console.print(f"wrote {path}", soft_wrap=True)
    return status_of((verdict,))


def write_trace(
    trace: Trace, prop: Property, under: str, out: Path, from_c: Mapping[str, str], charts: Path | None = None
) -> list[Path]:
    """Write a trace as text, ITF JSON and Mermaid into ``out``, its chart into ``charts`` (``out`` if None); returns the files.

    File names begin with ``under``, the variant or the client if it needs telling.  ``from_c`` maps functions to the C files
    they are from.
    """
    stem = file_stem(under, prop.name)
    text, itf, mermaid = (out / f"{stem}.{ending}" for ending in ("txt", "itf.json", "mmd"))
    chart = (charts or out) / f"{stem}.svg"
    write_atomic(text, trace_text(trace, prop, c_files=from_c))
    write_atomic(itf, itf_bytes(trace, prop, from_c))
    write_atomic(mermaid, mermaid_text(trace, prop))
    write_atomic(chart, chart_svg(trace, prop, from_c))
    return [text, itf, chart, mermaid]
