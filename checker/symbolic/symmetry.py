"""Symmetry: of traces that only differ in the names of interchangeable things, keep one.

If a system names no object of a record and no value of a scalar but the distinguished 0, a trace stays one when they are
permuted, and its length too.  So among the traces of one length the smallest is enough: first by which process moves
in each step, then by the values chosen.  Each reduction here forbids only traces for which a permutation gives a smaller one.
"""

from __future__ import annotations

from checker.interchange import interchangeable
from checker.language.terms import Term
from checker.symbolic.circuit import later
from checker.symbolic.relation import Relation


def order_processes(relation: Relation, formula: Term) -> None:
    """Of two processes in the same state the first moves.  Nothing is asserted if processes are distinguishable.

    They are in the same state only if no cell refers to processes; then the trace may go on with both swapped.
    """
    system, circuit = relation.system, relation.circuit
    holders = [v for v in system.state_vars if v.sort == system.thread]
    if holders or system.thread not in interchangeable(system, relation.instance, formula):
        return
    own = [v.key for v in system.state_vars if v.record == system.thread.name]
    for second in relation.movers:
        for first in relation.movers[: relation.movers.index(second)]:
            same = [circuit.equal(relation.now[(*k, first.process)], relation.now[(*k, second.process)]) for k in own]
            circuit.imply([circuit.conj(same)], -second.moves)


def order_first_uses(relation: Relation, formula: Term) -> None:
    """Interchangeable values other than processes are chosen for the first time in increasing order."""
    circuit = relation.circuit
    for sort in interchangeable(relation.system, relation.instance, formula):
        if sort == relation.system.thread:
            continue
        count = relation.instance.cardinality(sort)
        used = {i: circuit.new() for i in range(1, count)}
        relation.initially += [-x for x in used.values()]
        for i in range(1, count):
            chosen = [used[i]]
            smaller = [used[i - 1]] if i > 1 else []
            for mover in relation.movers:
                for slot, value in sorted(mover.slots.items(), key=lambda item: item[0][1]):
                    if slot[0] == sort:
                        choice = circuit.conj((mover.chooses[slot], value[i]))
                        chosen.append(choice)
                        if i > 1:
                            circuit.imply([choice], circuit.disj(smaller))
                            smaller.append(circuit.conj((mover.chooses[slot], value[i - 1])))
            so_far = circuit.disj(chosen)
            circuit.imply([so_far], later(used[i]))
            circuit.imply([-so_far], -later(used[i]))


__all__ = ["order_first_uses", "order_processes"]
