"""Coverage of the model: the instances in which every transition is to fire, and the transitions that cannot.

``sockproof coverage`` shows both.  Transitions that the lemmas of ``proofs/`` already exclude need no entry here.
"""

from __future__ import annotations

SEARCHES = {
    "bind_listen": (
        # threads, sockets, ports, addresses, states
        (1, 1, 2, 4, 1_000_000),
        (1, 1, 2, 5, 1_000_000),
        (2, 1, 2, 1, 1_000_000),
        (1, 2, 1, 1, 1_000_000),
        (1, 2, 3, 2, 10_000_000),
        (1, 3, 3, 1, 3_000_000),
        (1, 3, 4, 1, 13_000_000),
    ),
}
"""Per client.  bind_listen: every kind of address, every length; a second thread that closes while the first one fails; a local
port range of one port; sharing and fast reuse; and two searches that are cut short once calls found the two, or three, ports of
the range occupied.  The other clients are not measured."""

UNFIRED: dict[str, tuple[tuple[str, tuple[str, ...], str], ...]] = {}
"""Per client: function, fragments of the guard, and why such transitions cannot fire."""
