"""Inductive proofs: lemmas in the language of the specification, and what each property rests on.

Each client has a module of lemmas, beside those that hold for all of them; ``PROPERTY_USES`` of such a module names the
properties it proves, each with the facts its proof needs besides itself.
"""

from __future__ import annotations

from types import ModuleType

from checker.language.compile import Compiled, assumptions, compile_lemmas
from checker.symbolic.inductive import Fact
from proofs import bind_listen, raw, sockets, udp
from proofs.ports import port_facts
from proofs.structure import structural_facts

MODULES: dict[str, tuple[ModuleType, ...]] = {
    "bind_listen": (bind_listen,),
    "udp": (udp,),
    "udp_kept": (udp,),
    "raw": (raw,),
}
"""The lemmas of each client."""


def facts(compiled: Compiled) -> list[Fact]:
    """The lemmas for a client and the properties they prove for any size, from what is assumed."""
    modules = MODULES.get(compiled.client.name, ()) if compiled.client else ()
    if not modules:
        return []
    uses: dict[str, tuple[str, ...]] = {name: needed for m in modules for name, needed in m.PROPERTY_USES.items()}
    lemmas = [Fact(x.name, x.params, x.formula, x.uses, x.reason) for x in compile_lemmas(compiled, [sockets, *modules])]
    claims = [
        Fact(p.name, p.params, p.formula, uses[p.name], p.reason)
        for p in compiled.properties
        if p.kind == "always" and p.expected == "holds" and p.name in uses
    ]
    given = [Fact(x.name, (), x.formula, reason=x.reason, assumed=True) for x in assumptions(compiled)]
    made = [*structural_facts(compiled), *(port_facts(compiled) if udp in modules else [])]
    used = {name for fact in (*made, *lemmas, *claims) for name in fact.uses}
    return [*given, *(fact for fact in made if fact.name in used), *lemmas, *claims]
