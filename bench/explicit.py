"""How many states per second the native engine stores, as a multiple of the reference interpreter in the same run.

    python -m bench.explicit [threads] [nodes]

The system is a toy: threads pick a node, claim it, count on it, recolour it and give it back.  Both engines search the same
instance; the interpreter gives up after ``SAMPLE`` states, its speed is that of the part it did.
"""

from __future__ import annotations

import sys
import time

from checker.errors import Place
from checker.evaluate import initial_state, successors
from checker.explicit.explore import Search
from checker.instance import Instance
from checker.language import terms
from checker.language.sorts import EnumSort, RefSort, WordSort
from checker.language.terms import Term
from checker.system import IDLE, Location, Property, StateVar, Step, Transition, TransitionSystem, Update

SAMPLE = 3_000
THREAD, NODE = RefSort("Thread"), RefSort("Node")
COLOR = EnumSort("Color", ("RED", "GREEN", "BLUE", "WHITE"))
COUNT = WordSort("Count", 16)
SELF = terms.var("self", THREAD)
PC = EnumSort("Location", (IDLE, "work:claim", "work:count", "work:recolour", "work:release"))
PLACE = Place("bench", 1)


def toy() -> TransitionSystem:
    """The system described above."""
    node, color = terms.var("node", NODE), terms.var("color", COLOR)
    mine = terms.field(("Thread", "work.node"), NODE, SELF)
    planned = terms.field(("Thread", "work.color"), COLOR, SELF)
    owner = terms.field(("Node", "owner"), THREAD, mine)
    count = terms.field(("Node", "count"), COUNT, mine)
    free = terms.eq(owner, terms.const(0, THREAD))
    work, forget = ("Thread", "work.node"), terms.const(0, NODE)
    plan, red = ("Thread", "work.color"), terms.const(0, COLOR)
    moves: list[tuple[str, str, tuple[Term, ...], Term, tuple[Update, ...]]] = [
        (IDLE, "work:claim", (node, color), terms.TRUE, (Update(work, SELF, node), Update(plan, SELF, color))),
        ("work:claim", "work:count", (), free, (Update(("Node", "owner"), mine, SELF),)),
        ("work:count", "work:recolour", (), terms.TRUE, (Update(("Node", "count"), mine, terms.successor(count)),)),
        ("work:recolour", "work:release", (), terms.TRUE, (Update(("Node", "color"), mine, planned), Update(plan, SELF, red))),
        (
            "work:release",
            IDLE,
            (),
            terms.TRUE,
            (Update(("Node", "owner"), mine, terms.const(0, THREAD)), Update(work, SELF, forget)),
        ),
    ]
    step = Step("work", PLACE, "work", "access", ("work",))
    transitions = tuple(Transition(f"{s}->{e}", s, e, c, g, u, (step,)) for s, e, c, g, u in moves)
    state_vars = (
        StateVar("Thread", "pc", PC),
        StateVar("Node", "owner", THREAD),
        StateVar("Node", "color", COLOR),
        StateVar("Node", "count", COUNT),
        StateVar("Thread", "work.node", NODE, owner_root="work"),
        StateVar("Thread", "work.color", COLOR, owner_root="work"),
    )
    locations = tuple(Location(name, "work" if ":" in name else "", "", name, ()) for name in PC.members)
    return TransitionSystem("bench", state_vars, locations, transitions, (THREAD, NODE), THREAD, SELF, PC, ("work",))


def question() -> Property:
    """Never violated, so that the whole instance is searched; it makes colours and counts relevant."""
    a = terms.var("a", NODE)
    color, count = terms.field(("Node", "color"), COLOR, a), terms.field(("Node", "count"), COUNT, a)
    fresh = terms.eq(count, terms.const(0, COUNT))
    formula = terms.implies(fresh, terms.eq(color, terms.const(0, COLOR)))
    return Property("counted", "always", (a,), formula, fresh, "", "holds", "it counts before it paints", PLACE)


def interpreted(system: TransitionSystem, instance: Instance) -> float:
    """States the reference interpreter finds per second."""
    start = initial_state(system, instance)
    seen, queue, clock = {tuple(start.values())}, [start], time.perf_counter()
    for state in queue:
        for _, _, after in successors(system, state, instance):
            key = tuple(after.values())
            if key not in seen:
                seen.add(key)
                queue.append(after)
        if len(seen) > SAMPLE:
            break
    return len(seen) / (time.perf_counter() - clock)


def main(threads: int = 3, nodes: int = 3) -> None:
    """Print sizes, seconds and the ratio."""
    system = toy()
    instance = Instance((("Thread", threads), ("Node", nodes)), (("Count", (1, 2)),))
    slow = interpreted(system, instance)
    for symmetry in (False, True):
        clock = time.perf_counter()
        search = Search(system, instance, (question(),), symmetry=symmetry)
        compiled = time.perf_counter() - clock
        # The first call loads or compiles the table code; measure without it.
        Search(system, Instance((("Thread", 1), ("Node", 1)), (("Count", (1,)),)), ()).run(1000, None)
        clock = time.perf_counter()
        search.run(10**9, None)
        seconds = time.perf_counter() - clock
        speed = search.table.stored / seconds
        fired = int(search.table.fired.sum()) / seconds
        print(
            f"{instance}, symmetry {'on' if symmetry else 'off'}: {search.table.stored} states of {search.layout.words} words, "
            f"depth {search.depth}, compiled in {compiled:.2f} s, searched in {seconds:.2f} s: {speed / 1e6:.2f} M states/s, "
            f"{fired / 1e6:.1f} M firings/s, {speed / slow:.0f} times the reference interpreter ({slow:.0f} states/s)"
        )


if __name__ == "__main__":
    main(*(int(a) for a in sys.argv[1:3]))
