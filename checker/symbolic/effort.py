"""What Z3 may spend on a question, in its own units (``rlimit``).

Time is never limited where an answer becomes a verdict: that must not depend on the machine, nor on what else runs there.
"""

from __future__ import annotations

EASY = 200_000
"""On a question before it is asked with more facts, or of a solver with tactics."""

FAIR = 10 * EASY
"""On whether a fact follows from others: if it is not seen soon, the fact is proved by induction."""

SEEDS = 4
"""Under how many seeds something is asked within FAIR: some go astray where others do not."""

HARD = 20_000_000
"""On an obligation before it is given up: ten times what the hardest one of a committed certificate takes."""

MOST = (1 << 32) - 1
"""The largest limit Z3 takes."""

TRACES = 2_000_000_000
"""On all traces of one length of a finite instance: minutes."""
