"""Candidates where little is seen: rare locations are sampled, unseen ones claimed to be unreachable, equations guarded."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from checker.inference.grammar import Limits, candidates, guarded
from checker.inference.houdini import Houdini
from checker.inference.sample import Rows, Sample, rows_of, sample
from checker.instance import Instance
from checker.language import terms
from checker.language.compile import compile_model
from tests import ledger
from tests.test_inference import lock, two


def test_every_location_that_is_reached_is_in_the_sample_however_small_it_is() -> None:
    compiled = lock()
    system = compiled.system
    few, every = (sample(system, two(compiled), states=1000, keep=keep) for keep in (1, 1000))
    assert every.complete and few.size <= every.size
    assert set(np.unique(few.fields[system.pc_key])) == set(np.unique(every.fields[system.pc_key]))


def test_where_nobody_is_seen_the_candidate_is_that_nobody_ever_is() -> None:
    compiled = lock()
    system = compiled.system
    start = sample(system, two(compiled), states=1, keep=1)
    groups = {g.location: g.clauses for g in candidates(system, [start], Limits()) if g.location}
    seen = set(np.unique(start.fields[system.pc_key]))
    unseen = [loc.name for loc in system.locations if system.pc_sort.members.index(loc.name) not in seen]
    assert unseen and all(groups[name] == ((),) for name in unseen)


def test_houdini_drops_the_claim_that_a_location_is_unreachable_where_a_step_leads_there() -> None:
    compiled = lock()
    start = sample(compiled.system, two(compiled), states=1, keep=1)
    houdini = Houdini(compiled.system, candidates(compiled.system, [start], Limits()), [])
    houdini.run()
    reached = sample(compiled.system, two(compiled), states=1000, keep=1000)
    for group, kept in zip(houdini.groups, houdini.alive, strict=True):
        if () in kept:
            assert not any(len(r.states) for r in rows_of([reached], compiled.system, group.param, group.location))


slots = compile_model("ledger", [ledger])
slot = terms.var("slot", next(r for r in slots.system.records if r.name == "Slot"))
FIELDS = {name: slots.system.read(("Slot", name), slot) for name in ("busy", "dead", "first", "second")}
EQUAL = terms.eq(FIELDS["first"], FIELDS["second"])
ATOMS = [FIELDS["busy"], FIELDS["dead"], EQUAL, *(terms.eq(x, terms.const(0, x.sort)) for x in EQUAL.args)]
INSTANCE = Instance((("Slot", 1), ("Thread", 1)), (("Number", (1, 2)),))


def seen(states: list[tuple[int, int, int, int]]) -> list[Rows]:
    """A sample of one slot with these fields, as rows about it."""
    columns = np.array(states, np.int64).T
    fields = {("Slot", name): np.vstack([np.zeros_like(c), c]) for name, c in zip(FIELDS, columns, strict=True)}
    return rows_of([Sample(INSTANCE, fields, len(states), len(states), True)], slots.system, slot)


STATES = st.lists(st.tuples(*(st.integers(0, n) for n in (1, 1, 2, 2))), min_size=1, max_size=12)


@given(STATES)
def test_a_guarded_equation_is_true_and_none_of_its_guards_can_go(states: list[tuple[int, int, int, int]]) -> None:
    rows = seen(states)
    for clause in guarded(rows, ATOMS, 2, []):
        assert all(r.value(terms.disj(*clause)).all() for r in rows)
        for guard in clause[:-2]:
            assert not all(r.value(terms.disj(*(x for x in clause if x != guard))).all() for r in rows)


def test_what_differs_only_while_a_flag_is_set_is_found_with_that_flag() -> None:
    rows = seen([(0, 0, 1, 1), (0, 1, 2, 2), (1, 0, 1, 2), (1, 1, 2, 1), (0, 0, 0, 0)])
    absent = terms.eq(FIELDS["first"], terms.const(0, FIELDS["first"].sort))
    assert (FIELDS["busy"], absent, EQUAL) in set(guarded(rows, ATOMS, 2, []))
    assert not list(guarded(rows, ATOMS, 0, []))
