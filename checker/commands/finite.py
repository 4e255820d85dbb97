"""``sockproof prove --method``: k-induction and Spacer on one finite instance, alone or beside the other finite engines."""

from __future__ import annotations

from collections.abc import Callable

from checker.commands.check import agree
from checker.commands.console import out_console, status_of, working
from checker.commands.engines import cone, run_bounded, run_explicit, whole_trace
from checker.commands.model import Scope, compile_package, load_package, load_variant, make_instance
from checker.instance import Instance
from checker.language.compile import Compiled
from checker.report.table import print_verdicts
from checker.symbolic.kinduction import induct
from checker.symbolic.spacer import reachability
from checker.system import Property
from checker.verdict import Verdict

WORDS = {"always": {"proved": "proved", "violated": "violated"}, "sometimes": {"proved": "unreachable", "violated": "reachable"}}


def run_finite(spec: str, name: str, scope: Scope, *, method: str, client: str, variant: str, seconds: float) -> int:
    """Ask one engine, or with ``finite`` all of them, and print the verdicts.  Raises InternalError if two disagree."""
    package = load_package(spec)
    compiled = compile_package(package, load_variant(package, variant) if variant else None, client)
    instance = make_instance(package, scope, compiled.client)
    prop = compiled.property(name)
    verdicts: list[Verdict] = []
    with working(method) as say:
        if method == "finite":
            say("explicit")
            verdicts += run_explicit(compiled, (prop,), instance, variant=variant, until_answered=True).verdicts
            depth = verdicts[0].depth
            verdicts.append(run_bounded(compiled, prop, instance, variant=variant, depth=10 if depth is None else depth, say=say))
        for engine, ask in ENGINES.items():
            if method in (engine, "finite"):
                say(engine)
                verdicts.append(ask(compiled, prop, instance, variant, seconds))
    agree(verdicts)
    print_verdicts(verdicts, out_console())
    return status_of(verdicts if method != "finite" else [v for v in verdicts if v.decided])


def run_k_induction(compiled: Compiled, prop: Property, instance: Instance, variant: str, seconds: float) -> Verdict:
    """k-induction on the part of the system that ``prop`` depends on."""
    part = cone(compiled, (prop,))
    found = induct(part.system, instance, prop, seconds=seconds)
    trace = whole_trace(part, found.trace)
    detail = f"k = {found.k}" if found.answer == "proved" else f"undecided up to k = {found.k}" if trace is None else ""
    verdict = WORDS[prop.kind].get(found.answer, "unknown")
    return Verdict(prop, variant, verdict, "k-induction", str(instance), found.seconds, trace, None, detail)


def run_spacer(compiled: Compiled, prop: Property, instance: Instance, variant: str, seconds: float) -> Verdict:
    """Spacer on the part of the system that ``prop`` depends on; it gives no trace."""
    found = reachability(cone(compiled, (prop,)).system, instance, prop, seconds=seconds)
    detail = f"out of time after {seconds:g} s" if found.answer == "unknown" else ""
    verdict = WORDS[prop.kind].get(found.answer, "unknown")
    return Verdict(prop, variant, verdict, "spacer", str(instance), found.seconds, None, None, detail)


ENGINES: dict[str, Callable[[Compiled, Property, Instance, str, float], Verdict]] = {
    "k-induction": run_k_induction,
    "spacer": run_spacer,
}

__all__ = ["ENGINES", "run_finite", "run_k_induction", "run_spacer"]
