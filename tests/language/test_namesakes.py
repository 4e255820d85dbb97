"""Whether an assignment is a ghost's depends on the record: another one may have an ordinary field of that name."""

from __future__ import annotations

from checker.language.client import Client
from checker.language.compile import lower_model
from checker.language.graph import Action
from tests.language import namesakes


def assignments(root: str) -> dict[str, Action]:
    """What the statements of ``root`` that store something are, by their text."""
    _, (graph,) = lower_model("namesakes", [namesakes], client=Client("namesakes", (root,)))
    return {n.text: n.action for n in graph.nodes if n.action in (Action.WRITE, Action.GHOST)}


def test_only_the_ghost_is_one() -> None:
    assert assignments("sys_enter") == {
        "d.lit = True": Action.GHOST,
        "d.lamp.lit = True": Action.WRITE,
        "house.lit = True": Action.WRITE,
    }


def test_an_ordinary_field_may_be_read_where_it_is_assigned() -> None:
    assert assignments("sys_light") == {"m.lit = not m.lit": Action.WRITE}
