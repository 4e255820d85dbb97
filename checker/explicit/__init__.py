"""Engine (a): breadth-first search of every interleaving of a finite instance, in native code."""

from __future__ import annotations

from checker.explicit.explore import Coverage, Exploration, StatesExceededError, explore
from checker.explicit.project import Edge, Projected, Projection, quotient_graph

__all__ = [
    "Coverage",
    "Edge",
    "Exploration",
    "Projected",
    "Projection",
    "StatesExceededError",
    "explore",
    "quotient_graph",
]
