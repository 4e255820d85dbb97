"""The graph of one system call as it grows: nodes, open ends, locals, what is held, subroutines shared by their callers."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Protocol

from checker.errors import Place
from checker.language import terms
from checker.language.graph import Action, Context, Lock, Node, Trap
from checker.language.model import Model
from checker.language.sorts import BOOL, EnumSort, Sort
from checker.language.source import Source
from checker.language.terms import FieldKey, Term
from checker.system import StateVar

Ends = list[tuple[int, int]]


class Code(Protocol):
    """What a node remembers of the code it is from: the function, its callers, the statement."""

    source: Source
    calling: tuple[str, ...]
    current: str


@dataclass(frozen=True)
class Scope:
    """One ``with`` block being compiled: a lock held, an atomic region, or exclusive objects.

    ``inherited`` locks are released by somebody else; ``bh`` says that softirqs are off inside.
    """

    lock: Lock | None = None
    region: int = 0
    exclusive: tuple[Term, ...] = ()
    inherited: bool = False
    bh: bool = False

    def holds(self, lock: Lock) -> bool:
        """Whether this is a block under ``lock``."""
        return self.lock is not None and (self.lock.users, self.lock.obj) == (lock.users, lock.obj)


@dataclass
class Subroutine:
    """A shared function: compiled once per root, called by storing arguments and the number of the call site in ``back``.

    ``otherwise`` are the open ends behind the test for the last caller known so far.
    """

    entry: int
    params: tuple[StateVar, ...]
    back: StateVar
    result: Term | None
    otherwise: Ends
    callers: int = 0


CALL_SITES = EnumSort("CallSite", tuple(f"call{i}" for i in range(128)))
"""Who called a subroutine."""


class Builder:
    """Grows the graph of one system call; ``ends`` are the open ends of the code so far."""

    def __init__(self, model: Model, root: Source, process: Term, *, standalone: bool) -> None:
        self.model = model
        self.standalone = standalone
        self.root = root.name
        self.process = process
        self.nodes: list[Node] = []
        self.locals: dict[FieldKey, StateVar] = {}
        self.traps: dict[FieldKey, Trap] = {}
        self.ends: Ends = []
        self.scopes: tuple[Scope, ...] = ()
        self.regions = 0
        self.temporaries = 0
        self.subroutines: dict[str, Subroutine] = {}
        self.names: tuple[tuple[str, str, Term], ...] = ()

    @property
    def region(self) -> int:
        """The atomic region the next node is in; 0 outside."""
        return max((s.region for s in self.scopes), default=0)

    def local(self, function: str, name: str, sort: Sort) -> StateVar:
        """The variable ``name`` of ``function`` in this system call; the same sort each time it is asked for."""
        key = (self.model.thread.name, f"{self.root}/{function}.{name}")
        return self.locals.setdefault(key, StateVar(*key, sort, owner_root=self.root))

    def temporary(self, function: str, sort: Sort) -> StateVar:
        """A new compiler-made local."""
        self.temporaries += 1
        return self.local(function, f"${self.temporaries}", sort)

    def get(self, variable: StateVar) -> Term:
        """The term reading a local of the running process."""
        return terms.field(variable.key, variable.sort, self.process)

    def trap(self, name: str, place: Place, stands_for: str, because: str) -> StateVar:
        """The variable of a new trap."""
        variable = StateVar("", name, BOOL, ghost=True)
        self.traps[variable.key] = Trap(variable, place, stands_for, because)
        return variable

    def add(self, action: Action, code: Code, node: ast.AST, text: str, **parts: object) -> Node:
        """Append a node and close all open ends with it."""
        held = tuple(s.lock for s in self.scopes if s.lock)
        exclusive = tuple(o for s in self.scopes for o in s.exclusive)
        bh_off = any(s.bh for s in self.scopes)
        context = Context((*code.calling, code.source.name), self.names, held, exclusive, self.region, code.current, bh_off)
        made = Node(len(self.nodes), action, code.source.place(node), text, context, **parts)  # type: ignore[arg-type]
        self.nodes.append(made)
        self.close(self.ends, made.index)
        self.ends = [] if action is Action.RETURN else [(made.index, 0)]
        return made

    def close(self, ends: Ends, target: int) -> None:
        """Let every open end lead to ``target``."""
        for index, slot in ends:
            successors = self.nodes[index].successors
            while len(successors) <= slot:
                successors.append(-1)
            successors[slot] = target
