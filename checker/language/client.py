"""Clients: who calls the kernel.  A client names the roots it uses and the arguments it may give them.

A question asked of a client is asked of every program that calls those roots with those arguments, from any number of threads, in
any order.  Arguments a client does not mention take every value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from checker.errors import UsageError
from checker.language import terms
from checker.language.graph import Graph
from checker.language.lifetimes import Freed
from checker.language.model import Model
from checker.language.sorts import BoolSort, EnumSort, RefSort, Sort
from checker.language.terms import FALSE, Term
from checker.system import Property

Argument = str | int | bool
Sizes = tuple[int, int, int, int]


@dataclass(frozen=True)
class Client:
    """The most general client of ``roots``, restricted to some ``arguments``.

    ``arguments`` maps ``"root.parameter"`` to the values allowed: names of enumeration members, or numbers.  ``check`` asks
    its questions on the instances of ``scopes``, the first of which is also searched for what variants break and by Z3;
    ``check --full`` also on the ``larger`` ones; ``words`` are representative values that its instances need instead of
    those of the package; each scope gives numbers of threads, sockets, ports and addresses.

    ``asked`` names the only properties it is asked, if there are any that it must not be; ``violates`` those that its
    programs violate, whatever others are expected to do, each with the reason.  ``dangles`` says how its programs come to use
    what was freed, if they do: steps that touch what may be freed are not joined then.

    >>> listener = Client("listener", ("system_call",), {"system_call.call": ("SYS_BIND", "SYS_LISTEN")}, "Binds and listens.")
    >>> listener.arguments["system_call.call"]
    ('SYS_BIND', 'SYS_LISTEN')
    """

    name: str
    roots: tuple[str, ...]
    arguments: Mapping[str, tuple[Argument, ...]] = field(default_factory=dict)
    doc: str = ""
    scopes: tuple[Sizes, ...] = ()
    larger: tuple[Sizes, ...] = ()
    words: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    asked: tuple[str, ...] = ()
    violates: Mapping[str, str] = field(default_factory=dict)
    dangles: str = ""

    def __str__(self) -> str:
        return f"{self.name}: {self.doc}"


def freed_by(client: Client | None) -> Freed:
    """Who may use an object when it is freed, in programs of ``client``."""
    return Freed.ANYBODY if client is not None and client.dangles else Freed.NOBODY


def expected_of(client: Client | None, properties: Sequence[Property]) -> tuple[Property, ...]:
    """What ``client`` is asked of ``properties``, with what is expected of its programs."""
    if client is None:
        return tuple(properties)
    asked = [p for p in properties if not client.asked or p.name in client.asked]
    return tuple(
        replace(p, expected="violated", reason=client.violates[p.name]) if p.name in client.violates else p for p in asked
    )


def choose_roots(client: Client | None, known: list[str]) -> list[str]:
    """The roots ``client`` uses, all if there is none.  Raises UsageError if it names one that is not there."""
    if client is None:
        return known
    restricted = [argument.split(".")[0] for argument in client.arguments]
    missing = [name for name in client.roots if name not in known] + [name for name in restricted if name not in client.roots]
    if missing:
        offered = ", ".join(known if missing[0] not in known else client.roots)
        raise UsageError("unknown-root", f"client {client.name} has no root {missing[0]}", f"choose from {offered}")
    return [name for name in known if name in client.roots]


def restrict(client: Client | None, model: Model, graph: Graph) -> None:
    """Put what ``client`` allows as arguments of ``graph`` into it.  Raises UsageError for unknown parameters and values."""
    prefix = f"{graph.root}/{graph.root}."
    params = {key[1].removeprefix(prefix): key for key in graph.lazy}
    for argument, allowed in (client.arguments if client else {}).items():
        root, _, name = argument.partition(".")
        if root != graph.root:
            continue
        if name not in params:
            offered = ", ".join(sorted(params)) or "none"
            raise UsageError("unknown-argument", f"{root} has no parameter {name}", f"its parameters are {offered}")
        sort = graph.locals[params[name]].sort
        values = tuple(dict.fromkeys(_value(model, sort, value, argument) for value in allowed))
        if not values:
            raise UsageError("no-argument", f"{argument} has no value", "allow one, or leave the root out")
        graph.restrictions[params[name]] = values


def _value(model: Model, sort: Sort, value: Argument, argument: str) -> Term:
    """A constant of ``sort`` from its name or number."""
    names: dict[Argument, int] = {}
    match sort:
        case BoolSort():
            names = {False: 0, True: 1}
        case EnumSort(members=members):
            names = {name: i for i, name in enumerate(members)}
            for cls, known in model.sorts.items():
                if known == sort:
                    names.update({name: i for i, name in enumerate(getattr(cls, "__members__", {}))})
        case RefSort():
            raise UsageError("no-argument", f"{argument} is an object and cannot be restricted", "restrict other arguments")
        case _ if isinstance(value, int):
            return terms.const(value, sort)
    if value not in names:
        known_names = ", ".join(map(str, names)) or "numbers"
        raise UsageError("unknown-value", f"{value} is no value of {argument}, a {sort.name}", f"choose from {known_names}")
    return terms.const(names[value], sort)


def permitted(argument: Term, allowed: tuple[Term, ...]) -> Term:
    """``argument`` is one of the ``allowed`` constants."""
    return terms.disj(*(terms.eq(argument, value) for value in allowed))


def simplify_guard(guard: list[Term], argument: Term, allowed: tuple[Term, ...]) -> list[Term]:
    """A guard without the values of ``argument`` that its other parts exclude; without the test if they imply it."""
    test = permitted(argument, allowed)
    others = [part for part in guard if part != test]
    if len(others) == len(guard):
        return guard
    sort = argument.sort
    left = tuple(value for value in allowed if _consistent(others, argument, value))
    size = 2 if isinstance(sort, BoolSort) else len(sort.members) if isinstance(sort, EnumSort) else 0
    outside = [c for c in (terms.const(i, sort) for i in range(size)) if c not in allowed]
    if size and not any(_consistent(others, argument, value) for value in outside):
        return others if left else [FALSE]
    return [permitted(argument, left) if part == test else part for part in guard]


def _consistent(guard: list[Term], argument: Term, value: Term) -> bool:
    """Whether no part of ``guard`` is false for ``value``, as far as simplification shows."""
    return all(terms.substitute(part, {argument: value}) != FALSE for part in guard)


__all__ = ["Client", "choose_roots", "expected_of", "freed_by", "permitted", "restrict", "simplify_guard"]
