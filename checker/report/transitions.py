"""Guarded transitions as a table, to be checked against the C code by eye.

In goes a compiled system; out come rows, plain text, Markdown or a rich table.
"""

from __future__ import annotations

from dataclasses import dataclass

from rich.table import Table
from rich.text import Text

from checker.errors import UsageError
from checker.language import terms
from checker.report.mdtable import markdown_table
from checker.report.pretty import GHOST, Pretty
from checker.system import IDLE, Transition, TransitionSystem


@dataclass(frozen=True)
class TransitionRow:
    """One transition: where it starts and what is about to run there, guard (one conjunct each), updates, where it ends."""

    source: str
    statement: str
    guard: tuple[str, ...]
    updates: tuple[str, ...]
    target: str


def transitions_of(system: TransitionSystem, function: str = "") -> tuple[Transition, ...]:
    """The transitions of a system call, or those that pass through a function; of all without ``function``.

    Raises UsageError if there is no such function.
    """
    if not function:
        return system.transitions
    inside = {loc.name for loc in system.locations if loc.root == function or function in loc.stack}
    chosen = tuple(
        t for t in system.transitions if t.source in inside or t.target in inside or any(function in s.stack for s in t.steps)
    )
    if not chosen:
        known = ", ".join(sorted({f for loc in system.locations for f in (loc.root, *loc.stack) if f}))
        raise UsageError("unknown-function", f"{system.name} has no function {function}", f"choose one of {known}")
    return chosen


def short_name(system: TransitionSystem, location: str) -> str:
    """A location without its system call: ``tcp_listen_start+9``."""
    root = system.locations_by_name[location].root
    return location.removeprefix(f"{root}:") if root else location


def transition_rows(system: TransitionSystem, function: str = "") -> list[TransitionRow]:
    """The transitions of ``function`` as text, in order of discovery.  Raises UsageError as :func:`transitions_of`."""
    pretty = Pretty(system)
    rows = []
    for t in transitions_of(system, function):
        chosen, spoken = pretty.choices(t)
        guard = pretty.conjuncts(terms.substitute(t.guard, spoken))
        statement = "" if t.source == IDLE else system.locations_by_name[t.source].text
        rows.append(
            TransitionRow(
                "entry" if t.source == IDLE else short_name(system, t.source),
                statement,
                (*chosen, *guard),
                pretty.updates(t),
                target_name(system, t),
            )
        )
    return rows


def target_name(system: TransitionSystem, t: Transition) -> str:
    """Where ``t`` leads: a location, or ``return EINVAL``."""
    if t.target != IDLE:
        return short_name(system, t.target)
    return f"return {Pretty(system).term(t.returns)}" if t.returns is not None else "return"


def transitions_text(system: TransitionSystem, function: str = "") -> str:
    """The transitions as plain text, one block per location."""
    lines: list[str] = []
    at = ""
    rows = transition_rows(system, function)
    for row in rows:
        if row.source != at:
            lines += ["", f"{row.source}   {row.statement}".rstrip()]
            at = row.source
        else:
            lines.append("")
        lines += _labelled("when", row.guard or ("always",), " and")
        lines += _labelled("do", row.updates or ("nothing",), "")
        lines.append(f"    goto  {row.target}" if not row.target.startswith("return") else f"    {row.target}")
    if any(GHOST in update for row in rows for update in row.updates):
        lines += ["", f"{GHOST} ghost: only properties read it"]
    return "\n".join(lines).lstrip("\n") + "\n"


def _labelled(label: str, parts: tuple[str, ...], joint: str) -> list[str]:
    last = len(parts) - 1
    return [f"    {label if i == 0 else '':4}  {part}{joint if i < last else ''}" for i, part in enumerate(parts)]


def transitions_markdown(system: TransitionSystem, function: str = "") -> str:
    """The transitions as a Markdown table."""
    rows = [
        (
            f"**{row.source}**" + (f"<br>{_code(row.statement)}" if row.statement else ""),
            _codes(row.guard),
            _codes(row.updates),
            row.target,
        )
        for row in transition_rows(system, function)
    ]
    return "\n".join(markdown_table(("location", "guard", "updates", "next"), rows)) + "\n"


def _codes(parts: tuple[str, ...]) -> str:
    return "<br>".join(_code(part) for part in parts)


def _code(text: str) -> str:
    return f"`` {text} ``" if "`" in text else f"`{text}`"


def transitions_table(system: TransitionSystem, function: str = "") -> Table:
    """The transitions as a rich table, a rule between locations."""
    table = Table(title=function or system.name, title_justify="left")
    for name, style in (("location", "bold"), ("guard", "cyan"), ("updates", "yellow"), ("next", "bold")):
        table.add_column(name, style=style, overflow="fold")
    rows = transition_rows(system, function)
    for i, row in enumerate(rows):
        first = i == 0 or rows[i - 1].source != row.source
        last = i + 1 == len(rows) or rows[i + 1].source != row.source
        where = f"{row.source}\n{row.statement}".rstrip() if first else ""
        guard = " and\n".join(row.guard)
        table.add_row(*(Text(cell) for cell in (where, guard, "\n".join(row.updates), row.target)), end_section=last)
    return table
