"""Where the tiny specification is covered, and the one transition nobody can fire."""

from __future__ import annotations

SEARCHES = ((1, 1, 1, 1, 1000), (2, 1, 1, 1, 10))
UNFIRED = (("do_take", ("box.color == PLAIN",), "only red boxes are taken"),)
