"""``sockproof explore``: the explicit engine on a chosen instance."""

from __future__ import annotations

from rich.console import Console

from checker.commands.console import out_console, status_of, working
from checker.commands.engines import Explored, run_explicit
from checker.commands.model import Scope, choose_properties, compile_package, load_package, load_variant, make_instance
from checker.errors import UsageError
from checker.report.table import print_verdicts


def run_explore(spec: str, names: list[str], scope: Scope, *, variant: str, max_states: int, client: str) -> int:
    """Explore one instance and print its size and its verdicts.

    Raises UsageError for unknown names and impossible sizes, LimitError beyond ``max_states``.
    """
    if max_states < 1:
        raise UsageError("max-states", f"a search cannot stop after {max_states} states", "give a number from 1 on")
    package = load_package(spec)
    patch = load_variant(package, variant) if variant else None
    compiled = compile_package(package, patch, client, asked=names[0] if names else "")
    instance = make_instance(package, scope, compiled.client)
    properties = choose_properties(compiled, names)
    console = out_console()
    with working("explicit") as say:
        found = run_explicit(compiled, properties, instance, variant=variant, max_states=max_states, say=say)
    _print_size(console, found)
    print_verdicts(found.verdicts, console)
    return status_of(found.verdicts)


def _print_size(console: Console, found: Explored) -> None:
    result = found.exploration
    unfired = [name for name, coverage in result.fired.items() if not coverage.fired]
    alike = ["threads"] * result.symmetry + [f"{record} objects" for record in result.twins]
    merged = f" up to permutation of {', '.join(alike)}" if alike else ""
    console.print(f"{result.instance}: {result.states:,} states{merged}, depth {result.depth}, {result.seconds:.1f} s")
    console.print(
        f"{len(found.part.system.state_vars)} of {len(found.part.whole.state_vars)} variables matter; "
        f"{len(result.fired) - len(unfired)} of {len(result.fired)} transitions fired; {result.deadlocks} deadlocks"
    )
