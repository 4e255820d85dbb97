"""Inference: what is kept is inductive, what is false is not proved, and proofs stand without knowing where lemmas come from."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from bench.protocols import lock_server, test_and_set
from bench.protocols.test_and_set import memory
from checker import cli
from checker.evaluate import evaluate
from checker.inference.grammar import Limits, clauses
from checker.inference.houdini import Houdini
from checker.inference.infer import Inferrer
from checker.inference.sample import pairs_of, rows_of, sample
from checker.instance import Instance
from checker.language import kernel, terms, when
from checker.language.compile import Compiled, compile_model
from checker.symbolic.facts import Fact
from checker.symbolic.inductive import prove


@kernel("lock.c")
def acquire_flag() -> None:
    when(not memory.taken)
    memory.taken = True


def lock(overrides: dict[str, Callable[..., Any]] | None = None) -> Compiled:
    return compile_model("lock", [test_and_set], overrides=overrides)


def two(compiled: Compiled, threads: int = 2) -> Instance:
    return Instance(tuple((r.name, threads if r == compiled.system.thread else 2) for r in compiled.system.records))


def inferred(compiled: Compiled) -> Inferrer:
    inferrer = Inferrer(compiled.system, [], Limits(pairs=True))
    inferrer.run([two(compiled)])
    return inferrer


def goal(compiled: Compiled) -> Fact:
    prop = compiled.property("mutual_exclusion")
    return Fact(prop.name, prop.params, prop.formula)


def formulas(h: Houdini) -> list[tuple[tuple[terms.Term, ...], terms.Term]]:
    """The clauses kept, with their parameters, as formulas about every object."""
    found = []
    for group, kept in zip(h.groups, h.alive, strict=True):
        for clause in kept:
            formula, params = terms.disj(*clause), (group.param,)
            if group.location:
                formula = terms.implies(h.system.at(group.param, group.location), formula)
            if group.other is not None:
                formula, params = (
                    terms.implies(terms.negate(terms.eq(group.param, group.other)), formula),
                    (group.param, group.other),
                )
            found.append((params, formula))
    return found


@pytest.mark.parametrize("module", [test_and_set, lock_server])
def test_what_is_kept_is_inductive_for_the_ordinary_prover(module: Any) -> None:
    compiled = compile_model("protocol", [module])
    kept = formulas(inferred(compiled).houdini)
    names = tuple(f"kept {i}" for i in range(len(kept)))
    facts = [Fact(n, params, formula, names) for n, (params, formula) in zip(names, kept, strict=True)]
    assert facts
    assert prove(compiled.system, facts).complete


def test_what_is_kept_holds_in_a_larger_instance() -> None:
    compiled = lock()
    larger = sample(compiled.system, two(compiled, 3), states=10_000, keep=10_000)
    assert larger.complete
    for params, formula in formulas(inferred(compiled).houdini):
        rows = rows_of([larger], compiled.system, *params) if len(params) == 1 else pairs_of([larger], *params)
        assert all(r.value(formula).all() for r in rows)


@pytest.mark.parametrize("module", [test_and_set, lock_server])
def test_mutual_exclusion_is_proved_from_inferred_lemmas_alone(module: Any) -> None:
    compiled = compile_model("protocol", [module])
    inferrer = inferred(compiled)
    fact = goal(compiled)
    needed = inferrer.provable([fact])
    facts = inferrer.minimal({fact.name: (fact, needed[fact.name])})[fact.name]
    assert facts is not None and len(facts) > 1
    assert prove(compiled.system, list(facts)).complete


def test_a_lock_that_looks_and_takes_in_two_steps_is_not_proved() -> None:
    compiled = lock({"acquire_flag": acquire_flag})
    assert inferred(compiled).provable([goal(compiled)]) == {}


def test_samples_evaluate_as_the_interpreter_does() -> None:
    compiled = lock()
    taken = sample(compiled.system, two(compiled), states=1000, keep=1000)
    fact = goal(compiled)
    (rows,) = pairs_of([taken], *fact.params)
    for i in range(0, len(rows.states), 3):
        state = {(*k, o): int(v[o, rows.states[i]]) for k, v in taken.fields.items() for o in range(v.shape[0])}
        binding = {p: int(rows.binding[p][i]) for p in fact.params}
        assert bool(rows.value(fact.formula)[i]) == bool(evaluate(fact.formula, state, taken.instance, binding))


def test_clauses_are_true_shortest_and_all_there() -> None:
    """Against trying every pair of literals by hand."""
    compiled = lock()
    t = terms.var("t", compiled.system.thread)
    rows = rows_of([sample(compiled.system, two(compiled), states=1000, keep=1000)], compiled.system, t)
    atoms = [compiled.system.read(("Thread", "critical"), t), compiled.system.read(("", "taken"))]
    found = {frozenset(c) for c in clauses(rows, atoms, 2)}
    literals = [x for a in atoms for x in (a, terms.negate(a))]

    def always(*clause: terms.Term) -> bool:
        return all(r.value(terms.disj(*clause)).all() for r in rows)

    single = {frozenset({x}) for x in literals if always(x)}
    double = {
        frozenset({x, y})
        for x, y in product(literals, repeat=2)
        if x not in (y, terms.negate(y)) and always(x, y) and not always(x) and not always(y)
    }
    assert found == single | double


def test_the_command_writes_a_page_without_times(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    page = tmp_path / "inference.md"
    assert cli.main(["infer", "--spec", "tests.tiny", "--write", str(page)]) == 0
    assert "1 of 1 by inferred lemmas only" in " ".join(capsys.readouterr().out.split())
    first = page.read_text()
    assert "| `taken_red` | inferred lemmas only |" in first
    cli.main(["infer", "--spec", "tests.tiny", "--write", str(page)])
    assert page.read_text() == first
