"""The one property of the tiny specification that holds, proved as it is."""

from __future__ import annotations

from checker.language.compile import Compiled
from checker.symbolic.facts import Fact


def facts(compiled: Compiled) -> list[Fact]:
    return [Fact(p.name, p.params, p.formula) for p in compiled.properties if p.expected == "holds"]
