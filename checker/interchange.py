"""Which values of an instance nothing tells apart: permuting them turns states into states and traces into traces."""

from __future__ import annotations

from checker.instance import Instance
from checker.language import terms
from checker.language.sorts import RefSort, ScalarSort, Sort
from checker.language.terms import Term
from checker.system import TransitionSystem


def interchangeable(system: TransitionSystem, instance: Instance, *formulas: Term) -> list[Sort]:
    """The sorts whose values other than 0 neither system, tables nor ``formulas`` tell apart, in order of first choice."""
    named: set[Sort] = {v.sort for v in system.state_vars if v.initial}
    tables = {cell[:2] for cell, _ in instance.tables}
    named.update(v.sort for v in system.state_vars if v.key in tables)
    indexed = {name for r in system.records if r.name in {record for record, _ in tables} for name in (r.name, r.key)}
    for term in (*formulas, *(x for t in system.transitions for x in system.terms_of(t))):
        named.update(n.sort for n in terms.subterms(term) if n.op == "const" and n.data)
    sorts = dict.fromkeys([system.thread, *(c.sort for t in system.transitions for c in t.choices)])
    alike = [s for s in sorts if s not in named and s.name not in indexed]
    return [s for s in alike if isinstance(s, ScalarSort) or (isinstance(s, RefSort) and not s.key)]
