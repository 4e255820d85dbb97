"""What scenarios run of the source: a machine that notes every piece of source text it does, and how tests come out."""

from __future__ import annotations

from checker.errors import Place
from checker.language.graph import Action, Node
from checker.scenario.steps import Machine, Run

Visit = tuple[Place, str, bool | None]
"""A piece of source text that was run; of a test, with its outcome."""


class Recorder(Machine):
    """A machine that notes in ``visited`` what it runs."""

    visited: set[Visit]

    def _notice(self, run: Run, graph: int, node: Node, thread: int) -> None:
        test = node.action is Action.BRANCH
        self.visited.add((node.place, node.text, bool(self._value(graph, node, "value", run, thread)) if test else None))
        super()._notice(run, graph, node, thread)


def recorder(*more: type[Machine]) -> tuple[type[Recorder], set[Visit]]:
    """A kind of machine that also does what ``more`` kinds do, and the set it fills."""
    visited: set[Visit] = set()
    return type("Recorder", (Recorder, *more), {"visited": visited}), visited
