"""Verdicts: what an engine found about one property, and whether that was expected."""

from __future__ import annotations

import builtins
from dataclasses import dataclass

from checker.system import Property
from checker.trace import Trace

HOLDS = ("proved", "unreachable")
Question = tuple[str, str, str]


@dataclass(frozen=True)
class Verdict:
    """The answer of one engine to one property on one scope.

    ``verdict`` is ``proved``, ``violated``, ``reachable``, ``unreachable``, ``no violation within k`` (bounded search that
    found nothing: never counted as a proof) or ``unknown``.  ``method`` is ``explicit``, ``bounded`` or ``inductive``; ``scope``
    says for which sizes it holds; ``depth`` is the length of the trace; ``certificate`` is the folder of the exported proof;
    ``client`` names whose programs it is about.
    """

    property: Property
    variant: str
    verdict: str
    method: str
    scope: str
    seconds: float
    trace: Trace | None = None
    certificate: str | None = None
    detail: str = ""
    client: str = ""

    @builtins.property
    def depth(self) -> int | None:
        return self.trace.depth if self.trace is not None else None

    @builtins.property
    def question(self) -> Question:
        """What is asked: client, variant and name of the property."""
        return self.client, self.variant, self.property.name

    @builtins.property
    def decided(self) -> bool:
        """Whether the engine answered the question for its whole scope."""
        return self.verdict in ("proved", "violated", "reachable", "unreachable")

    @builtins.property
    def as_expected(self) -> bool:
        """Whether the answer is the one the property announces."""
        return self.decided and self.verdict == {"holds": "proved"}.get(self.property.expected, self.property.expected)
