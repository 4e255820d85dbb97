"""The parts of ``no_dangling``, each about one reference: for a large system the claim is too much for one question."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from checker.language import terms
from checker.language.compile import Compiled
from checker.language.dangling import NO_DANGLING
from checker.symbolic.facts import Fact

PART = f"{NO_DANGLING}: "
"""How the names of these facts begin."""


def followed_facts(compiled: Compiled, why: Mapping[str, tuple[str, ...]]) -> Iterator[Fact]:
    """One fact for each reference, with what it rests on: by the record it leads to, or of one reference by its name."""
    for part in terms.conjuncts(compiled.property(NO_DANGLING).formula):
        live = next(x for x in terms.subterms(part) if x.op == "field" and x.data[1] == "live")
        reference, record = terms.show(live.args[0]), live.data[0]
        uses = why.get(reference) or why[record]
        yield Fact(PART + reference, (), part, uses, "whoever frees an object is the last to have this reference to it")
