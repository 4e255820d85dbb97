"""Specialisation: the control-flow graphs of a client without the code that client can never reach.

:mod:`checker.language.flow` finds which values each variable may hold and which nodes run at all; here the graphs are rewritten:
branches with one outcome and nodes that never run disappear, terms are folded, fields with one value become that constant.

Why this is sound.  Let every process run the given graphs, starting with arguments the client allows.  By induction over the
steps of a run, each field of each object holds a value of its set (0 included: new objects are zeroed, and a field of NULL
reads as 0), each process stands at a node that was reached, and its live locals hold values of their sets at that node (an
argument not chosen yet will be, when it is read, with a value of its set).  For a step stores values of terms, and their sets
are computed from the sets of fields alone, whatever other processes did in between; and locals belong to one process, so what
a test has shown of them, or that one was copied from another, stays true until the next assignment.  Hence a branch with one
possible outcome has that outcome in every run, a node without a set never runs, a folded term has the value of the original
whenever it is evaluated, and storing the only value of a set changes nothing.  What is left out are steps that change no
shared memory and decide nothing: tests, reads nobody uses, writes of what is there.  So the new graphs reach the same
contents of shared memory, and the same results of calls, as the old ones.  A ghost assignment happens together with the step
before it, which may be an earlier one now; as with the merging of steps, no property may depend on more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from checker.errors import InternalError
from checker.language.flow import Analysis, Env, shared_variables
from checker.language.graph import Action, Graph, Node
from checker.language.liveness import live_locals
from checker.language.model import Model
from checker.language.terms import FALSE, TRUE, FieldKey, Term
from checker.language.valuesets import Values, constant, objects

BLOCKING = (Action.WAIT, Action.CHOOSE, Action.BRANCH)


def specialise(
    model: Model, graphs: list[Graph], process: Term, given: Mapping[FieldKey, Values] | None = None
) -> tuple[list[Graph], Mapping[FieldKey, Values]]:
    """The graphs without what their client never reaches, and the values every shared variable may hold.

    The graphs must be all of the client's.  With ``given``, the values found for a client, they are shown as
    they run in its company instead, and add nothing to those.
    """
    analysis = Analysis(model, graphs, process, given)
    analysis.run()
    found = {v.key: constant(v.sort, analysis.shared[v.key]) for v in shared_variables(model, graphs) if v.key in analysis.shared}
    constants = {key: value for key, value in found.items() if value is not None}
    return [Rewriter(analysis, number, constants).run() for number in range(len(graphs))], analysis.shared


class Rewriter:
    """Makes the new graph of one root from the solution of an analysis; ``constants`` are the fields with one value."""

    def __init__(self, analysis: Analysis, number: int, constants: Mapping[FieldKey, Term]) -> None:
        self.analysis = analysis
        self.graph = analysis.graphs[number]
        self.live = analysis.live[number]
        self.envs = analysis.envs[number]
        self.constants = constants
        self.nodes: dict[int, Node] = {}
        self.skipped: dict[int, int] = {}

    def run(self) -> Graph:
        """The specialised graph."""
        for node, env in zip(self.graph.nodes, self.envs, strict=True):
            if env is not None:
                self._rewrite(node, env)
        graph = self._graph()
        while self._skip_unused(graph):
            graph = self._graph()
        return graph

    # -- nodes --------------------------------------------------------------------------------------------------------

    def _rewrite(self, node: Node, env: Env) -> None:
        e = self.analysis.evaluator(self.graph, env)
        edges = self.analysis.step(self.graph, node, env)
        successors = list(node.successors)
        if node.action is Action.BRANCH and len(edges) == 1:
            self.skipped[node.index] = successors[edges[0][0]]
            return
        if node.action in BLOCKING and not edges:
            forever = [node.index] if successors else []
            self.nodes[node.index] = replace(node, action=Action.WAIT, target=None, value=FALSE, successors=forever)
            return
        if node.action is Action.CHOOSE and node.target is not None:
            chosen = env.assigned(node.target.key, objects(node.target.sort))
            e = self.analysis.evaluator(self.graph, chosen)
        foldable = node.value is not None and node.action is not Action.COPY
        made = replace(
            node, value=e.fold(node.value) if foldable and node.value is not None else node.value, successors=successors
        )
        if node.where is not None:
            made = replace(made, where=e.fold(node.where))
        only = self.constants.get(node.key) if node.key is not None else None
        if node.action is Action.READ and only is not None:
            made = replace(made, action=Action.ASSIGN, key=None, obj=None, value=only)
        useless = made.where == FALSE or (made.action is Action.WAIT and made.value == TRUE)
        if node.action in (Action.WRITE, Action.GHOST) and only is not None and node.value is not None:
            useless = useless or constant(only.sort, e.values(node.value)) == only
        if useless:
            self.skipped[node.index] = successors[0]
        else:
            self.nodes[node.index] = made

    def _skip_unused(self, graph: Graph) -> bool:
        """Leave out what computes a local that was needed and is not any more; whether there was any."""
        live = live_locals(graph)
        origins = self._order()
        before = len(self.skipped)
        for node, origin in zip(graph.nodes, origins, strict=True):
            computes = node.action in (Action.READ, Action.ASSIGN) or (node.action is Action.CHOOSE and node.value == TRUE)
            if computes and node.target is not None:
                needed = any(node.target.key in live[s] for s in node.successors)
                was_needed = any(node.target.key in self.live[s] for s in self.graph.nodes[origin].successors)
                if was_needed and not needed:
                    self.skipped[origin] = self.nodes.pop(origin).successors[0]
        return len(self.skipped) > before

    # -- the graph ----------------------------------------------------------------------------------------------------

    def _order(self) -> list[int]:
        """The nodes that stay, by their old numbers, the entry first."""
        entry = self._behind(0)
        return [entry, *(i for i in sorted(self.nodes) if i != entry)]

    def _behind(self, index: int) -> int:
        """The first node at or behind ``index`` that stays."""
        seen = set()
        while index in self.skipped:
            if index in seen:
                raise InternalError("specialise", f"{self.graph.root} has a loop without a node that stays")
            seen.add(index)
            index = self.skipped[index]
        return index

    def _graph(self) -> Graph:
        order = self._order()
        number = {old: new for new, old in enumerate(order)}
        nodes = [
            replace(node, index=number[old], successors=[number[self._behind(s)] for s in node.successors])
            for old, node in ((old, self.nodes[old]) for old in order)
        ]
        written = {n.key for n in self.graph.nodes if self.envs[n.index] is not None}
        traps = {key: trap for key, trap in self.graph.traps.items() if key in written}
        return replace(self.graph, nodes=nodes, traps=traps, constant=frozenset(self.constants))


__all__ = ["specialise"]
