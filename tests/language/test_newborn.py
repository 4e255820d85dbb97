"""A new object is its maker's alone until something others look for is set; to set it to 0 tells nobody."""

from __future__ import annotations

import pytest

from checker.commands.engines import run_explicit
from checker.instance import Instance
from checker.language.client import Client
from checker.language.compile import Compiled, compile_model
from checker.language.graph import Action
from checker.language.membership import member_fields
from checker.language.movers import Mover, classify
from tests.language import newborn

INSTANCE = Instance((("Thread", 2), ("Board", 1), ("Note", 3)), ())
LOOKS = ("sys_look", "sys_look_on_shelf")


def model(*roots: str, reduce: bool = True) -> Compiled:
    return compile_model("newborn", [newborn], client=Client("newborn", roots), reduce=reduce)


def movers(root: str) -> dict[str, Mover]:
    """The class of every statement of ``root``, by its text."""
    compiled = model(root, *LOOKS)
    graph = next(g for g in compiled.graphs if g.root == root)
    classes = classify(compiled.model, list(compiled.graphs), set(), reduce=True)
    return {n.text: classes[root, n.index] for n in graph.nodes}


def test_each_search_is_for_something_that_must_be_set() -> None:
    assert member_fields(model("sys_pin", "sys_shelve", *LOOKS).graphs) == {("Note", "board"), ("Note", "place")}


@pytest.mark.parametrize("root", ["sys_pin", "sys_shelve", "sys_copy"])
def test_what_nobody_finds_is_its_makers_alone(root: str) -> None:
    assert movers(root)["n.text = DRAFT"] is Mover.BOTH


@pytest.mark.parametrize("root", ["sys_pin_early", "sys_shelve_early", "sys_copy_shelved"])
def test_what_may_be_found_is_not(root: str) -> None:
    """A copy is found as its original is, unless what says where that one stands is not copied."""
    assert movers(root)["n.text = DRAFT"] is Mover.NONE


def test_what_nobody_can_have_set_is_0() -> None:
    (graph,) = (g for g in model("sys_reread", "sys_shelve", *LOOKS).graphs if g.root == "sys_reread")
    assert [n.text for n in graph.nodes if n.action is Action.READ] == ["n.text"]
    assert "ENOENT" not in {str(n.value) for n in graph.nodes}


@pytest.mark.parametrize("reduce", [True, False])
@pytest.mark.parametrize(
    ("root", "expected"),
    [
        ("sys_pin", "proved"),
        ("sys_pin_early", "violated"),
        ("sys_shelve", "proved"),
        ("sys_shelve_early", "violated"),
        ("sys_copy", "proved"),
        ("sys_copy_shelved", "violated"),
    ],
)
def test_the_verdict_is_that_of_all_interleavings(root: str, expected: str, reduce: bool) -> None:
    compiled = model(root, *LOOKS, reduce=reduce)
    (found,) = run_explicit(compiled, (compiled.property("no_draft_found"),), INSTANCE).verdicts
    assert found.verdict == expected
