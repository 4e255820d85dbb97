"""Traces as text: what changed, down to the leaf, who did it where, and why the property is false at the end.

In goes a Trace and the property it answers; out comes plain text of at most a few lines per step.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby

from checker.report.explain import Explanation, explain, outcome, question
from checker.report.pretty import CALLER, GHOST
from checker.report.timeline import Changed, Moment, Statement, timeline
from checker.system import Property
from checker.trace import Trace

INDENT = "         "
EVENT = "      => "


def trace_text(
    trace: Trace, prop: Property | None = None, *, show_locals: bool = False, c_files: Mapping[str, str] | None = None
) -> str:
    """The steps of ``trace`` and, with ``prop``, what its last state says about it.

    ``show_locals`` adds the changes of compiler-made locals; ``c_files`` maps functions to the C files they are from, to be
    named beside them.  Ends with a newline.
    """
    lines: list[str] = []
    told = explain(prop, trace.system, trace.states[-1], trace.instance) if prop is not None else None
    if prop is not None:
        lines += _heading(trace, prop, told)
    view = timeline(trace)
    for moment in view.moments:
        lines += _moment(moment, c_files or {}, show_locals=show_locals)
    if not view.moments:
        lines.append("  the initial state")
    if told is not None:
        lines += explanation_lines(told)
    if any(GHOST in line for line in lines):
        lines += ["", f"{GHOST} ghost: only properties read it"]
    return "\n".join(lines) + "\n"


def _heading(trace: Trace, prop: Property, told: Explanation | None) -> list[str]:
    return [
        outcome(prop, told, trace.depth),
        f"  {question(prop, trace.system)}",
        f"  stands for: {prop.stands_for}",
        f"  instance: {trace.instance}",
        "",
    ]


def _moment(moment: Moment, c_files: Mapping[str, str], *, show_locals: bool) -> list[str]:
    lines: list[str] = []
    head = f"{moment.number:>3}  {moment.who}  "
    word = "" if moment.starts else "... "
    lines.append(f"{head}{word}{moment.call.text if moment.starts else moment.call.name}")
    lines += [f"{INDENT}{line}" for line in statement_lines(moment, c_files)]
    for sight in moment.sights:
        lines.append(f"{EVENT}sees {sight.cell} = {sight.value}, written in step {sight.step}")
    lines += [f"{EVENT}{change_text(c)}" for c in (*moment.changes, *(moment.internal if show_locals else ()))]
    if moment.ends:
        lines.append(f"{EVENT}{moment.call.returned}")
    return lines


def statement_lines(moment: Moment, c_files: Mapping[str, str]) -> list[str]:
    """The statements of one step under the functions they are in, with the C files these are from."""
    lines: list[str] = []
    for stack, group in groupby(moment.statements, key=lambda s: s.stack):
        lines.append(f"{CALLER.join(stack)}{_c_file(stack, c_files)}")
        ran = list(group)
        width = max(len(_place(s)) for s in ran)
        lines += [f"  {_place(s):{width}}  {s.text}" for s in ran]
    return lines


def _c_file(stack: tuple[str, ...], c_files: Mapping[str, str]) -> str:
    """Where the innermost function is from, if that is known."""
    known = c_files.get(stack[-1]) if stack else None
    return f" ({known})" if known else ""


def _place(s: Statement) -> str:
    return f"{s.file}:{s.line}"


def change_text(c: Changed) -> str:
    """``Sock[1].state: TCP_CLOSE -> TCP_LISTEN``."""
    return f"{c.cell}: {c.before} -> {c.after}"


def explanation_lines(told: Explanation) -> list[str]:
    """The explanation as text: each part with its value and the fields that make it so."""
    lines = ["", told.headline]
    for f in told.findings:
        word = {"premise": "given  ", "claim": "claimed", "part": "       "}[f.role] if told.violated else "       "
        values = ", ".join(f"{name} = {value}" for name, value in f.details)
        mark = "FALSE" if not f.value else "true "
        lines.append(f"  {word} {mark} {'  ' * f.depth}{f.text}{f'   with {values}' if values else ''}")
    return lines
