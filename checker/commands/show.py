"""``sockproof show``: the guarded transitions of one kernel function as a table."""

from __future__ import annotations

from rich.table import Table
from rich.text import Text

from checker.commands.console import out_console
from checker.commands.model import compile_package, load_package, load_variant
from checker.errors import EXIT_AS_EXPECTED
from checker.language import terms
from checker.language.compile import compile_function
from checker.language.terms import Term
from checker.report.pretty import GHOST, Pretty
from checker.system import Transition, TransitionSystem


def run_show(spec: str, function: str, *, steps: bool, variant: str) -> int:
    """Print the transitions of ``function``.  Raises UsageError if there is none of that name."""
    package = load_package(spec)
    compiled = compile_package(package, load_variant(package, variant) if variant else None)
    system = compile_function(compiled, function, reduce=not steps)
    console = out_console()
    console.print(transition_table(system, function))
    console.print(f"{GHOST} ghost: only properties read it.  A false guard blocks: the thread waits.")
    return EXIT_AS_EXPECTED


def transition_table(system: TransitionSystem, title: str) -> Table:
    """One row per transition: where it starts, when it can fire, what it changes, where it leads."""
    pretty = Pretty(system)
    table = Table(title=f"{title}: {len(system.transitions)} guarded transitions", show_lines=True, title_justify="left")
    for column in ("location", "guard", "updates", "next"):
        table.add_column(column, overflow="fold")
    before = ""
    for t in system.transitions:
        here = _point(pretty, system, t.source)
        guard = "\n".join(pretty.term(part) for part in _parts(t))
        cells = (here if here != before else "", guard, "\n".join(pretty.updates(t)), _next(pretty, system, t))
        table.add_row(*(Text(cell) for cell in cells))
        before = here
    return table


def _parts(t: Transition) -> tuple[Term, ...]:
    return () if t.guard == terms.TRUE else terms.conjuncts(t.guard)


def _point(pretty: Pretty, system: TransitionSystem, name: str) -> str:
    """A program point by its function and the statement about to run."""
    loc = system.locations_by_name.get(name)
    return pretty.location(loc) if loc is not None else name


def _next(pretty: Pretty, system: TransitionSystem, t: Transition) -> str:
    if t.returns is not None:
        return f"return {pretty.term(t.returns)}"
    return _point(pretty, system, t.target)
