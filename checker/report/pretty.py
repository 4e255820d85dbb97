"""Pretty-printing: terms, updates and values in the words of the C code.

In go terms, cells and values of a system; out comes text.  Locals of the running thread print as their bare name,
the thread itself as ``current``, program points as function and statement, threads of an instance as ``T1``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from checker.instance import Instance
from checker.language import terms
from checker.language.sorts import BOOL, EnumSort, RefSort, Sort
from checker.language.terms import FieldKey, Term
from checker.system import IDLE, Location, StateVar, Transition, TransitionSystem, Update

GHOST = "†"
CALLER = " > "
MANY_ZEROED = 4
"""From this number on, fields zeroed with their object are written as one update of ``sk.*``."""


def bare_name(name: str) -> str:
    """The name a local has in its own function: ``snum`` of ``sys_bind/inet_bind.snum``."""
    return name.rsplit("/", 1)[-1].rsplit(".", 1)[-1]


def local_name(name: str) -> str:
    """The name a local has among all functions: ``inet_bind.snum`` of ``sys_bind/inet_bind.snum``."""
    return name.rsplit("/", 1)[-1]


@dataclass(frozen=True)
class Pretty:
    """How the terms of one system are written."""

    system: TransitionSystem

    @cached_property
    def _thread(self) -> str:
        return self.system.thread.name

    @cached_property
    def _locals(self) -> frozenset[FieldKey]:
        return frozenset(v.key for v in self.system.state_vars if v.owner_root)

    @cached_property
    def _aliases(self) -> dict[FieldKey, str]:
        """What the source calls the temporaries of the compiler (``$7``): the parameter they were passed as."""
        found: dict[FieldKey, str] = {}
        for loc in self.system.locations:
            for _, name, t in loc.names:
                if t.op == "field" and t.data in self._locals and bare_name(t.data[1]).startswith("$"):
                    found.setdefault(t.data, name)
        return found

    def term(self, t: Term) -> str:
        """``t`` as the specification would write it."""
        return terms.show(t, self._rename)

    def _rename(self, node: Term) -> str | None:
        if node == self.system.self_var:
            return "current"
        match node.op:
            case "field" if node.data[0] == self._thread and node.args:
                return self._thread_field(node)
            case "eq":
                return self._at(node, "at")
            case "not" if node.args[0].op == "eq":
                return self._at(node.args[0], "not at")
            case "not" if node.args[0].op == "lt":
                a, b = node.args[0].args
                return f"{self.term(a)} >= {self.term(b)}"
            case "or":
                return self._at_any(node)
        return None

    def _thread_field(self, node: Term) -> str | None:
        name: str = node.data[1]
        if node.data in self._locals:
            name = self._aliases.get(node.data, bare_name(name))
        owner = node.args[0]
        if owner == self.system.self_var and node.data in self._locals:
            return name
        return f"{self.term(owner)}.{name}"

    def _point(self, node: Term) -> tuple[Term, Location] | None:
        """The process and the location of an equation about a program counter."""
        if node.op != "eq":
            return None
        a, b = node.args
        if a.op == "field" and a.data == self.system.pc_key and b.op == "const" and isinstance(b.sort, EnumSort):
            # The claim no_dangling is about other steps, some of which end elsewhere.
            here = self.system.locations_by_name.get(b.sort.members[b.data])
            return None if here is None else (a.args[0], here)
        return None

    def _at(self, node: Term, word: str) -> str | None:
        point = self._point(node)
        if point is None:
            return None
        process, loc = point
        return f"{self.term(process)} {word} {self.location(loc)}"

    def _at_any(self, node: Term) -> str | None:
        """A disjunction that only says where one process is: ``t in tcp_close, tcp_put_port``."""
        points = [self._point(a) for a in node.args]
        found = [p for p in points if p is not None]
        if len(found) != len(points) or len({p for p, _ in found}) != 1:
            return None
        functions = dict.fromkeys(loc.function or IDLE for _, loc in found)
        return f"({self.term(found[0][0])} in {', '.join(functions)})"

    def location(self, loc: Location) -> str:
        """A program point: the function and the statement about to run."""
        return f"{loc.function} `{loc.text}`" if loc.function else IDLE

    def conjuncts(self, t: Term) -> list[str]:
        """The parts of a condition, those joined by ``or`` in parentheses; none if it is always true."""
        parts = terms.conjuncts(t)
        if len(parts) == 1:
            return [] if t == terms.TRUE else [self.term(t)]
        shown = [(p, self.term(p)) for p in parts]
        return [f"({text})" if p.op == "or" and not text.startswith("(") else text for p, text in shown]

    def choices(self, t: Transition) -> tuple[list[str], dict[Term, Term]]:
        """What ``t`` leaves open, as ``port is any Port``; and truth values to be written as what decides them.

        The second part maps choices such as the outcome of ``kmalloc_fails()`` to variables of that name.
        """
        arguments = {term for _, term in t.arguments}
        free = [c for c in t.choices if c not in arguments]
        made = [s for s in t.steps if s.kind == "choice" or s.text.startswith("new(")]
        texts: dict[Term, str] = dict(zip(free, (s.text for s in made), strict=True)) if len(free) == len(made) else {}
        unique = {c for c, text in texts.items() if list(texts.values()).count(text) == 1}
        spoken = {c: terms.var(texts[c], c.sort) for c in free if c.sort == BOOL and c in unique}
        left = [c for c in t.choices if c not in spoken]
        return [f"{c.data} = {texts[c]}" if c in texts else f"{c.data} is any {c.sort.name}" for c in left], spoken

    def field(self, key: FieldKey, obj: Term | None) -> str:
        """A state variable of an object, as the target of an assignment."""
        return self.term(terms.field(key, self.system.vars_by_key[key].sort, obj))

    def update(self, u: Update) -> str:
        """``sk.state := TCP_LISTEN``; ghost fields are marked with a dagger."""
        mark = GHOST if self.system.vars_by_key[u.key].ghost else ""
        return f"{self.field(u.key, u.obj)}{mark} := {self.term(u.value)}"

    def updates(self, t: Transition) -> tuple[str, ...]:
        """The updates of ``t`` a reader cares about.

        Left out are resets of locals that are dead afterwards, and arguments that become locals of the same name.  The many
        fields that are zeroed when an object comes into being or goes are one line.
        """
        names = self.system.locations_by_name[t.target].names
        live = {part.data for _, _, name in names for part in terms.subterms(name) if part.op == "field"}
        shown = [u for u in t.updates if not self._reset(u, live) and not self._same_name(u)]
        zeroed: dict[Term, list[Update]] = {}
        for u in shown:
            if u.obj is not None and self._initial(u) and not self.system.vars_by_key[u.key].owner_root:
                zeroed.setdefault(u.obj, []).append(u)
        objects = {u.obj for u in shown if u.key[1] == "live" and len(zeroed.get(u.obj or terms.TRUE, ())) >= MANY_ZEROED}
        lines: dict[str, None] = {}
        for u in shown:
            folded = u.obj in objects and u.obj is not None and u in zeroed[u.obj] and u.key[1] != "live"
            lines[f"{self.term(u.obj)}.* := 0" if folded and u.obj is not None else self.update(u)] = None
        return tuple(lines)

    def _initial(self, u: Update) -> bool:
        variable = self.system.vars_by_key[u.key]
        return u.value == terms.const(variable.initial, variable.sort)

    def _same_name(self, u: Update) -> bool:
        return bool(self.system.vars_by_key[u.key].owner_root) and self.field(u.key, u.obj) == self.term(u.value)

    def _reset(self, u: Update, live: set[FieldKey]) -> bool:
        return bool(self.system.vars_by_key[u.key].owner_root) and u.key not in live and self._initial(u)

    # -- values of one instance ---------------------------------------------------------------------------------

    def process(self, index: int) -> str:
        """The name of a process in traces: ``T1``."""
        return f"{self._thread[0]}{index}"

    def value(self, sort: Sort, value: int, instance: Instance) -> str:
        """A value: as the instance shows it, but threads as ``T1``."""
        return self.process(value) if sort == self.system.thread and value else instance.show_value(sort, value)

    def obj(self, record: str, index: int, instance: Instance) -> str:
        """The object of ``record`` numbered ``index``; empty for the kernel."""
        if not record:
            return ""
        sort: RefSort = next(r for r in self.system.records if r.name == record)
        return self.value(sort, index, instance)

    def cell(self, var: StateVar, index: int, instance: Instance) -> str:
        """One cell of the state: ``Sock[1].state``, ``T1 inet_bind.snum`` for a local."""
        mark = GHOST if var.ghost else ""
        if not var.record:
            return f"{var.name}{mark}"
        separator = " " if var.owner_root else "."
        return f"{self.obj(var.record, index, instance)}{separator}{local_name(var.name)}{mark}"
