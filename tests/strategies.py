"""Random small transition systems for hypothesis: what the engines must agree on.

``cases()`` draws a system, a finite instance of it and two properties.  The systems have the shape the compiler
gives them: every process starts idle, system calls own their locals, and a local is 0 outside its call.
"""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import strategies as st

from checker.errors import Place
from checker.instance import Instance
from checker.language import terms
from checker.language.sorts import BOOL, EnumSort, RefSort, Sort, WordSort
from checker.language.terms import FieldKey, Term
from checker.system import IDLE, Location, Property, StateVar, Step, Transition, TransitionSystem, Update

THREAD = RefSort("Thread")
NODE = RefSort("Node")
COLOR = EnumSort("Color", ("RED", "GREEN", "BLUE"))
PORT = WordSort("Port", 16)
NET_PORT = WordSort("NetPort", 16, swapped="Port")
SELF = terms.var("self", THREAD)
PLACE = Place("toy.py", 1)

SORTS: tuple[Sort, ...] = (BOOL, COLOR, NODE, PORT)
LOCATIONS = (IDLE, "red.1", "red.2", "blue.1")
PC = EnumSort("Location", LOCATIONS)
ROOTS = ("red", "blue")
SKELETON = ((IDLE, "red.1"), ("red.1", "red.2"), ("red.2", IDLE), (IDLE, "blue.1"), ("blue.1", IDLE))


@dataclass(frozen=True)
class Case:
    """A system, one finite instance of it and the properties to check."""

    system: TransitionSystem
    instance: Instance
    properties: tuple[Property, ...]


def root_of(location: str) -> str:
    """The system call a location of the random systems belongs to."""
    return "" if location == IDLE else location.split(".")[0]


@dataclass(frozen=True)
class Scope:
    """What a random term may speak of: state variables and variables in scope."""

    state_vars: tuple[StateVar, ...]
    variables: tuple[Term, ...]

    def bind(self, variable: Term) -> Scope:
        return Scope(self.state_vars, (*self.variables, variable))


@st.composite
def values(draw: st.DrawFn, scope: Scope, sort: Sort, depth: int) -> Term:
    """A term of ``sort`` over ``scope``, at most ``depth`` operators deep."""
    if sort == BOOL and depth > 0 and draw(st.booleans()):
        return draw(conditions(scope, depth))
    in_scope = [v for v in scope.variables if v.sort == sort]
    fields = [v for v in scope.state_vars if v.sort == sort]
    options = ["var"] * (3 * bool(in_scope)) + ["const"] + ["field"] * (2 * bool(fields))
    if depth > 0:
        options += ["ite"] + ["next"] * (sort == PORT)
    match draw(st.sampled_from(options)):
        case "var":
            return draw(st.sampled_from(in_scope))
        case "field":
            return draw(reads(scope, draw(st.sampled_from(fields)), depth))
        case "ite":
            return terms.ite(
                draw(conditions(scope, depth - 1)), draw(values(scope, sort, depth - 1)), draw(values(scope, sort, depth - 1))
            )
        case "next":
            return terms.successor(draw(values(scope, sort, depth - 1)))
        case _:
            return draw(constants(sort))


def constants(sort: Sort) -> st.SearchStrategy[Term]:
    """A constant of ``sort``; no object has a name, so references are only NULL."""
    if isinstance(sort, WordSort):
        return st.sampled_from((80, 0)).map(lambda v: terms.const(v, sort))
    if isinstance(sort, RefSort):
        return st.just(terms.const(0, sort))
    size = 2 if sort == BOOL else len(COLOR.members)
    return st.sampled_from(range(size - 1, -1, -1)).map(lambda v: terms.const(v, sort))


@st.composite
def reads(draw: st.DrawFn, scope: Scope, v: StateVar, depth: int) -> Term:
    """The state variable ``v`` of some object, possibly NULL."""
    if not v.record:
        return terms.field(v.key, v.sort)
    if v.owner_root and SELF in scope.variables:
        return terms.field(v.key, v.sort, SELF)
    record = THREAD if v.record == THREAD.name else NODE
    return terms.field(v.key, v.sort, draw(values(scope, record, max(depth - 1, 0))))


@st.composite
def conditions(draw: st.DrawFn, scope: Scope, depth: int) -> Term:
    """A formula over ``scope``."""
    options = ["eq", "flag"] + (["not", "and", "or", "lt", "some", "every"] if depth > 0 else [])
    match draw(st.sampled_from(options)):
        case "not":
            return terms.negate(draw(conditions(scope, depth - 1)))
        case "and":
            return terms.conj(draw(conditions(scope, depth - 1)), draw(conditions(scope, depth - 1)))
        case "or":
            return terms.disj(draw(conditions(scope, depth - 1)), draw(conditions(scope, depth - 1)))
        case "lt":
            return terms.lt(draw(values(scope, PORT, depth - 1)), draw(values(scope, PORT, depth - 1)))
        case "eq":
            sort = draw(st.sampled_from(SORTS[1:]))
            network = sort == PORT and depth > 0 and draw(st.booleans())
            a, b = draw(values(scope, sort, depth - 1)), draw(values(scope, sort, depth - 1))
            return terms.eq(terms.htons(a, NET_PORT), terms.htons(b, NET_PORT)) if network else terms.eq(a, b)
        case "flag":
            return draw(values(scope, BOOL, 0))
        case quantifier:
            bound = terms.var(f"q{len(scope.variables)}", draw(st.sampled_from((NODE, THREAD, COLOR))))
            body = draw(conditions(scope.bind(bound), depth - 1))
            return (terms.exists if quantifier == "some" else terms.forall)(bound, body)


@st.composite
def transitions(draw: st.DrawFn, number: int, state_vars: tuple[StateVar, ...]) -> Transition:
    """A transition between two locations of one call, into a call, or out of one (its locals are then reset)."""
    if number < len(SKELETON):
        source, target = SKELETON[number]
    else:
        source = draw(st.sampled_from(LOCATIONS))
        target = draw(st.sampled_from([x for x in LOCATIONS if root_of(source) in ("", root_of(x)) or x == IDLE]))
    root = root_of(source)
    sorts = draw(st.lists(st.sampled_from((NODE, COLOR, BOOL, THREAD, PORT)), min_size=1, max_size=2))
    choices = tuple(terms.var(f"c{i}", s) for i, s in enumerate(sorts))
    readable = tuple(v for v in state_vars if v.owner_root in ("", root))
    writable = [v for v in state_vars if v.owner_root in ("", root_of(target))]
    scope = Scope(readable, (SELF, *choices))
    guard = draw(st.sampled_from((terms.TRUE, terms.TRUE, None))) or draw(conditions(scope, 2))
    updates = []
    for v in draw(st.lists(st.sampled_from(writable), min_size=2, max_size=3)):
        obj: Term | None = None
        if v.owner_root:
            obj = SELF
        elif v.record:
            obj = draw(values(scope, THREAD if v.record == THREAD.name else NODE, 1))
        updates.append(Update(v.key, obj, draw(values(scope, v.sort, 2))))
    if root and root_of(target) != root:
        updates += [Update(v.key, SELF, terms.const(0, v.sort)) for v in state_vars if v.owner_root == root]
    function = root or root_of(target) or "nop"
    step = Step(function, PLACE, f"step {number}", "access", (function,))
    return Transition(f"t{number}", source, target, choices, guard, tuple(updates), (step,))


def _locals(sorts: tuple[Sort, ...]) -> list[StateVar]:
    """One local per system call."""
    return [StateVar("Thread", f"{root}.x", s, owner_root=root) for root, s in zip(ROOTS, sorts, strict=True)]


@st.composite
def state_variables(draw: st.DrawFn, owner: bool) -> tuple[StateVar, ...]:
    """The pc, two or three fields, a variable of the kernel, a local per call; ``owner`` adds a field of sort Thread."""
    shared = [
        StateVar("Node", f"f{i}", s, initial=draw(st.integers(0, 1)))
        for i, s in enumerate(draw(st.lists(st.sampled_from(SORTS), min_size=2, max_size=3)))
    ]
    shared.append(StateVar("", "turn", draw(st.sampled_from(SORTS))))
    shared.append(StateVar("Thread", "mark", BOOL))
    if owner:
        shared.append(StateVar("Node", "owner", THREAD))
    own = _locals((draw(st.sampled_from(SORTS)), draw(st.sampled_from(SORTS))))
    return (StateVar("Thread", "pc", PC), *shared, *own)


@st.composite
def properties(draw: st.DrawFn, name: str, state_vars: tuple[StateVar, ...]) -> Property:
    """A property with at most one parameter."""
    params = tuple(terms.var(f"p{i}", s) for i, s in enumerate(draw(st.lists(st.sampled_from((NODE, THREAD)), max_size=1))))
    scope = Scope(state_vars, params)
    kind = draw(st.sampled_from(("always", "sometimes")))
    formula, antecedent = draw(conditions(scope, 2)), draw(conditions(scope, 1))
    expected = "holds" if kind == "always" else "reachable"
    return Property(name, kind, params, formula, antecedent, "a random question", expected, "none", PLACE)


@st.composite
def cases(draw: st.DrawFn, owner: bool = False, threads: int = 2) -> Case:
    """A random system with ``threads`` processes and one or two nodes; ``owner`` makes the threads distinguishable."""
    state_vars = draw(state_variables(owner))
    count = draw(st.sampled_from((5, 6, 4, 3)))
    system = TransitionSystem(
        "toy",
        state_vars,
        tuple(Location(name, root_of(name), root_of(name), name, (root_of(name),)) for name in LOCATIONS),
        tuple(draw(transitions(i, state_vars)) for i in range(count)),
        (THREAD, NODE),
        THREAD,
        SELF,
        PC,
        ROOTS,
    )
    instance = Instance((("Thread", threads), ("Node", draw(st.integers(1, 2)))), (("Port", (80,)),))
    questions: tuple[FieldKey | str, ...] = ("first", "second")
    return Case(system, instance, tuple(draw(properties(str(q), state_vars)) for q in questions))


__all__ = ["Case", "cases", "conditions", "properties", "root_of", "state_variables", "transitions", "values"]
