"""A hand-made system with everything the native engine treats specially: owners, shared locals, NULL, projections.

``take`` picks a node and claims it (checking first only if ``checked``), ``paint`` changes the colour of a claimed node.
"""

from __future__ import annotations

from checker.errors import Place
from checker.instance import Instance
from checker.language import terms
from checker.language.sorts import EnumSort, RefSort, WordSort
from checker.language.terms import Term
from checker.system import IDLE, Location, Property, StateVar, Step, Transition, TransitionSystem, Update

THREAD, NODE = RefSort("Thread"), RefSort("Node")
COLOR = EnumSort("Color", ("RED", "GREEN", "BLUE"))
PORT = WordSort("Port", 16)
SELF = terms.var("self", THREAD)
PC = EnumSort("Location", (IDLE, "take:claim", "take:work", "paint:brush"))
PLACE = Place("toy.py", 1)


def instance(threads: int = 2, nodes: int = 2) -> Instance:
    """So many threads and nodes."""
    return Instance((("Thread", threads), ("Node", nodes)), (("Port", (80, 443)),))


def node_field(name: str, obj: Term) -> Term:
    """A field of a node."""
    sorts = {"owner": THREAD, "color": COLOR, "port": PORT, "next": NODE}
    return terms.field(("Node", name), sorts[name], obj)


def _local(name: str) -> Term:
    return terms.field(("Thread", name), NODE if name.endswith("node") else COLOR, SELF)


def _step(function: str) -> tuple[Step, ...]:
    return (Step(function, PLACE, function, "access", (function,)),)


def system(*, checked: bool = True) -> TransitionSystem:
    """The toy; unless ``checked`` a thread claims a node that another one has just claimed."""
    node = terms.var("node", NODE)
    free = terms.eq(node_field("owner", node), terms.const(0, THREAD))
    mine, brush = _local("take.node"), _local("paint.color")
    still_free = terms.eq(node_field("owner", mine), terms.const(0, THREAD)) if checked else terms.TRUE
    painted = terms.var("color", COLOR)
    claimed = terms.exists(node, terms.eq(node_field("owner", node), SELF))
    own = terms.eq(node_field("owner", node), SELF)
    transitions = (
        Transition("take/1", IDLE, "take:claim", (node,), free, (Update(("Thread", "take.node"), SELF, node),), _step("take")),
        Transition("claim/1", "take:claim", "take:work", (), still_free, (Update(("Node", "owner"), mine, SELF),), _step("take")),
        Transition(
            "release/1",
            "take:work",
            IDLE,
            (),
            terms.TRUE,
            (
                Update(("Node", "owner"), mine, terms.const(0, THREAD)),
                Update(("Node", "port"), node_field("next", mine), terms.successor(node_field("port", mine))),
                Update(("Thread", "take.node"), SELF, terms.const(0, NODE)),
            ),
            _step("release"),
        ),
        Transition(
            "paint/1",
            IDLE,
            "paint:brush",
            (painted,),
            terms.negate(claimed),
            (Update(("Thread", "paint.color"), SELF, painted),),
            _step("paint"),
        ),
        Transition(
            "paint/2",
            "paint:brush",
            IDLE,
            (node,),
            terms.negate(own),
            (Update(("Node", "color"), node, brush), Update(("Thread", "paint.color"), SELF, terms.const(0, COLOR))),
            _step("paint"),
        ),
    )
    state_vars = (
        StateVar("Thread", "pc", PC),
        StateVar("Node", "owner", THREAD),
        StateVar("Node", "color", COLOR),
        StateVar("Node", "port", PORT),
        StateVar("Node", "next", NODE),
        StateVar("Thread", "take.node", NODE, owner_root="take"),
        StateVar("Thread", "paint.color", COLOR, owner_root="paint"),
    )
    locations = tuple(Location(name, name.split(":")[0] if ":" in name else "", "", name, ()) for name in PC.members)
    return TransitionSystem("toy", state_vars, locations, transitions, (THREAD, NODE), THREAD, SELF, PC, ("take", "paint"))


def exclusive() -> Property:
    """Two threads at work never work on one node."""
    a, b = terms.var("a", THREAD), terms.var("b", THREAD)

    def works_on(t: Term) -> Term:
        return terms.field(("Thread", "take.node"), NODE, t)

    def working(t: Term) -> Term:
        return terms.eq(terms.field(("Thread", "pc"), PC, t), terms.member(PC, "take:work"))

    both = terms.conj(terms.negate(terms.eq(a, b)), working(a), working(b))
    formula = terms.implies(both, terms.negate(terms.eq(works_on(a), works_on(b))))
    return Property("exclusive", "always", (a, b), formula, both, "the lock", "holds", "claimed under a check", PLACE)


def painted(color: str = "BLUE") -> Property:
    """Some node gets ``color``."""
    node = terms.var("node", NODE)
    formula = terms.eq(node_field("color", node), terms.member(COLOR, color))
    return Property(f"painted_{color}", "sometimes", (node,), formula, terms.TRUE, "a question", "reachable", "paint", PLACE)


def never() -> Property:
    """A vacuous property: its antecedent is unreachable, for nothing links nodes."""
    node = terms.var("node", NODE)
    linked = terms.negate(terms.eq(node_field("next", node), terms.const(0, NODE)))
    return Property("never", "always", (node,), terms.implies(linked, terms.FALSE), linked, "nothing", "holds", "vacuous", PLACE)


__all__ = ["exclusive", "instance", "never", "node_field", "painted", "system"]
