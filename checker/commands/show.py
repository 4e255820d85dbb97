"""``sockproof show``: the guarded transitions of one kernel function, as a table, text or Markdown."""

from __future__ import annotations

from checker.commands.console import out_console
from checker.commands.model import compile_package, load_package, load_variant
from checker.errors import EXIT_AS_EXPECTED
from checker.language.compile import calls, compile_function
from checker.report.pretty import GHOST
from checker.report.transitions import transitions_markdown, transitions_table, transitions_text

FORMS = {"text": transitions_text, "markdown": transitions_markdown}
"""What other programs read; people get the table."""


def run_show(spec: str, function: str, *, steps: bool, variant: str, client: str, form: str) -> int:
    """Print the transitions of ``function``, as ``client`` meets them if it calls it, as table or in one of ``FORMS``.

    Raises UsageError if there is no such function or client.
    """
    package = load_package(spec)
    compiled = compile_package(package, load_variant(package, variant) if variant else None, client)
    system = compile_function(compiled, function, reduce=not steps, prune=calls(compiled, function))
    if form in FORMS:
        print(FORMS[form](system, function), end="")
        return EXIT_AS_EXPECTED
    console = out_console()
    console.print(transitions_table(system, function))
    legend = f"{GHOST} ghost: only properties read it.  x.*: the other fields of x.  A false guard blocks."
    console.print(f"{len(system.transitions)} transitions.  {legend}")
    return EXIT_AS_EXPECTED
