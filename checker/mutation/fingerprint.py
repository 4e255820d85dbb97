"""What the results of a mutation run depend on besides scenarios, as a mark for its journal."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256

from checker.language import terms
from checker.language.graph import Graph


def fingerprint(graphs: Iterable[Graph], more: str = "") -> str:
    """A hash of the graphs."""
    digest = sha256(more.encode())
    for graph in graphs:
        for n in graph.nodes:
            value = terms.show(n.value) if n.value is not None else ""
            digest.update(repr((n.function, n.place.line, n.action.value, n.text, n.key, value, n.successors)).encode())
    return digest.hexdigest()[:16]
