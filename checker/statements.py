"""Coverage of the source: which lines of kernel functions scenarios run, and how the tests in them come out.

Unlike coverage of transitions this is about the whole model, whatever a client calls.  A line that no scenario runs, or
a test that always comes out the same, must be listed with a reason by the specification; a reason for something that
is run, or that is not there, is stale.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from checker.errors import Place
from checker.language.graph import Action, Graph, Node
from checker.scenario.visits import Visit


@dataclass(frozen=True)
class Piece:
    """A line, or one outcome of a test in it."""

    function: str
    place: Place
    text: str

    def __str__(self) -> str:
        return f"{self.function}: {self.text}"


@dataclass(frozen=True)
class Why:
    """Why no scenario runs the piece of ``function`` that reads ``text``."""

    function: str
    text: str
    why: str


@dataclass(frozen=True)
class Missing:
    """A piece that no scenario runs, with the reason if one is listed."""

    piece: Piece
    why: str = ""


@dataclass(frozen=True)
class Sources:
    """How much of each function is run: pieces by function in the order of the model, those missing, and stale reasons."""

    pieces: dict[str, int]
    missing: tuple[Missing, ...]
    stale: tuple[str, ...]

    @property
    def problems(self) -> list[str]:
        """What keeps it from being complete, one line each."""
        never = [m.piece for m in self.missing if not m.why]
        return [*(f"{p.place}: no scenario runs it, and no reason is listed ({p})" for p in never), *self.stale]

    @property
    def summary(self) -> str:
        """One line: how many are run, how many are not, and how many of those are explained."""
        told = sum(self.pieces.values())
        run = told - len(self.missing)
        listed = sum(bool(m.why) for m in self.missing)
        parts = [f"{run} of {told} lines and outcomes of tests in {len(self.pieces)} functions are run by scenarios"]
        parts += [f"{listed} cannot be, for listed reasons"] if listed else []
        parts += [f"{len(self.missing) - listed} not explained"] if len(self.missing) > listed else []
        return ", ".join(parts)


def judge(graphs: Iterable[Graph], visited: Collection[Visit], reasons: Sequence[Why]) -> Sources:
    """What of ``graphs`` was ``visited``, and what is wrong with ``reasons``."""
    found: dict[Piece, bool] = {}
    for graph in graphs:
        for node in _reachable(graph):
            for piece, seen in _pieces(node, visited):
                found[piece] = found.get(piece, False) or seen
    by_name = {(r.function, r.text): r for r in reasons}
    missing, used = [], set()
    for piece, seen in found.items():
        reason = by_name.get((piece.function, piece.text))
        if reason and not seen:
            used.add(reason)
        if not seen:
            missing.append(Missing(piece, reason.why if reason else ""))
    stale = [f"stale reason: scenarios run it, or it is not there ({r.function}: {r.text})" for r in reasons if r not in used]
    counts: dict[str, int] = {}
    for piece in found:
        counts[piece.function] = counts.get(piece.function, 0) + 1
    return Sources(counts, tuple(sorted(missing, key=lambda m: (m.piece.place.file, m.piece.place.line))), tuple(stale))


def _reachable(graph: Graph) -> Iterable[Node]:
    """The nodes some path leads to: behind a return the compiler may leave others."""
    seen, work = {0}, [0]
    while work:
        for follower in graph.nodes[work.pop()].successors:
            if follower not in seen:
                seen.add(follower)
                work.append(follower)
    return (node for node in graph.nodes if node.index in seen)


def _pieces(node: Node, visited: Collection[Visit]) -> Iterable[tuple[Piece, bool]]:
    """The line a node is on, and the outcomes of a test written there; steps that the compiler adds to a line are none."""
    if node.action is Action.GHOST or not node.context.stack:
        return
    function, line = node.context.stack[-1], node.place.text.strip()
    outcomes = (True, False) if node.action is Action.BRANCH else (None,)
    seen = {outcome: (node.place, node.text, outcome) in visited for outcome in outcomes}
    yield Piece(function, node.place, line), any(seen.values())
    if node.action is Action.BRANCH and node.text and _plain(node.text) in _plain(line):
        for outcome in outcomes:
            yield Piece(function, node.place, f"{node.text} is {str(outcome).lower()}"), seen[outcome]


def _plain(text: str) -> str:
    return "".join(text.split())
