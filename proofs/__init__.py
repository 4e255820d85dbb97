"""Inductive proofs: lemmas in the language of the specification, and what each property rests on.

Each client has a module of lemmas, beside those that hold for all of them; if it has ``PROPERTY_USES``, they name the
properties it proves, each with the facts its proof needs besides itself.
"""

from __future__ import annotations

from dataclasses import replace
from types import ModuleType

from checker.language.compile import Compiled
from checker.language.dangling import NO_DANGLING
from checker.language.lemmas import assumptions, compile_lemmas
from checker.symbolic.facts import Fact
from checker.system import Property
from proofs import (
    accept,
    accept_counts,
    accept_dangling,
    accept_life,
    accept_names,
    accept_packets,
    accept_ports,
    accept_queue,
    accept_sockets,
    accept_states,
    attempts,
    await_denied,
    bind_listen,
    bound,
    connect,
    connect_dangling,
    connect_held,
    create,
    create_cleared,
    create_dangling,
    dangling,
    datagram,
    dial,
    foreign,
    join,
    kept,
    peername,
    peers,
    raw,
    refusals,
    routes,
    sockets,
    streams,
    udp,
    udp_locked,
    unclosed,
)
from proofs.followed import PART
from proofs.frame_facts import frame_facts, separate_frame_facts, there_fact
from proofs.hashing import closing_unhashed, sport_ready
from proofs.ports import port_facts
from proofs.structure import queued_facts, read_under_lock, structural_facts, values_to_store

MODULES: dict[str, tuple[ModuleType, ...]] = {
    "bind_listen": (sockets, bind_listen),
    "udp": (sockets, datagram, routes, udp, udp_locked),
    "udp_kept": (sockets, datagram, routes, udp),
    "raw": (sockets, datagram, raw),
    "connect": (connect, attempts, refusals, connect_held),
    "accept": (accept_sockets, accept_queue, accept_life, accept_ports, accept_packets, accept_states, accept_counts, accept),
    "create": (create, create_cleared),
    "foreign": (sockets, kept, streams, bound, foreign),
    "peername": (sockets, kept, peers, peername),
    "dial": (sockets, kept, streams, refusals, dial),
    "await": (sockets, kept, streams, refusals, await_denied),
    "join": (unclosed, join),
}
"""The lemmas of each client."""


def facts(compiled: Compiled) -> list[Fact]:
    """The lemmas for a client and the properties they prove for any size, from what is assumed."""
    expected = [p for p in compiled.properties if p.kind == "always" and p.expected == "holds"]
    modules = _modules(compiled, expected)
    if not modules:
        return []
    uses = {p.name: needed for p in expected if (needed := _uses_of(modules, p.name)) is not None}
    lemmas = [Fact(x.name, x.params, x.formula, x.uses, x.reason) for x in compile_lemmas(compiled, list(modules))]
    given = [Fact(x.name, (), x.formula, reason=x.reason, assumed=True) for x in assumptions(compiled)]
    made = _made(compiled, modules)
    if parts := tuple(fact.name for fact in made if fact.name.startswith(PART)):
        uses[NO_DANGLING] = parts
    claims = [Fact(p.name, p.params, p.formula, uses[p.name], p.reason) for p in expected if p.name in uses]
    for module in (x for x in (dangling, connect_dangling, accept_dangling, create_dangling) if x in modules):
        made, lemmas = ([replace(f, uses=module.USES.get(f.name, f.uses)) for f in some] for some in (made, lemmas))
    used = {name for fact in (*made, *lemmas, *claims) for name in fact.uses}
    return [*given, *(fact for fact in made if fact.name in used), *lemmas, *claims]


def _made(compiled: Compiled, modules: tuple[ModuleType, ...]) -> list[Fact]:
    """The facts made from the transitions of a client."""
    if connect in modules:
        asked = connect_dangling.made_facts(compiled) if connect_dangling in modules else []
        return [*frame_facts(compiled.system), closing_unhashed(compiled.system), sport_ready(compiled.system), *asked]
    if unclosed in modules:
        return [*separate_frame_facts(compiled.system), there_fact(compiled.system, unclosed.SOCKS, unclosed.THERE)]
    if accept_life in modules:
        system = compiled.system
        unhashed = closing_unhashed(system)
        made = [
            *accept_names.reference_facts(system),
            replace(unhashed, uses=accept_names.LOCK_USES[unhashed.name]),
        ]
        asked = accept_dangling.made_facts(compiled) if accept_dangling in modules else []
        return [*separate_frame_facts(system), *made, *asked]
    if create in modules:
        return create_dangling.made_facts(compiled) if create_dangling in modules else []
    more = port_facts(compiled) if udp in modules else []
    if peername in modules:
        more = [read_under_lock(compiled.system, peername.PEER, uses=("named_sk",))]
    if await_denied in modules:
        more = [queued_facts(compiled.system, "inet_wait_for_connect"), values_to_store(compiled.system)]
    return [*structural_facts(compiled), *more]


def _modules(compiled: Compiled, expected: list[Property]) -> tuple[ModuleType, ...]:
    """The modules that prove something of a client; none where ``no_dangling`` is asked and there is no proof of it."""
    modules = MODULES.get(compiled.client.name, ()) if compiled.client else ()
    serving = tuple(module for module in modules if _serves(module, expected))
    if not compiled.asks_dangling:
        return serving
    if connect in serving:
        return connect, accept_packets, connect_dangling
    if accept in serving:
        return accept_sockets, accept_queue, accept_life, accept_ports, accept_packets, accept_dangling
    if create_cleared in serving:
        return (*serving, create_dangling)
    return (*serving, dangling) if sockets in serving else ()


def _serves(module: ModuleType, expected: list[Property]) -> bool:
    """Whether a module proves any of the properties, if it is there for properties at all: one for variants may not.

    ``no_dangling`` is asked with and without variants, so it tells nothing.
    """
    names = getattr(module, "PROPERTY_USES", None)
    return names is None or any(p.name in names for p in expected if p.name != NO_DANGLING)


def _uses_of(modules: tuple[ModuleType, ...], name: str) -> tuple[str, ...] | None:
    """What the proof of a property rests on; None if no module says how to prove it."""
    for module in modules:
        if hasattr(module, "uses_of"):
            found: tuple[str, ...] | None = module.uses_of(name)
        else:
            found = getattr(module, "PROPERTY_USES", {}).get(name)
        if found is not None:
            return found
    return None
