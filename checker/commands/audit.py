"""``sockproof audit`` and ``sockproof fidelity``: the C text beside the model."""

from __future__ import annotations

import re
from pathlib import Path

from checker.audit.audit import audit
from checker.audit.clisting import find
from checker.audit.fidelity import TOTALS, fidelity_markdown
from checker.audit.names import Names, load_names
from checker.audit.outcome import Audit
from checker.commands.console import out_console
from checker.commands.model import load_package, load_variant
from checker.errors import EXIT_AS_EXPECTED, EXIT_DIFFERS, UsageError
from checker.language.declare import Kind
from checker.language.model import Model, load
from checker.report.audit import print_audits
from checker.report.files import write_atomic


def run_audit(spec: str, path: Path, *, function: str, variant: str = "") -> int:
    """Audit the listed functions, or one, of the model or of a variant.

    Raises UsageError if there is nothing to read, no such function or no such variant.
    """
    package = load_package(spec)
    names = load_names(package)
    overrides = load_variant(package, variant).overrides if variant else None
    model = load(package.MODEL_NAME, package.modules(), overrides)
    wanted = dict(names.listed)
    if function:
        wanted = {function: _file_of(function, names, model)}
    audits = audit_all(path, wanted, names, model)
    missing = [n for n in wanted if n not in {a.function for a in audits}]
    print_audits(audits, missing, out_console())
    return EXIT_DIFFERS if any(a.unexplained() for a in audits) else EXIT_AS_EXPECTED


def audit_all(path: Path, wanted: dict[str, str], names: Names, model: Model) -> list[Audit]:
    """The audits of those of ``wanted`` that are found, in its order."""
    found = find(path, wanted)
    return [audit(found[name], model.functions.get(name), names) for name in wanted if name in found]


def _file_of(function: str, names: Names, model: Model) -> str:
    """The kernel file of a function.  Raises UsageError for one that is neither listed nor modelled."""
    if function in names.listed:
        return names.listed[function]
    known = {s.name: s.declaration.c_file for s in model.of_kind(Kind.KERNEL, Kind.SYSCALL)}
    if function not in known:
        raise UsageError(
            "unknown-function", f"there is no kernel function {function}", f"choose one of {', '.join(names.listed)}"
        )
    return known[function]


def run_fidelity(spec: str, path: Path | None, *, out: Path, notes: Path) -> int:
    """Print the totals of the fidelity document; with C text, write the document first.

    Raises UsageError if there is nothing to read.
    """
    if path is not None:
        package = load_package(spec)
        names = load_names(package)
        model = load(package.MODEL_NAME, package.modules())
        audits = audit_all(path, dict(names.listed), names, model)
        written = notes.read_text() if notes.exists() else ""
        write_atomic(out, fidelity_markdown(audits, written))
    if not out.exists():
        raise UsageError("no-file", f"there is no {out}", "give the C text to write it from")
    text = out.read_text()
    totals = re.search(rf"^## {TOTALS}\n\n(.*?)\n\n", text, re.MULTILINE | re.DOTALL)
    if totals is None:
        raise UsageError("unreadable", f"{out} has no totals", "give the C text to write it from")
    out_console().print(totals[1], markup=False, soft_wrap=True)
    return EXIT_AS_EXPECTED
