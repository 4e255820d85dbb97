"""A new object is its maker's alone until something others look for is set; to set it to NULL tells nobody."""

from __future__ import annotations

import pytest

from checker.commands.engines import run_explicit
from checker.instance import Instance
from checker.language.client import Client
from checker.language.compile import Compiled, compile_model
from checker.language.movers import Mover, classify
from tests.language import newborn

INSTANCE = Instance((("Thread", 2), ("Board", 1), ("Note", 2)), ())


def model(*roots: str, reduce: bool = True) -> Compiled:
    return compile_model("newborn", [newborn], client=Client("newborn", roots), reduce=reduce)


def movers(root: str) -> dict[str, Mover]:
    """The class of every statement of ``root``, by its text."""
    compiled = model(root, "sys_look")
    graph = next(g for g in compiled.graphs if g.root == root)
    classes = classify(compiled.model, list(compiled.graphs), set(), reduce=True)
    return {n.text: classes[root, n.index] for n in graph.nodes}


def test_a_null_reference_publishes_nothing() -> None:
    assert movers("sys_pin")["n.text = DRAFT"] is Mover.BOTH


def test_a_reference_publishes() -> None:
    assert movers("sys_pin_early")["n.text = DRAFT"] is Mover.NONE


@pytest.mark.parametrize("reduce", [True, False])
@pytest.mark.parametrize(("root", "expected"), [("sys_pin", "proved"), ("sys_pin_early", "violated")])
def test_the_verdict_is_that_of_all_interleavings(root: str, expected: str, reduce: bool) -> None:
    compiled = model(root, "sys_look", reduce=reduce)
    (found,) = run_explicit(compiled, (compiled.property("no_draft_found"),), INSTANCE).verdicts
    assert found.verdict == expected
