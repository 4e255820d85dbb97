"""Certificates: a plain dump of a system and of the facts proved about it, and their obligations as SMT-LIB 2.6.

In go a system, its properties and a proof; out come files by name, the same bytes for the same input.  The formats are
those of docs/certificates.md; ``proofs/recheck.py`` rebuilds the obligations from the dump by itself and compares.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache, partial, reduce
from importlib.metadata import version

from checker.errors import InternalError
from checker.language import terms
from checker.language.terms import FieldKey
from checker.report.files import file_stem
from checker.symbolic.cores import noted
from checker.symbolic.facts import Fact, Proof, closure
from checker.symbolic.smtlib import Printer, conjunction, field_name, string, symbol
from checker.system import Property, StateVar, Transition, TransitionSystem

FORMAT = "sockproof certificate 1"
SYSTEM = "system.sexp"
FACTS = "facts.sexp"
MANIFEST = "manifest.json"
SCOPE = "any number of threads and objects"
SOLVERS = ("cvc5", "z3-solver")
OBJECT = "$o"
"""The object that gets a new value; no name of a specification has a dollar sign."""
ATOM = re.compile(r"\|[^|]*\||[^\s()]+")


@dataclass(frozen=True)
class Certificate:
    """What is certified of one client of a model: ``properties``, each a fact that ``proof`` proves with all it rests on."""

    model: str
    client: str
    system: TransitionSystem
    properties: tuple[Property, ...]
    proof: Proof

    @cached_property
    def facts(self) -> tuple[Fact, ...]:
        """The facts the properties rest on, and they themselves."""
        return tuple(self.closure(p.name for p in self.properties))

    def closure(self, names: Iterable[str]) -> list[Fact]:
        """The facts ``names`` rest on, and they themselves."""
        return closure({f.name: f for f in self.proof.facts}, names)

    @cached_property
    def implied(self) -> frozenset[str]:
        """The facts that follow from those they use."""
        return frozenset(o.fact for o in self.proof.obligations if o.kind == "implication")

    @cached_property
    def posed(self) -> frozenset[tuple[str, str]]:
        """Fact and transition of every consecution that is not discharged by frame."""
        return frozenset(
            (o.fact, o.transition) for o in self.proof.obligations if o.kind == "consecution" and o.result != "frame"
        )

    @cached_property
    def begun(self) -> dict[str, list[str]]:
        """Of every transition, by its name, the commands that say who takes it, from where, and when."""
        return {t.name: firing(self, t) for t in self.system.transitions}

    @cached_property
    def printer(self) -> Printer:
        """Prints terms over the state before a transition; it has seen every term, and so knows all sorts and constants."""
        p = Printer(self.system)
        for v in self.system.state_vars:
            p.declaration(v)
            initial_value(p, v)
        for t in self.system.transitions:
            p.objects((self.system.self_var, *t.choices))
            for choice in t.choices:
                p.sort(choice.sort)
            for term in self.system.terms_of(t):
                p.term(term)
        for f in self.facts:
            p.closed(f.params, f.formula)
        return p


def certificate_files(certificate: Certificate) -> dict[str, str]:
    """Every file of a certificate by its path.  Raises InternalError if two facts or properties have one file name."""
    proved = [f for f in certificate.facts if not f.assumed]
    names = {f.name: f"facts/{file_stem(f.name)}.smt2" for f in proved}
    folders = {p.name: property_folder(p.name) for p in certificate.properties}
    if twice := [n for n, count in Counter([*names.values(), *folders.values()]).items() if count > 1]:
        raise InternalError("certificate-names", f"two names share {twice[0]}", "rename one of them")
    files = {SYSTEM: text(system_dump(certificate)), FACTS: text(facts_dump(certificate))}
    files |= {names[f.name]: text(fact_obligations(certificate, f)) for f in proved}
    digests = {name: digest(contents) for name, contents in files.items()}
    for p in certificate.properties:
        rests = certificate.closure([p.name])
        implied = f"{folders[p.name]}/implication.smt2"
        files[implied] = text(property_obligation(certificate, p))
        digests[implied] = digest(files[implied])
        parts = [SYSTEM, FACTS, *(names[f.name] for f in rests if not f.assumed), implied]
        files[f"{folders[p.name]}/{MANIFEST}"] = manifest(certificate, p, rests, {n: digests[n] for n in parts})
    return files


def property_folder(name: str) -> str:
    """Where the manifest of a property is."""
    return f"properties/{file_stem(name)}"


def text(commands: Iterable[str]) -> str:
    """One command a line."""
    return "".join(f"{c}\n" for c in commands)


def initial_value(p: Printer, variable: StateVar) -> str:
    """The value every object starts with."""
    return p.constant(terms.const(variable.initial, variable.sort))


def system_dump(certificate: Certificate) -> list[str]:
    """The transition system: declarations, initial values, transitions, and the properties asked of it."""
    system, p = certificate.system, certificate.printer
    names = {v: symbol(field_name(v.key)) for v in system.state_vars}
    return [
        f"(format {string(FORMAT)})",
        f"(model {string(certificate.model)} {string(certificate.client)} {string(SCOPE)})",
        *p.sorts.values(),
        *p.constants.values(),
        *(p.declaration(v) for v in system.state_vars),
        *(f"(initial {names[v]} {initial_value(p, v)})" for v in system.state_vars if not v.rigid),
        f"(process {p.binding(system.self_var)} {symbol(field_name(system.pc_key))})",
        *(transition_dump(certificate, t) for t in system.transitions),
        *(f"(property {symbol(q.name)} {string(in_words(q))} {p.closed(q.params, q.formula)})" for q in certificate.properties),
    ]


def in_words(prop: Property) -> str:
    """What a property says, for people: its formula as the specification writes it, and what that stands for."""
    bound = ", ".join(f"{v.data} in {v.sort.name}" for v in prop.params)
    return f"{terms.show(prop.formula)}{f' for all {bound}' if bound else ''}: {prop.stands_for}"


def transition_dump(certificate: Certificate, t: Transition) -> str:
    """``(transition NAME SOURCE TARGET (CHOICES) GUARD NEXT...)``: the location is neither in the guard nor among the updates."""
    system, p = certificate.system, certificate.printer
    source, target = (p.constant(terms.member(system.pc_sort, place)) for place in (t.source, t.target))
    choices = " ".join(map(p.binding, t.choices))
    guard = conjunction([*p.objects((system.self_var, *t.choices)), *map(p.term, terms.conjuncts(t.guard))])
    new = [f"(next {symbol(field_name(key))} {next_value(certificate, t, key)})" for key in written(t)]
    return f"({' '.join(['transition', symbol(t.name), source, target, f'({choices})', guard, *new])})"


def written(t: Transition) -> list[FieldKey]:
    """The state variables ``t`` writes besides the location, each once."""
    return list(dict.fromkeys(u.key for u in t.updates))


def next_value(certificate: Certificate, t: Transition, key: FieldKey) -> str:
    """``(PARAMETERS) SORT BODY``: the function behind a state variable after ``t``, over the state before."""
    system, p = certificate.system, certificate.printer
    record = [r for r in system.records if r.name == key[0]]
    obj = terms.var(OBJECT, record[0]) if record else None
    value = reduce(lambda old, u: u.at(obj, old), (u for u in t.updates if u.key == key), system.read(key, obj))
    return f"({p.binding(obj) if obj is not None else ''}) {p.sort(value.sort)} {p.term(value)}"


def facts_dump(certificate: Certificate) -> list[str]:
    """The facts with what they use, in an order in which they may be read."""
    p, found = certificate.printer, []
    for f in certificate.facts:
        formula = p.closed(f.params, f.formula)
        if f.assumed:
            found.append(f"(assumption {symbol(f.name)} {formula} {string(f.reason)})")
        else:
            method = "implication" if f.name in certificate.implied else "induction"
            uses = " ".join(symbol(n) for n in f.others)
            found.append(f"(fact {symbol(f.name)} {method} {formula} ({uses}) {string(f.reason)})")
    return found


def fact_obligations(certificate: Certificate, fact: Fact) -> list[str]:
    """The script with the obligations of one fact: every ``check-sat`` is to answer ``unsat``."""
    p = certificate.printer
    by_name = {f.name: f for f in certificate.facts}
    used = [f"(assert {p.closed(by_name[n].params, by_name[n].formula)})" for n in fact.others]
    claim = f"(assert (not {p.closed(fact.params, fact.formula)}))"
    if fact.name in certificate.implied:
        return script(certificate, [*used, *scope("implication" + needs(certificate, fact), [claim])])
    hypotheses = [f"(assert {p.closed(fact.params, fact.formula)})", *used]
    steps = [t for t in certificate.system.transitions if (fact.name, t.name) in certificate.posed]
    violated = cache(partial(claim_after, certificate, fact))  # most steps write the same of what it reads
    consecutions = [line for t in steps for line in consecution(certificate, fact, t, violated)]
    return script(certificate, [*initiation(certificate, fact), *(hypotheses if steps else []), *consecutions])


def script(certificate: Certificate, commands: list[str]) -> list[str]:
    """``commands`` after all sorts and constants, and the state variables they mention."""
    p = certificate.printer
    mentioned = frozenset[str]().union(*map(atoms, commands))
    variables = [v for v in certificate.system.state_vars if symbol(field_name(v.key)) in mentioned]
    declarations = [*p.sorts.values(), *p.constants.values(), *map(p.declaration, variables)]
    return ["(set-info :smt-lib-version 2.6)", "(set-logic ALL)", *declarations, *commands]


@lru_cache(maxsize=1 << 14)
def atoms(command: str) -> frozenset[str]:
    """The symbols of a command: most commands stand in many scripts."""
    return frozenset(ATOM.findall(command))


def needs(certificate: Certificate, fact: Fact, transition: str = "") -> str:
    """What stands behind the name of an obligation if it is known which facts are enough."""
    core = certificate.proof.cores.get((fact.name, transition))
    return noted(fact, core) if core is not None else ""


def scope(label: str, commands: list[str]) -> list[str]:
    """One obligation."""
    return [f"; {label}", "(push 1)", *commands, "(set-info :status unsat)", "(check-sat)", "(pop 1)"]


def primed(key: FieldKey) -> str:
    """The function behind a state variable after a transition, or initially."""
    return symbol(f"{field_name(key)}!")


def claim_after(certificate: Certificate, fact: Fact, keys: frozenset[FieldKey]) -> str:
    """That ``fact`` fails when the state variables ``keys`` have their new values."""
    return f"(assert (not {Printer(certificate.system, keys).closed(fact.params, fact.formula)}))"


def initiation(certificate: Certificate, fact: Fact) -> list[str]:
    """The fact holds in the initial state."""
    system, p = certificate.system, certificate.printer
    reads = set(terms.fields_of(fact.formula))
    start = [v for v in system.state_vars if v.key in reads and not v.rigid]
    defined = []
    for v in start:
        record = [p.sort(r) for r in system.records if r.name == v.record]
        params = f"({OBJECT} {record[0]})" if record else ""
        defined.append(f"(define-fun {primed(v.key)} ({params}) {p.sort(v.sort)} {initial_value(p, v)})")
    return scope("initiation", [*defined, claim_after(certificate, fact, frozenset(v.key for v in start))])


def firing(certificate: Certificate, t: Transition) -> list[str]:
    """That a process takes ``t``: where it is, and that the guard holds of it and of what is chosen."""
    system, p = certificate.system, certificate.printer
    source, pc = p.constant(terms.member(system.pc_sort, t.source)), symbol(field_name(system.pc_key))
    guard = conjunction([*p.objects((system.self_var, *t.choices)), *map(p.term, terms.conjuncts(t.guard))])
    return [
        *(f"(declare-const {p.term(v)} {p.sort(v.sort)})" for v in (system.self_var, *t.choices)),
        f"(assert (= ({pc} {p.term(system.self_var)}) {source}))",
        f"(assert {guard})",
    ]


def consecution(certificate: Certificate, fact: Fact, t: Transition, violated: Callable[[frozenset[FieldKey]], str]) -> list[str]:
    """The fact survives ``t``: only the new values it reads are defined; ``violated`` says of which that it does not."""
    system, p = certificate.system, certificate.printer
    reads = set(terms.fields_of(fact.formula))
    new = [key for key in written(t) if key in reads]
    defined = [f"(define-fun {primed(key)} {next_value(certificate, t, key)})" for key in new]
    target = p.constant(terms.member(system.pc_sort, t.target))
    me, pc = p.term(system.self_var), symbol(field_name(system.pc_key))
    if system.pc_key in reads:
        where = f"(({OBJECT} {p.sort(system.thread)})) {p.sort(system.pc_sort)}"
        defined.append(f"(define-fun {primed(system.pc_key)} {where} (ite (= {OBJECT} {me}) {target} ({pc} {OBJECT})))")
        new.append(system.pc_key)
    return scope(
        f"consecution {t.name}{needs(certificate, fact, t.name)}",
        [*certificate.begun[t.name], *defined, violated(frozenset(new))],
    )


def property_obligation(certificate: Certificate, prop: Property) -> list[str]:
    """The property follows from the fact of its name."""
    p = certificate.printer
    (fact,) = (f for f in certificate.facts if f.name == prop.name)
    given, claim = p.closed(fact.params, fact.formula), p.closed(prop.params, prop.formula)
    return script(certificate, [f"(assert {given})", *scope("implication", [f"(assert (not {claim}))"])])


def manifest(certificate: Certificate, prop: Property, rests: list[Fact], hashes: dict[str, str]) -> str:
    """What certifies one property: the files with their hashes, the facts it rests on, and what was used to prove them."""
    contents = {
        "format": FORMAT,
        "model": certificate.model,
        "client": certificate.client,
        "scope": SCOPE,
        "property": prop.name,
        "text": in_words(prop),
        "formula": certificate.printer.closed(prop.params, prop.formula),
        "spec_version": hashes[SYSTEM],
        "solvers": {name: version(name) for name in SOLVERS},
        "assumptions": [f.name for f in rests if f.assumed],
        "facts": [f.name for f in rests if not f.assumed],
        "files": hashes,
    }
    return json.dumps(contents, indent=1) + "\n"


def digest(contents: str) -> str:
    """The SHA-256 of a file."""
    return hashlib.sha256(contents.encode()).hexdigest()
