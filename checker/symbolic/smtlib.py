"""Terms as SMT-LIB 2.6 text for any size: what the dump of a system and the obligations of a certificate are made of.

The reading is that of ``checker.symbolic.unbounded``: records and scalars are uninterpreted sorts with a constant for NULL
or the wildcard, words are bit-vectors with the true byte swap, fields are functions, variables of a record sort are
never NULL.  In go terms; out comes text, and the declarations it needs.
"""

from __future__ import annotations

import re
from functools import lru_cache

from checker.language import terms
from checker.language.sorts import BoolSort, EnumSort, RefSort, ScalarSort, Sort, WordSort
from checker.language.terms import FieldKey, Term
from checker.system import StateVar, TransitionSystem

SIMPLE = re.compile(r"[A-Za-z~!$%^&*_+=<>./-][A-Za-z0-9~!$%^&*_+=<>./-]*")
HEADS = {"not": "not", "and": "and", "or": "or", "eq": "=", "lt": "bvult", "ite": "ite"}
TRANSPARENT = ("object", "cast")
"""Operations that only change the sort a number is read as."""


@lru_cache(maxsize=1 << 14)
def symbol(name: str) -> str:
    """``name`` as an SMT-LIB symbol, in bars if it needs them."""
    return name if SIMPLE.fullmatch(name) else f"|{name}|"


def string(text: str) -> str:
    """``text`` as an SMT-LIB string literal; what is not ASCII is escaped."""
    return '"' + text.encode("ascii", "backslashreplace").decode().replace('"', '""') + '"'


def field_name(key: FieldKey) -> str:
    """The function behind a state variable."""
    return f"{key[0]}.{key[1]}" if key[0] else key[1]


class Printer:
    """Prints terms of one system and collects the sorts and constants they mention, in order of first mention.

    State variables in ``primed`` are read after the transition: their names end in an exclamation mark.
    """

    def __init__(self, system: TransitionSystem, primed: frozenset[FieldKey] = frozenset()) -> None:
        self.system = system
        self.primed = primed
        self.keys = {v.sort.name: v.sort for v in system.state_vars if isinstance(v.sort, (WordSort, ScalarSort))}
        self.sorts: dict[str, str] = {}
        self.constants: dict[str, str] = {}
        self.memo: dict[Term, str] = {}

    def sort(self, sort: Sort) -> str:
        """The name of a sort."""
        if isinstance(sort, BoolSort):
            return "Bool"
        if sort.name not in self.sorts:
            self.sorts[sort.name] = self._declare_sort(sort, symbol(sort.name))
        return symbol(sort.name)

    def _declare_sort(self, sort: Sort, name: str) -> str:
        match sort:
            case WordSort(bits=bits):
                return f"(define-sort {name} () (_ BitVec {bits}))"
            case RefSort(key=key) if key:
                return f"(define-sort {name} () {self.sort(self.keys[key])})"
            case EnumSort(members=members):
                constructors = " ".join(f"({symbol(f'{sort.name}.{m}')})" for m in members)
                return f"(declare-datatypes (({name} 0)) (({constructors})))"
            case _:
                return f"(declare-sort {name} 0)"

    def constant(self, t: Term) -> str:
        """The value of a constant."""
        sort = t.sort
        match sort:
            case BoolSort():
                return "true" if t.data else "false"
            case EnumSort(members=members):
                self.sort(sort)
                return symbol(f"{sort.name}.{members[t.data]}")
            case WordSort(bits=bits):
                return f"(_ bv{t.data} {bits})"
            case RefSort(key=key) if key:
                return self.constant(terms.const(t.data, self.keys[key]))
            case _:
                name = symbol(f"{sort.name}.{terms.show_const(t)}")
                self.constants.setdefault(name, f"(declare-const {name} {self.sort(sort)})")
                return name

    def declaration(self, variable: StateVar) -> str:
        """The declaration of a state variable."""
        domain = " ".join(self.sort(r) for r in self.system.records if r.name == variable.record)
        return f"(declare-fun {symbol(field_name(variable.key))} ({domain}) {self.sort(variable.sort)})"

    def binding(self, variable: Term) -> str:
        """A variable with its sort."""
        return f"({self.term(variable)} {self.sort(variable.sort)})"

    def objects(self, variables: tuple[Term, ...]) -> list[str]:
        """That those of ``variables`` that refer to objects are not NULL."""
        nulls = [(v, terms.const(0, v.sort)) for v in variables if isinstance(v.sort, RefSort)]
        return [f"(not (= {self.term(v)} {self.constant(null)}))" for v, null in nulls]

    def closed(self, params: tuple[Term, ...], formula: Term) -> str:
        """``formula`` for all values and objects of ``params``."""
        body = implication(self.objects(params), self.term(formula))
        return f"(forall ({' '.join(map(self.binding, params))}) {body})" if params else body

    def term(self, t: Term) -> str:
        """``t`` over the state."""
        if t not in self.memo:
            self.memo[t] = self._term(t)
        return self.memo[t]

    def _term(self, t: Term) -> str:
        if t.op == "const":
            return self.constant(t)
        if t.op == "var":
            return symbol(t.data)
        args = [self.term(a) for a in t.args]
        match t.op:
            case "field":
                name = symbol(f"{field_name(t.data)}{'!' if t.data in self.primed else ''}")
                return application(name, *args) if args else name
            case "htons":
                return f"(concat ((_ extract 7 0) {args[0]}) ((_ extract 15 8) {args[0]}))"
            case "next" | "prev":
                one = self.constant(terms.const(1, t.sort))
                return application("bvadd" if t.op == "next" else "bvsub", args[0], one)
            case "exists":
                return f"(exists ({self.binding(t.data)}) {conjunction([*self.objects((t.data,)), *args])})"
            case "forall":
                return f"(forall ({self.binding(t.data)}) {implication(self.objects((t.data,)), args[0])})"
            case op if op in TRANSPARENT:
                return args[0]
            case op:
                return application(HEADS[op], *args)


def application(head: str, *args: str) -> str:
    """A function applied to arguments."""
    return f"({head} {' '.join(args)})"


def conjunction(parts: list[str]) -> str:
    """All of ``parts``."""
    return application("and", *parts) if len(parts) > 1 else parts[0] if parts else "true"


def implication(premises: list[str], conclusion: str) -> str:
    """``conclusion`` if all of ``premises`` hold."""
    return application("=>", conjunction(premises), conclusion) if premises else conclusion
