"""Inductive proofs: lemmas in the language of the specification, and what each property rests on."""

from __future__ import annotations

from checker.language.compile import Compiled, assumptions, compile_lemmas
from checker.symbolic.inductive import Fact
from proofs import bind_listen
from proofs.structure import structural_facts


def facts(compiled: Compiled) -> list[Fact]:
    """Every lemma, and every property expected to hold for any size, as facts that are proved together, from what is assumed."""
    lemmas = [Fact(x.name, x.params, x.formula, x.uses, x.reason) for x in compile_lemmas(compiled, [bind_listen])]
    claims = [
        Fact(p.name, p.params, p.formula, bind_listen.uses_of(p.name), p.reason)
        for p in compiled.properties
        if p.kind == "always" and p.expected == "holds"
    ]
    given = [Fact(x.name, (), x.formula, reason=x.reason, assumed=True) for x in assumptions(compiled)]
    return [*given, *structural_facts(compiled), *lemmas, *claims]
